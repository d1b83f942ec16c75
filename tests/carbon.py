"""Fleets of electric vehicles that several tests share: those of the study, and ones of a few made-up hours."""

from functools import cache
from pathlib import Path

import xarray as xr

from sharegrid.stages.clear import clear
from sharegrid.stages.pay import pay
from sharegrid.stages.plan import plan
from sharegrid.stages.prepare import prepare
from sharegrid.stages.value import value

RESOURCES = Path(__file__).parents[1] / "resources"
FLEETS = {
    "home": {"share": 0.6, "arrival": 18, "departure": 31, "capacity_kwh": 60, "power_kw": 7},
    "workplace": {"share": 0.25, "arrival": 8, "departure": 17, "capacity_kwh": 60, "power_kw": 7},
    "commercial": {"share": 0.15, "arrival": 20, "departure": 30, "capacity_kwh": 120, "power_kw": 21},
}
CONFIG = {"market": "ev-fleets", "date": "2020-07-15", "bus": "101", "fleets": FLEETS}
DRAWN = {"count": 300, "fleet": {"home": "home", "workplace": "workplace", "commercial": "errands"}}
PRICES = [0, 20, 40, 60, 80, 100, 120]
FAMILIES = {
    "strategies": {"label": "{strategy}", "strategy": ["uncontrolled", "v1g", "v2g"]},
    "carbon": {"label": "{strategy} {carbon_price}", "strategy": ["v1g", "v2g"], "carbon_price": PRICES[1:]},
    "share": {"label": "share {v2g_share}", "v2g_share": [0, 0.25, 0.5, 0.75], "carbon_price": [40]},
    "sharing": {"label": "ratio {sell_ratio}", "sell_ratio": [0.8, 0.9, 1], "carbon_price": [40], "allowance_t": [30]},
}


def real(scenarios: dict | None = None, **options) -> xr.Dataset:
    """Prepared data of the study's fleets; one scenario with the options if no families are given."""
    return prepare(CONFIG | {"scenarios": scenarios or {"base": {"label": "base"}}} | options, RESOURCES)


def cleared_of(data: xr.Dataset) -> xr.Dataset:
    """The data cleared."""
    return clear(data, {"market": "ev-fleets"})


def values_of(data: xr.Dataset, backend: str = "warm", **options) -> xr.Dataset:
    """All coalitions of all scenarios of `data`."""
    requests = [{"scenarios": ["*"], "coalitions": "all"}]
    return value(data, {"market": "ev-fleets", "backend": backend, "requests": requests, "compare": None} | options)


@cache
def cases() -> xr.Dataset:
    """The scenarios of the study's sweeps, with 300 drawn vehicles."""
    return real(FAMILIES, drawn=DRAWN)


@cache
def cleared() -> xr.Dataset:
    """The cases cleared."""
    return cleared_of(cases())


@cache
def results() -> dict[str, xr.Dataset]:
    """The Datasets of all stages of the cases; coalitions of the family sharing, aggregates of few vehicles."""
    made = {"data": cases(), "cleared": cleared()}
    requests = [{"scenarios": ["sharing"], "coalitions": "all"}]
    made["values"] = value(
        made["data"], {"market": "ev-fleets", "backend": "warm", "requests": requests, "compare": None}
    )
    config = {
        "mechanisms": {"owen": {}, "shapley": {}, "nucleolus": {}},
        "deficit": None,
        "checks": {"ev-properties": {}},
    }
    made["payments"] = pay(made["data"], made["cleared"], made["values"], config)
    swept = [name for name in made["data"]["scenario"].values.tolist() if name.startswith(("v1g", "v2g"))]
    methods = {
        "ev-schedules": {"scenarios": swept},
        "ev-aggregation": {"scenario": "v2g 40", "sizes": [60, 200], "region": 200},
    }
    made["plan"] = plan(made, {"methods": methods})
    return made
