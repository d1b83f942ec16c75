"""Table: the properties of the fleets' schedules, carbon account and payments, tested on the study's own scenarios."""

import pandas as pd

from sharegrid.tables import selection
from sharegrid.tables.selection import Results


def table(results: Results) -> pd.DataFrame:
    """One row per property: the scenarios, how many keep it, the largest residual and its unit."""
    residual = selection.read(results, "payments", "ev_residual").transpose("scenario", "ev_property")
    passed = selection.read(results, "payments", "ev_passed").transpose(*residual.dims).values == 1
    columns = {
        "property": residual["ev_property"].values.astype(str),
        "scenarios": residual.notnull().sum("scenario").values,
        "holds_in": passed.sum(axis=0),
        "largest_residual": residual.max("scenario").values,
        "unit": residual["ev_unit"].values.astype(str),
    }
    return selection.tidy(pd.DataFrame(columns))
