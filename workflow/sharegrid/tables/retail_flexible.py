"""Table: what flexible users get at the internal price of the community, and by their externality."""

import numpy as np
import pandas as pd

from sharegrid.tables import selection
from sharegrid.tables.selection import Results

RULES = {"price_payment": "lmp", "externality_payment": "vcg"}


def table(results: Results, *, families: list[str] | None = None) -> pd.DataFrame:
    """One row per user of each scenario of `families` (default: flexible), money in $/day.

    price: what a kWh that the user delivers earns at the internal price [$/kWh], the price itself in a single hour;
    price_payment: what a price-taker gets; externality_payment: what the externality rule pays; difference: how much
    more that is. Empty where the user delivers nothing, or the study does not have the mechanism.
    """
    chosen = selection.scenarios(results["data"], families or ["flexible"])
    return selection.tidy(pd.concat([_scenario(results, name) for name in chosen], ignore_index=True))


def _scenario(results: Results, scenario: str) -> pd.DataFrame:
    data, cleared = (results[name].sel(scenario=scenario) for name in ("data", "cleared"))
    output, revenue = cleared["output"].values, cleared["price_revenue"].values
    paid = {column: selection.by_mechanism(results, "payment", scenario, name) for column, name in RULES.items()}
    columns = {
        "scenario": scenario,
        "user": data["participant"].values.astype(str),
        "price": revenue / np.where(np.abs(output) > selection.IDLE, output, np.nan),
        **paid,
        "difference": paid["externality_payment"] - paid["price_payment"],
    }
    return pd.DataFrame(columns)[data["taking_part"].values == 1]
