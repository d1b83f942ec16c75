"""Table: what each unit delivers and holds in reserve, and what marginal prices and the pivotal mechanism pay for it."""

import numpy as np
import pandas as pd

from sharegrid.mechanisms.area_deficit import participant_area
from sharegrid.tables import selection
from sharegrid.tables.selection import Results, by_mechanism


def table(results: Results, *, scenario: str) -> pd.DataFrame:
    """One row per participant of one scenario; money in the unit of the study, power as the mean over the hours.

    `r_up_mw`, `r_down_mw` reserve held; `bid_cost` cost of energy and reserve as offered; `mp_pay` revenue at the marginal
    prices; profits are above the true cost. `core_pay`, `core_profit` if the study pays core-selecting too; `pivotal`, yes
    if load or reserve is missing without the unit, if it has the check area-deficit.
    """
    data, cleared = (selection.stage(results, name) for name in ("data", "cleared"))
    selection.known("scenario", [scenario], data["scenario"].values)
    here, hours = cleared.sel(scenario=scenario), data.sizes["time"]
    up, down = (held(results, scenario, direction) / hours for direction in ("up", "down"))
    payments = selection.stage(results, "payments")
    columns = {
        "unit": data["participant"].values.astype(str),
        "area": participant_area(data).values,
        "p_mw": here["output"].values / hours,
        "r_up_mw": up,
        "bid_cost": here["reported_cost"].values,
        "mp_pay": here["price_revenue"].values,
        "vcg_pay": by_mechanism(results, "payment", scenario, "vcg"),
        "mp_profit": (here["price_revenue"] - here["true_cost"]).values,
        "vcg_profit": by_mechanism(results, "profit", scenario, "vcg"),
        "r_down_mw": down,
    }
    if "core-selecting" in payments.indexes["mechanism"]:
        columns |= {f"core_{short}": by_mechanism(results, name, scenario, "core-selecting")
                    for short, name in (("pay", "payment"), ("profit", "profit"))}  # fmt: skip
    if "pivotal" in payments:
        needed = payments["pivotal"].sel(scenario=scenario).values
        columns["pivotal"] = np.where(np.isnan(needed), "", np.where(needed == 1, "yes", "no"))
    return selection.tidy(pd.DataFrame(columns))


def held(results: Results, scenario: str, direction: str) -> np.ndarray:
    """Reserve in one direction that each participant holds, summed over the hours (participant) MW."""
    data, reserve = results["data"], results["cleared"]["reserve"]
    by_unit = reserve.sel(scenario=scenario, direction=direction).sum("time").values
    owners = data["owner"].values
    return np.array([by_unit[owners == name].sum() for name in data["participant"].values])
