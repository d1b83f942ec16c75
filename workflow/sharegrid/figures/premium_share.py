"""Figure: how much more than LMP the VCG mechanism pays a unit per MWh, against the share of the load that it serves."""

import pandas as pd
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.style import PAGE
from sharegrid.tables import settlement
from sharegrid.tables.selection import IDLE, Results

NAMED = 3  # units that are named in each variant


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
        panel.set_yscale("symlog", linthresh=linear_below)
        for _, unit in here.nlargest(NAMED, "rate").iterrows():
            panel.annotate(unit["gen"], (unit["share"], unit["rate"]), (3, 3), textcoords="offset points", fontsize=6)
        style.panel_title(panel, f"line limits {label}", index)
    body.supxlabel("share of the unit in all output [1]")
    body.supylabel("premium over LMP [$/MWh]")
    style.evidence(body.figure, _totals(frame, variants) + style.voll_note(results["data"], variants))
    return body.figure


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
