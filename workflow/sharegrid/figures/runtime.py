"""Figure: how much work each value engine does for the same coalition values, in counts that do not depend on the machine."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.style import COLUMN, ENGINES, PAGE, amount
from sharegrid.tables import runtime
from sharegrid.tables.selection import Results

MEASURES = {"lp_solves": "LPs solved", "iterations": "simplex iterations", "n_lines_generated": "line rows generated"}
WIDTH = 0.26


def draw(results: Results, *, variants: list[str] | None = None) -> Figure:
    """Bars (log) of LPs, simplex iterations and generated line rows per engine, a panel per variant; each bar tells its count."""
    frame = runtime.table(results, variants=variants)
    labels = list(dict.fromkeys(frame["variant"]))
    body, axes = style.new(1, len(labels), width=COLUMN if len(labels) == 1 else PAGE, height=2.6, sharey=True)
    for index, (panel, label) in enumerate(zip(axes.flat, labels, strict=True)):
        _bars(panel, frame[frame["variant"] == label].set_index("engine"))
        counterfactuals = frame.loc[frame["variant"] == label, "counterfactuals"].max()
        style.panel_title(panel, f"line limits {label}: {amount(counterfactuals)} counterfactuals", index)
    axes[0, 0].set_ylabel("count")
    style.legend(body)
    worst = frame["max_abs_dj"].max()
    style.evidence(
        body, f"The engines agree: no coalition value differs from that of rebuild by more than {worst:.1e} $/h."
    )
    return body.figure


def _bars(axes: Axes, frame: pd.DataFrame) -> None:
    for k, (engine, counts) in enumerate(frame.iterrows()):
        place = np.arange(len(MEASURES)) + WIDTH * (k - (len(frame) - 1) / 2)
        bars = axes.bar(
            place, counts[list(MEASURES)].astype(float), WIDTH, color=ENGINES[engine][1], label=ENGINES[engine][0]
        )
        axes.bar_label(bars, [amount(value) for value in counts[list(MEASURES)]], fontsize=5.5, padding=1)
    axes.set_yscale("log")
    axes.set_xticks(range(len(MEASURES)), MEASURES.values())
    axes.grid(visible=False, axis="x")
