"""Table: what a microgrid earns by energy and by each product, and what its resources cost."""

import numpy as np
import pandas as pd
import xarray as xr

from sharegrid.tables import selection
from sharegrid.tables.methods import in_money
from sharegrid.tables.selection import Results

MISSING = 1e-6  # MW


def table(results: Results, *, families: list[str]) -> pd.DataFrame:
    """One row per scenario of the families: week, product set, bid, battery (MWh), and in the money of the study the
    expected revenue from energy, revenue by product, expected cost, expected `profit`, `cvar`, and
    `risk_adjusted_profit`, which the bid maximises: (1 - beta) profit + beta cvar, less the cost of missing margins;
    `missing_margin_mw` is the largest of them.
    """
    data, cleared = results["data"], results["cleared"]
    labels = selection.scenarios(data, families)
    here = {"scenario": labels}
    money = {"energy": cleared["energy_revenue"].sel(here).values}
    money |= {name.lower(): cleared["product_revenue"].sel(here | {"product": name}).values
              for name in data["product"].values}  # fmt: skip
    money |= {
        "cost": cleared["expected_cost"].sel(here).values,
        "profit": cleared["expected_profit"].sel(here).values,
        "cvar": cleared["cvar"].sel(here).values,
        "risk_adjusted_profit": -cleared["objective"].sel(here).values,
    }
    columns = {"scenario": labels}
    columns |= {name: data[name].sel(here).values.astype(str) for name in ("week", "products", "bid")}
    columns |= {"battery_mwh": data["battery_energy"].sel(here).sum("participant").values}
    frame = pd.DataFrame(columns | {in_money(name, data): np.asarray(values) for name, values in money.items()})
    frame["missing_margin_mw"] = largest_missing_margin(cleared, labels)
    return selection.tidy(frame)


def largest_missing_margin(cleared: xr.Dataset, labels: list[str]) -> np.ndarray:
    """Largest margin that is missing in an hour and outcome, of each scenario, MW; 0 below MISSING."""
    most = cleared["missing_margin"].sel(scenario=labels).max(["direction", "time", "outcome"]).values
    return np.where(most > MISSING, most, 0.0)
