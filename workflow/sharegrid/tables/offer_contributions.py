"""Table: the payoff of each member at the internal price, split into its day-ahead and its balancing part."""

import numpy as np
import pandas as pd

from sharegrid.tables import selection
from sharegrid.tables.methods import in_money
from sharegrid.tables.selection import Results

RANGES = "contribution-ranges"
MONEY = ("payoff", "day_ahead", "balancing", "balancing_low", "balancing_high")
ANSWERS = {1.0: "yes", 0.0: "no"}


def table(results: Results, *, scenarios: list[str]) -> pd.DataFrame:
    """The rows of contributions, money in the names of its columns."""
    frame = contributions(results, scenarios)
    return frame.rename(columns={name: in_money(name, results["data"]) for name in MONEY})


def contributions(results: Results, scenarios: list[str]) -> pd.DataFrame:
    """One row per scenario and member, in the money of the study.

    `payoff_unique`: yes if no other optimal price would pay differently, no if one would, empty if the study did not
    ask (value: scaled). The parts need not be unique: `balancing_low` and `balancing_high` are the ends of the
    balancing part over all optimal schedules at one optimal price, `balancing` their middle, `day_ahead` what is left
    of the payoff.
    """
    return selection.tidy(pd.concat([_of_scenario(results, name) for name in scenarios], ignore_index=True))


def _of_scenario(results: Results, scenario: str) -> pd.DataFrame:
    parts = [
        selection.read(results, "cleared", f"contribution_{part}", scenario=scenario) for part in ("da", "balancing")
    ]
    low, high = (
        selection.read(results, "plan", f"balancing_{side}", method=RANGES, scenario=scenario)
        for side in ("low", "high")
    )
    payoff, balancing = parts[0] + parts[1], (low + high) / 2
    columns = {
        "scenario": scenario,
        "member": payoff["participant"].values.astype(str),
        "payoff": payoff.values,
        "payoff_unique": [ANSWERS.get(flag, "") for flag in payoff_unique(results, scenario)],
        "day_ahead": (payoff - balancing).values,
        "balancing": balancing.values,
        "balancing_low": low.values,
        "balancing_high": high.values,
    }
    part = results["data"]["taking_part"].sel(scenario=scenario).values == 1
    return pd.DataFrame(columns)[part]


def payoff_unique(results: Results, scenario: str) -> np.ndarray:
    """1 where the payoff at the internal price is unique, 0 where not, NaN where not known (participant)."""
    if "owen_unique" not in selection.stage(results, "payments"):
        return np.full(results["data"].sizes["participant"], np.nan)
    return selection.read(results, "payments", "owen_unique", scenario=scenario).values
