"""Investment on top of a market."""

from collections.abc import Mapping

import xarray as xr

from sharegrid.stages.methods import along_methods


def plan(results: Mapping[str, xr.Dataset], config: dict) -> xr.Dataset:
    """The plans of the study's methods, along the dim method."""
    return along_methods("planning", results, config)
