"""What coordination starts from: the program of one scenario of the study's market, taken apart by owners."""

from collections.abc import Mapping

import xarray as xr

from sharegrid import plugins
from sharegrid.coordination.decomposition import Decomposition, decompose
from sharegrid.optimise.clear import split_model
from sharegrid.optimise.coalitions import taking_part
from sharegrid.optimise.program import SplitModel

Results = Mapping[str, xr.Dataset]


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
