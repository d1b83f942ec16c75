"""What coordination starts from: the program of one scenario of the study's market, taken apart by owners."""

from collections.abc import Mapping

import xarray as xr

from sharegrid import plugins
from sharegrid.coordination.decomposition import Decomposition, decompose
from sharegrid.optimise.clear import split_model
from sharegrid.optimise.coalitions import taking_part
from sharegrid.optimise.program import SplitModel

Results = Mapping[str, xr.Dataset]


def check_options(method: str, results: Results, scenarios: list[str], rounds: int, tolerance: float) -> None:
    """ValueError names the option of the method that cannot be, and what it may be; before anything is solved."""
    known = results["data"]["scenario"].values.astype(str).tolist()
    unknown = [name for name in scenarios if name not in known]
    if not scenarios or unknown:
        what = f"no scenario '{unknown[0]}'" if unknown else "no scenarios are named"
        raise ValueError(f"{method}: scenarios: {what}; known: {', '.join(known[:20])}")
    if not rounds >= 1:
        raise ValueError(f"{method}: rounds is {rounds}; it must be at least 1")
    if not 0 < tolerance < 1:
        raise ValueError(f"{method}: tolerance is {tolerance:g}; it must be above 0 and below 1")


def split_of(results: Results, scenario: str) -> SplitModel:
    """The market's model of one scenario; ValueError if the study has no such scenario."""
    data = results["data"]
    if scenario not in data.indexes["scenario"]:
        raise ValueError(f"coordinate: no scenario '{scenario}'; known: {', '.join(data['scenario'].values[:20])}")
    return split_model(plugins.load_module("markets", data.attrs["market"]), data.sel(scenario=[scenario]))


def taken_apart(results: Results, scenario: str) -> Decomposition:
    """The scenario's program by owners, of those who take part."""
    split = split_of(results, scenario)
    here = taking_part(results["data"]).sel(scenario=scenario).values
    return decompose(split.program(0), [columns for columns, present in zip(split.owned, here, strict=True) if present])
