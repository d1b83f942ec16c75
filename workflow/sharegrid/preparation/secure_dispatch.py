"""Systems and hours of a study -> the data of the N-1 secure dispatch, all systems side by side in one Dataset."""

from collections.abc import Callable

import numpy as np
import xarray as xr

from sharegrid import schema
from sharegrid.options.secure_dispatch import SecureDispatchMarket, SecureSystem
from sharegrid.preparation.inputs import Inputs
from sharegrid.preparation.transfer_systems import Grid, grid
from sharegrid.readers.network import components
from sharegrid.sweeps import Variant, coordinates, variants


def prepare(options: SecureDispatchMarket, inputs: Inputs) -> xr.Dataset:
    """The dispatch's data: dims schedule, bus, branch, unit; labels are "system:label".

    Elements of other systems than the schedule's have no load, power and limit. ValueError names file, field, label,
    cure.
    """
    found = variants(options)
    used = dict.fromkeys(one.values["system"] for one in found)
    grids = {name: grid(options.systems[name], name, inputs) for name in used}
    data = coordinates(found).rename(scenario="schedule").drop_vars(["base", "deviator"])
    factor = [np.nan if (one := v.values["emergency_factor"]) is None else one for v in found]
    data = data.assign_coords(
        bus=_labels(grids, lambda g: g.bus),
        branch=_labels(grids, lambda g: g.branch),
        unit=_labels(grids, lambda g: g.unit),
        emergency_factor=("schedule", factor),
    )
    data = data.assign(_network(options, grids) | _hours(grids, found))
    _check_lost_load(data, options.value_of_lost_load)
    return schema.described(data.assign(value_of_lost_load=options.value_of_lost_load), "data")


def _check_lost_load(data: xr.Dataset, value: float) -> None:
    """ValueError if a unit or renewable power costs as much as lost load, which would be shed although it can be
    served."""
    for dim, name in (("unit", "unit_cost"), ("bus", "available_cost")):
        cost = data[name].values
        if cost.max(initial=-np.inf) >= value:
            raise ValueError(f"prepare.value_of_lost_load: {value:g} $/MWh is not above the {cost.max():g} $/MWh of "
                             f"{dim} '{data[dim].values[cost.argmax()]}' with its tie break; raise it")  # fmt: skip


def _labels(grids: dict[str, Grid], of: Callable[[Grid], np.ndarray]) -> list[str]:
    return [f"{name}:{label}" for name, one in grids.items() for label in of(one)]


def _joined(grids: dict[str, Grid], of: Callable[[Grid], np.ndarray]) -> np.ndarray:
    return np.concatenate([of(one) for one in grids.values()])


def _network(options: SecureDispatchMarket, grids: dict[str, Grid]) -> dict[str, tuple]:
    """(dim, values) of what is the same in all hours."""
    outages = {name: _outages(options.systems[name], one, name) for name, one in grids.items()}
    step = options.tie_break
    return {
        "bus_system": ("bus", np.repeat(list(grids), [len(one.bus) for one in grids.values()])),
        "bus_area": ("bus", _joined(grids, lambda g: g.area)),
        "bus_voltage": ("bus", _joined(grids, lambda g: g.voltage)),
        "load_weight": ("bus", _joined(grids, lambda g: g.weight)),
        "available_cost": ("bus", _joined(grids, lambda g: step * (1 + np.arange(len(g.bus))))),
        "branch_system": ("branch", np.repeat(list(grids), [len(one.branch) for one in grids.values()])),
        "from_bus": ("branch", _labels(grids, lambda g: g.from_bus)),
        "to_bus": ("branch", _labels(grids, lambda g: g.to_bus)),
        "susceptance": ("branch", _joined(grids, lambda g: g.susceptance)),
        "shift": ("branch", _joined(grids, lambda g: g.shift)),
        "outage": ("branch", np.concatenate([outage for outage, _ in outages.values()]).astype("i1")),
        "islanding": ("branch", np.concatenate([island for _, island in outages.values()]).astype("i1")),
        "unit_bus": ("unit", _labels(grids, lambda g: g.unit_bus)),
        "unit_capacity": ("unit", _joined(grids, lambda g: g.capacity)),
        "unit_cost": ("unit", _joined(grids, lambda g: g.cost + step * np.arange(len(g.cost)))),
        "contract": ("unit", np.concatenate([_contract(options.systems[name], g, name) for name, g in grids.items()])),
    }


