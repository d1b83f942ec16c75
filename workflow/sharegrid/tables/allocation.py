"""Table: what each load pays on top of its price so that VCG can be paid, by load-side rule."""

import pandas as pd

from sharegrid.tables import selection
from sharegrid.tables.selection import IDLE, Results

RULES = ("energy", "lmp_proportional", "beneficiary")


def table(results: Results, *, scenario: str, rules: list[str] | None = None) -> pd.DataFrame:
    """One row per bus with served load, one column per rule in $/h; each column sums to the revenue inadequacy."""
    selection.known("scenario", [scenario], results["data"]["scenario"].values)
    served = selection.read(results, "cleared", "served", scenario=scenario)
    loads = served["bus"].values[served.values > IDLE]
    charges = {
        rule: selection.read(results, "payments", "load_charge", scenario=scenario, deficit_rule=rule)
        .sel(bus=loads)
        .values
        for rule in selection.rules(results, "load_charge", rules, RULES)
    }
    return selection.tidy(pd.DataFrame({"bus": loads} | charges))
