"""Table: what each user of a retail community would pay alone, and gains under each rule."""

import numpy as np
import pandas as pd

from sharegrid.markets.retail_bills import value_of_sharing
from sharegrid.tables import selection
from sharegrid.tables.retail_communities import NOTHING
from sharegrid.tables.selection import Results

RULES = {"scr": "sharing-contribution", "externality": "vcg", "dual_price": "lmp", "shapley": "shapley"}


def table(results: Results, *, scenario: str = "toy") -> pd.DataFrame:
    """One row per user, money in $/day; empty where the study does not have the mechanism.

    standalone_cost: bill under its own contract; mc: its marginal contribution, which is what the externality pays;
    scr: its gain under SCR over the day's value [1], so that the shares and the agent's commission sum to 1; pi_*: what
    it gains by each rule; bill: what it pays under SCR.
    """
    data = results["data"]
    selection.known("scenario", [scenario], data["scenario"].values)
    gain = {short: gained(results, name, scenario) for short, name in RULES.items()}
    payment = selection.by_mechanism(results, "payment", scenario, RULES["scr"])
    value = float(value_of_sharing(*(results[name].sel(scenario=scenario) for name in ("data", "cleared"))))
    columns = {
        "user": data["participant"].values.astype(str),
        "standalone_cost": -results["cleared"]["outside_option"].sel(scenario=scenario).values,
        "mc": gain["externality"],
        "scr": gain["scr"] / (value if value > NOTHING else np.nan),
        **{f"pi_{short}": values for short, values in gain.items()},
        "bill": -payment,
    }
    return selection.tidy(pd.DataFrame(columns)[data["taking_part"].sel(scenario=scenario).values == 1])


def gained(results: Results, mechanism: str, scenario: str) -> np.ndarray:
    """Profit above that under its own contract (participant) in $/day; NaN if the study has no such mechanism."""
    alone = results["cleared"]["outside_option"].sel(scenario=scenario).values
    return selection.by_mechanism(results, "profit", scenario, mechanism) - alone
