"""The two days of the study ch4-rts with few of its scenarios, for tests of tables and figures."""

from functools import cache

import xarray as xr

from sharegrid.stages import clear, pay, prepare, value
from whole_study import ROOT, study

DAYS = ["windy", "high load"]
FEW = {
    "base": {"label": "{day}", "day": DAYS},
    "ties": {"label": "{day}|ties{tie_factor}", "tie_factor": [0]},
    "flexibility": {"label": "{day}|ramp10x{ramp10_factor}", "ramp10_factor": [0.25]},
    "strategic": {"label": "{day}|bid{reserve_bid}", "bidder": ["2"], "reserve_bid": [10]},
}


@cache
def results() -> dict[str, xr.Dataset]:
    """The Datasets of all stages: both days as they are; the windy day without ties, with slow units, and with dear offers,
    which are cleared only."""
    of = study("ch4-rts")
    data = prepare.prepare(of.params("prepare") | {"scenarios": FEW}, ROOT / "resources")
    made = {"data": data, "cleared": clear.clear(data, of.params("clear"))}
    requests = [{"scenarios": ["base", "ties", "flexibility"], "coalitions": "removals"}]
    made["values"] = value.value(data, of.params("value") | {"requests": requests, "compare": None})
    made["payments"] = pay.pay(data, made["cleared"], made["values"], of.params("pay"))
    return made
