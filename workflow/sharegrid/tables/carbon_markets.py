"""Table: what fleets of electric vehicles pay for energy, allowances and wear, and what they emit."""

import numpy as np
import pandas as pd
import xarray as xr

from sharegrid.options.ev_fleets import FLAT
from sharegrid.tables import selection
from sharegrid.tables.methods import in_money
from sharegrid.tables.selection import Results

METHOD = "ev-schedules"
MONEY = ("energy", "carbon", "wear", "cost", "energy_first_low", "energy_first_high")
PLANNED = {"emissions_low_t": "emission_low", "emissions_high_t": "emission_high",
           "energy_first_low": "energy_first_cost_low", "energy_first_high": "energy_first_cost_high"}  # fmt: skip


def table(results: Results, *, families: list[str]) -> pd.DataFrame:
    """The rows of markets, money in the names of its columns."""
    frame = markets(results, families)
    return frame.rename(columns={name: in_money(name, results["data"]) for name in MONEY})


def markets(results: Results, families: list[str]) -> pd.DataFrame:
    """One row per scenario of the families: what carbon_prices tells; `energy`, `carbon`, `wear` and their sum `cost`, expected, in the study's money;
    `emissions_t` of the schedule returned; where the plan ev-schedules has them the least and most emissions of an optimal
    schedule, and the cost of bidding for energy first with the fewest and the most emissions that this leaves open;
    `price_factor_correlation` of the hours' prices and emission factors.
    """
    data, cleared = results["data"], results["cleared"]
    labels = selection.scenarios(data, families)
    here = {"scenario": labels}
    wear = cleared["reported_cost"].sel(here).sum("participant")
    columns = {"scenario": labels, "strategy": data["strategy"].sel(here).values.astype(str)}
    columns |= {"v2g_share": data["v2g_share"].sel(here).values} | carbon_prices(data, labels)
    columns |= {name: data[name].sel(here).values for name in ("sell_ratio", "allowance_t")}
    columns |= {
        "energy": cleared["energy_cost"].sel(here).values,
        "carbon": cleared["carbon_cost"].sel(here).values,
        "wear": wear.values,
        "cost": -cleared["expected_profit"].sel(here).values,
        "emissions_t": cleared["emissions"].sel(here).sum("participant").values,
    }
    columns |= {column: planned(results, name, labels) for column, name in PLANNED.items()}
    correlations = correlation(data)
    columns["price_factor_correlation"] = correlations.sel(here).values
    return selection.tidy(pd.DataFrame(columns))


def carbon_prices(data: xr.Dataset, labels: list[str]) -> dict[str, np.ndarray]:
    """Columns `carbon_price` [$/t], NaN where a ladder stands in its place, and `ladder`, its name, of some scenarios."""
    one = data[["carbon_price", "ladder"]].sel(scenario=labels)
    ladder = one["ladder"].values.astype(str)
    return {"carbon_price": np.where(ladder == FLAT, one["carbon_price"].values, np.nan), "ladder": ladder}


def planned(results: Results, name: str, labels: list[str]) -> np.ndarray:
    """A variable (scenario) of the plan ev-schedules; NaN where the study did not ask for it."""
    plan = results.get("plan", {})
    if name not in plan or METHOD not in plan.indexes["method"]:
        return np.full(len(labels), np.nan)
    return plan[name].sel({"method": METHOD}).reindex(scenario=labels).values


def correlation(data: xr.Dataset) -> xr.DataArray:
    """Correlation of the expected energy price and the emission factor over the hours (scenario) [1]."""
    price = (data["probability"] * data["price"]).sum("outcome")
    return xr.corr(price, data["emission_factor"], "time").reset_coords(drop=True)
