"""Expected profit and conditional value at risk of each optimal bid, where several are optimal those of an undominated
one.

At a risk weight of 0 the optimum leaves the tail open, at 1 everything but the tail: of all optimal bids the one with
the largest sum of the two measures is taken.
"""

from collections.abc import Mapping

import numpy as np
import xarray as xr

from sharegrid.markets import microgrid, risk
from sharegrid.optimise.clear import solve_priced, split_model
from sharegrid.planning.optimal_schedules import OptimalSchedules, optimal_face
from sharegrid.planning.robust_bids import MARKET
from sharegrid.planning.scenarios import of_families


def plan(results: Mapping[str, xr.Dataset], *, families: list[str]) -> xr.Dataset:
    """frontier_expected_profit, frontier_cvar (scenario) of the scenarios of `families`, in the money of the data.

    ValueError for another market and an unknown family.
    """
    data = of_families(results["data"], families, MARKET, "bid-frontier")
    split = split_model(microgrid, data)
    points = []
    for k, name in enumerate(split.scenarios):
        program = split.program(k)
        solved = solve_priced(program, split, f"scenario {name}")
        face = optimal_face(program, solved)
        points.append(_point(OptimalSchedules(data.isel(scenario=k), split, solved, face)))
    texts = {"expected_profit": "expected profit of an undominated optimum", "cvar": "its conditional value at risk"}
    columns = np.array(points).T
    arrays = {
        f"frontier_{name}": ("scenario", column, {"units": data.attrs["money"], "long_name": text})
        for (name, text), column in zip(texts.items(), columns, strict=True)
    }
    return xr.Dataset(arrays, {"scenario": data["scenario"].values})


def _point(bids: OptimalSchedules) -> tuple[float, float]:
    """Expected profit and conditional value at risk in $."""
    probability, alpha = bids.data["probability"].reset_coords(drop=True), bids.data["alpha"].reset_coords(drop=True)
    expected = bids.cost(outcome_profit=probability)
    tail = bids.cost(value_at_risk=xr.DataArray(1.0), shortfall=-probability / (1 - float(alpha)))
    best = bids.least(-expected - tail).x
    profit = bids.split.variables["outcome_profit"].read(best)
    return float(expected @ best), float(risk.conditional_value_at_risk(profit, probability, alpha))
