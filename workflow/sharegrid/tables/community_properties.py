"""Table: the properties of the internal price and of the bills, tested on the study's own community."""

import pandas as pd

from sharegrid.tables import selection
from sharegrid.tables.selection import Results


def table(results: Results) -> pd.DataFrame:
    """One row per property: in how many scenarios it could be told and holds, the largest residual and its unit.

    A residual below a millionth of its unit is written as 0; whether a property holds was told before.
    """
    residual = selection.read(results, "payments", "community_residual").transpose("scenario", "community_property")
    passed = selection.read(results, "payments", "community_passed").transpose(*residual.dims).values == 1
    known = residual.notnull().values
    columns = {
        "property": residual["community_property"].values.astype(str),
        "scenarios": known.sum(axis=0),
        "holds_in": (passed & known).sum(axis=0),
        "largest_residual": residual.max("scenario").values,
        "unit": residual["community_unit"].values.astype(str),
    }
    return selection.tidy(pd.DataFrame(columns))
