"""Table: prices and payments of the market for energy and ancillary services, day by day."""

import numpy as np
import pandas as pd

from sharegrid.tables import selection
from sharegrid.tables.ancillary_market import Market, market_of
from sharegrid.tables.selection import Results


def table(results: Results, *, market: str, families: list[str]) -> pd.DataFrame:
    """One row per scenario of the families of the study `market`.

    `price_mean`, `price_low`, `price_high` of energy in $/MWh; `fru_price_high` in $/MW; `fru_missing_mwh`; the units'
    profit at the prices and what VCG pays them above it, `profit_usd_per_day`, `vcg_premium_usd_per_day` (empty where
    not valued); `deviation_gain_usd_per_day`, the most that a unit could gain by another schedule;
    `adequacy_usd_per_day`, payments to all; `prices_unique` yes if all prices of all hours are (empty where not asked).
    """
    found = market_of(results, market)
    rows = [_row(found, name) for name in selection.scenarios(found.data, families)]
    return selection.tidy(pd.DataFrame(rows))


def _row(found: Market, name: str) -> dict:
    cleared, payments, here = (
        found.cleared.sel(scenario=name),
        found.payments.sel(scenario=name),
        found.data["unit"].values,
    )
    price, fru = cleared["price"], {"product": "FRU"}
    profit = (cleared["price_revenue"] - cleared["reported_cost"]).sel(participant=here).sum()
    unique = float(payments["price_unique"].min())
    return {
        "scenario": name,
        "price_mean": float(price.mean()),
        "price_low": float(price.min()),
        "price_high": float(price.max()),
        "fru_price_high": float(cleared["product_price"].sel(fru).max()),
        "fru_missing_mwh": float(cleared["shortage"].sel(fru).sum()),
        "profit_usd_per_day": float(profit),
        "vcg_premium_usd_per_day": _premium(payments, here),
        "deviation_gain_usd_per_day": float(payments["deviation_gain"].max()),
        "adequacy_usd_per_day": float(payments["adequacy_residual"]),
        "prices_unique": "" if np.isnan(unique) else "yes" if unique else "no",
    }


def _premium(payments, units: np.ndarray) -> float:
    """VCG payments of the units less those at the prices; NaN if the study does not have them."""
    if "vcg" not in payments.indexes["mechanism"]:
        return float("nan")
    paid = payments["payment"].sel(participant=units).sum("participant", skipna=False)
    return float(paid.sel(mechanism="vcg") - paid.sel(mechanism="lmp"))
