"""Table: cost, exchange, prices and revenue inadequacy of areas as one number of the scenarios is varied."""

import numpy as np
import pandas as pd
import xarray as xr

from sharegrid import plugins
from sharegrid.mechanisms.area_deficit import by_area, participant_area
from sharegrid.tables import area_summary, selection
from sharegrid.tables.selection import Results

SWEPT = {  # what may be varied, and what the axis of a figure calls it
    "tie_capacity_mw": "capacity of each tie [MW]",
    "tie_factor": "factor on the tie capacities [1]",
    "ramp10": "ten-minute ramp per capacity [1]",
    "ramp10_factor": "factor on the ten-minute ramps [1]",
    "ramp": "hourly ramp per capacity [1/h]",
    "load_factor": "factor on all loads [1]",
}
ENERGY = ("import", "export", "curtailed", "shed")  # columns in MW of one hour, or in MWh


def table(results: Results, *, families: list[str], over: str, study: str | None = None) -> pd.DataFrame:
    """The rows of sweep, with the unit of energy in the names of its columns; `study`: of another study that this one uses."""
    found = of_study(results, study) if study else results
    unit = found["data"].attrs["energy"].lower()
    return sweep(found, families, over).rename(columns={name: f"{name}_{unit}" for name in ENERGY})


def of_study(results: Results, study: str) -> dict[str, xr.Dataset]:
    """Data, cleared market and payments of another study; ValueError if this one does not use it."""
    names = {stage: f"{prefix}_{plugins.snake(study)}"
             for stage, prefix in (("data", "data_of"), ("cleared", "cleared_of"), ("payments", "of"))}  # fmt: skip
    if names["data"] not in results:
        raise ValueError(f"option study: no results of '{study}'; add it to `uses` of the study")
    return {stage: results[name] for stage, name in names.items()}


def sweep(results: Results, families: list[str], over: str) -> pd.DataFrame:
    """One row per scenario of the families, by day (if the data have days) and rising `over`: `day`, the swept number, and

    `cost` at the true costs; `import` delivered and `export` sent over all ties, on balance between any two areas, `curtailed`
    power without fuel cost, `shed` load; by area the mean price of its demand, the mean price of upward reserve, and what its participants earn under
    VCG; what all ties earn at the marginal prices, and the revenue inadequacy of VCG. Empty where it was not valued.
    """
    selection.known("over", [over], SWEPT)
    summary = area_summary.table(results, families=families)
    labels = summary["scenario"].tolist()
    data, cleared = (results[name].sel(scenario=labels) for name in ("data", "cleared"))
    if over not in data.coords or data[over].isnull().any():
        raise ValueError(
            f"option over: some scenario of {', '.join(families)} gives no '{over}'; choose other families"
        )
    columns = {over: data[over].values.astype(float), "cost": summary["cost"]}
    columns |= {name: summary[f"{name}_mwh"] for name in ENERGY}
    columns |= _by_area("price", mean_price(data, cleared))
    columns |= _by_area("reserve_price", cleared["reserve_price"].sel(direction="up").mean("time"))
    columns |= {"tie_rent": cleared["tie_rent"].sum("tie").values, "revenue_inadequacy": summary["revenue_inadequacy"]}
    columns |= _by_area("vcg_profit", vcg_profit(results, labels))
    frame = pd.DataFrame(({"day": data["day"].values.astype(str)} if "day" in data.coords else {}) | columns)
    return selection.tidy(frame.iloc[_order(frame, over)].reset_index(drop=True))


def mean_price(data: xr.Dataset, cleared: xr.Dataset) -> xr.DataArray:
    """Price of energy weighted by demand, over buses and hours (scenario, area) $/MWh; NaN without demand."""
    paid, demand = _paid(data, cleared)
    return paid.sum("time") / demand.sum("time")


def hourly_price(data: xr.Dataset, cleared: xr.Dataset) -> xr.DataArray:
    """Price of energy weighted by demand over the buses (scenario, time, area) $/MWh; NaN without demand."""
    paid, demand = _paid(data, cleared)
    return paid / demand


def _paid(data: xr.Dataset, cleared: xr.Dataset) -> tuple[xr.DataArray, xr.DataArray]:
    """What the loads of the areas would pay for energy in $/h, and their demand in MW (scenario, time, area)."""
    demand = data["demand"].reset_coords(drop=True)
    price = cleared["price"].reset_coords(drop=True)
    return by_area(data, demand * price, data["bus_area"]), by_area(data, demand, data["bus_area"])


def vcg_profit(results: Results, labels: list[str]) -> xr.DataArray:
    """What the participants of each area earn under VCG (scenario, area), in money; NaN where it was not valued."""
    data, profit = results["data"], selection.read(results, "payments", "profit", mechanism="vcg")
    return by_area(data, profit.sel(scenario=labels), participant_area(data))


def _by_area(name: str, values: xr.DataArray) -> dict[str, np.ndarray]:
    return {f"{name}_{area}": values.sel(area=area).values for area in values["area"].values.astype(str)}


def _order(frame: pd.DataFrame, over: str) -> np.ndarray:
    """Positions by day, in the order of the study, and rising swept number."""
    day = pd.factorize(frame["day"])[0] if "day" in frame else np.zeros(len(frame))
    return np.lexsort([frame[over], day])
