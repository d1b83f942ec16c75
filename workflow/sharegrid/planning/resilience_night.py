"""How much storage if the load of the night is random: a critical fractile (9.5.3, R5).

    max over B  M_n E[min(B, L)] - C_n B:   B* = F^-1(1 - C_n/M_n), 0 where M_n <= C_n, at most eta (S gamma - L_d)
    s* = (L_d + B*/eta)/gamma, at most S

with the notation of planning/resilience_plan.py, and under its condition; F is the distribution of the night's load L, S the roof.
The value is concave in B, so that the roof cuts the best storage to what it can fill. It is an approximation: solar power left
where the storage was used in part earns nothing more. The load is uniform between two numbers, or as measured: on each day of the
series the load of the hours without solar power.
"""

import logging
from collections.abc import Mapping
from typing import Annotated, Literal

import numpy as np
import xarray as xr
from pydantic import Field

from sharegrid.coordination.rounds import described
from sharegrid.planning.resilience_plan import Household, household, scenarios_of

log = logging.getLogger(__name__)
METHOD = "resilience-night"
DARK = 1e-6  # of the largest yield, below which an hour is night
DESCRIBED = {
    "night_value": ("$/kWh/year", "value per year of a kWh served every night"),
    "night_cost": ("$/kWh/year", "annual cost of a kWh of storage and of the solar power that fills it"),
    "night_fractile": (
        "1",
        "critical fractile: probability to cover the night's load with a storage that the roof can fill",
    ),
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

    ValueError for another market, an unknown scenario, ends out of order or without a uniform load, a scenario outside the condition
    of the closed form, and solar power that costs nothing beyond what it earns or does not pay by day: the storage is then no
    question of the night. A warning names scenarios in which the roof limits the storage.
    """
    data = results["data"]
    names = scenarios_of(data, scenarios, METHOD)
    here = data.sel(scenario=names)
    nights = _nights(here, load, low, high)
    one = household(here)
    _check_middle(one, names)
    fractile = np.clip(1 - one.night_cost / one.night_value, 0.0, 1.0)
    wanted = np.where(one.night_value > one.night_cost, np.quantile(nights, fractile), 0.0)
    storage = _under_roof(one, wanted, names)
    gain = one.night_value * np.minimum(storage[:, None], nights).mean(axis=1) - one.night_cost * storage
    found = {
        "night_value": one.night_value,
        "night_cost": one.night_cost,
        "night_fractile": fractile,
        "night_storage": storage,
        "night_pv": np.minimum((one.day_load + storage / one.efficiency) / one.pv_yield, one.pv_limit),
        "night_gain": gain,
    }
    result = xr.Dataset({name: ("scenario", values) for name, values in found.items()}, {"scenario": names})
    return described(result, DESCRIBED, data.attrs["money"])


def _check_middle(one: Household, names: list[str]) -> None:
    """ValueError names a scenario that the fractile does not plan."""
    sells = one.feed_in_value * one.pv_yield >= one.pv_cost
    idle = one.day_value * one.pv_yield < one.pv_cost
    for wrong, why in (
        (~one.valid, "is outside the condition of the closed form; plan it with resilience-plan or leave it out"),
        (sells, "has solar power that pays by what it sends to the grid alone; the fractile is for what lies between"),
        (idle, "has solar power that does not pay by day; the fractile is for what lies between"),
    ):
        if wrong.any():
            raise ValueError(f"{METHOD}: scenarios: '{names[np.argmax(wrong)]}' {why}")


def _under_roof(one: Household, wanted: np.ndarray, names: list[str]) -> np.ndarray:
    """B = min(B*, eta (S gamma - L_d)), at least 0 (scenario) kWh."""
    most = np.maximum(one.efficiency * (one.pv_limit * one.pv_yield - one.day_load), 0.0)
    limited = np.array(names)[wanted > most]
    if len(limited):
        log.warning("%s: the roof limits the storage in %s", METHOD, ", ".join(limited[:10]))
    return np.minimum(wanted, most)


def _nights(data: xr.Dataset, load: str, low: float, high: float) -> np.ndarray:
    """Loads of the night kWh; ValueError if ends are given that the load does not use."""
    if load == "uniform":
        return uniform_nights(low, high)
    if low or high:
        raise ValueError(
            f"{METHOD}: low {low:g}, high {high:g}: the ends of a uniform load; set load: uniform or drop them"
        )
    return measured_nights(data)


def uniform_nights(low: float, high: float, count: int = 100_001) -> np.ndarray:
    """Evenly spread loads [kWh] between the ends; their quantiles are those of the uniform distribution."""
    if not 0 <= low < high:
        raise ValueError(f"{METHOD}: low {low:g}, high {high:g}: 0 <= low < high is needed for load: uniform")
    return np.linspace(low, high, count)


def measured_nights(data: xr.Dataset) -> np.ndarray:
    """Load of the hours without solar power of each day of the series (day) kWh."""
    dark = data["hourly_yield"].values <= DARK * data["hourly_yield"].values.max()
    return np.where(dark, data["hourly_load"].values, 0.0).reshape(-1, 24).sum(axis=1)
