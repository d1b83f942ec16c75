"""Table: what plans serve in simulated outages, beside the simplified formula."""

import pandas as pd

from sharegrid.tables import selection
from sharegrid.tables.selection import Results

METHOD = "resilience-simulation"


def table(results: Results) -> pd.DataFrame:
    """The rows of `simulated`."""
    return selection.tidy(simulated(results))


def simulated(results: Results) -> pd.DataFrame:
    """One row per duration of outages, storm and plan: `duration`, `mean_h`, `events` per year, `storm` yield relative to the series
    [1], `plan`, `rv` and `se` its standard error [$/year], `served` part of the load in outages [1], `simple_rv` [$/year], and
    `rv_us`: the same at the days per year that major events interrupt a US customer [$/year]."""
    names = ("mean_hours", "events", "simulated_value", "simulated_error", "simulated_share", "simple_value")
    read = {name: selection.read(results, "plan", name, method=METHOD) for name in names}
    public = float(selection.read(results, "plan", "public_outage_days", method=METHOD))
    frame = read["simulated_value"].to_dataframe("rv").reset_index()
    for column, name in (("se", "simulated_error"), ("served", "simulated_share")):
        frame[column] = read[name].to_series().to_numpy()
    at = {
        "mean_h": ("mean_hours", "duration"),
        "events": ("events", "duration"),
        "simple_rv": ("simple_value", "plan_size"),
    }
    for column, (name, dim) in at.items():
        frame[column] = frame[dim].map(read[name].to_series())
    frame["rv_us"] = frame["rv"] * public * 24 / (frame["events"] * frame["mean_h"])
    frame = frame.rename(columns={"storm_factor": "storm", "plan_size": "plan"})
    return frame[["duration", "mean_h", "events", "storm", "plan", "rv", "se", "served", "simple_rv", "rv_us"]]
