"""How much storage if the load of the night is random: a critical fractile (9.5.3, R5).

    max over B  M_n E[min(B, L)] - C_n B:   B* = F^-1(1 - C_n/M_n), 0 where M_n <= C_n;   s* = (L_d + B*/eta)/gamma

with the notation of planning/resilience_plan.py; F is the distribution of the night's load L. It is an approximation: solar power
left where the storage was used in part earns nothing more. The load is uniform between two numbers, or as measured: on each day of
the series the load of the hours without solar power.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

import numpy as np
import xarray as xr
from pydantic import Field

from sharegrid.coordination.rounds import described
from sharegrid.planning.resilience_plan import household, scenarios_of

METHOD = "resilience-night"
DARK = 1e-6  # of the largest yield, below which an hour is night
DESCRIBED = {
    "night_value": ("$/kWh/year", "value per year of a kWh served every night"),
    "night_cost": ("$/kWh/year", "annual cost of a kWh of storage and of the solar power that fills it"),
    "night_fractile": ("1", "probability with which the storage covers the night's load"),
    "night_storage": ("kWh", "storage"),
    "night_pv": ("kW", "solar power"),
    "night_gain": ("money", "expected value of the storage less its cost"),
}


def plan(
    results: Mapping[str, xr.Dataset],
    *,
    scenarios: list[str],
    load: Literal["uniform", "measured"] = "measured",
    low: Annotated[float, Field(ge=0)] = 0.0,
    high: Annotated[float, Field(ge=0)] = 0.0,
) -> xr.Dataset:
    """DESCRIBED (scenario). `low` and `high` [kWh]: ends of a uniform load.

    ValueError for another market, an unknown scenario, ends out of order, and solar power that costs nothing beyond what it earns
    or does not pay by day: the storage is then no question of the night.
    """
    data = results["data"]
    names = scenarios_of(data, scenarios, METHOD)
    here = data.sel(scenario=names)
    nights = measured_nights(here) if load == "measured" else uniform_nights(low, high)
    one = household(here)
    _check_middle(one, names)
    fractile = np.clip(1 - one.night_cost / one.night_value, 0.0, 1.0)
    storage = np.where(one.night_value > one.night_cost, np.quantile(nights, fractile), 0.0)
    gain = one.night_value * np.minimum(storage[:, None], nights).mean(axis=1) - one.night_cost * storage
    found = {
        "night_value": one.night_value,
        "night_cost": one.night_cost,
        "night_fractile": fractile,
        "night_storage": storage,
        "night_pv": (one.day_load + storage / one.efficiency) / one.pv_yield,
        "night_gain": gain,
    }
    result = xr.Dataset({name: ("scenario", values) for name, values in found.items()}, {"scenario": names})
    return described(result, DESCRIBED, data.attrs["money"])


def _check_middle(one, names: list[str]) -> None:
    sells = one.feed_in_value * one.pv_yield >= one.pv_cost
    idle = one.day_value * one.pv_yield < one.pv_cost
    for name, wrong, why in zip(
        [*names, *names], [*sells, *idle], ["alone"] * len(names) + ["not"] * len(names), strict=True
    ):
        if wrong:
            said = "pays by what it sends to the grid alone" if why == "alone" else "does not pay by day"
            raise ValueError(
                f"{METHOD}: scenarios: in '{name}' solar power {said}; the fractile is for what lies between"
            )


def uniform_nights(low: float, high: float, count: int = 100_001) -> np.ndarray:
    """Evenly spread loads [kWh] between the ends; their quantiles are those of the uniform distribution."""
    if not 0 <= low < high:
        raise ValueError(f"{METHOD}: low {low:g}, high {high:g}: 0 <= low < high is needed for load: uniform")
    return np.linspace(low, high, count)


def measured_nights(data: xr.Dataset) -> np.ndarray:
    """Load of the hours without solar power of each day of the series (day) kWh."""
    dark = data["hourly_yield"].values <= DARK * data["hourly_yield"].values.max()
    return np.where(dark, data["hourly_load"].values, 0.0).reshape(-1, 24).sum(axis=1)
