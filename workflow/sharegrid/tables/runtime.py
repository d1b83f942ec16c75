"""Table: how much work each value engine does for the same coalition values, in counts that do not depend on the machine."""

import pandas as pd

from sharegrid.tables import selection
from sharegrid.tables.selection import Results

COUNTS = {
    "counterfactuals": "engine_counterfactuals",
    "n_lines_generated": "engine_lines_generated",
    "lp_solves": "engine_lp_solves",
    "iterations": "engine_iterations",
}
ENGINES = ("rebuild", "warm", "reduced")


def table(results: Results, *, variants: list[str] | None = None) -> pd.DataFrame:
    """Rows variant x engine; `max_abs_dj` in $/h is the largest difference of a coalition value from another engine."""
    data, values = results["data"], results["values"]
    rows = [
        {"variant": label, "engine": engine} | _counts(results, label, engine)
        for label in variants or selection.scenarios(data, ["variants"])
        for engine in ENGINES
        if engine in values["engine"].values and values["engine_counterfactuals"].sel(scenario=label, engine=engine) > 0
    ]
    return pd.DataFrame(rows)


def _counts(results: Results, scenario: str, engine: str) -> dict[str, float]:
    values = results["values"].sel(scenario=scenario, engine=engine)
    counts = {column: int(values[name]) for column, name in COUNTS.items()}
    return counts | {"max_abs_dj": float(values["engine_max_abs_dj"])}
