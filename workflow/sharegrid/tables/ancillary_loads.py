"""Table: what loads pay for energy and for each ancillary service, by energy or by who causes the requirement."""

import pandas as pd

from sharegrid.tables import selection
from sharegrid.tables.ancillary_market import market_of
from sharegrid.tables.selection import Results


def table(results: Results, *, market: str, scenarios: list[str]) -> pd.DataFrame:
    """One row per scenario of the study `market` and load: `allocation`, energy served in MWh, what it pays for energy
    and for each product, and `fru_share`, its part of the requirement of upward ramping [1]."""
    found = market_of(results, market)
    selection.known("scenarios", scenarios, found.data["scenario"].values)
    rows = []
    for name in scenarios:
        data, cleared = found.data.sel(scenario=name), found.cleared.sel(scenario=name)
        ramping = data["requirement"].sel(product="FRU").sum("time")
        for load in data["load"].values:
            own = cleared.sel(participant=load)
            products = {f"{product.lower()}_usd_per_day": -float(own["product_revenue"].sel(product=product))
                        for product in data["product"].values}  # fmt: skip
            rows.append(
                {
                    "scenario": name,
                    "load": load,
                    "allocation": str(data["allocation"].item()),
                    "energy_mwh": -float(own["output"]),
                    "energy_usd_per_day": -float(own["energy_revenue"]),
                    **products,
                    "fru_share": float(ramping.sel(load=load) / ramping.sum()),
                }
            )
    return selection.tidy(pd.DataFrame(rows))
