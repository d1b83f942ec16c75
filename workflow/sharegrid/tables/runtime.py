"""Table: how much work each value engine does to value a market without each participant, in counts that do not depend on the machine."""

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
    solved = selection.read(results, "values", "engine_counterfactuals").fillna(0)
    compared = solved["scenario"].values[solved.max("engine").values > 0].astype(str)
    rows = [
        {"variant": label, "engine": engine} | _counts(results, label, engine)
        for label in (compared if variants is None else selection.known("variants", variants, compared))
        for engine in ENGINES
        if engine in solved["engine"].values and solved.sel(scenario=label, engine=engine) > 0
    ]
    return pd.DataFrame(rows)


def _counts(results: Results, scenario: str, engine: str) -> dict[str, float]:
    values = results["values"].sel(scenario=scenario, engine=engine)
    counts = {column: int(values[name]) for column, name in COUNTS.items()}
    return counts | {"max_abs_dj": float(values["engine_max_abs_dj"])}
