"""Joint offers that several tests share: a made-up market of a few hours, and the study's real plants with few outcomes."""

from functools import cache
from pathlib import Path

import numpy as np
import xarray as xr

from sharegrid import schema
from sharegrid.preparation.wind_csp import checked
from sharegrid.stages.clear import clear
from sharegrid.stages.pay import pay
from sharegrid.stages.plan import plan
from sharegrid.stages.prepare import prepare
from sharegrid.stages.value import value

RESOURCES = Path(__file__).parents[1] / "resources"
CONFIG = {
    "market": "wind-csp",
    "days": {
        "summer": {"date": "2020-07-09", "price": "nodal", "bus": "212"},
        "winter": {"date": "2020-01-15", "price": "merit-order"},
    },
    "wind": {"W1": {"unit": "309_WIND_1"}, "W2": {"unit": "122_WIND_1", "capacity_mw": 150}},
    "csp": {
        "C1": {"capacity_mw": 200, "storage_hours": 6},
        "C2": {"capacity_mw": 100, "storage_hours": 3},
        "C3": {"capacity_mw": 50, "storage_hours": 9},
    },
    "day": "summer",
    "csp_count": 2,
    "error_days": 3,
}


def real(scenarios: dict | None = None, **options) -> xr.Dataset:
    """Prepared data of the study's plants, six outcomes unless error_days is given; the summer day if no families are."""
    return prepare(CONFIG | {"scenarios": scenarios or {"base": {"label": "{day}"}}} | options, RESOURCES)


@cache
def cases() -> xr.Dataset:
    """Both days with the base values, with on/off decisions, with extreme risk weights, and three solar plants in one."""
    days = ["summer", "winter"]
    return real(
        {
            "base": {"label": "{day}", "day": days},
            "on-off": {"label": "{day}|on-off", "day": days, "commitment": ["integer"]},
            "risk": {"label": "{day}|beta{beta}", "day": days, "beta": [0, 1]},
            "spread": {"label": "{day}|rho{rho_minus}", "day": days, "rho_minus": [2]},
            "storage": {"label": "{day}|tes{storage_hours}", "day": days, "storage_hours": [0, 6, 12]},
            "plants": {"label": "csp{csp_count}", "csp_count": [3]},
        }
    )


@cache
def cleared() -> xr.Dataset:
    """The cases cleared."""
    return clear(cases(), {"market": "wind-csp", "mip_gap": 1e-6})


@cache
def valued() -> xr.Dataset:
    """All coalitions of the cases, and everybody with one member scaled."""
    return values_of(cases(), scaled={"scenarios": ["base"]}, mip_gap=1e-6)


@cache
def results() -> dict[str, xr.Dataset]:
    """The Datasets of all stages of the cases."""
    made = {"data": cases(), "cleared": cleared(), "values": valued()}
    mechanisms = {"owen": {}, "nash-bargaining@equal": {"power": "equal"}, "shapley": {}}
    config = {"mechanisms": mechanisms, "deficit": None, "checks": {"offering-properties": {}}}
    made["payments"] = pay(made["data"], made["cleared"], made["values"], config)
    days = ["summer", "winter"]
    weights = [f"{day}{weight}" for day in days for weight in ("|beta0", "", "|beta1")]
    methods = {name: {"scenarios": days} for name in ("separate-offers", "contribution-ranges")}
    made["plan"] = plan(made, {"methods": methods | {"risk-frontier": {"scenarios": weights}}})
    return made


def values_of(data: xr.Dataset, backend: str = "warm", **options) -> xr.Dataset:
    """All coalitions of all scenarios of `data`."""
    requests = [{"scenarios": ["*"], "coalitions": "all"}]
    return value(data, {"market": "wind-csp", "backend": backend, "requests": requests, "compare": None} | options)


def made_up(seed: int, wind: int = 2, csp: int = 2, hours: int = 4, outcomes: int = 3, **changes) -> xr.Dataset:
    """One scenario of random plants in which everything is in use: losses, an initial storage, starts, unequal outcomes.

    `changes` replace variables: a number, or an array of the variable's shape without the scenario.
    """
    rng = np.random.default_rng(seed)
    members = [f"W{k}" for k in range(wind)] + [f"C{k}" for k in range(csp)]
    price = rng.uniform(10, 50, (1, hours))
    plants = rng.uniform(50, 150, (1, csp))
    probability = rng.dirichlet(np.full(outcomes, 5.0), 1)
    by_hour = (1, hours, outcomes)
    arrays = {
        "taking_part": (("scenario", "participant"), np.ones((1, wind + csp), "i1")),
        "price_da": (("scenario", "time"), price),
        "price_surplus": (("scenario", "time", "outcome"), price[..., None] * rng.uniform(0.3, 1, by_hour)),
        "price_shortage": (("scenario", "time", "outcome"), price[..., None] * rng.uniform(1, 1.8, by_hour)),
        "probability": (("scenario", "outcome"), probability / probability.sum()),
        "alpha": ("scenario", [0.6]),
        "capacity": (("scenario", "participant"), np.concatenate([np.full((1, wind), 100.0), plants], axis=1)),
        "wind_available": (("scenario", "wind", "time", "outcome"), rng.uniform(0, 100, (1, wind, hours, outcomes))),
        "heat_available": (("scenario", "csp", "time", "outcome"), rng.uniform(0, 200, (1, csp, hours, outcomes))),
        "block_efficiency": ("csp", np.full(csp, 0.9)),
        "charge_efficiency": ("csp", np.full(csp, 0.95)),
        "discharge_efficiency": ("csp", np.full(csp, 0.96)),
        "storage_loss": ("csp", np.full(csp, 0.01)),
        "variable_cost": ("csp", rng.uniform(1, 5, csp)),
        "storage_limit": (("scenario", "csp"), 2 * plants),
        "initial_storage": (("scenario", "csp"), 0.3 * plants),
        "charge_limit": (("scenario", "csp"), 0.8 * plants),
        "discharge_limit": (("scenario", "csp"), 0.7 * plants),
        "minimum_power": (("scenario", "csp"), np.zeros((1, csp))),
        "startup_heat": (("scenario", "csp"), np.zeros((1, csp))),
    }
    for name, values in changes.items():
        if name in arrays:
            dims, old = arrays[name]
            arrays[name] = (dims, np.broadcast_to(np.asarray(values, float), np.shape(old)).copy())
    swept = {"beta": 0.4, "commitment": "linear", "day": "made up", "rho_minus": 1.3, "csp_count": csp}
    swept |= {"storage_hours": np.nan, "family": "base", "base": "s", "deviator": ""}
    coords = {name: ("scenario", [changes.get(name, default)]) for name, default in swept.items()}
    coords |= {"scenario": ["s"], "participant": members, "wind": members[:wind], "csp": members[wind:]}
    coords |= {"time": np.arange(hours), "outcome": np.arange(1, outcomes + 1)}
    attrs = {"market": "wind-csp", "money": "$/day", "energy": "MWh"}
    return schema.described(checked(xr.Dataset(arrays, coords, attrs)), "data")
