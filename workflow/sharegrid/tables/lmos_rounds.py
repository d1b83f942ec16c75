"""Table: rounds, numbers told and heard, and modelled latency of every run of the price methods."""

import numpy as np
import pandas as pd

from sharegrid.tables import lmos_runs
from sharegrid.tables.selection import Results

COUNTED = ("rounds", "floats_up", "floats_down", "price_error", "latency_ms")
DIGITS = 3  # significant ones of an error: the rest is rounding


def table(results: Results) -> pd.DataFrame:
    """One row per run, by program, users, method and parameter (step factor of 1/L, or rho; empty without one).

    rounds, floats_up, floats_down, rel_error of the prices and latency_ms are empty where the method did not end in the rounds
    that it had. floats_once: numbers told before the first round.
    """
    runs = lmos_runs.frame(results).sort_values(["program", "n_users", "method", "parameter"], ignore_index=True)
    runs.loc[runs["converged"] != 1, list(COUNTED)] = np.nan
    runs["price_error"] = [_rounded(value) for value in runs["price_error"]]
    columns = ["program", "n_users", "method", "parameter", *COUNTED, "floats_once"]
    return runs[columns].rename(columns={"price_error": "rel_error"})


def _rounded(error: float) -> float:
    """An error to DIGITS; below 1e-12 it is what rounding leaves of none."""
    return 0.0 if abs(error) < 1e-12 else float(f"{error:.{DIGITS}g}")
