"""Range of each participant's contribution to the balancing market over all optimal schedules.

The payoff of a participant is the same in all of them, its split into a day-ahead and a balancing part is not where two
plants can take each other's place: the balancing part is sum_ts (y_ts - l_t q_s) p_its.
"""

from collections.abc import Mapping

import numpy as np
import xarray as xr

from sharegrid.planning.optimal_schedules import OptimalSchedules, optimal_schedules


def plan(results: Mapping[str, xr.Dataset], *, scenarios: list[str]) -> xr.Dataset:
    """balancing_low, balancing_high (scenario, participant): least and largest balancing part of the payoff.

    ValueError for a scenario with on/off decisions and for an unknown one.
    """
    data = results["data"]
    ranges = np.stack([_ranges(schedules) for schedules in optimal_schedules(data, scenarios)])
    labels = {"scenario": scenarios, "participant": data["participant"].values}
    texts = {"low": "least balancing part of the payoff", "high": "largest balancing part of the payoff"}
    return xr.Dataset(
        {
            f"balancing_{side}": (tuple(labels), ranges[..., k], {"units": data.attrs["money"], "long_name": text})
            for k, (side, text) in enumerate(texts.items())
        },
        labels,
    )


def _ranges(schedules: OptimalSchedules) -> np.ndarray:
    """(participant, [least, largest])."""
    ends = []
    for name in schedules.data["participant"].values:
        cost = _balancing_cost(schedules, name)
        ends.append([schedules.least(cost).objective, -schedules.least(-cost).objective])
    return np.array(ends) + 0.0


def _balancing_cost(schedules: OptimalSchedules, participant: str) -> np.ndarray:
    """Coefficients (column) of sum_ts (y_ts - l_t q_s) p_its."""
    data, rows, dual = schedules.data, schedules.split.constraints, schedules.solved.row_dual
    price, weight = -rows["power_balance"].read(dual), -rows["profit"].read(dual)
    variable, dim = ("wind_power", "wind") if participant in data["wind"].values else ("solar_power", "csp")
    own = (data[dim] == participant).reset_coords(drop=True)
    return schedules.cost(**{variable: own * (price - data["price_da"] * weight).reset_coords(drop=True)})
