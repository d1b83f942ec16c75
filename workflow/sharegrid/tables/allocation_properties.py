"""Table: whether the payments of each mechanism share what there is, gain everybody and stand in the core."""

import numpy as np
import pandas as pd

from sharegrid.tables import selection
from sharegrid.tables.methods import in_money, method
from sharegrid.tables.selection import Results


def table(results: Results, *, scenarios: list[str], mechanisms: list[str] | None = None) -> pd.DataFrame:
    """One row per scenario and mechanism (default: all), in the money of the study.

    `sum`: payments less reported costs of all participants; `deficit`: what this is above the value of all, negative if
    something is left; `max_excess`: the largest objection of a coalition; `individually_rational`, `in_core`: yes or no,
    "unknown" where the valued coalitions do not tell, empty where nothing was valued; `coalitions_tested`: the number that
    were valued, all or a sample; `superadditivity_violations`: pairs of disjoint coalitions of the scenario that lose by
    joining, empty where not all were valued.
    """
    data = selection.stage(results, "data")
    selection.known("scenarios", scenarios, data["scenario"].values)
    shown = selection.mechanisms(
        results, mechanisms, selection.stage(results, "payments")["mechanism"].values.astype(str)
    )
    rows = [_row(results, scenario, name) for scenario in scenarios for name in shown]
    frame = selection.tidy(pd.DataFrame(rows))
    return frame.rename(columns={name: in_money(name, data) for name in ("sum", "deficit", "max_excess")})


def _row(results: Results, scenario: str, mechanism: str) -> dict:
    cost = results["cleared"]["reported_cost"].sel(scenario=scenario).values
    paid = selection.by_mechanism(results, "payment", scenario, mechanism)
    found = {
        name: selection.read(results, "payments", name, scenario=scenario, mechanism=mechanism).item()
        for name in ("deficit", "max_excess", "individually_rational", "in_core", "coalitions_tested")
    }
    tested = found["coalitions_tested"]
    violations = selection.read(results, "payments", "superadditivity_violations", scenario=scenario).item()
    return {
        "scenario": scenario,
        "method": method(mechanism),
        "sum": float((paid - cost).sum()),
        "deficit": found["deficit"],
        "max_excess": found["max_excess"],
        "individually_rational": _yes(found["individually_rational"], tested),
        "in_core": _yes(found["in_core"], tested),
        "coalitions_tested": 0 if np.isnan(tested) else int(tested),
        "superadditivity_violations": violations,
    }


def _yes(holds: float, tested: float) -> str:
    if np.isnan(holds):
        return "" if np.isnan(tested) else "unknown"
    return "yes" if holds else "no"
