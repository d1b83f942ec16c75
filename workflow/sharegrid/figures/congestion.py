"""Figure: what VCG needs beyond what loads pay, and the congestion rent that helps to pay it, as line limits tighten."""

from typing import Literal

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.style import GUIDE, QUANTITIES, amount, look
from sharegrid.tables import balance, selection
from sharegrid.tables.selection import Results

BAND = {"linewidth": 4, "alpha": 0.5, "marker": "", "linestyle": "-"}  # lies under the other lines
COLUMNS = {"premium": BAND, "congestion_rent": {}, "revenue_inadequacy": {}}
ZERO = 1e-6  # share of the load payment


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
    if frame.empty:
        raise ValueError(
            "option variants: none of these is a factor on the line limits; add limits: [1, 0.9, ...] to the scenarios"
            " of the study, or list such variants"
        )
    frame = frame.sort_values("factor", ascending=False, ignore_index=True)
    lost = pd.Series([selection.lost_load_without(results, label).max() > selection.IDLE for label in frame["variant"]])
    congested = frame["congestion_rent"].abs() > ZERO * frame["load_payment"]
    body, ((axes,),) = style.new(height=3)
    for name, changes in COLUMNS.items():
        positive = frame[name].where(frame[name] > 0)
        axes.plot(frame["factor"], positive if scale == "log" else frame[name], **look(QUANTITIES[name], **changes))
    if scale == "symlog":
        style.symlog(axes, linear_below)
    else:
        axes.set_yscale("log")
        style.group_digits(axes.yaxis)
    _label_axes(axes)
    _mark(axes, frame, lost, "load lost \nwithout a unit ")
    _mark(axes, frame, congested, "congested ")
    style.legend(body.figure, columns=2)
    note = style.voll_note(results["data"], list(frame["variant"]))
    style.evidence(body.figure, _turning_points(frame, lost, congested) + note)
    return body.figure


def _label_axes(axes: Axes) -> None:
    axes.invert_xaxis()
    style.group_digits(axes.xaxis)
    axes.set_xlabel("factor on the line limits (tighter \u2192)")
    axes.set_ylabel("amount [$/h]")


def _mark(axes: Axes, frame: pd.DataFrame, holds: pd.Series, text: str) -> None:
    """A guide at the first factor for which something holds, unless it always does."""
    if holds.any() and not holds.iloc[0]:
        at = frame["factor"][holds.idxmax()]
        axes.axvline(at, **GUIDE)
        axes.annotate(text, (at, 0.98), xycoords=("data", "axes fraction"), ha="right", va="top", fontsize=6)


def _turning_points(frame: pd.DataFrame, lost: pd.Series, congested: pd.Series) -> str:
    """Where a counterfactual first loses load, where the market is first congested, and the range of the inadequacy."""
    parts, missing = [], frame["revenue_inadequacy"]
    if lost.any():
        parts.append(f"Load is first lost without a unit at factor {frame['variant'][lost.idxmax()]}")
    if congested.any():
        parts.append(f"the market is first congested at {frame['variant'][congested.idxmax()]}")
    low, high = (f"{amount(missing[at])} (at {frame['variant'][at]})" for at in (missing.idxmin(), missing.idxmax()))
    return "; ".join([*parts, f"revenue inadequacy from {low} to {high} $/h."])
