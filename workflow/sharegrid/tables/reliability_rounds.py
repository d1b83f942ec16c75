"""Table: rounds that methods of coordination need when replies are lost, by link."""

import pandas as pd
import xarray as xr

from sharegrid.tables import selection
from sharegrid.tables.selection import Results

METHOD = "lossy-rounds"


def table(results: Results) -> pd.DataFrame:
    """One row per link and method, over the seeds of the losses.

    `delivery` the probability that a reply arrives in its round; `rounds_min`, `_mean`, `_max`; means of the expected `attempts`
    of all replies, of the `slots` (rounds times attempts that fit in one) and of the `reply_age` at the end; `floats` numbers
    told and heard; `converged` whether every run stopped in time; `price_error` the largest distance to the price that balances.
    """
    frames = [_of_method(run, name) for name, run in by_method(results).items()]
    frame = pd.concat(frames, ignore_index=True)
    return selection.tidy(frame.sort_values("place", kind="stable").drop(columns="place"))


def by_method(results: Results) -> dict[str, xr.Dataset]:
    """The runs of each method of the plug-in, by its label; ValueError tells how a study gets them."""
    coordination = selection.stage(results, "coordination")
    names = [str(name) for name in coordination["method"].values if str(name).partition("@")[0] == METHOD]
    if not names:
        raise ValueError(
            "there are no lossy rounds in this study; add coordinate: {methods: {lossy-rounds@...: {...}}}"
        )
    runs = {name.partition("@")[2] or name: coordination.sel({"method": name}) for name in names}
    return {
        name: run.isel(scenario=(run["links"] != "").values & run["rounds"].notnull().values)
        for name, run in runs.items()
    }


def summary(run: xr.Dataset) -> pd.DataFrame:
    """One row per link of one method, in the order of the study: the fields of the link, and of the rounds the
    least, the mean and the most over the seeds."""
    names = ("links", "success", "burst", "loss_bad", "retransmissions", "delivery")
    frame = run[[*names, "rounds", "attempts", "slots", "reply_age", "converged"]].to_dataframe().reset_index(drop=True)
    frame["floats"] = run["floats"].sum("round").values
    frame["price_error"] = abs(run["price"] - run["optimal_price"]).values
    groups = frame.groupby(list(names), sort=False, dropna=False, as_index=False)
    return groups.agg(
        rounds_min=("rounds", "min"),
        rounds_mean=("rounds", "mean"),
        rounds_max=("rounds", "max"),
        attempts=("attempts", "mean"),
        slots=("slots", "mean"),
        reply_age=("reply_age", "mean"),
        floats=("floats", "mean"),
        converged=("converged", "min"),
        price_error=("price_error", "max"),
    )


def _of_method(run: xr.Dataset, name: str) -> pd.DataFrame:
    frame = summary(run)
    frame["converged"] = frame["converged"] == 1
    frame.insert(6, "method", name)
    return frame.assign(place=range(len(frame)))
