"""Table: the challenges of a mechanism, one row per number."""

import pandas as pd

from sharegrid.plugins import snake
from sharegrid.tables import selection
from sharegrid.tables.selection import Results

COLUMNS = ["challenge", "quantity", "value", "unit"]


def table(results: Results, *, entry_study: str | None = None) -> pd.DataFrame:
    """Columns challenge, quantity, value, unit; `unit` is that of the value in the same row.

    entry_study : a study that this one `uses`, with the check `entry`; its rows follow those of non-monotone revenue.
    """
    columns = {name: selection.read(results, "payments", name).values for name in COLUMNS}
    frame = pd.DataFrame(columns).astype({name: str for name in COLUMNS if name != "value"})
    if entry_study is None:
        return frame
    last = frame.index[frame["challenge"] == "non-monotone revenue"].max() + 1
    return pd.concat([frame[:last], _entry(results, entry_study), frame[last:]])


def _entry(results: Results, study: str) -> pd.DataFrame:
    """What the entry of a unit to a network does to VCG payments and cost, both with all load served or said so."""
    used = f"of_{snake(study)}"
    if used not in results:
        raise ValueError(
            f"option entry_study: the payments of '{study}' are not here; add {study} to uses of the study"
        )
    rows = []
    for name, quantity in (("entry_payment_change", "VCG payments"), ("entry_cost_change", "minimised cost")):
        changes = selection.read(results, used, name).dropna("scenario")
        for scenario, change in zip(changes["scenario"].values, changes.values, strict=True):
            lost = float(selection.read(results, used, "entry_lost_load").sel(scenario=scenario))
            served = "all load served" if lost < 1e-6 else f"{lost:.4g} MW lost"
            where = f"change of {quantity} by entry to '{scenario}' of {study}, {served}"
            rows.append(("non-monotone revenue", where, change, "$/h"))
    return pd.DataFrame(rows, columns=COLUMNS)
