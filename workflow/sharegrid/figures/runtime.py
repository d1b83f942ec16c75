"""Figure: how much work each value engine does for the same coalition values, in counts that do not depend on the machine."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.style import COLUMN, ENGINES, PAGE, amount
from sharegrid.tables import runtime
from sharegrid.tables.selection import Results

PER_COUNTERFACTUAL = {"lp_solves": "LPs per\ncounterfactual", "iterations": "iterations per\ncounterfactual"}
MEASURES = PER_COUNTERFACTUAL | {"n_lines_generated": "line rows\nin all"}
WIDTH = 0.26


def draw(results: Results, *, variants: list[str] | None = None) -> Figure:
    """Bars (log) of LPs and simplex iterations per counterfactual and of all generated line rows, a panel per variant.

    Each bar tells its number. The title of a panel tells how many counterfactuals an engine valued if it is not all.
    """
    frame = runtime.table(results, variants=variants)
    labels = list(dict.fromkeys(frame["variant"]))
    body, axes = style.new(1, len(labels), width=COLUMN if len(labels) == 1 else PAGE, height=2.6, sharey=True)
    for index, (panel, label) in enumerate(zip(axes.flat, labels, strict=True)):
        _bars(panel, frame[frame["variant"] == label].set_index("engine"))
        style.panel_title(panel, f"line limits {label}: {_sample(frame[frame['variant'] == label])}", index)
    axes[0, 0].set_ylabel("count [1]")
    style.legend(body.figure)
    style.group_digits(axes[0, 0].yaxis)
    worst = frame["max_abs_dj"].max()
    style.evidence(
        body.figure, f"The engines agree: no coalition value differs from that of rebuild by more than {worst:.1e} $/h."
    )
    return body.figure


def _sample(frame: pd.DataFrame) -> str:
    """How many counterfactuals were valued, and by which engine fewer."""
    most = frame["counterfactuals"].max()
    fewer = frame[frame["counterfactuals"] < most]
    samples = [f", {ENGINES[one.engine][0]} {amount(one.counterfactuals)} of them" for one in fewer.itertuples()]
    return f"{amount(most)} counterfactuals" + "".join(samples)


def _bars(axes: Axes, frame: pd.DataFrame) -> None:
    heights = frame[list(MEASURES)].astype(float)
    heights[list(PER_COUNTERFACTUAL)] = heights[list(PER_COUNTERFACTUAL)].div(frame["counterfactuals"], axis=0)
    for k, (engine, counts) in enumerate(heights.iterrows()):
        place = np.arange(len(MEASURES)) + WIDTH * (k - (len(frame) - 1) / 2)
        bars = axes.bar(place, counts, WIDTH, color=ENGINES[engine][1], label=ENGINES[engine][0])
        axes.bar_label(bars, [amount(value) for value in counts], fontsize=5.5, padding=1)
    axes.set_yscale("log")
    axes.set_xticks(range(len(MEASURES)), MEASURES.values())
    axes.grid(visible=False, axis="x")
