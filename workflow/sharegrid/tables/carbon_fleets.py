"""Table: what each fleet of electric vehicles pays alone, and what it pays with one carbon account under each mechanism."""

import pandas as pd

from sharegrid.tables import member_allocations, selection
from sharegrid.tables.methods import in_money, method
from sharegrid.tables.selection import Results

PRICE = "owen"


def table(results: Results, *, scenarios: list[str], mechanisms: list[str] | None = None) -> pd.DataFrame:
    """One row per scenario and fleet, costs in the study's money: `alone`; `joint`, its own energy and wear and the allowances
    that it needs at the internal prices; and a column for each further mechanism (default: all)."""
    data = selection.stage(results, "data")
    known = selection.stage(results, "payments")["mechanism"].values.astype(str)
    selection.known("mechanisms", [PRICE], known)
    shown = [PRICE, *(name for name in selection.mechanisms(results, mechanisms, known) if name != PRICE)]
    frame = member_allocations.table(results, scenarios=scenarios, mechanisms=shown, share_of=PRICE)
    names = {"stand_alone": "alone", method(PRICE): "joint"} | {method(name): method(name) for name in shown[1:]}
    columns = {"scenario": frame["scenario"], "fleet": frame["member"]}
    columns |= {in_money(new, data): -frame[in_money(old, data)] for old, new in names.items()}
    return selection.tidy(pd.DataFrame(columns))
