"""The best solar power and storage against rare outages in closed form, where its condition holds, else by linear program (9.5.3).

    M_d = (N - n) pi_d + n v,   M_n = (N - n)(pi_n - pi_f/eta) + n v,   e = (N - n) pi_f
    C_n = c_b + (c_s - e gamma)/(eta gamma),  c_b where e gamma >= c_s
    s >= L_d/gamma iff M_d gamma >= c_s;   B = L_n iff also M_n >= C_n, with s = (L_d + L_n/eta)/gamma;   s = S if e gamma >= c_s
    v* = [C_n - (N - n)(pi_n - pi_f/eta)]/n,   the value of lost load from which storage pays

with the notation of markets/solar_storage.py. Where the roof S is too small for these sizes, s = S and B = eta (S gamma - L_d) or 0.

Condition: pi_f <= min(pi_d, eta pi_n) and (N - n)(eta pi_n - pi_d) <= eta c_b; otherwise it can pay to leave storage idle on normal
days, or to buy by day what solar power saves for the night. There the plan is that of the linear program, and a warning says so.

RV = n v (u + q) and EV = (N - n)(pi_d u + pi_n q + pi_f (s gamma - u - q/eta)) with u = min(s gamma, L_d) and
q = min(L_n, B, eta (s gamma - u)). (The formulas are ours; a storage that is full when the outage begins is not counted.)
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr

from sharegrid.coordination.rounds import described
from sharegrid.markets import solar_storage
from sharegrid.optimise.clear import clear

log = logging.getLogger(__name__)
METHOD = "resilience-plan"
DESCRIBED = {
    "plan_pv": ("kW", "solar power of the plan"),
    "plan_storage": ("kWh", "storage of the plan"),
    "plan_reliability": ("money", "value of the load served in outages"),
    "plan_economic": ("money", "value of the energy on normal days"),
    "plan_cost": ("money", "annual cost of solar power and storage"),
    "plan_net": ("money", "value less cost of the plan"),
    "plan_closed": ("1", "1 if the plan is that of the closed form, 0 if that of the linear program"),
    "closed_net": ("money", "value less cost of the sizes of the closed form, valid or not"),
    "program_net": ("money", "value less cost of the optimum of the linear program"),
    "storage_threshold": ("$/kWh", "value of lost load from which storage pays; missing without outages"),
}
FIELDS = ("days", "outage_days", "voll", "day_load", "night_load", "pv_yield", "price_day", "price_night", "feed_in",
          "efficiency", "pv_cost", "storage_cost", "pv_limit")  # fmt: skip


@dataclass(frozen=True)
class Household:
    """Parameters of the model, numbers or arrays of one shape; units as in contracts/solar_storage.py."""

    days: np.ndarray
    outage_days: np.ndarray
    voll: np.ndarray
    day_load: np.ndarray
    night_load: np.ndarray
    pv_yield: np.ndarray
    price_day: np.ndarray
    price_night: np.ndarray
    feed_in: np.ndarray
    efficiency: np.ndarray
    pv_cost: np.ndarray
    storage_cost: np.ndarray
    pv_limit: np.ndarray

    @property
    def normal_days(self):
        """N - n."""
        return self.days - self.outage_days

    @property
    def day_value(self):
        """M_d $/year per kWh/day: energy by day."""
        return self.normal_days * self.price_day + self.outage_days * self.voll

    @property
    def night_value(self):
        """M_n $/year per kWh/day: energy at night instead of sending what it takes to the grid."""
        return self.night_gain + self.outage_days * self.voll

    @property
    def night_gain(self):
        """(N - n)(pi_n - pi_f/eta) $/year per kWh/day."""
        return self.normal_days * (self.price_night - self.feed_in / self.efficiency)

    @property
    def feed_in_value(self):
        """e $/year per kWh/day: energy sent to the grid on normal days."""
        return self.normal_days * self.feed_in

    @property
    def night_cost(self):
        """C_n $/year per kWh/day: storage, and the solar power that fills it less what that earns otherwise."""
        filling = np.maximum(self.pv_cost - self.feed_in_value * self.pv_yield, 0.0)
        return self.storage_cost + filling / (self.efficiency * self.pv_yield)

    @property
    def threshold(self):
        """v* $/kWh, NaN without outages."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.outage_days > 0, (self.night_cost - self.night_gain) / self.outage_days, np.nan)

    @property
    def valid(self):
        """Whether the condition of the closed form holds."""
        stored = self.efficiency * self.price_night
        sends = self.feed_in <= np.minimum(self.price_day, stored)
        return sends & (self.normal_days * (stored - self.price_day) <= self.efficiency * self.storage_cost)

    def best(self) -> tuple[np.ndarray, np.ndarray]:
        """s [kW] and B [kWh] of the closed form; at ties the larger."""
        by_day = self.day_load / self.pv_yield
        for_night = by_day + self.night_load / (self.efficiency * self.pv_yield)
        pays = self.day_value * self.pv_yield >= self.pv_cost
        sells = self.feed_in_value * self.pv_yield >= self.pv_cost
        stores = pays & (self.night_value >= self.night_cost)
        wanted = np.where(sells, np.inf, np.where(stores, for_night, np.where(pays, by_day, 0.0)))
        size = np.minimum(wanted, self.pv_limit)
        left = np.maximum(self.efficiency * (size * self.pv_yield - self.day_load), 0.0)
        return size, np.where(stores, np.minimum(self.night_load, left), 0.0)

    def served(self, pv, storage) -> tuple[np.ndarray, np.ndarray]:
        """u and q kWh/day: load served by day and at night, the day first."""
        day = np.minimum(pv * self.pv_yield, self.day_load)
        left = self.efficiency * (pv * self.pv_yield - day)
        return day, np.minimum(np.minimum(self.night_load, storage), left)

    def reliability(self, pv, storage):
        """RV $/year."""
        return self.outage_days * self.voll * sum(self.served(pv, storage))

    def economic(self, pv, storage):
        """EV $/year."""
        day, night = self.served(pv, storage)
        sent = pv * self.pv_yield - day - night / self.efficiency
        return self.normal_days * (self.price_day * day + self.price_night * night + self.feed_in * sent)

    def cost(self, pv, storage):
        """Annual cost $/year."""
        return self.pv_cost * pv + self.storage_cost * storage

    def net(self, pv, storage):
        """EV + RV less the cost $/year."""
        return self.economic(pv, storage) + self.reliability(pv, storage) - self.cost(pv, storage)


