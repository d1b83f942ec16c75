"""All optimal schedules of a joint offer, to ask what a result may be where the optimum is not unique.

A point is optimal if it is feasible and complementary to one optimal dual: every column with a reduced cost and every row
with a dual stays where it is, everything else is free within its limits.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr

from sharegrid.markets import wind_csp
from sharegrid.optimise.clear import solve_priced, split_model
from sharegrid.optimise.highs import LiveProgram, Program, Solved
from sharegrid.optimise.program import SplitModel
from sharegrid.planning.scenarios import of_scenarios

MARKET = "wind-csp"
ZERO = 1e-7  # the solver's tolerance of reduced costs and duals


@dataclass
class OptimalSchedules:
    """The optimal schedules of one scenario: `data` without the dim scenario, one optimum, and where its parts stand."""

    data: xr.Dataset
    split: SplitModel
    solved: Solved
    program: Program

    def __post_init__(self):
        self._engine = LiveProgram(self.program, f"scenario {self.data['scenario'].item()}, optimal schedules")

    def least(self, cost: np.ndarray) -> Solved:
        """The optimal schedule with the least cost x, `cost` (column)."""
        self._engine.set_costs(np.arange(len(cost)), cost)
        return self._engine.solve()

    def cost(self, **by_variable: xr.DataArray) -> np.ndarray:
        """Coefficients (column) from those of variables, over any of their dims."""
        cost = np.zeros(len(self.solved.x))
        for name, coefficients in by_variable.items():
            position = self.split.variables[name].position
            values, present = (
                coefficients.broadcast_like(position).transpose(*position.dims).values,
                position.values >= 0,
            )
            cost[position.values[present]] = values[present]
        return cost


def optimal_schedules(data: xr.Dataset, scenarios: list[str], method: str) -> Iterator[OptimalSchedules]:
    """The optimal schedules of each scenario, for the planning method `method`; ValueError as of_scenarios, and for a
    scenario with on/off decisions, whose optima are no face."""
    data = of_scenarios(data, scenarios, MARKET, method)
    if bool(wind_csp.switched(data).any()):
        raise ValueError("plan: scenarios with commitment 'integer' have no set of optimal schedules; leave them out")
    split = split_model(wind_csp, data)
    for k, name in enumerate(scenarios):
        program = split.program(k)
        solved = solve_priced(program, split, f"scenario {name}")
        yield OptimalSchedules(data.isel(scenario=k), split, solved, optimal_face(program, solved))


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
