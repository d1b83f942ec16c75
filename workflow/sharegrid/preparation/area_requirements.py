"""What reserve areas must hold, and whether their units can hold it at all."""

import logging

import numpy as np
import pandas as pd
import xarray as xr

from sharegrid.options.multi_area import Requirements

log = logging.getLogger(__name__)
TOLERANCE = 1e-6  # MW
SHARES = ("load_requirement", "import_requirement", "renewable_requirement")


def requirements(options: Requirements) -> dict[str, tuple]:
    """(dims, values) of load_requirement, import_requirement and renewable_requirement (direction), shares."""
    shares = {
        "load_requirement": [options.load_up, options.load_down],
        "import_requirement": [options.import_up, 0.0],
        "renewable_requirement": [options.renewable_up, options.renewable_down],
    }
    return {name: ("direction", np.array(values)) for name, values in shares.items()}


def check_lower_limits(data: xr.Dataset) -> None:
    """ValueError where the lower limits of an area are above all that it can use and send: load, standby losses, ties."""
    areas = data["area"].values
    least = _by_area(data["p_min"], data["generator_area"], areas)
    load, ties = _by_area(data["demand"], data["bus_area"], areas), 0.0
    for end in ("tie_from_area", "tie_to_area"):
        ties = ties + _by_area(data["tie_capacity"] + data["constant_loss"] / 2, data[end], areas)
    over = (least - load - ties).transpose("scenario", "area", "time")
    for s, a, t in np.argwhere(over.values > TOLERANCE)[:1]:
        raise ValueError(
            f"prepare.pmin: keep: scenario '{data['scenario'].values[s]}', area '{areas[a]}', hour {t}: the lower limits of its "
            f"units are {least.values[a]:.6g} MW together, its load is {load.sel(area=areas[a]).values[s, t]:.6g} MW, and "
            f"{ties.sel(area=areas[a]).values[s]:.6g} MW can go into its ties; use pmin: zero, or give it more load or ties"
        )


def check_penalty(data: xr.Dataset) -> None:
    """ValueError if missing reserve is not dearer than the reserve of some unit: the requirement would then not be one. What a
    bidder asks may be dearer; nobody buys it then, which is a warning."""
    counts = (data["reserve_limit"].reset_coords(drop=True) > 0) & (sum(data[name] for name in SHARES) > 0)
    cost, offer = (data[name].where(counts) for name in ("true_reserve_cost", "reserve_offer"))
    penalty = float(data["reserve_penalty"])
    for s, g, k in np.argwhere((cost >= penalty).values)[:1]:
        raise ValueError(
            f"prepare.reserve_penalty: {penalty:g} is not above what reserve of unit '{data['generator'].values[g]}' costs, "
            f"{cost.values[s, g, k]:g} $/MW per h; raise it, or missing reserve is cheaper"
        )
    dear = (offer >= penalty).any(["generator", "direction"])
    if dear.any():
        named = ", ".join(data["scenario"].values[dear.values])
        log.warning("reserve_penalty %g: reserve offers are not below it, so nobody buys them, in %s", penalty, named)


def unreachable_reserve(data: xr.Dataset) -> pd.DataFrame:
    """Where an area certainly lacks reserve or load, in its worst hour: what its load alone asks for is above all ten-minute
    limits together, or (upwards) load and requirement are above all capacity and what ties and plants can add.

    Columns scenario, area, direction and short_mw in MW; no row where the requirement can be met. It is not refused, as
    the market has a price for missing reserve, but the shortfall then is there whatever the dispatch.
    """
    areas = data["area"].values
    limit = _by_area(data["reserve_limit"], data["generator_area"], areas)
    load = _by_area(data["demand"], data["bus_area"], areas)
    short = data["load_requirement"] * load - limit
    asked_up = (data["direction"] == "up") & (data["load_requirement"] > 0)
    short = xr.where(asked_up, np.maximum(short, missing_headroom(data, load)), short).max("time")
    short = short.transpose("scenario", "area", "direction")
    rows = [
        tuple(short[dim].values[k] for dim, k in zip(short.dims, place, strict=True)) + (short.values[tuple(place)],)
        for place in np.argwhere(short.values > 1e-9)
    ]
    return pd.DataFrame(rows, columns=[*short.dims, "short_mw"])


def missing_headroom(data: xr.Dataset, load: xr.DataArray) -> xr.DataArray:
    """MW (scenario, area, time) by which load (same dims, MW) and its upward requirement exceed what there is at most:

        (1 + rho_d) D - sum of capacities - (1 - rho_w) sum of available power - (1 - rho_t) sum of tie capacities

    Plants and imports ask for reserve of their own, rho_w and rho_t of their power.
    """
    areas, share = data["area"].values, {name: data[name].sel(direction="up", drop=True) for name in SHARES}
    capacity = _by_area(data["block_quantity"].sum("block"), data["generator_area"], areas)
    needs = data["needs_reserve"].reset_coords(drop=True)
    power = data["available"] * (1 - share["renewable_requirement"] * needs).clip(min=0)
    added = _by_area(power, data["renewable_area"], areas)
    for end in ("tie_from_area", "tie_to_area"):
        imported = data["tie_capacity"] * (1 - share["import_requirement"]).clip(min=0)
        added = added + _by_area(imported, data[end], areas)
    return (1 + share["load_requirement"]) * load - capacity - added


def warn(data: xr.Dataset) -> None:
    """Log one warning for each area and direction of unreachable_reserve, with the largest lack."""
    for (area, direction), rows in unreachable_reserve(data).groupby(["area", "direction"], sort=False):
        worst = rows.loc[rows["short_mw"].idxmax()]
        log.warning(
            "area %s: its units cannot hold the %s reserve that its load asks for: %.6g MW short in scenario %s",
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
