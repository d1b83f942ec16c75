"""Figure: what trading over the edges of a graph saves, and that the algebraic connectivity of the graph does not tell it."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.style import PAGE, amount, variant
from sharegrid.tables import connectivity
from sharegrid.tables.selection import Results

SIDES = {"cost_cap05": "with the limit", "cost_uncapped": "without limit"}
WIDTH = 0.38


def draw(results: Results, *, families: list[str], nobody: str) -> Figure:
    """Saving against the scenario `nobody`, in which nobody trades, in the money of the study: bars by graph, with and without the
    limit of trades, and over the algebraic connectivity of the connected graphs."""
    frame = connectivity.graphs(results, families)
    without = float(results["cleared"]["objective"].sel(scenario=nobody))
    saving = frame.assign(**{side: without - frame[side] for side in SIDES})
    money = results["data"].attrs["money"]
    limit = float(results["data"]["trade_limit"].sel(scenario=frame["limited"].iloc[0]))
    body, axes = style.new(1, 2, width=PAGE, height=2.9)
    _bars(axes[0, 0], saving, f"saving [{money}]", limit)
    _scatter(axes[0, 1], saving, f"saving with the limit [{money}]")
    style.legend(body.figure)
    slow, fast = (saving.set_index("topology").loc[name] for name in ("ring", "star"))
    style.evidence(
        body.figure,
        f"Without trade {amount(without)} {money}. With {limit:g} kW per edge the ring (second eigenvalue {slow['lambda2']:.3f}) saves "
        f"{amount(slow['cost_cap05'])}, the star ({fast['lambda2']:.3f}) {amount(fast['cost_cap05'])} {money}; without limit "
        f"{amount(slow['cost_uncapped'])} and {amount(fast['cost_uncapped'])}.",
    )
    return body.figure


def _bars(axes: Axes, saving: pd.DataFrame, label: str, limit: float) -> None:
    place = np.arange(len(saving))
    for k, (side, name) in enumerate(SIDES.items()):
        text = f"{name} of {limit:g} kW per edge" if k == 0 else name
        axes.barh(place + (k - 0.5) * WIDTH, saving[side], WIDTH, color=variant(k + 1)["color"], label=text)
    axes.set_yticks(place, saving["topology"])
    axes.set_ylabel("graph")
    axes.invert_yaxis()
    axes.set_xlabel(label)
    style.panel_title(axes, "saving by graph", 0)


def _scatter(axes: Axes, saving: pd.DataFrame, label: str) -> None:
    here = saving[saving["components"] == 1]
    axes.plot(here["lambda2"], here["cost_cap05"], linestyle="none", marker="o", color=variant(1)["color"])
    for row in here.itertuples():
        axes.annotate(
            row.topology, (row.lambda2, row.cost_cap05), xytext=(4, -2), textcoords="offset points", fontsize=6
        )
    axes.set_xscale("log")
    style.group_digits(axes.xaxis)
    axes.set_xlabel("algebraic connectivity of the graph [1]")
    axes.set_ylabel(label)
    axes.margins(0.2, 0.1)
    style.panel_title(axes, "connected graphs, with the limit", 1)
