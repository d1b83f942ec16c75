"""Table: what methods of coordination need until they stop: rounds, numbers told and heard, and how near the optimum they end."""

import numpy as np
import pandas as pd
import xarray as xr

from sharegrid.tables import selection
from sharegrid.tables.selection import Results

EXACT = 12  # decimals of a relative gap; what is left of zero by rounding is none


def table(results: Results, *, scenarios: list[str] | None = None, methods: list[str] | None = None) -> pd.DataFrame:
    """One row per method and scenario that it ran in, all by default.

    `tuned_value` the best of `tried` values of the method's parameter, of which `tried_stopped` stopped in time, the slowest of
    them after `most_rounds` (empty for a method without parameter); `rounds` and `floats` of the best; `final_gap` relative
    distance of its final cost to the central optimum, `certified_gap` to its own bound (empty without one); `converged` whether
    it stopped by its own test.
    """
    coordination = selection.stage(results, "coordination")
    labels = coordination["scenario"].values.astype(str)
    shown = labels if scenarios is None else selection.known("scenarios", scenarios, labels)
    known = coordination["method"].values.astype(str)
    names = known if methods is None else selection.known("methods", methods, known)
    runs = [coordination.sel({"method": name, "scenario": label}) for label in shown for name in names]
    return pd.DataFrame([_row(run) for run in runs if run["rounds"].notnull()])


def _row(run: xr.Dataset) -> dict[str, object]:
    central = float(run["central_cost"])
    gap = abs(float(run["final_cost"]) - central) / max(1.0, abs(central))
    tuned = _tuned(run)
    return {
        "scenario": str(run["scenario"].item()),
        "method": str(run["method"].item()),
        "tuned_value": tuned["tuned_value"],
        "rounds": int(run["rounds"]),
        "floats": int(run["floats"].sum()),
        "final_gap": round(gap, EXACT),
        "certified_gap": round(max(float(run["certified_gap"]), 0.0), EXACT)
        if run["certified_gap"].notnull()
        else np.nan,
        "converged": bool(run["converged"] == 1),
        "tried": tuned["tried"],
        "tried_stopped": tuned["tried_stopped"],
        "most_rounds": tuned["most_rounds"],
    }


def _tuned(run: xr.Dataset) -> dict[str, float]:
    """What the values tried came to; NaN for a method without parameter."""
    if "tried_gap" not in run or run["tuned_value"].isnull():
        return dict.fromkeys(("tuned_value", "tried", "tried_stopped", "most_rounds"), np.nan)
    return {
        "tuned_value": float(run["tuned_value"]),
        "tried": int(run["tried_gap"].notnull().sum()),
        "tried_stopped": int(run["tried_rounds"].notnull().sum()),
        "most_rounds": float(run["tried_rounds"].max()),
    }
