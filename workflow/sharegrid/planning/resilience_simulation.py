"""What solar power and storage serve in outages drawn at random over the hours of a year (9.5.3, our reading).

Every outage begins at an hour drawn with equal probability and lasts a whole number of hours; time wraps round at the end of the
year. The storage is full at the beginning, has no power limit, and loses 1 - eta of what is charged. In each hour t

    u = min(P_t, d_t);   charge min(eta (P_t - u), B - E);   discharge min(d_t - u, E);   P_t = storm * s * yield_t

The events of a year are so many that the hours of outage are 24 n; their value is events * v * mean energy served.

Durations: exponential with a given mean, rounded up; exponential with the mean of a US customer's interruptions by major events
(difference of SAIDI over that of SAIFI); and the restoration after two storms: the share of customers still out, between reports
linear, after the last one falling on as between the last two.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import xarray as xr
from pydantic import Field

from sharegrid.coordination.rounds import described
from sharegrid.planning.resilience_plan import Household, household, scenarios_of

METHOD = "resilience-simulation"
MAJOR = "US major events"
LONGEST = 24 * 366  # hours; the tail of a storm is cut here
DESCRIBED = {
    "simulated_value": ("money", "value of the load served in outages, simulated"),
    "simulated_error": ("money", "its standard error"),
    "simulated_share": ("1", "served part of the load in outages"),
    "simple_value": ("money", "value of the load served in outages by the simplified formula"),
    "mean_hours": ("h", "mean duration of an outage"),
    "events": ("1/year", "outages per year at the scenario's days of outage"),
    "public_outage_days": ("1/year", "days that major events interrupt a US customer in a year, mean of the years"),
}


@dataclass(frozen=True)
class Durations:
    """Durations of outages in whole hours: `sample` draws them, `survival` is P(longer than k hours) (k), from 1 at 0 on."""

    survival: np.ndarray
    mean_h: float | None = None  # of an exponential duration

    @property
    def mean(self) -> float:
        """Hours, rounded up: the sum of the probabilities to last longer than 0, 1, 2 ... hours."""
        return 1 / (1 - np.exp(-1 / self.mean_h)) if self.mean_h else float(self.survival.sum())

    def sample(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """Hours (draw): the least k for which a draw is at least P(longer than k)."""
        if self.mean_h:
            return np.maximum(1, np.ceil(rng.exponential(self.mean_h, count))).astype(int)
        return np.searchsorted(-self.survival, -rng.random(count), side="left").clip(1)


def exponential(mean_h: float) -> Durations:
    """Exponential with the mean, rounded up to whole hours."""
    return Durations(np.array([]), mean_h)


def of_storm(days: np.ndarray, still_out: np.ndarray) -> Durations:
    """From reports (report): days since the largest number of customers was out, share still out, from 1 down.

    ValueError unless the days rise from 0 and the shares fall from 1.
    """
    kept = np.isfinite(days)
    days, share = days[kept], still_out[kept]
    if not (days[0] == 0 and share[0] == 1 and (np.diff(days) > 0).all() and (np.diff(share) < 0).all()):
        raise ValueError(f"{METHOD}: reports on a storm must go from day 0 and share 1 on, days rising, shares falling")
    hours = np.arange(LONGEST)
    survival = np.interp(hours / 24, days, share)
    if share[-1] > 0:
        rate = np.log(share[-2] / share[-1]) / (days[-1] - days[-2])
        survival = np.where(hours / 24 > days[-1], share[-1] * np.exp(-rate * (hours / 24 - days[-1])), survival)
    return Durations(survival[survival > 0])


def plan(
    results: Mapping[str, xr.Dataset],
    *,
    scenario: str,
    sizes: Annotated[
        list[
            tuple[
                Annotated[float, Field(ge=0, allow_inf_nan=False)], Annotated[float, Field(ge=0, allow_inf_nan=False)]
            ]
        ],
        Field(min_length=1),
    ],
    storm: Annotated[list[Annotated[float, Field(gt=0, le=1)]], Field(min_length=1)],
    mean_hours: Annotated[list[Annotated[float, Field(gt=0, le=8784, allow_inf_nan=False)]], Field(min_length=1)],
    draws: Annotated[int, Field(ge=2)] = 2000,
    seed: Annotated[int, Field(ge=0)] = 2024,
) -> xr.Dataset:
    """DESCRIBED along duration, storm_factor and plan_size, of one scenario.

    sizes: (solar power [kW], storage [kWh]); `storm`: yield in an outage relative to that of the series [1]; `mean_hours`: means of the
    exponential durations [h], beside which stand those of the public statistics. ValueError for another market and scenario,
    and for two values of an option that read alike.
    """
    scenarios_of(results["data"], [scenario], METHOD)
    data = results["data"].sel(scenario=[scenario])
    durations, names = durations_of(data, mean_hours), [f"{s:.3g} kW, {b:.3g} kWh" for s, b in sizes]
    _check_distinct("sizes", names, "to three digits")
    _check_distinct("storm", [repr(float(factor)) for factor in storm])
    one = household(data)
    runs = [_simulated(data, one, duration, np.array(sizes, float), np.array(storm), (draws, seed))
            for duration in durations.values()]  # fmt: skip
    served, error, load = (np.array(part) for part in zip(*runs, strict=True))
    events = np.array([24 * one.outage_days.item() / duration.mean for duration in durations.values()])
    dims, scale = ("duration", "storm_factor", "plan_size"), (events * one.voll.item())[:, None, None]
    found = {
        "simulated_value": (dims, scale * served),
        "simulated_error": (dims, scale * error),
        "simulated_share": (dims, served / load[:, None, None]),
        "simple_value": ("plan_size", np.array([one.reliability(*size).item() for size in sizes])),
        "mean_hours": ("duration", [duration.mean for duration in durations.values()]),
        "events": ("duration", events),
        "public_outage_days": public_outage_days(data),
    }
    labels = {"duration": list(durations), "storm_factor": storm, "plan_size": names}
    return described(xr.Dataset(found, labels), DESCRIBED, data.attrs["money"])


def _check_distinct(option: str, names: list[str], digits: str = "") -> None:
    if len(set(names)) < len(names):
        alike = f"read alike {digits}".strip()
        raise ValueError(f"{METHOD}: {option}: two of them {alike}; leave one out of {'; '.join(names)}")


def _simulated(data, one: Household, duration: Durations, sizes, storm, sample: tuple[int, int]):
    """Mean energy served (storm factor, size) kWh per outage with its standard error, and mean load of an outage [kWh]."""
    draws, seed = sample
    rng = np.random.default_rng(seed)
    start = rng.integers(0, data.sizes["hour"], draws)
    drawn = _Outage(data["hourly_yield"].values, data["hourly_load"].values, one.efficiency.item(), start,
                    duration.sample(rng, draws))  # fmt: skip
    energy = np.stack([drawn.served(factor * sizes[:, 0], sizes[:, 1]) for factor in storm])
    return energy.mean(axis=2), energy.std(axis=2, ddof=1) / np.sqrt(draws), drawn.load().mean()


def durations_of(data: xr.Dataset, mean_hours: list[float]) -> dict[str, Durations]:
    """The exponential durations, and those of the public statistics, by name; ValueError if two means read alike."""
    names = [f"exponential, {mean:g} h" for mean in mean_hours]
    _check_distinct("mean_hours", names, "to six digits")
    found = {name: exponential(mean) for name, mean in zip(names, mean_hours, strict=True)}
    found[MAJOR] = exponential(float(data["major_minutes"].mean() / data["major_interruptions"].mean() / 60))
    for name in data["storm"].values:
        one = data.sel(storm=name)
        found[str(name)] = of_storm(one["restoration_days"].values, one["still_out"].values)
    return found


def public_outage_days(data: xr.Dataset) -> float:
    """Days per year that major events interrupt a US customer: mean SAIDI with less without them."""
    return float(data["major_minutes"].mean()) / (60 * 24)


class _Outage:
    """Drawn outages, the longest first, so that those that last are always the first ones."""

    def __init__(self, pv: np.ndarray, load: np.ndarray, efficiency: float, start: np.ndarray, hours: np.ndarray):
        order = np.argsort(-hours, kind="stable")
        self._pv, self._load, self._efficiency = pv, load, efficiency
        self._start, self._hours = start[order], hours[order]

    def _steps(self):
        """Hour of the year of the outages that still last, hour by hour."""
        for step in range(self._hours[0]):
            lasting = np.searchsorted(-self._hours, -step, side="left")
            yield (self._start[:lasting] + step) % len(self._load)

    def load(self) -> np.ndarray:
        """Load (draw) kWh in each outage."""
        total = np.zeros(len(self._start))
        for at in self._steps():
            total[: len(at)] += self._load[at]
        return total

    def served(self, pv: np.ndarray, storage: np.ndarray) -> np.ndarray:
        """Energy (size, draw) kWh that solar power `pv` [kW], less for the storm, and `storage` [kWh] (size) serve."""
        stored = np.repeat(storage[:, None], len(self._start), axis=1)
        total = np.zeros_like(stored)
        for at in self._steps():
            made, load, level = pv[:, None] * self._pv[at], self._load[at], stored[:, : len(at)]
            direct = np.minimum(made, load)
            level += np.minimum(self._efficiency * (made - direct), storage[:, None] - level)
            taken = np.minimum(load - direct, level)
            level -= taken
            total[:, : len(at)] += direct + taken
        return total
