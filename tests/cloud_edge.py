"""Small populations of demand response, coordinated by every method, for tests of methods, tables and figures."""

from functools import cache

import xarray as xr

from sharegrid.stages import coordinate, prepare
from spot import RESOURCES

OPTIONS = {
    "market": "demand-response",
    "populations": {"single": [20, 200], "loose": [20], "tight": [20, 120]},
    "scenarios": {"base": {"label": "{program}", "program": ["single", "loose", "tight"]}},
}
STEPS = {"algorithm": "gradient", "steps": {"single *": [1, 2], "tight *": [1, 1.5, 4]}, "rounds": 300}
METHODS = {
    "lmos": {"populations": ["*"]},
    "first-order@gradient": STEPS,
    "first-order@subgradient": {"algorithm": "subgradient", "steps": {"single *": [1, 4], "tight *": [6]}},
    "first-order@nesterov": {"algorithm": "nesterov", "steps": {"*": [1]}},
    "first-order@restart": {"algorithm": "restart", "steps": {"*": [1]}},
    "exchange-admm": {"rho": {"*": [1, 2]}},
    "critical-regions": {"population": "single 20"},
}


@cache
def data() -> xr.Dataset:
    """data.nc of the populations."""
    return prepare.prepare(OPTIONS, RESOURCES)


@cache
def results() -> dict[str, xr.Dataset]:
    """data and coordination."""
    return {"data": data(), "coordination": coordinate.coordinate({"data": data()}, {"methods": METHODS})}
