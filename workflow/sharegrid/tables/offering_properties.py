"""Table: the properties of the internal price and of the settlement after the outcome, tested on the study's own offers."""

import pandas as pd

from sharegrid.tables import selection
from sharegrid.tables.selection import Results


def table(results: Results) -> pd.DataFrame:
    """One row per property: the scenarios that can test it, how many keep it, the largest residual, its unit."""
    residual = selection.read(results, "payments", "offering_residual").transpose("scenario", "offering_property")
    passed = selection.read(results, "payments", "offering_passed").transpose(*residual.dims).values == 1
    columns = {
        "property": residual["offering_property"].values.astype(str),
        "scenarios": residual.notnull().sum("scenario").values,
        "holds_in": passed.sum(axis=0),
        "largest_residual": residual.max("scenario").values,
        "unit": residual["offering_unit"].values.astype(str),
    }
    return pd.DataFrame(columns)
