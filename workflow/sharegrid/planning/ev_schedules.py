"""Emissions of all optimal schedules of the fleets, and what it costs to bid for energy first and buy allowances after.

Hours with equal prices leave the emissions of an optimum open, so they are given as a range. Energy first: the least cost
of energy and wear with the carbon account left out, then the allowances that this schedule needs, for the optimal schedule
with the fewest and with the most emissions.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import xarray as xr

from sharegrid.markets import ev_fleets
from sharegrid.optimise.clear import kept_of, solve_priced, split_model
from sharegrid.optimise.highs import LiveProgram, Program, Solved
from sharegrid.optimise.program import SplitModel
from sharegrid.planning.optimal_schedules import optimal_face
from sharegrid.planning.scenarios import of_scenarios

MARKET, METHOD = "ev-fleets", "ev-schedules"
SCHEDULE = ("charge", "discharge")
CARBON = ("carbon_price_buy", "carbon_price_sell")
ENDS = {"low": 1, "high": -1}
DESCRIBED = {
    "emission": ("t", "emissions of an optimal schedule"),
    "energy_first_emission": ("t", "emissions of a schedule that is optimal without the carbon account"),
    "energy_first_cost": ("money", "cost of such a schedule with the allowances that it needs"),
}


def plan(results: Mapping[str, xr.Dataset], *, scenarios: list[str]) -> xr.Dataset:
    """DESCRIBED with the endings _low and _high, the ends of the range of emissions (scenario).

    energy_first_cost is not the range of the cost where emissions earn money. ValueError for another market, an unknown
    scenario, and one in which the linear program lets a fleet charge and discharge at once.
    """
    data = of_scenarios(results["data"], scenarios, MARKET, METHOD)
    free = data.assign({name: xr.zeros_like(data[name]) for name in CARBON})
    priced, unpriced = split_model(ev_fleets, data), split_model(ev_fleets, free)
    rows = [_ranges(data.isel(scenario=k), priced, unpriced, k) for k in range(len(scenarios))]
    found = xr.Dataset({name: ("scenario", [row[name] for row in rows]) for name in rows[0]}, {"scenario": scenarios})
    for name, (unit, meaning) in DESCRIBED.items():
        for end in ENDS:
            attrs = {"units": data.attrs["money"] if unit == "money" else unit, "long_name": f"{meaning}, {end} end"}
            found[f"{name}_{end}"].attrs = attrs
    return found


def _ranges(data: xr.Dataset, priced: SplitModel, unpriced: SplitModel, k: int) -> dict[str, float]:
    """One scenario's variables."""
    label, row = f"scenario {data['scenario'].item()}", {}
    emitted = emission_cost(data, priced)
    for prefix, split in (("emission", priced), ("energy_first_emission", unpriced)):
        program = split.program(k)
        solved = one_way(data, split, solve_priced(program, split, label), METHOD)
        face = optimal_face(program, solved)
        for end, sign in ENDS.items():
            found = LiveProgram(replace(face, cost=sign * emitted), f"{label}, optimal schedules").solve()
            x = one_way(data, split, found, METHOD).x
            row[f"{prefix}_{end}"] = float(emitted @ x)
            if split is unpriced:
                row[f"energy_first_cost_{end}"] = _settled(priced.program(k), split, x, label)
    return row


def one_way(data: xr.Dataset, split: SplitModel, solved: Solved, method: str) -> Solved:
    """`solved`, an optimum of the linear program of one scenario; ValueError if a battery charges and discharges at once in it,
    which only integers exclude: their optima are no face, and each vehicle of a cluster would have its own."""
    if burnt := ev_fleets.inexact(data, kept_of(ev_fleets, split, solved)):
        raise ValueError(
            f"plan.methods: {method}: scenario '{data['scenario'].item()}': burning energy earns money, so the linear program "
            f"charges and discharges at once: {', '.join(burnt[:3])}; leave the scenario out"
        )
    return solved


def emission_cost(data: xr.Dataset, split: SplitModel) -> np.ndarray:
    """Emissions of a MWh in each column (column) t/MWh; data of one scenario."""
    factor = data["emission_factor"].values
    columns = np.zeros(sum(int((one.position.values >= 0).sum()) for one in split.variables.values()))
    for name, sign in (("charge", 1.0), ("discharge", -float(data["credit_export"]))):
        position = split.variables[name].position.transpose("participant", "time").values
        battery, hour = np.nonzero(position >= 0)
        columns[position[battery, hour]] = sign * factor[hour]
    return columns


def _settled(program: Program, split: SplitModel, x: np.ndarray, label: str) -> float:
    """Cost of the schedule in `x` with everything else at its best, $."""
    columns = np.concatenate([split.variables[name].position.values.ravel() for name in SCHEDULE])
    columns = columns[columns >= 0]
    fixed = {name: getattr(program, name).copy() for name in ("lower", "upper")}
    for bound in fixed.values():
        bound[columns] = x[columns]
    return LiveProgram(replace(program, **fixed), f"{label}, energy first").solve(values=False).objective
