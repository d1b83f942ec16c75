"""Table: who the saving of a community goes to, by what users own."""

import pandas as pd

from sharegrid.tables import selection
from sharegrid.tables.community_costs import CLASSES, bills
from sharegrid.tables.methods import in_money
from sharegrid.tables.selection import Results


def table(results: Results, *, scenario: str = "base", mechanism: str = "owen") -> pd.DataFrame:
    """One row per class of users: how many, their saving and that of each in the study's money, their share of all."""
    frame = bills(results, scenario, mechanism)
    groups = frame.groupby("owns").agg(users=("user", "size"), saving=("saving", "sum"), percent=("scr_percent", "sum"))
    groups = groups.reindex([name for name in CLASSES if name in groups.index])
    groups.insert(2, "saving_per_user", groups["saving"] / groups["users"])
    data = selection.stage(results, "data")
    names = {name: in_money(name, data) for name in ("saving", "saving_per_user")}
    return selection.tidy(groups.reset_index().rename(columns=names))
