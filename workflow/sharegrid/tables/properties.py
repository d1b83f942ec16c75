"""Table: the propositions about a mechanism, tested on the study's own market."""

import pandas as pd

from sharegrid.tables import selection
from sharegrid.tables.selection import Results


def table(results: Results) -> pd.DataFrame:
    """One row per proposition: the residual (its meaning is in the check that made it) and whether it passes."""
    residual = selection.read(results, "payments", "proposition_residual")
    passed = selection.read(results, "payments", "proposition_passed").values.astype(bool)
    columns = {"property": residual["property"].values.astype(str), "residual": residual.values, "pass": passed}
    return pd.DataFrame(columns)
