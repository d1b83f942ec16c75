"""Cleared multi-area markets for the tests of coordination, and what methods made of one of them."""

from functools import cache

import multi_area
from sharegrid.stages.clear import clear
from sharegrid.stages.coordinate import coordinate

CAPS = [0, 20, 40, 60, 80]
CASES = {
    "toy": ("toy", None),
    "two-area": ("two-area", {"caps": {"label": "cap {tie_capacity_mw}", "tie_capacity_mw": CAPS}}),
    "three-area": ("three-area", None),
}
METHODS = {
    "improved-multiplier": {},
    "cutting-plane": {},
    "consensus-admm": {"rho": [0.01, 0.05, 0.2]},
    "consensus-admm@over-relaxed": {"rho": [0.1], "over_relaxation": 1.6},
    "subgradient": {"alpha0": [0.05, 0.1], "rounds": 8},
}


@cache
def results(name: str) -> dict:
    """Data and optimum of one of CASES."""
    case, families = CASES[name]
    data = multi_area.data(case, families)
    return {"data": data, "cleared": clear(data, {"market": "multi-area"})}


def scenarios(name: str) -> list[str]:
    """Labels of the scenarios of one of CASES."""
    return results(name)["data"]["scenario"].values.astype(str).tolist()


@cache
def coordinated() -> dict:
    """Two scenarios of two areas with METHODS; ADMM with over-relaxation in the first of them only."""
    two = ["cap 40", "cap 80"]
    where = {name: two[:1] if "@" in name else two for name in METHODS}
    methods = {name: options | {"scenarios": where[name]} for name, options in METHODS.items()}
    found = results("two-area")
    return found | {"coordination": coordinate(found, {"market": "multi-area", "methods": methods})}
