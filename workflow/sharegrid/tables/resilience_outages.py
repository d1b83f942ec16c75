"""Table: public statistics of outages that the study uses, and what they say about the number of days that it assumes."""

import numpy as np
import pandas as pd

from sharegrid.tables import selection
from sharegrid.tables.selection import Results

METHOD = "resilience-simulation"


def table(results: Results) -> pd.DataFrame:
    """Rows `quantity`, `value`, `unit`."""
    data = results["data"]
    hours = selection.read(results, "plan", "mean_hours", method=METHOD)
    minutes, often = data["major_minutes"], data["major_interruptions"]
    rows = [
        ("days of outage by major events per US customer and year, mean", float(minutes.mean()) / 1440, "1/year"),
        ("the same in the worst year", float(minutes.max()) / 1440, "1/year"),
        ("year of the worst", int(data["year"].values[int(np.argmax(minutes.values))]), "1"),
        ("interruptions by major events per US customer and year, mean", float(often.mean()), "1/year"),
        ("interruption of a US customer otherwise, mean", float(data["minor_minutes"].mean()) / 60, "h/year"),
        ("severe-weather outages of 50 000 customers or more in the US", float(data["widespread_events"]), "1/year"),
    ]
    rows += [(f"mean duration: {name}", float(hours.sel(duration=name)), "h") for name in hours["duration"].values]
    rows += [(f"value of lost load: {name}", float(value), "$/kWh")
             for name, value in data["public_voll"].to_series().items()]  # fmt: skip
    return pd.DataFrame(rows, columns=["quantity", "value", "unit"]).round({"value": 6})
