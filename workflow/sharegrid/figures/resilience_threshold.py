"""Figure: the value of lost load from which storage pays, over the days of outage in a year."""

import numpy as np
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.style import GUIDE, PAGE, amount, variant
from sharegrid.tables import selection
from sharegrid.tables.resilience import of
from sharegrid.tables.selection import Results

SIMULATION = "resilience-simulation"
ROOM = 6  # left of the first point, for the names of the public values


def draw(results: Results, *, families: list[str]) -> Figure:
    """v* [$/kWh] over n [days/year], both axes logarithmic, a line per annual cost of storage; public values of lost load, and the
    days of outage by major events of a US customer."""
    data = results["data"]
    labels = np.array(selection.scenarios(data, families))
    here = data.sel(scenario=labels)
    cost, days, threshold = (
        here["storage_cost"].values,
        here["outage_days"].values,
        of(results, "storage_threshold", list(labels)),
    )
    public = float(selection.read(results, "plan", "public_outage_days", method=SIMULATION))
    body, ((axes,),) = style.new(width=PAGE, height=3.0)
    for k, value in enumerate(np.unique(cost)):
        mine = np.flatnonzero(cost == value)[np.argsort(days[cost == value], kind="stable")]
        axes.plot(
            days[mine], threshold[mine], marker="osD"[k % 3], label=f"storage at {value:g} $/kWh/year", **variant(k + 1)
        )
    axes.set_xscale("log")
    axes.set_yscale("log")
    for name, value in data["public_voll"].to_series().items():
        axes.axhline(value, **GUIDE)
        axes.annotate(f"{name}: {value:g} $/kWh", (0, value), xycoords=("axes fraction", "data"), xytext=(3, 3),
                      textcoords="offset points", fontsize=6)  # fmt: skip
    axes.axvline(public, **GUIDE)
    axes.annotate("US customer,\nmajor events", (public, 0), xycoords=("data", "axes fraction"), xytext=(3, 4),
                  textcoords="offset points", fontsize=6)  # fmt: skip
    for axis in (axes.xaxis, axes.yaxis):
        style.group_digits(axis)
    axes.set_xlim(left=days.min() / ROOM)
    axes.set_xlabel("days of outage [1/year]")
    axes.set_ylabel("value of lost load from\nwhich storage pays [$/kWh]")
    style.legend(body.figure)
    style.evidence(body.figure, _evidence(days, threshold, cost, public))
    return body.figure


def _evidence(days: np.ndarray, threshold: np.ndarray, cost: np.ndarray, public: float) -> str:
    """Thresholds of the middle cost at the ends of its line, and days per year of the statistics."""
    middle = np.unique(cost)[len(np.unique(cost)) // 2]
    here = cost == middle
    fewest, most = np.argmin(days[here]), np.argmax(days[here])
    return (
        f"At {middle:g} $/kWh/year storage pays from {amount(threshold[here][fewest])} $/kWh with {days[here][fewest]:g} days of outage "
        f"per year, from {amount(threshold[here][most])} $/kWh with {days[here][most]:g}. Major events interrupt a US customer on "
        f"{public:.2f} days per year."
    )
