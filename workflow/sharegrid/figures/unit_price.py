"""Figure: what each unit is paid per MWh under every mechanism, in one panel per variant."""

from typing import Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.style import COLUMN, MECHANISMS, PAGE, amount, look
from sharegrid.tables import selection, settlement
from sharegrid.tables.selection import IDLE, Results

SPREAD = 0.18  # between the marks of one unit
PAID = {"pay-as-bid": "pab_payment", "lmp": "lmp_revenue", "core-selecting": "core_payment", "vcg": "vcg_payment"}


def draw(
    results: Results,
    *,
    variants: list[str] | None = None,
    mechanisms: list[str] | None = None,
    scale: Literal["linear", "log"] = "log",
) -> Figure:
    """Payment in $/MWh of the dispatched units, ordered by what VCG pays; a mechanism not computed for a variant is absent."""
    labels = selection.chosen(results["data"], "variants", variants, ["variants"])
    frame = settlement.table(results, variants=labels)
    frame = frame[frame["p_mw"] > IDLE]
    rules = selection.mechanisms(results, mechanisms, PAID)
    crowded = frame.groupby("variant").size().max() > 12
    width = PAGE if crowded or len(labels) > 2 else COLUMN
    rows, columns = (len(labels), 1) if crowded else (1, len(labels))
    body, axes = style.new(rows, columns, width=width, height=1.1 + 1.6 * rows)
    for index, (panel, label) in enumerate(zip(axes.flat, labels, strict=True)):
        _panel(panel, frame[frame["variant"] == label], rules)
        style.panel_title(panel, f"line limits {label}", index)
        panel.set_yscale(scale)
        style.group_digits(panel.yaxis)
    body.supxlabel("unit, by VCG payment per MWh")
    body.supylabel("payment [$/MWh]")
    style.legend(body.figure)
    style.evidence(body.figure, _averages(frame, labels, rules) + style.voll_note(results["data"], labels))
    return body.figure


def _panel(axes: Axes, frame: pd.DataFrame, rules: list[str]) -> None:
    ordered = frame.assign(rate=frame["vcg_payment"] / frame["p_mw"]).sort_values(["rate", "gen"], kind="stable")
    place = np.arange(len(ordered))
    rates = {rule: (ordered[PAID[rule]] / ordered["p_mw"]).to_numpy() for rule in rules}
    known = {rule: rate for rule, rate in rates.items() if not np.isnan(rate).all()}
    middle = (len(known) - 1) / 2
    for k, (rule, rate) in enumerate(known.items()):
        axes.plot(place + SPREAD * (k - middle), rate, **look(MECHANISMS[rule], linestyle="none"))
    style.separate(axes, len(place))
    axes.set_xticks(place, ordered["gen"])
    axes.tick_params(axis="x", labelsize=6)


def _averages(frame: pd.DataFrame, labels: list[str], rules: list[str]) -> str:
    """The average payment of each mechanism per variant."""
    parts = []
    for label in labels:
        here = frame[frame["variant"] == label]
        means = {rule: here[PAID[rule]].sum(skipna=False) / here["p_mw"].sum() for rule in rules}
        known = [f"{MECHANISMS[rule][0]} {amount(mean)}" for rule, mean in means.items() if not np.isnan(mean)]
        parts.append(f"{label}: {', '.join(known)}")
    return "Average payment, $/MWh. " + "; ".join(parts) + "."
