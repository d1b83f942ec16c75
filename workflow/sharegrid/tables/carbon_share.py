"""Table: what discharging saves fleets of electric vehicles, over the power with which they may discharge."""

import pandas as pd

from sharegrid.tables import selection
from sharegrid.tables.carbon_markets import markets
from sharegrid.tables.methods import in_money
from sharegrid.tables.selection import Results

MONEY = ("cost", "saving")


def table(results: Results, *, families: list[str]) -> pd.DataFrame:
    """The rows of shares, money in the names of its columns."""
    frame = shares(results, families)
    return frame.rename(columns={name: in_money(name, results["data"]) for name in MONEY})


def shares(results: Results, families: list[str]) -> pd.DataFrame:
    """One row per scenario of the families, by `v2g_share`: `cost`, and `saving` against the one without discharging.

    ValueError if no scenario is without.
    """
    frame = markets(results, families)[["scenario", "v2g_share", "cost", "emissions_t"]]
    without = frame.loc[frame["v2g_share"] == 0, "cost"]
    if without.empty:
        raise ValueError(f"option families: no scenario of {', '.join(families)} has v2g_share 0; add one")
    frame = frame.assign(saving=without.iloc[0] - frame["cost"]).sort_values("v2g_share", kind="stable")
    return selection.tidy(frame[["scenario", "v2g_share", "cost", "saving", "emissions_t"]].reset_index(drop=True))
