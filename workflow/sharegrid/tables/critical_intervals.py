"""Table: the intervals of the price on which each user's reduction is affine, and its slope there."""

import pandas as pd

from sharegrid.tables import selection
from sharegrid.tables.selection import Results, tidy

METHOD = "critical-regions"


def table(results: Results) -> pd.DataFrame:
    """One row per user and interval: lambda_lo and lambda_hi [$/kWh], slope [kW per $/kWh]."""
    low = selection.read(results, "coordination", "interval_low", method=METHOD)
    found = results["coordination"].sel({"method": METHOD})
    rows = [
        {
            "user": int(user),
            "lambda_lo": float(found["interval_low"].sel(user=user, interval=interval)),
            "lambda_hi": float(found["interval_high"].sel(user=user, interval=interval)),
            "slope": float(found["interval_slope"].sel(user=user, interval=interval)),
        }
        for user in low["user"].values
        for interval in low["interval"].values
        if low.sel(user=user, interval=interval).notnull()
    ]
    return tidy(pd.DataFrame(rows))
