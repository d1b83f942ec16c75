"""Table: what flows over each tie between areas, what is lost, and what the tie earns."""

import numpy as np
import pandas as pd
import xarray as xr

from sharegrid.tables import selection
from sharegrid.tables.selection import Results

FULL = 1e-6  # MW below the capacity


def table(results: Results, *, scenarios: list[str]) -> pd.DataFrame:
    """One row per scenario and tie: `forward_mwh` sent from `from_area` to `to_area`, `backward_mwh` the other way,
    `loss_mwh`, `hours_full` in which it sends all it can, `rent` at the marginal prices in the money of the study.

    `worth_of_capacity`, in money per MW, is what one more MW all the time would save. The shares of ties in parallel in
    an area without congestion are not unique.
    """
    selection.known("scenarios", scenarios, results["data"]["scenario"].values)
    return selection.tidy(pd.concat([_of_scenario(results, label) for label in scenarios], ignore_index=True))


def _of_scenario(results: Results, label: str) -> pd.DataFrame:
    data, cleared = (results[name].sel(scenario=label) for name in ("data", "cleared"))
    sent = cleared["sent"]
    capacity = data["tie_capacity"]
    full = (sent.max("way") >= capacity - FULL) & (capacity > 0)
    return pd.DataFrame(
        {
            "scenario": label,
            "tie": data["tie"].values.astype(str),
            "from_area": data["tie_from_area"].values.astype(str),
            "to_area": data["tie_to_area"].values.astype(str),
            "capacity_mw": capacity.values,
            "forward_mwh": _of_day(sent.sel(way="forward")),
            "backward_mwh": _of_day(sent.sel(way="backward")),
            "loss_mwh": _of_day((sent - cleared["delivered"]).sum("way") + data["constant_loss"]),
            "hours_full": full.transpose("tie", "time").values.sum(axis=1),
            "worth_of_capacity": _of_day(cleared["tie_price"]),
            "rent": cleared["tie_rent"].transpose("tie").values,
        }
    )


def _of_day(array: xr.DataArray) -> np.ndarray:
    """Sum over the hours (tie)."""
    return array.sum("time").transpose("tie").values