def _outages(system: SecureSystem, one: Grid, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Which branches are secured against, and which would leave an island, bool (branch); ValueError for a listed
    one."""
    islanding = _bridges(one)
    if system.outages is None:
        return ~islanding, islanding
    where = f"prepare.systems.{name}.outages"
    if unknown := sorted(set(system.outages) - set(one.branch)):
        raise ValueError(f"{where}: no branch '{unknown[0]}'; known: {', '.join(one.branch[:20])}")
    listed = np.isin(one.branch, system.outages)
    if (listed & islanding).any() and not system.allow_islanding:
        raise ValueError(f"{where}: the loss of branch '{one.branch[listed & islanding][0]}' leaves an island; take it "
                         "out, or set allow_islanding: true to pass over such outages")  # fmt: skip
    return listed & ~islanding, islanding


def _bridges(one: Grid) -> np.ndarray:
    """Whether the network falls apart without the branch (branch); ValueError if it is not connected with all."""
    parts = components(one.bus, one.from_bus, one.to_bus)
    if parts.max():
        raise ValueError(
            f"{one.source}: bus {one.bus[parts > 0][0]} is on another island than bus {one.bus[0]}; connect it"
        )
    found = np.zeros(len(one.branch), bool)
    for k in range(len(found)):
        rest = np.arange(len(found)) != k
        found[k] = components(one.bus, one.from_bus[rest], one.to_bus[rest]).max() > 0
    return found


def _contract(system: SecureSystem, one: Grid, name: str) -> np.ndarray:
    """Contract outputs in MW (unit), NaN without a contract schedule; ValueError names a unit that cannot deliver."""
    if system.schedule is None:
        return np.full(len(one.unit), np.nan)
    where = f"prepare.systems.{name}.schedule"
    if unknown := sorted(set(system.schedule) - set(one.unit)):
        raise ValueError(f"{where}: no unit '{unknown[0]}'; known: {', '.join(one.unit[:20])}")
    output = np.array([system.schedule.get(unit, 0.0) for unit in one.unit])
    for k in np.flatnonzero(output > one.capacity)[:1]:
        raise ValueError(f"{where}.{one.unit[k]}: {output[k]:g} MW is above its capacity of {one.capacity[k]:g} MW")
    return output


def _hours(grids: dict[str, Grid], found: list[Variant]) -> dict[str, tuple]:
    """(dims, values) of what differs between schedules, 0 at the elements of other systems."""
    buses, branches = ({name: len(getattr(one, dim)) for name, one in grids.items()} for dim in ("bus", "branch"))
    rows = {name: [] for name in ("load", "must_take", "available", "limit", "emergency_limit")}
    for one in found:
        own, values = grids[one.values["system"]], one.values
        power, factor = own.power(values["date"], values["hour"]), values["emergency_factor"]
        arrays = {
            "load": (buses, power.load),
            "must_take": (buses, power.must_take),
            "available": (buses, power.available * values["renewable_factor"]),
            "limit": (branches, own.normal),
            "emergency_limit": (branches, own.emergency if factor is None else factor * own.normal),
        }
        for name, (sizes, array) in arrays.items():
            here = [array if other == values["system"] else np.zeros(size) for other, size in sizes.items()]
            rows[name].append(np.concatenate(here))
    dims = dict.fromkeys(("limit", "emergency_limit"), ("schedule", "branch"))
    return {name: (dims.get(name, ("schedule", "bus")), np.stack(values)) for name, values in rows.items()}