def household(data: xr.Dataset) -> Household:
    """The parameters (scenario) of a study's data; ValueError for another market."""
    missing = [name for name in FIELDS if name not in data.variables]
    if missing:
        raise ValueError(f"{METHOD}: the data have no '{missing[0]}'; use a study of the market solar-storage")
    return Household(**{name: data[name].values for name in FIELDS})


def plan(results: Mapping[str, xr.Dataset], *, scenarios: list[str] | None = None) -> xr.Dataset:
    """DESCRIBED (scenario) of all scenarios that offer both devices, or of those given.

    ValueError for another market, an unknown scenario, and one without storage. A warning names scenarios outside the condition.
    """
    data = results["data"]
    household(data)
    names = scenarios_of(data, scenarios, METHOD)
    here = data.sel(scenario=names)
    one, program = household(here), clear(solar_storage, here)
    valid = one.valid
    if not valid.all():
        outside = ", ".join(np.array(names)[~valid][:10])
        log.warning("%s: outside the condition of the closed form, planned by linear program: %s", METHOD, outside)
    pv, storage = one.best()
    found = _planned(one, pv, storage, program) | {
        "plan_closed": valid.astype("i1"),
        "closed_net": one.net(pv, storage),
        "program_net": -program["objective"].values,
        "storage_threshold": one.threshold,
    }
    result = xr.Dataset({name: ("scenario", found[name]) for name in DESCRIBED}, {"scenario": names})
    return described(result, DESCRIBED, data.attrs["money"])


def scenarios_of(data: xr.Dataset, names: list[str] | None, method: str) -> list[str]:
    """`names`, or all scenarios that offer both devices; ValueError names one that is unknown or offers solar power alone."""
    both = data["scenario"].values[(data["taking_part"] == 1).all("participant")].astype(str).tolist()
    for name in names or []:
        if name not in both:
            raise ValueError(
                f"{method}: scenarios: no scenario '{name}' with both devices; known: {', '.join(both[:20])}"
            )
    return both if names is None else names


def _planned(one: Household, pv: np.ndarray, storage: np.ndarray, program: xr.Dataset) -> dict[str, np.ndarray]:
    """The sizes of the closed form and their values where it is valid, else those of the linear program."""
    closed = {
        "plan_pv": pv,
        "plan_storage": storage,
        "plan_reliability": one.reliability(pv, storage),
        "plan_economic": one.economic(pv, storage),
        "plan_cost": one.cost(pv, storage),
        "plan_net": one.net(pv, storage),
    }
    solved = {"plan_pv": "pv_size", "plan_storage": "storage_size", "plan_reliability": "reliability_value",
              "plan_economic": "economic_value", "plan_cost": "investment_cost"}  # fmt: skip
    found = {name: program[of].values for name, of in solved.items()} | {"plan_net": -program["objective"].values}
    return {name: np.where(one.valid, values, found[name]) for name, values in closed.items()}
