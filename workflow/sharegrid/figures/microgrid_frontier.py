"""Figure: expected profit against the conditional value at risk of the bid, for curves and for quantities."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from sharegrid.figures import style
from sharegrid.figures.style import PAGE, amount, variant
from sharegrid.tables import selection
from sharegrid.tables.selection import Results

METHOD = "bid-frontier"
TOGETHER = 0.35  # of the range of a measure: labels of points that are nearer overlap
MARKERS = {"curve": "o", "quantity": "s"}


def draw(results: Results, *, families: list[str]) -> Figure:
    """A panel per week: expected profit over conditional value at risk in the money of the study, a line per kind of
    bid; marks name the risk weight."""
    data, money = results["data"], results["data"].attrs["money"]
    here = data.sel(scenario=selection.scenarios(data, families))
    weeks = list(dict.fromkeys(here["week"].values.astype(str)))
    body, axes = style.new(1, len(weeks), width=PAGE, height=2.8)
    notes = []
    for k, week in enumerate(weeks):
        ends = []
        for number, (bid, marker) in enumerate(MARKERS.items(), start=1):
            own = here.isel(scenario=((here["week"] == week) & (here["bid"] == bid)).values).sortby("beta")
            profit, tail = (selection.read(results, "plan", f"frontier_{name}", method=METHOD)
                            .sel(scenario=own["scenario"].values).values for name in ("expected_profit", "cvar"))  # fmt: skip
            axes[0, k].plot(tail, profit, marker=marker, markeredgecolor="white", label=bid, **variant(number))
            _name_weights(axes[0, k], tail, profit, own["beta"].values)
            ends.append(f"{bid} {amount(tail[-1] - tail[0])} for {amount(profit[0] - profit[-1])}")
        style.panel_title(axes[0, k], week, k)
        axes[0, k].set_xlabel(f"conditional value at risk [{money}]")
        axes[0, k].xaxis.set_major_locator(MaxNLocator(5))
        for axis in (axes[0, k].xaxis, axes[0, k].yaxis):
            style.group_digits(axis)
        notes.append(f"{week} " + ", ".join(ends))
    axes[0, 0].set_ylabel(f"expected profit [{money}]")
    style.legend(body.figure)
    style.evidence(
        body.figure, f"Gain of the tail for expected profit, weight 0 to 1, {money}: " + "; ".join(notes) + "."
    )
    return body.figure


def _name_weights(axes: Axes, tail, profit, weight) -> None:
    """Points that lie together have one label."""
    axes.margins(0.12)
    groups: list[list[int]] = []
    for k in range(len(weight)):
        apart = (
            max(abs(values[k] - values[groups[-1][0]]) / np.ptp(values) for values in (tail, profit)) if groups else 1
        )
        if apart > TOGETHER:
            groups.append([])
        groups[-1].append(k)
    for group in groups:
        first, last = (f"{weight[k]:g}" for k in (group[0], group[-1]))
        text = first if len(group) == 1 else f"{first}\u2013{last}"
        axes.annotate(text, (tail[group[0]], profit[group[0]]), xytext=(4, 4), textcoords="offset points", fontsize=6)
