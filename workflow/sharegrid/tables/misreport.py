"""Table: output and profit of one participant that multiplies its offer prices, the others being truthful."""

import pandas as pd

from sharegrid.tables import selection
from sharegrid.tables.selection import SHORT_NAMES, Results, by_mechanism

MECHANISMS = ("vcg", "lmp", "pay-as-bid")


def table(results: Results, *, bases: list[str] | None = None, families: list[str] | None = None) -> pd.DataFrame:
    """Rows base x participant x price multiplier `m`; profit at true cost in $/h, `p_mw` in MW.

    `bases`: the truthful scenarios (default: all that somebody deviates from); `families` of misreports (default: misreport).
    """
    data = results["data"]
    known = selection.bases(data, families)
    rows = [
        {"variant": base, "gen": name, "m": m} | _outcome(results, scenario, name)
        for base in (known if bases is None else selection.known("bases", bases, known))
        for name, curve in selection.misreports(data, base, families).items()
        for m, scenario in curve
    ]
    return selection.tidy(pd.DataFrame(rows))


def _outcome(results: Results, scenario: str, participant: str) -> dict[str, float]:
    place = list(results["data"]["participant"].values.astype(str)).index(participant)
    profits = {
        f"profit_{SHORT_NAMES[name]}": float(by_mechanism(results, "profit", scenario, name)[place])
        for name in MECHANISMS
    }
    return {"p_mw": float(results["cleared"]["output"].sel(scenario=scenario)[place])} | profits
