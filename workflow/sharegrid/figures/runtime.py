"""Figure: how much work each value engine does to value a market without each participant, in counts that do not depend on the machine."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.style import COLUMN, ENGINES, PAGE, amount
from sharegrid.tables import runtime, selection
from sharegrid.tables.selection import Results

PER_COUNTERFACTUAL = {
    "lp_solves": "LPs\nper solved\ncounterfactual",
    "iterations": "iterations\nper solved\ncounterfactual",
}
MEASURES = PER_COUNTERFACTUAL | {"n_lines_generated": "line rows\nin all"}
WIDTH = 0.26


def draw(results: Results, *, variants: list[str] | None = None) -> Figure:
    """Bars (log) of LPs and simplex iterations per solved counterfactual and of all generated line rows, a panel per variant.

    Each bar tells its number. The base case counts as work, not as a counterfactual. Without a participant that has no
    output nothing changes: only `rebuild` solves that too.
    """
    frame = runtime.table(results, variants=variants)
    frame = frame.assign(solved=[_solved(results, row) for _, row in frame.iterrows()])
    labels = list(dict.fromkeys(frame["variant"]))
    body, axes = style.new(1, len(labels), width=COLUMN if len(labels) == 1 else PAGE, height=2.6, sharey=True)
    for index, (panel, label) in enumerate(zip(axes.flat, labels, strict=True)):
        _bars(panel, frame[frame["variant"] == label].set_index("engine"))
        style.panel_title(panel, f"line limits {label}: {_counterfactuals(frame, label)}", index)
    axes[0, 0].set_ylabel("count [1]")
    style.legend(body.figure)
    style.group_digits(axes[0, 0].yaxis)
    style.evidence(body.figure, _agreement(frame))
    return body.figure


def _counterfactuals(frame: pd.DataFrame, label: str) -> str:
    every = frame[frame["variant"] == label].nlargest(1, "counterfactuals").iloc[0]
    return f"{amount(every['solved'])} of {amount(every['counterfactuals'])} solved"


def _solved(results: Results, row: pd.Series) -> int:
    """Counterfactuals that took a linear program: of `warm` and `reduced` those of the participants with output."""
    if row["engine"] == "rebuild":
        return row["counterfactuals"]
    return int((np.abs(results["cleared"]["output"].sel(scenario=row["variant"])) > selection.IDLE).sum())


def _agreement(frame: pd.DataFrame) -> str:
    """How far the engines are apart, and which of them valued only some of the counterfactuals."""
    text = (
        f"The engines agree: no coalition value differs between them by more than {frame['max_abs_dj'].max():.1e} $/h."
    )
    most = frame.groupby("variant")["counterfactuals"].transform("max")
    fewer = frame[frame["counterfactuals"] < most].groupby("engine", sort=False)["counterfactuals"].max()
    return text + "".join(
        f" By {ENGINES[engine][0]} only a sample of {amount(size)} counterfactuals was solved."
        for engine, size in fewer.items()
    )


def _bars(axes: Axes, frame: pd.DataFrame) -> None:
    heights = frame[list(MEASURES)].astype(float)
    heights[list(PER_COUNTERFACTUAL)] = heights[list(PER_COUNTERFACTUAL)].div(frame["solved"], axis=0)
    for k, (engine, counts) in enumerate(heights.iterrows()):
        place = np.arange(len(MEASURES)) + WIDTH * (k - (len(frame) - 1) / 2)
        bars = axes.bar(place, counts, WIDTH, color=ENGINES[engine][1], label=ENGINES[engine][0])
        axes.bar_label(
            bars, [amount(value) if value >= 100 else f"{value:.2g}" for value in counts], fontsize=5.5, padding=1
        )
    axes.set_yscale("log")
    axes.margins(y=0.12)
    axes.set_xticks(range(len(MEASURES)), MEASURES.values(), fontsize=5.5)
    axes.grid(visible=False, axis="x")
