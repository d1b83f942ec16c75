"""Table: the best solar power and storage against outages, what they are worth and what they cost."""

import numpy as np
import pandas as pd

from sharegrid.tables import selection
from sharegrid.tables.selection import Results

METHOD = "resilience-plan"


def table(results: Results, *, families: list[str]) -> pd.DataFrame:
    """One row per scenario of the families: `n` days of outage per year, `v` value of lost load [$/kWh], `s_kw`, `b_kwh` sizes, `rv`
    reliability value, `ev` economic value, `cost`, `net` = rv + ev - cost [$/year]."""
    labels = selection.scenarios(results["data"], families)
    names = {"s_kw": "pv", "b_kwh": "storage", "rv": "reliability", "ev": "economic", "cost": "cost", "net": "net"}
    planned = {column: of(results, f"plan_{name}", labels) for column, name in names.items()}
    here = results["data"].sel(scenario=labels)
    frame = pd.DataFrame({"n": here["outage_days"].values, "v": here["voll"].values} | planned)
    return selection.tidy(frame)


def of(results: Results, name: str, labels: list[str], method: str = METHOD) -> np.ndarray:
    """A variable of the plan (scenario) at the labels; ValueError if a scenario was not planned."""
    values = selection.read(results, "plan", name, method=method)
    selection.known("families", labels, values["scenario"].values)
    return values.sel(scenario=labels).values
