"""Range of each participant's contribution to the balancing market over all optimal schedules, at given prices.

The prices y and risk-adjusted probabilities q are those of one optimal dual, found as the stage clear finds it. At them
the payoff of a participant is the same in all optimal schedules; its split into a day-ahead and a balancing part is not
where two plants can take each other's place: the balancing part is sum_ts (y_ts - l_t q_s) p_its. With another optimal
dual, if there is one, the ends may be others; whether the payoffs would be is what owen_unique tells.
"""

from collections.abc import Mapping

import numpy as np
import xarray as xr

from sharegrid.planning.optimal_schedules import OptimalSchedules, optimal_schedules

METHOD = "contribution-ranges"


def plan(results: Mapping[str, xr.Dataset], *, scenarios: list[str]) -> xr.Dataset:
    """balancing_low, balancing_high (scenario, participant): least and largest balancing part of the payoff.

    ValueError for another market, a scenario with on/off decisions and an unknown one.
    """
    data = results["data"]
    ranges = np.stack([_ranges(schedules) for schedules in optimal_schedules(data, scenarios, METHOD)])
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
