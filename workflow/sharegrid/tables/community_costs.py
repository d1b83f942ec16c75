"""Table: what each user of a community pays alone and with sharing, and its share of the saving."""

import numpy as np
import pandas as pd

from sharegrid.optimise import coalitions
from sharegrid.tables import selection
from sharegrid.tables.methods import in_money
from sharegrid.tables.selection import Results, by_mechanism

CLASSES = ("none", "PV", "battery", "PV and battery")  # what a user owns beside flexible load


def table(results: Results, *, scenario: str = "base", mechanism: str = "owen") -> pd.DataFrame:
    """One row per user that takes part: bills `alone` and `shared` under the mechanism, `saving` in the study's money,
    `scr_percent` its share of all savings (the sharing contribution rate)."""
    frame = bills(results, scenario, mechanism)[["user", "alone", "shared", "saving", "scr_percent"]]
    data = selection.stage(results, "data")
    return selection.tidy(frame.rename(columns={name: in_money(name, data) for name in ("alone", "shared", "saving")}))


def bills(results: Results, scenario: str, mechanism: str) -> pd.DataFrame:
    """As table, with `owns`, what the user has; the shares are 0 where nothing is saved."""
    data = selection.stage(results, "data")
    selection.known("scenario", [scenario], data["scenario"].values)
    here = data["taking_part"].sel(scenario=scenario).values == 1
    shared = -by_mechanism(results, "payment", scenario, mechanism)[here]
    alone = alone_cost(results).sel(scenario=scenario).values[here]
    saving = alone - shared
    total = saving.sum()
    rate = 100 * saving / total if abs(total) > selection.EQUAL else np.zeros_like(saving)
    columns = {"user": data["participant"].values.astype(str)[here], "owns": owned(data, scenario)[here], "alone": alone,
               "shared": shared, "saving": saving, "scr_percent": rate}  # fmt: skip
    return pd.DataFrame(columns)


def alone_cost(results: Results):
    """Bill (scenario, participant) of each user alone, over the scenarios of which coalitions were valued."""
    return coalitions.alone_cost(selection.stage(results, "values"), selection.stage(results, "data"))


def owned(data, scenario: str) -> np.ndarray:
    """What each participant owns, one of CLASSES (participant)."""
    one = data.sel(scenario=scenario)
    pv = (one["pv_available"].max(["day", "time"]) > 0).values
    return np.array(CLASSES)[pv + 2 * (one["battery_energy"].values > 0)]
