"""Markets that many tests share: a study's options given as keywords, prepared from the raw data."""

from pathlib import Path

from sharegrid.stages.clear import clear
from sharegrid.stages.prepare import prepare
from sharegrid.stages.value import value

RESOURCES = Path(__file__).parents[1] / "resources"
NETWORKS = {
    "case5": {"path": "networks/pglib/pglib_opf_case5_pjm.m"},
    "case30": {"reader": "facts", "path": "networks/facts/case30"},
    "case118": {
        "reader": "facts",
        "path": "networks/facts/case118",
        "ratings": "networks/pglib/pglib_opf_case118_ieee.m",
    },
    "case2383": {"path": "networks/pglib/pglib_opf_case2383wp_k.m"},
}


def spot_market(case: str, scenarios: dict | None = None, **options):
    """Data of the spot market on a network of NETWORKS; the variants are the line limits `limits` if no families are given."""
    limits = options.pop("limits", ["none"])
    families = scenarios or {"variants": {"label": "{limits}", "limits": limits}}
    config = {"market": "spot", "network": NETWORKS[case], "scenarios": families} | options
    return prepare(config, RESOURCES)


def cleared(data):
    """The spot market cleared."""
    return clear(data, {"market": "spot"})


def valued(data, coalitions: str = "removals", backend: str = "warm", scenarios=("*",)):
    """The coalitions of some scenarios valued."""
    requests = [{"scenarios": list(scenarios), "coalitions": coalitions}]
    return value(data, {"market": "spot", "backend": backend, "requests": requests, "compare": None})
