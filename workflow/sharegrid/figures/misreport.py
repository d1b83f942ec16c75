"""Figure: profit of each participant against the factor on its offer prices, the others being truthful."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from sharegrid.figures import style
from sharegrid.figures.style import GUIDE, PAGE, amount, look
from sharegrid.tables import misreport, selection
from sharegrid.tables.selection import SHORT_NAMES, Results

DRAWN = ("pay-as-bid", "lmp", "vcg")
TICKS = np.array([0.5, 0.7, 1, 1.4, 2, 3])
FEW = np.array([0.5, 1, 2, 4])
WIDE = 4  # ratio of the ends of the horizontal axis from which few ticks fit
MARGIN = 0.06  # of the vertical axis
NOTHING = 1e-6  # $/h; smaller differences of profit are rounding


def draw(
    results: Results,
    *,
    bases: list[str] | None = None,
    family: str = "misreport",
    fine_family: str | None = None,
    mechanisms: list[str] | None = None,
    columns: int = 3,
    loss_shown: float = 0.5,
    count: int | None = None,
) -> Figure:
    """Small panels of profit ($/h, at true cost) against the multiplier: a row per truthful scenario of `bases`.

    With one base the participants fill rows of `columns` panels. Marks are the misreports of `family`; those of
    `fine_family` refine the lines. `mechanisms` defaults to pay-as-bid, lmp and vcg. Losses are drawn down to
    `loss_shown` of the largest profit of the panel, as those of low offers would flatten everything else. `count` keeps
    the participants with the largest output over all bases.
    """
    frame = misreport.table(results, bases=bases, families=[name for name in (family, fine_family) if name])
    everybody = frame["gen"].nunique()
    frame = frame[frame["gen"].isin(selection.largest(results, list(frame["variant"].unique()), count))]
    coarse = misreport.table(results, bases=bases, families=[family])["m"].unique()
    entities = style.mechanisms(results["data"])
    rules = selection.mechanisms(results, mechanisms, DRAWN)
    groups = list(frame.groupby(["variant", "gen"], sort=False))
    single = frame["variant"].nunique() == 1
    columns = columns if single else frame["gen"].nunique()
    rows = -(-len(groups) // columns)
    body, axes = style.new(rows, columns, width=PAGE, height=0.9 + 1.35 * rows, sharex=True)
    cut = False
    for panel, ((base, name), curve) in zip(axes.flat, groups, strict=False):
        _panel(panel, curve, rules, entities, coarse)
        cut |= _limit_losses(panel, loss_shown)
        panel.set_title(f"unit {name}" if single else f"unit {name}, {base}")
    _remove_empty(axes, len(groups))
    body.supxlabel("factor on the offer prices of the unit [1]")
    body.supylabel("profit of the unit [$/h]")
    style.legend(body.figure)
    note = (
        ""
        if frame["gen"].nunique() == everybody
        else f" Shown are the {count} of {everybody} units with the largest output."
    )
    note += f" Losses are cut at {loss_shown:.0%} of a panel's largest profit." if cut else ""
    note += style.voll_note(results["data"], list(frame["variant"].unique()))
    style.evidence(body.figure, _largest_gains(frame, rules, entities) + note)
    return body.figure


def _remove_empty(axes: np.ndarray, used: int) -> None:
    """Take away the panels that no unit fills; the panel above one shows the tick labels instead."""
    for k, panel in enumerate(axes.flat[used:], start=used):
        panel.remove()
        axes.flat[k - axes.shape[1]].tick_params(labelbottom=True)


def _panel(axes: Axes, curve: pd.DataFrame, rules: list[str], entities: dict, marked: np.ndarray) -> None:
    marks = np.flatnonzero(np.isin(curve["m"], marked)).tolist()
    for rule in rules:
        wide = {"linewidth": 3, "markersize": 5, "zorder": 1.5} if rule == "vcg" else {}  # others may coincide with it
        axes.plot(curve["m"], curve[f"profit_{SHORT_NAMES[rule]}"], markevery=marks, **look(entities[rule], **wide))
    axes.axvline(1, **GUIDE)
    axes.set_xscale("log")
    low, high = curve["m"].min(), curve["m"].max()
    ticks = FEW if high > WIDE * low else TICKS
    axes.xaxis.set_major_locator(FixedLocator(ticks[(ticks >= low) & (ticks <= high)]))
    axes.xaxis.set_minor_locator(NullLocator())
    style.group_digits(axes.xaxis)
    style.group_digits(axes.yaxis)


def _limit_losses(axes: Axes, share: float) -> bool:
    """Set the vertical axis, with zero on it; True if losses are cut off."""
    low, high = axes.dataLim.intervaly
    low, high = min(low, 0.0), max(high, 0.0)
    cut = high > NOTHING and low < -share * high
    if high - low < NOTHING:
        low, high = -1.0, 1.0
    shown = -share * high if cut else low
    margin = MARGIN * (high - shown)
    axes.set_ylim(shown if cut else low - margin, high + margin)
    return cut


def _largest_gains(frame: pd.DataFrame, rules: list[str], entities: dict) -> str:
    truth = frame[frame["m"] == 1].set_index(["variant", "gen"])
    parts = []
    for rule in reversed(rules):
        column = f"profit_{SHORT_NAMES[rule]}"
        gains = frame[column] - truth[column].reindex(frame.set_index(["variant", "gen"]).index).to_numpy()
        best = frame.loc[gains.idxmax()]
        who = f" (unit {best['gen']}, \u00d7{best['m']:g})" if gains.max() > 1e-6 * frame[column].abs().max() else ""
        parts.append(f"{entities[rule][0]} {amount(max(gains.max(), 0)) if who else 'none'}{who}")
    return "Largest gain over the truth, $/h: " + "; ".join(parts) + "."
