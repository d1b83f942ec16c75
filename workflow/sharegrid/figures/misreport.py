"""Figure: profit of each participant against the factor on its offer prices, the others being truthful."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from sharegrid.figures import style
from sharegrid.figures.style import GUIDE, MECHANISMS, PAGE, amount, look
from sharegrid.tables import misreport
from sharegrid.tables.selection import SHORT_NAMES, Results

TICKS = np.array([0.5, 0.7, 1, 1.4, 2, 3])


def draw(
    results: Results,
    *,
    bases: list[str] | None = None,
    families: list[str] | None = None,
    mechanisms: list[str] | None = None,
    columns: int = 3,
) -> Figure:
    """Small panels of profit ($/h, at true cost) against the multiplier: a row per truthful scenario of `bases`.

    With one base the participants fill rows of `columns` panels. `families` of misreports default to misreport,
    `mechanisms` to pay-as-bid, lmp and vcg.
    """
    frame = misreport.table(results, bases=bases, families=families)
    rules = mechanisms or ["pay-as-bid", "lmp", "vcg"]
    groups = list(frame.groupby(["variant", "gen"], sort=False))
    single = frame["variant"].nunique() == 1
    columns = columns if single else frame["gen"].nunique()
    rows = -(-len(groups) // columns)
    body, axes = style.new(rows, columns, width=PAGE, height=0.9 + 1.25 * rows, sharex=True)
    for panel, ((base, name), curve) in zip(axes.flat, groups, strict=False):
        _panel(panel, curve, rules)
        style.panel_title(panel, f"unit {name}" if single else f"unit {name}, {base}")
    for panel in axes.flat[len(groups) :]:
        panel.remove()
    body.supxlabel("factor on the offer prices of the unit")
    body.supylabel("profit of the unit [$/h]")
    style.legend(body)
    style.evidence(body, _largest_gains(frame, rules))
    style.state_voll(body, results["data"], list(frame["variant"].unique()))
    return body.figure


def _panel(axes: Axes, curve: pd.DataFrame, rules: list[str]) -> None:
    for rule in rules:
        axes.plot(curve["m"], curve[f"profit_{SHORT_NAMES[rule]}"], **look(MECHANISMS[rule]))
    axes.axvline(1, **GUIDE)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(FixedLocator(TICKS[(TICKS >= curve["m"].min()) & (TICKS <= curve["m"].max())]))
    axes.xaxis.set_minor_locator(NullLocator())
    style.group_digits(axes.xaxis)
    style.group_digits(axes.yaxis)


def _largest_gains(frame: pd.DataFrame, rules: list[str]) -> str:
    truth = frame[frame["m"] == 1].set_index(["variant", "gen"])
    parts = []
    for rule in reversed(rules):
        column = f"profit_{SHORT_NAMES[rule]}"
        gains = frame[column] - truth[column].reindex(frame.set_index(["variant", "gen"]).index).to_numpy()
        best = frame.loc[gains.idxmax()]
        who = f" (unit {best['gen']}, \u00d7{best['m']:g})" if gains.max() > 1e-6 * frame[column].abs().max() else ""
        parts.append(f"{MECHANISMS[rule][0]} {amount(max(gains.max(), 0)) if who else 'none'}{who}")
    return "Largest gain over the truth, $/h: " + "; ".join(parts) + "."
