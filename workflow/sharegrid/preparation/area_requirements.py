"""What reserve areas must hold, and whether their units can hold it at all."""

import logging

import numpy as np
import pandas as pd
import xarray as xr

from sharegrid.options.multi_area import Requirements

log = logging.getLogger(__name__)


def requirements(options: Requirements) -> dict[str, tuple]:
    """(dims, values) of load_requirement, import_requirement and renewable_requirement (direction), shares."""
    shares = {
        "load_requirement": [options.load_up, options.load_down],
        "import_requirement": [options.import_up, 0.0],
        "renewable_requirement": [options.renewable_up, options.renewable_down],
    }
    return {name: ("direction", np.array(values)) for name, values in shares.items()}


def unreachable_reserve(data: xr.Dataset) -> pd.DataFrame:
    """Where all ten-minute limits together are below what the load alone asks for, in the hour with the most load.

    Columns scenario, area, direction and short_mw in MW; no row where the requirement can be met. It is not refused, as
    the market has a price for missing reserve, but the shortfall then is there whatever the dispatch.
    """
    areas = data["area"].values
    limit = _by_area(data["reserve_limit"], data["generator_area"], areas)
    load = _by_area(data["demand"], data["bus_area"], areas).max("time")
    short = (data["load_requirement"] * load - limit).transpose("scenario", "area", "direction")
    rows = [
        tuple(short[dim].values[k] for dim, k in zip(short.dims, place, strict=True)) + (short.values[tuple(place)],)
        for place in np.argwhere(short.values > 1e-9)
    ]
    return pd.DataFrame(rows, columns=[*short.dims, "short_mw"])


def warn(data: xr.Dataset) -> None:
    """Log one warning for each area and direction of unreachable_reserve, with the largest lack."""
    for (area, direction), rows in unreachable_reserve(data).groupby(["area", "direction"], sort=False):
        worst = rows.loc[rows["short_mw"].idxmax()]
        log.warning(
            "area %s: its units can ramp too little for the %s reserve that its load asks for: %.6g MW short in scenario %s",
            area,
            direction,
            worst["short_mw"],
            worst["scenario"],
        )


def _by_area(values: xr.DataArray, area: xr.DataArray, areas: np.ndarray) -> xr.DataArray:
    """Sum over the buses or units of each area (..., area)."""
    (dim,) = area.dims
    belongs = xr.DataArray((area.values[:, None] == areas).astype(float), {"area": areas}, (dim, "area"))
    return xr.dot(values.reset_coords(drop=True).drop_vars(dim), belongs, dim=dim)
