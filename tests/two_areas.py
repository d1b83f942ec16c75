"""Two areas of 30 buses in few scenarios, and four hours of them, with all stages that their tables and figures show."""

from functools import cache

import xarray as xr

import multi_area
from sharegrid.stages.clear import clear
from sharegrid.stages.pay import pay
from sharegrid.stages.value import value

UNITS = [f"A2:g{k}" for k in range(1, 7)]
SCENARIOS = {
    "base": {"label": "base"},
    "ties": {"label": "ties{tie_capacity_mw}", "tie_capacity_mw": [80, 0, 40]},
    "strategic": {"label": "{bidder}|reserve{reserve_bid}", "bidder": ["A2"], "reserve_bid": [5]},
    "reserve-bids": {"label": "{bidder}|reserve{reserve_bid}", "bidder": UNITS, "reserve_bid": [0.5, 5]},
    "energy-bids": {
        "label": "{bidder}|energy{energy_bid}|reserve{reserve_bid}",
        "bidder": ["A2:g1"],
        "energy_bid": [0.8],
        "reserve_bid": [1, 5],
    },
    "flexibility": {"label": "ramp10_{ramp10}", "ramp10": [0.05, 0.5]},
}
HOURS = {"hours": 4, "cost_model": "blocks", "blocks": 3, "tie_break": 0.01, "load_profile": {"mean": 0.8}}
USED = "hours-of-two-areas"


@cache
def results() -> dict[str, xr.Dataset]:
    """The Datasets of all stages, and those of the hours, called as a study that this one uses."""
    families = ["base", "ties", "strategic", "flexibility"]
    made = _made(multi_area.data("two-area", SCENARIOS), families, {"area-deficit": {}}, areas={"scenarios": ["base"]})
    ramps = {"ramps": {"label": "ramp{ramp}", "ramp": [0.05, 1]}}
    hours = _made(multi_area.data("two-area", ramps, **HOURS), ["ramps"], {})
    names = {"data": "data_of", "cleared": "cleared_of", "payments": "of"}
    return made | {f"{prefix}_{USED.replace('-', '_')}": hours[stage] for stage, prefix in names.items()}


@cache
def toy() -> dict[str, xr.Dataset]:
    """The Datasets of the toy, in which a single unit raises its reserve offer."""
    bids = {"label": "{bidder}|reserve{reserve_bid}", "bidder": ["G3"], "reserve_bid": [10, 4]}
    return _made(multi_area.data("toy", {"base": {"label": "base"}, "strategic": bids}), ["*"], {})


def _made(data: xr.Dataset, valued: list[str], checks: dict, **values) -> dict[str, xr.Dataset]:
    requests = [{"scenarios": valued, "coalitions": "removals"}]
    config = {"market": "multi-area", "backend": "warm", "requests": requests, "compare": None}
    made = {"data": data, "cleared": clear(data, {"market": "multi-area"}), "values": value(data, config | values)}
    rules = {"mechanisms": {"lmp": {}, "vcg": {}}, "deficit": None, "checks": checks}
    return made | {"payments": pay(data, made["cleared"], made["values"], rules)}
