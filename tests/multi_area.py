"""Multi-area markets that several tests share: a toy of three units by hand, two areas of 30 buses, three of 118."""

import json
from functools import cache
from pathlib import Path

import xarray as xr

from sharegrid.stages.prepare import prepare

RESOURCES = Path(__file__).parents[1] / "resources"
TOY = {
    "market": "multi-area",
    "areas": {
        "A1": {"load_mw": 50, "units": {"G1": {"capacity_mw": 100, "linear": 20, "reserve_limit_mw": 0}}},
        "A2": {
            "load_mw": 120,
            "units": {
                "G2": {"capacity_mw": 100, "linear": 30, "reserve_up": 2, "reserve_limit_mw": 15},
                "G3": {"capacity_mw": 100, "linear": 40, "reserve_up": 5, "reserve_limit_mw": 15},
            },
        },
    },
    "ties": {"T": {"from_bus": "A1", "to_bus": "A2", "capacity_mw": 80}},
    "renewables": {"W": {"bus": "A1", "power_mw": 100}},
    "requirements": {"import_up": 0.25},
    "blocks": 1,
    "reserve_down_share": 0,
    "voll": 1000,
    "reserve_penalty": 500,
}
CASE30 = {"reader": "facts", "path": "networks/facts/case30"}
TWO_AREA = {
    "market": "multi-area",
    "areas": {"A1": CASE30, "A2": CASE30 | {"cost_factor": 2}},
    "ties": {
        "T1": {"from_bus": "A1:2", "to_bus": "A2:2", "capacity_mw": 60, "linear_loss": 0.02},
        "T2": {"from_bus": "A1:6", "to_bus": "A2:6", "capacity_mw": 60, "linear_loss": 0.02},
    },
    "renewables": {"W2": {"bus": "A1:2", "power_mw": 45}, "W4": {"bus": "A1:4", "power_mw": 45}},
    "requirements": {
        "load_up": 0.05,
        "load_down": 0.02,
        "import_up": 0.3,
        "renewable_up": 0.1,
        "renewable_down": 0.1,
    },
    "cost_model": "quadratic",
    "ramp10": 0.15,
}
CASE118 = {"reader": "facts", "path": "networks/facts/case118"}
THREE_AREA = {
    "market": "multi-area",
    "areas": {
        "A1": CASE118 | {"load_factor": 0.9},
        "A2": CASE118 | {"cost_factor": 1.06},
        "A3": CASE118 | {"load_factor": 1.05, "cost_factor": 1.13},
    },
    "ties": {
        name: {"from_bus": start, "to_bus": end, "capacity_mw": 300, "linear_loss": 0.02}
        for name, start, end in (("T1", "A1:49", "A2:49"), ("T2", "A1:80", "A3:80"), ("T3", "A2:100", "A3:100"))
    },
    "renewables": {
        "W49": {"bus": "A1:49", "power_mw": 300},
        "W66": {"bus": "A1:66", "power_mw": 300},
        "W80": {"bus": "A3:80", "power_mw": 200},
    },
    "requirements": TWO_AREA["requirements"] | {"load_up": 0.03},
    "tie_break": 0.01,
    "ramp10": 0.1,
}
CASES = {"toy": TOY, "two-area": TWO_AREA, "three-area": THREE_AREA}
BASE = {"base": {"label": "base"}}


@cache
def _case(name: str) -> xr.Dataset:
    return prepare(CASES[name] | {"scenarios": BASE}, RESOURCES)


def data(case: str | dict, scenarios: dict | None = None, **options) -> xr.Dataset:
    """Prepared data of one of CASES, or of a whole section; the scenario `base` if no families are given."""
    if isinstance(case, str) and scenarios is None and not options:
        return _case(case)
    section = CASES[case] if isinstance(case, str) else case
    return prepare({"scenarios": BASE} | section | ({"scenarios": scenarios} if scenarios else {}) | options, RESOURCES)


def changed(section: dict, **fields) -> dict:
    """A section with some fields replaced; a__b replaces the field b of a."""
    copy = json.loads(json.dumps(section))
    for path, value in fields.items():
        *above, last = path.split("__")
        inner = copy
        for key in above:
            inner = inner[key]
        inner[last] = value
    return copy
