"""Range of each participant's contribution to the balancing market over all optimal schedules.

The payoff of a participant is the same in all optimal schedules, its split into a day-ahead and a balancing part is not
where two plants can take each other's place. A point is optimal if it is feasible and complementary to one optimal dual:
so the range is the least and the largest sum (y_ts - l_t q_s) p_its over the schedules in which every column with a
reduced cost and every row with a dual stays where it is.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import xarray as xr

from sharegrid.markets import wind_csp
from sharegrid.optimise.clear import solve_priced, split_model
from sharegrid.optimise.highs import LiveProgram, Program, Solved
from sharegrid.optimise.program import SplitModel

ZERO = 1e-7  # the solver's tolerance of reduced costs and duals


def plan(results: Mapping[str, xr.Dataset], *, scenarios: list[str]) -> xr.Dataset:
    """balancing_low, balancing_high (scenario, participant): least and largest balancing part of the payoff.

    ValueError for a scenario with on/off decisions, whose optimal schedules are no face; KeyError for an unknown one.
    """
    data = results["data"].sel(scenario=scenarios)
    if bool(wind_csp.switched(data).any()):
        raise ValueError("plan.contribution-ranges: scenarios with commitment 'integer' have no range; leave them out")
    split = split_model(wind_csp, data)
    ranges = np.stack([_ranges(data.isel(scenario=k), split, k) for k in range(len(scenarios))])
    labels = {"scenario": scenarios, "participant": data["participant"].values}
    units = {"units": data.attrs["money"]}
    return xr.Dataset(
        {
            f"balancing_{side}": (tuple(labels), ranges[..., k], units | {"long_name": f"{word} balancing part"})
            for k, (side, word) in enumerate({"low": "least", "high": "largest"}.items())
        },
        labels,
    )


def _ranges(data: xr.Dataset, split: SplitModel, k: int) -> np.ndarray:
    """(participant, [least, largest]) in one scenario."""
    name, program = split.scenarios[k], split.program(k)
    solved = solve_priced(program, split, f"scenario {name}")
    face = optimal_face(program, solved)
    engine, columns = LiveProgram(face, f"scenario {name}, optimal schedules"), np.arange(len(face.cost))
    found = []
    for cost in _balancing_costs(data, split, solved):
        ends = []
        for sign in (1, -1):
            engine.set_costs(columns, sign * cost)
            ends.append(sign * engine.solve().objective)
        found.append(ends)
    return np.array(found)


def optimal_face(program: Program, solved: Solved) -> Program:
    """The program without cost whose feasible points are the optimal ones of `program`."""
    at = program.matrix @ solved.x
    fixed, tight = np.abs(solved.reduced_cost) > ZERO, np.abs(solved.row_dual) > ZERO
    return replace(
        program,
        cost=np.zeros(len(program.cost)),
        lower=np.where(fixed, solved.x, program.lower),
        upper=np.where(fixed, solved.x, program.upper),
        row_lower=np.where(tight, at, program.row_lower),
        row_upper=np.where(tight, at, program.row_upper),
    )


def _balancing_costs(data: xr.Dataset, split: SplitModel, solved: Solved) -> list[np.ndarray]:
    """Coefficients (column) of each participant's balancing part sum (y_ts - l_t q_s) p_its."""
    price = -split.constraints["power_balance"].read(solved.row_dual)
    weight = -split.constraints["profit"].read(solved.row_dual)
    value = (price - data["price_da"] * weight).transpose("time", "outcome").values
    costs = []
    for name in data["participant"].values:
        variable, dim = ("wind_power", "wind") if name in data["wind"].values else ("solar_power", "csp")
        position = split.variables[variable].position.sel({dim: name}).transpose("time", "outcome").values
        cost = np.zeros(len(solved.x))
        cost[position] = value
        costs.append(cost)
    return costs
