"""The optimum of a market reached by messages, without a centre."""

from collections.abc import Mapping

import xarray as xr

from sharegrid.stages.methods import along_methods


def coordinate(results: Mapping[str, xr.Dataset], config: dict) -> xr.Dataset:
    """The runs of the study's coordination methods, along the dim method."""
    return along_methods("coordination", results, config)
