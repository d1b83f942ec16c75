"""Figure: what VCG needs beyond what loads pay, and the congestion rent that helps to pay it, as line limits tighten."""

from typing import Literal

import pandas as pd
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.style import GUIDE, QUANTITIES, amount, look
from sharegrid.tables import balance, selection
from sharegrid.tables.selection import Results

COLUMNS = ("premium", "congestion_rent", "revenue_inadequacy")
ZERO = 1e-6  # of the largest amount drawn


def draw(
    results: Results,
    *,
    variants: list[str] | None = None,
    scale: Literal["log", "symlog"] = "log",
    linear_below: float = 1000.0,
) -> Figure:
    """Amounts in $/h against the factor on the line limits, tighter to the right; variants without a factor are left out.

    scale log does not draw zeros; symlog is for a revenue inadequacy of both signs and linear below `linear_below` $/h.
    """
    frame = balance.table(results, variants=variants)
    frame = frame.assign(factor=pd.to_numeric(frame["variant"], errors="coerce")).dropna(subset="factor")
    frame = frame.sort_values("factor", ascending=False, ignore_index=True)
    body, ((axes,),) = style.new(height=2.9)
    for name in COLUMNS:
        drawn = frame[name].where((frame[name].abs() > ZERO * frame["premium"].abs().max()) | (scale != "log"))
        axes.plot(frame["factor"], drawn, **look(QUANTITIES[name]))
    axes.set_yscale(scale, **({"linthresh": linear_below} if scale == "symlog" else {}))
    if scale == "symlog":
        axes.axhline(0, **GUIDE)
    axes.invert_xaxis()
    axes.set_xlabel("factor on the line limits (tighter \u2192)")
    axes.set_ylabel("amount [$/h]")
    style.legend(body, columns=2)
    style.evidence(body, _turning_points(results, frame))
    style.state_voll(body, results["data"], list(frame["variant"]))
    return body.figure


def _turning_points(results: Results, frame: pd.DataFrame) -> str:
    """Where a counterfactual first loses load, where the base case is first congested, and the range of the inadequacy."""
    lost = [selection.lost_load_without(results, label).max() > selection.IDLE for label in frame["variant"]]
    congested = frame["congestion_rent"].abs() > ZERO * frame["load_payment"]
    missing = frame["revenue_inadequacy"]
    parts = []
    if any(lost):
        parts.append(f"A counterfactual first loses load at factor {frame['variant'][lost.index(True)]}")
    if congested.any():
        parts.append(f"the market is first congested at {frame['variant'][congested.idxmax()]}")
    low, high = (f"{amount(missing[at])} (at {frame['variant'][at]})" for at in (missing.idxmin(), missing.idxmax()))
    return "; ".join([*parts, f"revenue inadequacy from {low} to {high} $/h."])
