"""Figure: transfer capability of every hour with and without demand response, both directions of each pair."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.style import PAGE, VARIANTS
from sharegrid.tables import transfer_gains
from sharegrid.tables.selection import Results


def draw(results: Results, *, families: list[str], pairs: list[list[str]]) -> Figure:
    """A row of panels per day and a panel per pair of opposite transfers: MW against the hour, dashed without demand
    response (the base schedule alone), solid with it. One level of demand response per family."""
    frame = transfer_gains.gains(results, families)
    days = list(dict.fromkeys(frame["date"]))
    body, axes = style.new(len(days), len(pairs), width=PAGE, height=1.7 * len(days) + 0.8, sharex=True, sharey="row")
    for row, day in enumerate(days):
        for column, pair in enumerate(pairs):
            panel = axes[row, column]
            _pair(panel, frame[frame["date"] == day], pair)
            style.panel_title(panel, f"{_short(pair[0])} and back, {day}")
            panel.set_ylim(0)
            panel.set_xticks(range(0, 25, 6))
            style.group_digits(panel.yaxis)
    for panel in axes[-1]:
        panel.set_xlabel("hour of the day")
    for panel in axes[:, 0]:
        panel.set_ylabel("transfer [MW]")
    style.legend(body.figure, columns=2)
    style.evidence(body.figure, _evidence(frame))
    return body.figure


def _pair(panel: Axes, frame: pd.DataFrame, pair: list[str]) -> None:
    for number, (name, way) in enumerate(zip(pair, ("there", "back"), strict=True), start=1):
        rows = frame[frame["transfer"] == name].sort_values("hour")
        for column, text, dash in (("without_mw", "without", VARIANTS[0][1]), ("with_mw", "with", "-")):
            values = np.append(rows[column], rows[column].iloc[-1:])
            hours = np.append(rows["hour"], rows["hour"].iloc[-1:] + 1)
            panel.step(hours, values, where="post", color=VARIANTS[number][0], linestyle=dash,
                       label=f"{way}, {text} demand response")  # fmt: skip


def _short(transfer: str) -> str:
    return transfer.rpartition(" ")[2]


def _evidence(frame: pd.DataFrame) -> str:
    """How often the base leaves nothing, and what demand response adds beyond itself."""
    parts = []
    for day, rows in frame.groupby("date", sort=False):
        nothing = int((rows["without_mw"] < 1e-3).sum())
        parts.append(f"{day}: no transfer in {nothing} of {len(rows)} hours and directions; demand response adds "
                     f"{rows['gain_mw'].mean():.0f} MW on average, {rows['beyond_mw'].mean():+.0f} MW beyond its own "
                     "power")  # fmt: skip
    return "; ".join(parts) + "."
