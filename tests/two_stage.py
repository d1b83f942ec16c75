"""Two-stage markets that several tests share: a toy of three units by hand, two areas of 30 buses."""

from functools import cache

import xarray as xr

import multi_area
from multi_area import RESOURCES
from sharegrid.stages import clear as clear_stage
from sharegrid.stages import value as value_stage
from sharegrid.stages.prepare import prepare


def _unit(linear: float, up: float, down: float) -> dict:
    return {"capacity_mw": 100, "linear": linear, "reserve_up": up, "reserve_down": down, "reserve_limit_mw": 15}


COMMON = ("areas", "ties", "renewables", "cost_model", "blocks", "ramp10", "voll")
REDISPATCH = {
    "free": {"label": "redispatch", "tie_redispatch": [True]},
    "fixed": {"label": "fixed", "tie_redispatch": [False]},
}
TOY = {name: value for name, value in multi_area.TOY.items() if name in COMMON} | {
    "market": "two-stage",
    "areas": {
        "A1": {"load_mw": 50, "units": {"G1": _unit(20, 1, 0.5)}},
        "A2": {"load_mw": 120, "units": {"G2": _unit(30, 2, 1), "G3": _unit(40, 5, 2.5)}},
    },
    "probability": [0.5, 0.3, 0.2],
    "shape": [0, -0.2, -0.4],
    "wind_spread": 1,
    "scenarios": REDISPATCH,
}
SPREADS = {
    name: family | {"label": f"{family['label']}|{{wind_spread}}", "wind_spread": [0, 0.15, 0.3, 0.6]}
    for name, family in REDISPATCH.items()
}
TWO_AREA = {name: value for name, value in multi_area.TWO_AREA.items() if name in COMMON} | {
    "market": "two-stage",
    "cost_model": "blocks",
    "blocks": 10,
    "tie_break": 0.01,
    "probability": [0.3, 0.4, 0.3],
    "shape": [1, 0, -1],
    "scenarios": SPREADS,
}
CASES = {"toy": TOY, "two-area": TWO_AREA}


@cache
def data(case: str) -> xr.Dataset:
    """data.nc of one of CASES."""
    return prepare(CASES[case], RESOURCES)


def changed(**fields) -> xr.Dataset:
    """data.nc of the toy with some fields of its section replaced."""
    return prepare(TOY | fields, RESOURCES)


def clear(prepared: xr.Dataset) -> xr.Dataset:
    """cleared.nc of such data."""
    return clear_stage.clear(prepared, {"market": "two-stage"})


@cache
def cleared(case: str) -> xr.Dataset:
    """cleared.nc of one of CASES."""
    return clear(data(case))


@cache
def valued(case: str, coalitions: str = "all", backend: str = "warm") -> xr.Dataset:
    """values.nc of one of CASES."""
    request = {"scenarios": ["*"], "coalitions": coalitions}
    return value_stage.value(data(case), {"market": "two-stage", "backend": backend, "requests": [request]})
