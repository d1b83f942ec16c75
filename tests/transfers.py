"""Systems, schedules and transfers that several tests share."""

from functools import cache
from pathlib import Path

import numpy as np
import xarray as xr

from sharegrid.stages import clear, plan, prepare
from sharegrid.stages.pay import pay
from sharegrid.stages.value import value

RESOURCES = Path(__file__).parents[1] / "resources"
STUDY = "ch7-secure-dispatch"
CASE5 = {
    "network": "networks/pglib/pglib_opf_case5_pjm.m",
    "load_factor": 0.9,
    "limits_mw": [400, 426, 426, 426, 426, 240],
}
CASE118 = {
    "network": "networks/pglib/pglib_opf_case118_ieee.m",
    "load_factor": 0.9,
    "areas": {"1": ["1-32", "113-115", "117"], "2": ["33-81", "116", "118"], "3": ["82-112"]},
}
RTS = {"tables": "networks/rts_gmlc"}
DISPATCH = {
    "market": "secure-dispatch",
    "system": "case5",
    "systems": {"case5": CASE5, "rts": RTS},
    "scenarios": {
        "file": {"label": "case5"},
        "hours": {"label": "{date} {hour}", "system": ["rts"], "date": ["2020-07-15"], "hour": [4, 17]},
        "evening": {"label": "{date} {hour}", "system": ["rts"], "date": ["2020-01-15"], "hour": [18]},
    },
}


def area(source: str, sink: str, system: str = "rts") -> dict:
    """A transfer between areas."""
    return {"system": system, "source": {"area": source}, "sink": {"area": sink}}


def bus(source: str, sink: str) -> dict:
    """A transfer between buses of case5."""
    return {"system": "case5", "source": {"buses": [source]}, "sink": {"buses": [sink]}}


PAIRS = ("12", "23", "31", "21", "32", "13")
TRANSFERS = {f"{a}->{b}": area(a, b) for a, b in PAIRS}
MARKET = {
    "market": "transfer-capability",
    "dispatch": STUDY,
    "transfers": {"case5 3->4": bus("3", "4"), "case5 4->3": bus("4", "3")} | TRANSFERS,
    "providers": {"case5": {"group": "bus", "price": 30}, "rts": {"group": "voltage"}},
    "transfer": "case5 3->4",
    "reduction_at": "everywhere",
}
TOY = MARKET | {
    "transfers": {"case5 3->4": bus("3", "4"), "case5 4->3": bus("4", "3")},
    "providers": {"case5": {"group": "bus", "price": 30}},
    "reduction_level": 0.1,
    "scenarios": {
        "cases": {"label": "everywhere"},
        "back": {"label": "back", "transfer": ["case5 4->3"]},
        "sink": {"label": "sink only", "reduction_at": ["sink"]},
    },
}  # fmt: skip


@cache
def dispatched() -> xr.Dataset:
    """The schedules of DISPATCH."""
    return dispatch()


def dispatch(**changes) -> xr.Dataset:
    """The schedules of DISPATCH with other options."""
    return clear.clear(prepare.prepare(DISPATCH | changes, RESOURCES), {"market": "secure-dispatch"})


def of_file(system: dict, **changes) -> xr.Dataset:
    """The one schedule of a system from a file, called "file"."""
    scenarios = {"file": {"label": "file"}}
    return dispatch(systems={"file": system}, system="file", scenarios=scenarios, **changes)


def others(schedules: xr.Dataset | None = None) -> dict[str, xr.Dataset]:
    """What the preparation of a transfer market takes from the dispatch study."""
    return {"cleared_of_ch7_secure_dispatch": dispatched() if schedules is None else schedules}


def prepared(scenarios: dict, schedules: xr.Dataset | None = None, **changes) -> xr.Dataset:
    """The transfer market's data with these families."""
    return prepare.prepare(MARKET | {"scenarios": scenarios} | changes, RESOURCES, others(schedules))


def cleared(data: xr.Dataset) -> xr.Dataset:
    """The transfer market cleared."""
    return clear.clear(data, {"market": "transfer-capability"})


def transfer(data: xr.Dataset) -> np.ndarray:
    """T (scenario) MW."""
    return cleared(data)["transfer_mw"].values


def valued(data: xr.Dataset, backend: str = "warm", **options) -> xr.Dataset:
    """All coalitions of all scenarios."""
    requests = [{"scenarios": ["*"], "coalitions": "all"}]
    config = {"market": "transfer-capability", "backend": backend, "requests": requests, "compare": None}
    return value(data, config | options)


HOURS = {"date": ["2020-07-15"], "hour": [4]}


@cache
def results() -> dict[str, xr.Dataset]:
    """All stages of a few scenarios of case5 and RTS-GMLC, as figures and tables read them."""
    evening = {"date": ["2020-01-15"], "hour": [18], "reduction_at": ["sink"]}
    data = prepared(
        {
            "file": {"label": "{transfer}", "transfer": ["case5 3->4", "case5 4->3"]},
            "levels": {"label": "{transfer} {reduction_level}", "reduction_level": [0, 0.1]},
            "budget": {"label": "{transfer} budget {budget}", "reduction_level": [0.1], "budget": [0, 500, 1000]},
            "directions": {"label": "{transfer} {contingencies}", "transfer": ["1->2", "2->1", "2->3", "3->2"],
                           "contingencies": ["n-1", "none"]} | evening,
            "hours": {"label": "{transfer} {date} {hour} {reduction_level}", "transfer": ["2->1", "1->2"],
                      "date": ["2020-07-15"], "hour": [4, 17], "reduction_level": [0, 0.1]},
        },
        reliability_margin=0.05,
    )  # fmt: skip
    made = {"data": data, "cleared": cleared(data)}
    made["values"] = valued(data.sel(scenario=["case5 3->4 0.1", "2->1 2020-07-15 4 0.1"]))
    mechanisms = {"owen": {}, "vcg": {}, "shapley": {}, "nucleolus": {}}
    made["payments"] = pay(
        data, made["cleared"], made["values"], {"mechanisms": mechanisms, "deficit": None, "checks": {}}
    )
    asked = [name for name in data["scenario"].values.tolist() if name.startswith("case5 3->4 ")]
    made["plan"] = plan.plan(made, {"methods": {"transfer-bilevel": {"scenarios": asked}}})
    return made
