"""Table: the challenges of a mechanism, one row per number."""

import pandas as pd

from sharegrid.tables import selection
from sharegrid.tables.selection import Results


def table(results: Results) -> pd.DataFrame:
    """Columns challenge, quantity, value, unit; `unit` is that of the value in the same row."""
    payments = results["payments"]
    texts = {name: selection.read(payments, name).values.astype(str) for name in ("challenge", "quantity", "unit")}
    columns = texts | {"value": selection.read(payments, "value").values}
    return pd.DataFrame(columns)[["challenge", "quantity", "value", "unit"]]
