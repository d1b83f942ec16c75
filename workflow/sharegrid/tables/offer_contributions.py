"""Table: the payoff of each member at the internal price, split into its day-ahead and its balancing part."""

import pandas as pd

from sharegrid.tables import selection
from sharegrid.tables.methods import in_money
from sharegrid.tables.selection import Results

RANGES = "contribution-ranges"


def table(results: Results, *, scenarios: list[str]) -> pd.DataFrame:
    """The rows of contributions, money in the names of its columns."""
    frame = contributions(results, scenarios)
    return frame.rename(columns={name: in_money(name, results["data"]) for name in frame.columns[2:]})


def contributions(results: Results, scenarios: list[str]) -> pd.DataFrame:
    """One row per scenario and member, in the money of the study.

    The payoff is unique, its parts need not be: `balancing_low` and `balancing_high` are the ends of the balancing part
    over all optimal schedules, `balancing` their middle, `day_ahead` what is left of the payoff.
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
        "day_ahead": (payoff - balancing).values,
        "balancing": balancing.values,
        "balancing_low": low.values,
        "balancing_high": high.values,
    }
    part = results["data"]["taking_part"].sel(scenario=scenario).values == 1
    return pd.DataFrame(columns)[part]
