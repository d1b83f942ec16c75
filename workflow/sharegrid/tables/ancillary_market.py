"""What tables and figures read of the study that clears the market for energy and ancillary services."""

from typing import NamedTuple

import xarray as xr

from sharegrid.plugins import snake
from sharegrid.tables.selection import Results


class Market(NamedTuple):
    """The Datasets of the study."""

    data: xr.Dataset
    cleared: xr.Dataset
    payments: xr.Dataset


def market_of(results: Results, study: str) -> Market:
    """The Datasets of the study `study`; ValueError if this study does not use it."""
    names = [f"{prefix}_{snake(study)}" for prefix in ("data_of", "cleared_of", "of")]
    if missing := [name for name in names if name not in results]:
        raise ValueError(f"option market: {missing[0]} is not here; add {study} to uses of the study")
    return Market(*(results[name] for name in names))
