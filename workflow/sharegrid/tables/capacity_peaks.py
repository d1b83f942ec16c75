"""Table: charged peaks of a community and of its users alone, and what sharing saves, over the capacity price."""

import numpy as np
import pandas as pd

from sharegrid.tables import selection
from sharegrid.tables.capacity_costs import of_scenario, separate
from sharegrid.tables.methods import in_money
from sharegrid.tables.selection import Results

MONEY = ("capacity_charge", "alone", "shared", "saving", "pv_value_pv_only", "battery_value")


def table(results: Results, *, families: list[str]) -> pd.DataFrame:
    """One row per scenario of the families: coincident peak in the peak hours, sum of the peaks of users alone [kW], what the
    community pays for its peak, all bills alone and shared, the saving in the study's money.

    `pv_value_pv_only`: what PV of users without a battery earns for capacity; `battery_value` the same of all batteries;
    `pv_peak_kw`, `battery_peak_kw`: mean PV, and mean discharge less charge, in the peak hours by the weights of the days.
    """
    data = selection.stage(results, "data")
    rows = [_row(results, name) for name in selection.scenarios(data, families)]
    return selection.tidy(pd.DataFrame(rows).rename(columns={name: in_money(name, data) for name in MONEY}))


def _row(results: Results, scenario: str) -> dict:
    data, cleared = selection.stage(results, "data"), selection.stage(results, "cleared")
    one, here = data.sel(scenario=scenario), cleared.sel(scenario=scenario)
    users = of_scenario(results, scenario)
    peak = float(here["charged_peak"])
    alone = float(np.nansum(separate(results, "cost", scenario)))
    charged = (data["peak_hour"] == 1).values

    def in_peak(name: str) -> float:
        output = here[name].isel(time=charged).sum("participant").mean("time")
        return float((data["day_weight"] * output).sum())

    return {
        "scenario": scenario,
        "users": int(one["users"]),
        "capacity_price": float(one["capacity_price"]),
        "battery_share": float(one["battery_share"]),
        "coincident_peak_kw": peak,
        "sum_of_peaks_kw": float(np.nansum(separate(results, "peak", scenario))),
        "capacity_charge": float(one["capacity_charge"]) * peak,
        "alone": alone,
        "shared": float(here["objective"]),
        "saving": alone - float(here["objective"]),
        "pv_value_pv_only": float(users["pv_capacity_value"][users["owns"] == "PV"].sum()),
        "battery_value": float(users["battery_capacity_value"].sum()),
        "pv_peak_kw": in_peak("pv"),
        "battery_peak_kw": in_peak("battery_output"),
    }
