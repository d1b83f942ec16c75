"""Table: what each participant keeps when generators carry the revenue inadequacy of VCG, or a part of it."""

import pandas as pd

from sharegrid.tables import selection
from sharegrid.tables.selection import Results, by_mechanism

RULES = ("generator_scaling", "mixed")


def table(results: Results, *, scenario: str, rules: list[str] | None = None) -> pd.DataFrame:
    """One row per participant in $/h: between `lmp_revenue` and `vcg_payment` the payment under each rule."""
    columns = {
        "gen": results["data"]["participant"].values.astype(str),
        "lmp_revenue": selection.read(results, "cleared", "price_revenue", scenario=scenario).values,
        "vcg_payment": by_mechanism(results, "payment", scenario, "vcg"),
    }
    adjusted = {
        rule: selection.read(results, "payments", "adjusted_payment", scenario=scenario, deficit_rule=rule).values
        for rule in selection.rules(results, "adjusted_payment", rules, RULES)
    }
    taking_part = selection.capacity(results["data"], scenario) > 0
    return selection.tidy(pd.DataFrame(columns | adjusted)[taking_part].reset_index(drop=True))
