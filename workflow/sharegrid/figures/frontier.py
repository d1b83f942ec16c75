"""Figure: expected profit against the conditional value at risk of the joint offer, over the risk weight."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from sharegrid.figures import style
from sharegrid.figures.style import PAGE, amount, variant
from sharegrid.tables import selection
from sharegrid.tables.selection import Results

METHOD = "risk-frontier"


def draw(results: Results, *, families: list[str]) -> Figure:
    """A panel per day: expected profit over conditional value at risk, in the money of the study; marks name the weight."""
    data, money = results["data"], results["data"].attrs["money"]
    labels = np.array(selection.scenarios(data, families))
    days = data["day"].sel(scenario=labels).values.astype(str)
    names = list(dict.fromkeys(days))
    body, axes = style.new(1, len(names), width=PAGE, height=2.6)
    notes = []
    for k, day in enumerate(names):
        here = labels[days == day]
        here = here[np.argsort(data["beta"].sel(scenario=here).values, kind="stable")]
        profit, tail = (
            selection.read(results, "plan", f"frontier_{name}", method=METHOD).sel(scenario=here).values
            for name in ("expected_profit", "cvar")
        )
        axes[0, k].plot(tail, profit, marker="o", markeredgecolor="white", **variant(1))
        _name_weights(axes[0, k], tail, profit, data["beta"].sel(scenario=here).values)
        style.panel_title(axes[0, k], day, k)
        axes[0, k].set_xlabel(f"conditional value at risk [{money}]")
        axes[0, k].xaxis.set_major_locator(MaxNLocator(5))
        for axis in (axes[0, k].xaxis, axes[0, k].yaxis):
            style.group_digits(axis)
        notes.append(
            f"{day} {amount(tail[-1] - tail[0])} of the worst tenth for {amount(profit[0] - profit[-1])} of the mean"
        )
    axes[0, 0].set_ylabel(f"expected profit [{money}]")
    style.evidence(body.figure, f"From risk weight 0 to 1, {money}: " + "; ".join(notes) + ".")
    return body.figure


def _name_weights(axes: Axes, tail: np.ndarray, profit: np.ndarray, weight: np.ndarray) -> None:
    for x, y, value in zip(tail, profit, weight, strict=True):
        axes.annotate(f"{value:g}", (x, y), xytext=(4, 4), textcoords="offset points", fontsize=6)
    axes.margins(0.12)
