"""Microgrids that several tests share: two owners at prices in numbers, and made-up ones."""

import copy
from functools import cache

import numpy as np
import xarray as xr

from sharegrid.stages.clear import clear
from sharegrid.stages.pay import pay
from sharegrid.stages.plan import plan
from sharegrid.stages.prepare import prepare
from sharegrid.stages.value import value
from spot import RESOURCES

MARKET = "microgrid"
SETS = {
    "E": [],
    "E+AS": ["regU", "regD", "spin"],
    "E+FRP": ["FRU", "FRD"],
    "all": ["regU", "regD", "spin", "FRU", "FRD"],
}
BATTERY = {"energy_mwh": 4, "power_per_energy": 0.5}
UNIT = {"capacity_mw": 3, "cost": 42, "ramp_10_mw": 1.2, "ramp_60_mw": 2}
TOY = {
    "market": MARKET,
    "weeks": {
        "week": {
            "energy": [[20, 30, 60, 90, 40, 25], [25, 25, 40, 250, 60, 30], [15, 40, 40, 50, 40, 20]],
            "products": {"regU": [4, 5, 9, 60, 20, 4], "regD": [3, 3, 4, 3, 3, 3], "spin": [2, 3, 8, 50, 15, 2],
                         "FRU": [1, 2, 70, 55, 12, 1], "FRD": [1, 1, 1, 1, 1, 1]},
            "load": [0.6, 0.7, 0.8, 1.0, 0.9, 0.7],
            "pv": [0.0, 0.5, 0.8, 0.3, 0.0, 0.0],
            "probabilities": [0.5, 0.3, 0.2],
        }
    },
    "microgrids": {
        "north": {"load_mw": 6, "pv_mw": 2, "unit": UNIT, "battery": BATTERY, "curtailable": {"power_mw": 0.5, "cost": 60}},
        "south": {"load_mw": 5, "pv_mw": 1, "battery": BATTERY},
        "west": {"load_mw": 3, "unit": UNIT | {"capacity_mw": 1, "minimum_mw": 0.2}},
    },
    "pools": {"both": ["north", "south"], "all": ["north", "south", "west"], "one": ["north"]},
    "product_sets": SETS,
    "week": "week",
    "products": "all",
    "pool": "both",
    "gamma": 1,
    "beta": 0.3,
    "alpha": 0.6,
    "scenarios": {"pools": {"label": "{pool}", "pool": ["both", "all"]}},
}  # fmt: skip


def made(scenarios: dict | None = None, **changes) -> xr.Dataset:
    """data.nc of the toy with other families or other fields of the market."""
    options = copy.deepcopy(TOY) | changes
    return prepare(options | ({} if scenarios is None else {"scenarios": scenarios}), RESOURCES)


def swept(field: str, values: list, **changes) -> xr.Dataset:
    """data.nc of one sweep, its scenarios called as the values."""
    return made({"sweep": {"label": f"{{{field}}}", field: values}}, **changes)


def cleared_of(data: xr.Dataset) -> xr.Dataset:
    """cleared.nc."""
    return clear(data, {"market": MARKET})


def profit_of(data: xr.Dataset) -> np.ndarray:
    """What the bids maximise (scenario) $."""
    return -cleared_of(data)["objective"].values


@cache
def results() -> dict[str, xr.Dataset]:
    """All stages of the toy: budgets, risk weights by kind of bid, product sets, a pool."""
    data = made(
        {
            "products": {"label": "{products}", "products": list(SETS)},
            "budget": {"label": "gamma{gamma}", "gamma": [0, 1, 2]},
            "risk": {"label": "{bid} {beta}", "beta": [0, 0.5, 1], "bid": ["curve", "quantity"]},
            "pool": {"label": "pool", "pool": ["all"]},
        }
    )
    found = {"data": data, "cleared": cleared_of(data)}
    request = {"scenarios": ["pool"], "coalitions": "all"}
    found["values"] = value(data, {"market": MARKET, "backend": "warm", "requests": [request], "compare": None})
    config = {"mechanisms": {"owen": {}, "shapley": {}}, "deficit": None, "checks": {}}
    found["payments"] = pay(data, found["cleared"], found["values"], config)
    methods = {"robust-bids": {"families": ["budget"]}, "bid-frontier": {"families": ["risk"]}}
    found["plan"] = plan(found, {"methods": methods})
    return found
