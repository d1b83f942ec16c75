"""Table: what fleets of electric vehicles gain by one carbon account."""

import pandas as pd

from sharegrid.optimise import coalitions
from sharegrid.tables import selection
from sharegrid.tables.carbon_markets import carbon_prices
from sharegrid.tables.methods import in_money
from sharegrid.tables.selection import Results

MONEY = ("alone", "joint", "gain")


def table(results: Results, *, families: list[str]) -> pd.DataFrame:
    """One row per scenario of the families: costs of the fleets `alone` added up, `joint` with one account, and the `gain`.

    `internal_carbon_price` [$/t] is that of the joint account.
    """
    data, values = results["data"], selection.stage(results, "values")
    labels = selection.known("families", selection.scenarios(data, families), values["scenario"].values)
    here = {"scenario": labels}
    alone = coalitions.alone_cost(values, data).sel(here).sum("participant", skipna=False).values
    joint = results["cleared"]["objective"].sel(here).values
    columns = {"scenario": labels} | carbon_prices(data, labels) | {"sell_ratio": data["sell_ratio"].sel(here).values}
    columns |= {"alone": alone, "joint": joint, "gain": alone - joint}
    columns["internal_carbon_price"] = results["cleared"]["carbon_price_internal"].sel(here).values
    frame = selection.tidy(pd.DataFrame(columns))
    return frame.rename(columns={name: in_money(name, data) for name in MONEY})
