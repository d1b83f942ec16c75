"""Expected profit and conditional value at risk of each optimum, where several are optimal those of an undominated one.

At a risk weight of 0 the optimum leaves the tail open, at 1 everything but the tail: of all optimal schedules the one with
the largest sum of the two measures is taken.
"""

from collections.abc import Mapping

import numpy as np
import xarray as xr

from sharegrid.planning.optimal_schedules import OptimalSchedules, optimal_schedules

METHOD = "risk-frontier"


def plan(results: Mapping[str, xr.Dataset], *, scenarios: list[str]) -> xr.Dataset:
    """frontier_expected_profit, frontier_cvar (scenario). ValueError for another market, an unknown scenario and one
    with on/off decisions."""
    data = results["data"]
    points = np.array([_point(schedules) for schedules in optimal_schedules(data, scenarios, METHOD)])
    texts = {"expected_profit": "expected profit of an undominated optimum", "cvar": "its conditional value at risk"}
    return xr.Dataset(
        {
            f"frontier_{name}": ("scenario", points[:, k], {"units": data.attrs["money"], "long_name": text})
            for k, (name, text) in enumerate(texts.items())
        },
        {"scenario": scenarios},
    )


def _point(schedules: OptimalSchedules) -> tuple[float, float]:
    """Expected profit and conditional value at risk in $."""
    probability, alpha = schedules.data["probability"].reset_coords(drop=True), float(schedules.data["alpha"])
    expected = schedules.cost(outcome_profit=probability)
    tail = schedules.cost(value_at_risk=xr.DataArray(1.0), shortfall=-probability / (1 - alpha))
    best = schedules.least(-expected - tail).x
    return float(expected @ best), float(tail @ best)
