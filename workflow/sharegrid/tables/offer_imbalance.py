"""Table: offer and expected imbalance of the day, jointly and of each member alone."""

import pandas as pd

from sharegrid.tables import selection
from sharegrid.tables.selection import Results

SEPARATE = "separate-offers"
JOINT, SUM = "joint", "sum of separate"


def table(results: Results, *, scenarios: list[str]) -> pd.DataFrame:
    """Rows per scenario: each member alone, their sum, and all jointly; MWh in the day, imbalance the expected surplus and
    shortage together."""
    return selection.tidy(pd.concat([_of_scenario(results, name) for name in scenarios], ignore_index=True))


def _of_scenario(results: Results, scenario: str) -> pd.DataFrame:
    part = results["data"]["taking_part"].sel(scenario=scenario).values == 1
    alone = {
        f"{name}_mwh": selection.read(results, "plan", f"separate_{name}", method=SEPARATE, scenario=scenario)
        .sum("time")
        .values[part]
        for name in ("offer", "imbalance")
    }
    frame = pd.DataFrame({"scenario": scenario, "who": results["data"]["participant"].values[part].astype(str)} | alone)
    joint = results["cleared"].sel(scenario=scenario)
    totals = {
        SUM: [values.sum() for values in alone.values()],
        JOINT: [float(joint["offer"].sum()), float(joint["expected_imbalance"])],
    }
    more = [
        {"scenario": scenario, "who": who} | dict(zip(alone, values, strict=True)) for who, values in totals.items()
    ]
    return pd.concat([frame, pd.DataFrame(more)], ignore_index=True)
