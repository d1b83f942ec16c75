"""Table: what sharing is worth to each community of users, and how much of it goes to the sellers."""

import pandas as pd
import xarray as xr

from sharegrid.markets.retail_bills import community_cost, value_of_sharing
from sharegrid.tables import selection
from sharegrid.tables.selection import Results

NOTHING = 1e-9  # $/day; where less is shared, shares are empty


def table(results: Results, *, families: list[str] | None = None) -> pd.DataFrame:
    """One row per scenario of `families` (default: toy, days), money in $/day.

    standalone_cost: the bills under the users' own contracts; community_cost: the agent's grid bill, less that of a
    base load alone, and the cost of flexible resources; value: the difference; contributions: sum of the marginal
    contributions; sellers_share: part of the value [1] that SCR gives to those with a surplus, hour by hour; empty
    where nothing is shared.
    """
    return selection.tidy(measured(results, families or ["toy", "days"]))


def measured(results: Results, families: list[str]) -> pd.DataFrame:
    """The table with all digits."""
    labels = [label for family in families for label in selection.scenarios(results["data"], [family])]
    data, cleared = (results[name].sel(scenario=labels) for name in ("data", "cleared"))
    contribution, share = (
        selection.read(results, "payments", name).sel(scenario=labels)
        for name in ("contribution_by_time", "share_by_time")
    )
    value = value_of_sharing(data, cleared)
    sold = xr.dot(share, (data["net_load"] < 0).astype(float), dim=("participant", "time"))
    columns = {
        "standalone_cost": -cleared["outside_option"].sum("participant"),
        "community_cost": community_cost(data, cleared),
        "value": value,
        "contributions": contribution.sum(("participant", "time"), skipna=False),
        "sellers_share": sold / value.where(value > NOTHING),
    }
    place = {name: data[name].values.astype(str) for name in ("scenario", "community", "day")}
    place["pv_kw"] = data["pv_kw"].values
    return pd.DataFrame(place | {name: array.values for name, array in columns.items()})
