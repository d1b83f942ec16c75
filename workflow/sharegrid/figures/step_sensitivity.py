"""Figure: rounds of first-order methods over their step, with what does not end left out of the lines."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from sharegrid.figures import lmos_looks, style
from sharegrid.tables import lmos_runs, selection
from sharegrid.tables.selection import Results

METHODS = ("gradient", "subgradient", "nesterov", "restart")
ABOVE = 1.5  # factor between crosses of different methods


def draw(results: Results, *, populations: list[str]) -> Figure:
    """Rounds (log) over the step factor of 1/L (log) of each first-order method, a panel per population; crosses above the dotted
    line: steps with which a method did not end in its rounds. The line is LMOS, which has no step.
    """
    selection.known("populations", populations, results["data"]["population"].values)
    runs = lmos_runs.frame(results)
    body, axes = style.new(1, len(populations), width=style.PAGE, height=2.8, sharey=True)
    notes = []
    for k, (panel, population) in enumerate(zip(axes[0], populations, strict=True)):
        here = runs[runs["population"] == population]
        for place, method in enumerate(METHODS):
            lost = _curve(panel, here[here["method"] == method].sort_values("parameter"), method, place)
            notes += [f"{lmos_looks.LOOKS[method][0]}, {population}: {_list(lost)}"] * bool(len(lost))
        lmos = lmos_runs.best(runs, population, "lmos")
        if lmos is not None:
            panel.axhline(lmos["rounds"], color=lmos_looks.LOOKS["lmos"][1], label="LMOS", zorder=1)
        _frame(panel, population, k)
    axes[0, 0].set_ylabel("rounds [1]")
    style.legend(body.figure, columns=5)
    told = f"Crosses, steps that did not end: {'; '.join(notes)}." if notes else "All steps ended."
    style.evidence(body.figure, told)
    return body.figure


def _curve(axes: Axes, own: pd.DataFrame, method: str, place: int) -> pd.Series:
    """Rounds of a method over its steps; returns the steps that did not end, crosses above the rounds that they had."""
    ended = own["converged"] == 1
    axes.plot(own["parameter"], own["rounds"].where(ended), **lmos_looks.look(method))
    lost = own.loc[~ended]
    if len(lost):
        axes.axhline(lost["rounds"].max(), **style.GUIDE)
        above = lost["rounds"] * ABOVE ** (place + 1)
        axes.plot(lost["parameter"], above, "x", color=lmos_looks.LOOKS[method][1], markersize=4)
    return lost["parameter"]


def _frame(axes: Axes, population: str, index: int) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(FixedLocator([1, 10, 100, 1000]))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("step over 1/L [1]")
    style.group_digits(axes.xaxis)
    style.group_digits(axes.yaxis)
    style.panel_title(axes, population, index)


def _list(values) -> str:
    return ", ".join(f"{value:g}" for value in values)
