"""Table: the properties that a check of the stage pay tested on the study's own scenarios."""

import pandas as pd

from sharegrid.tables import selection
from sharegrid.tables.selection import Results


def table(results: Results, *, of: str) -> pd.DataFrame:
    """One row per property of the check `of` (community, offering, ev: the start of its variables' names): in how many
    scenarios it could be told and holds, the largest residual and its unit.

    A residual below a millionth of its unit is written as 0; whether a property holds was told before.
    """
    residual = selection.read(results, "payments", f"{of}_residual").transpose("scenario", f"{of}_property")
    passed = selection.read(results, "payments", f"{of}_passed").transpose(*residual.dims).values == 1
    known = residual.notnull().values
    columns = {
        "property": residual[f"{of}_property"].values.astype(str),
        "scenarios": known.sum(axis=0),
        "holds_in": (passed & known).sum(axis=0),
        "largest_residual": residual.max("scenario").values,
        "unit": residual[f"{of}_unit"].values.astype(str),
    }
    return selection.tidy(pd.DataFrame(columns))
