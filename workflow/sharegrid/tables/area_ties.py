"""Table: what flows over each tie between areas, what is lost, and what the tie earns."""

import numpy as np
import pandas as pd
import xarray as xr

from sharegrid.tables import selection
from sharegrid.tables.selection import Results

FULL = 1e-6  # MW below the capacity


def table(results: Results, *, scenarios: list[str]) -> pd.DataFrame:
    """One row per scenario and tie: `forward_mwh` sent from `from_area` to `to_area`, `backward_mwh` the other way,
    both less what is sent back, `loss_mwh`, `hours_full` in which it sends all it can, `rent` at the marginal prices in the
    money of the study.

    `worth_of_capacity`, in money per MW (per MVA of converters with a reactive range), is what one more all the time would
    save. The shares of ties in parallel in an area without congestion are not unique.
    """
    selection.known("scenarios", scenarios, results["data"]["scenario"].values)
    return selection.tidy(pd.concat([_of_scenario(results, label) for label in scenarios], ignore_index=True))


def _of_scenario(results: Results, label: str) -> pd.DataFrame:
    data, cleared = (results[name].sel(scenario=label) for name in ("data", "cleared"))
    exchange, capacity = cleared["exchange"], data["tie_capacity"]
    full = ((np.abs(exchange) >= capacity - FULL) | converters_full(data, cleared)) & (capacity > 0)
    return pd.DataFrame(
        {
            "scenario": label,
            "tie": data["tie"].values.astype(str),
            "from_area": data["tie_from_area"].values.astype(str),
            "to_area": data["tie_to_area"].values.astype(str),
            "capacity_mw": capacity.values,
            "forward_mwh": _of_day(exchange.clip(min=0)),
            "backward_mwh": _of_day(-exchange.clip(max=0)),
            "loss_mwh": _of_day((cleared["sent"] - cleared["delivered"]).sum("way") + data["constant_loss"]),
            "hours_full": full.transpose("tie", "time").values.sum(axis=1),
            "worth_of_capacity": _of_day(cleared["tie_price"]),
            "rent": cleared["tie_rent"].transpose("tie").values,
        }
    )


def _of_day(array: xr.DataArray) -> np.ndarray:
    """Sum over the hours (tie)."""
    return array.sum("time").transpose("tie").values


def converters_full(data: xr.Dataset, cleared: xr.Dataset) -> xr.DataArray | bool:
    """Whether a converter takes in or gives out all active power that its polygon leaves it (tie, time); False where none has
    a reactive range. The most is at the least reactive power: P cos a + Q sin a <= S cos(pi / n) on all sides a."""
    if "converter_rating" not in data:
        return False
    sides = int(data["polygon_sides"])
    angle = xr.DataArray(2 * np.pi * np.arange(sides) / sides, dims="polygon_side")
    reactive = np.clip(0.0, data["reactive_min"], data["reactive_max"])
    left = data["converter_rating"] * np.cos(np.pi / sides) - reactive * np.sin(angle)
    sent, delivered = (cleared[name] for name in ("sent", "delivered"))
    full = False
    for end, way in {"forward": "backward", "backward": "forward"}.items():
        power = sent.sel(way=end, drop=True) - delivered.sel(way=way, drop=True)
        for sign in (1, -1):  # into the converter and out of it
            share = sign * np.cos(angle)
            most = (left / share.where(share > FULL)).min("polygon_side")
            full = full | (sign * power >= most - FULL)
    return full
