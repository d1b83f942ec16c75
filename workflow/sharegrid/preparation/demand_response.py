"""A study's options -> the data of demand response: the users of every scenario, and those of populations of any size.

Populations stand one after the other along the dims reducer (program single) and mover (loose, tight): 100 000 users fit,
with no places for hours or users that a population does not have.
"""

import numpy as np
import xarray as xr

from sharegrid.options.demand_response import DemandResponseMarket
from sharegrid.preparation import device_draws
from sharegrid.preparation.device_draws import HOURS
from sharegrid.preparation.inputs import Inputs
from sharegrid.sweeps import Variant, coordinates, variants

SINGLE = "single"
WHO = ("scenario", "participant")
DIMS = {
    "requirement": ("scenario",),
    "supply_slope": ("scenario",),
    "supply_base": ("scenario", "time"),
    "reduction_quadratic": WHO,
    "reduction_linear": WHO,
    "reduction_limit": WHO,
    "discomfort": WHO,
    "load_limit": WHO,
    "wanted_load": (*WHO, "time"),
}
ROW = {  # variable of a user -> its name in a population, where users stand in a row
    "reduction_quadratic": "reducer_quadratic",
    "reduction_linear": "reducer_linear",
    "reduction_limit": "reducer_limit",
    "discomfort": "mover_discomfort",
    "load_limit": "mover_limit",
    "wanted_load": "mover_wanted",
}
MORE = 1e-12  # relative: rounding of a sum


def prepare(options: DemandResponseMarket, inputs: Inputs) -> xr.Dataset:
    """The data: dims scenario, participant, time, and population, reducer, mover where the study has populations.

    ValueError names the field, and the most that users can reduce where more is asked for.
    """
    found = variants(options)
    _check_asked(options)
    most = max(one.values["users"] for one in found)
    given = [np.nan if (kw := one.values["requirement_kw"]) is None else kw for one in found]
    data = coordinates(found).assign_coords(
        participant=[f"u{k + 1}" for k in range(most)], time=HOURS, requirement_kw=("scenario", given)
    )
    users = np.array([one.values["users"] for one in found])
    drawn = [_scenario(options, one) for one in found]
    arrays = {
        name: (dims, np.stack([_padded(one.get(name), dims, most) for one in drawn])) for name, dims in DIMS.items()
    }
    arrays["taking_part"] = (WHO, (np.arange(most) < users[:, None]).astype("i1"))
    arrays["voll"] = ("scenario", np.full(len(found), options.voll))
    return _with_populations(data.assign(arrays), options).assign_attrs(money="$", energy="kWh", centre="operator")


def _check_asked(options: DemandResponseMarket) -> None:
    """ValueError for a requirement that a program without one is swept over, or that populations of all sizes would share."""
    for name, family in options.scenarios.items():
        movers = [program for program in family.program or [options.program] if program != SINGLE]
        for field in ("requirement_share", "requirement_kw"):
            if movers and getattr(family, field) is not None:
                raise ValueError(
                    f"prepare.scenarios.{name}.{field}: nothing is asked for in the program '{movers[0]}', so its scenarios "
                    f"would be the same; list them in a family without {field}"
                )
    if options.requirement_kw is not None and SINGLE in options.populations:
        raise ValueError(
            "prepare.requirement_kw: populations of the program 'single' are asked for a share of what they can reduce; "
            "give requirement_share, or requirement_kw in scenarios only"
        )


def _padded(values, dims: tuple[str, ...], most: int) -> np.ndarray:
    """The values of one scenario in full size: 0 for what its program, and for users that it, does not have."""
    sizes = {"participant": most, "time": len(HOURS)}
    full = np.zeros([sizes[dim] for dim in dims[1:]])
    if values is not None:
        full[tuple(slice(size) for size in np.shape(values))] = values
    return full


def _scenario(options: DemandResponseMarket, one: Variant) -> dict[str, np.ndarray | float]:
    where, values = f"prepare.scenarios.{one.family}, '{one.label}'", one.values
    program, asked = values["program"], (values["requirement_share"], values["requirement_kw"])
    return drawn_users(options, program, values["users"], asked, where)


def drawn_users(
    options: DemandResponseMarket, program: str, users: int, asked: tuple[float, float | None], where: str
) -> dict[str, np.ndarray | float]:
    """What the users of a program and its operator bring, by names of DIMS; `asked`: share, and kW or None.

    ValueError names the place `where` if more is asked for than there is, or lost load is cheaper than a reduction.
    """
    if program == SINGLE:
        own = device_draws.reductions(users, options.reduction_seed)
        _check_voll(options.voll, own, where)
        named = {f"reduction_{name}": values for name, values in own._asdict().items()}
        return named | {"requirement": requirement(own.limit, *asked, where)}
    own = device_draws.loads(users, options.load_seed, program == "tight")
    slope, base = device_draws.supply(users, program)
    named = {"discomfort": own.discomfort, "load_limit": own.limit, "wanted_load": own.wanted}
    return named | {"supply_slope": slope, "supply_base": base}


def requirement(limit: np.ndarray, share: float, kw: float | None, where: str) -> float:
    """The reduction that is asked for [kW]; ValueError with the most that there can be, if it is more."""
    most = float(limit.sum())
    asked, field = (share * most, "requirement_share") if kw is None else (float(kw), "requirement_kw")
    if asked > most * (1 + MORE):
        raise ValueError(f"{where}: {field}: {asked:g} kW are asked for; all users together can reduce {most:g} kW")
    return asked


def _check_voll(voll: float, drawn: device_draws.ReductionDraws, where: str) -> None:
    """ValueError if a reduction costs more than what it avoids: some of what is asked for would be left in silence."""
    dearest = float((drawn.linear + drawn.quadratic * drawn.limit).max())
    if voll < dearest:
        raise ValueError(f"{where}: voll {voll:g} $/kWh is below the dearest reduction; give at least {dearest:g}")


def _with_populations(data: xr.Dataset, options: DemandResponseMarket) -> xr.Dataset:
    """The data with what each population has, and its users in a row; ValueError for a population that stands twice."""
    listed = [(program, users) for program, sizes in options.populations.items() for users in sizes]
    names = [f"{program} {users}" for program, users in listed]
    if not names:
        return data
    if twice := [name for name in names if names.count(name) > 1]:
        raise ValueError(f"prepare.populations: '{twice[0]}' stands twice; list every number of users once")
    asked = options.requirement_share, None
    drawn = [drawn_users(options, *one, asked, f"prepare.populations, '{' '.join(map(str, one))}'") for one in listed]
    users, single = np.array([n for _, n in listed]), np.array([program == SINGLE for program, _ in listed])
    first = np.where(single, np.cumsum(users * single), np.cumsum(users * ~single)) - users
    own = {name: np.stack([_padded(one.get(name), DIMS[name], 0) for one in drawn])
           for name in ("requirement", "supply_slope", "supply_base")}  # fmt: skip
    arrays = {
        "population_program": ("population", [program for program, _ in listed]),
        "population_users": ("population", users),
        "population_first": ("population", first),
        "population_requirement": ("population", own["requirement"]),
        "population_slope": ("population", own["supply_slope"]),
        "population_base": (("population", "time"), own["supply_base"]),
    }
    for name, row in ROW.items():
        parts = [one[name] for one in drawn if name in one]
        if parts:
            arrays[row] = ((row.partition("_")[0], *DIMS[name][2:]), np.concatenate(parts))
    return data.assign(arrays).assign_coords(population=names)
