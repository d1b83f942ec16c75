"""Figure: how much more than LMP the VCG mechanism pays a unit per MWh, against the share of the load that it serves."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.style import PAGE
from sharegrid.tables import settlement
from sharegrid.tables.selection import IDLE, Results

NAMED = 4  # units that are named in each variant
APART = 0.17  # of a decade on the horizontal axis


def draw(results: Results, *, variants: list[str], linear_below: float = 0.01) -> Figure:
    """Premium over LMP in $/MWh (symlog) against output over total output (log), a panel per variant, a mark per dispatched unit."""
    frame = settlement.table(results, variants=variants)
    frame = frame[frame["p_mw"] > IDLE]
    frame = frame.assign(rate=frame["premium"].clip(lower=0) / frame["p_mw"])
    frame["share"] = frame["p_mw"] / frame.groupby("variant")["p_mw"].transform("sum")
    body, axes = style.new(1, len(variants), width=PAGE, height=2.8, sharex=True, sharey=True)
    for index, (panel, label) in enumerate(zip(axes.flat, variants, strict=True)):
        here = frame[frame["variant"] == label]
        panel.plot(here["share"], here["rate"], "o", color=style.MECHANISMS["vcg"][1], markeredgecolor="white")
        panel.set_xscale("log")
        style.group_digits(panel.xaxis)
        style.symlog(panel, linear_below)
        _name(panel, here)
        style.panel_title(panel, f"line limits {label}", index)
    body.supxlabel("share of the unit in all output [1]")
    body.supylabel("premium over LMP [$/MWh]")
    style.evidence(body.figure, _totals(frame, variants) + style.voll_note(results["data"], variants))
    return body.figure


def _name(axes: Axes, frame: pd.DataFrame) -> None:
    """Name the units with the largest premium per MWh, but not two on top of each other."""
    named: list[float] = []
    for _, unit in frame.nlargest(NAMED, "rate").iterrows():
        if all(abs(np.log10(unit["share"] / share)) > APART for share in named):
            place = (unit["share"], unit["rate"])
            axes.annotate(unit["gen"], place, (0, 3), textcoords="offset points", ha="center", fontsize=6)
            named.append(unit["share"])


def _totals(frame: pd.DataFrame, variants: list[str]) -> str:
    """The sum of premia against LMP revenue, and how much of it the unit with the largest premium gets, per variant."""
    parts = []
    for label in variants:
        here = frame[frame["variant"] == label]
        first, total = here.loc[here["premium"].idxmax()], here["premium"].sum()
        parts.append(
            f"{label}: {total / here['lmp_revenue'].sum():.2%} of LMP revenue, {first['premium'] / total:.0%} of it unit {first['gen']}"
        )
    return "Premia. " + "; ".join(parts) + "."
