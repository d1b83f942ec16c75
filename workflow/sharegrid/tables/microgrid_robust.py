"""Table: profit against the deviations that the bid can follow, as the budget of the deviations grows."""

import pandas as pd

from sharegrid.tables import selection
from sharegrid.tables.methods import in_money
from sharegrid.tables.microgrid_revenue import largest_missing_margin
from sharegrid.tables.selection import Results

METHOD = "robust-bids"


def table(results: Results, *, families: list[str]) -> pd.DataFrame:
    """One row per scenario of the families: `gamma`; in the money of the study what the bid maximises
    (`risk_adjusted_profit`) and the expected `profit`, both in sample; ramping sold, `fru_mw` and `frd_mw` over the
    day; the largest margin that is missing, `missing_margin_mw`; out of sample, each hour alone with stored energy
    restored before the next, the deviations that cannot be followed in percent of hours and outcomes, the days with one
    in percent, and the largest in MW; where all deviations last all day and resources are scheduled again, the
    departure from the energy bid up and down in MWh of the worst outcome."""
    data, cleared = results["data"], results["cleared"]
    labels = selection.scenarios(data, families)
    here = {"scenario": labels}
    sold = cleared["product_bid"].sel(here).sum("time")
    columns = {
        "scenario": labels,
        "week": data["week"].sel(here).values.astype(str),
        "gamma": data["gamma"].sel(here).values,
        in_money("risk_adjusted_profit", data): -cleared["objective"].sel(here).values,
        in_money("profit", data): cleared["expected_profit"].sel(here).values,
        "fru_mw": sold.sel(product="FRU").values,
        "frd_mw": sold.sel(product="FRD").values,
        "missing_margin_mw": largest_missing_margin(cleared, labels),
    }
    planned = {"violated_hours_percent": "violated_hours", "violated_days_percent": "violated_days",
               "largest_violation_mw": "largest_violation", "missed_up_day_mwh": "missed_up_day",
               "missed_down_day_mwh": "missed_down_day"}  # fmt: skip
    for column, name in planned.items():
        columns[column] = selection.read(results, "plan", name, method=METHOD).sel(here).values
    return selection.tidy(pd.DataFrame(columns))
