"""Figure: total VCG payment against what loads pay at the uniform price, and the lost load of the counterfactuals, over demand."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.style import GUIDE, MECHANISMS, QUANTITIES, amount, look
from sharegrid.tables import selection
from sharegrid.tables.selection import Results, by_mechanism


def draw(results: Results, *, families: list[str] | None = None) -> Figure:
    """Payments in $/h (log) above, largest lost load in MW when one unit is absent below, against demand in MW.

    The dashed line is the demand that the others just serve without the largest unit: N-1 capacity ends there.
    """
    data, cleared = results["data"], results["cleared"]
    labels = selection.scenarios(data, families or ["demand"])
    demand = data["demand_mw"].sel(scenario=labels).values
    vcg = np.array([by_mechanism(results, "payment", label, "vcg").sum() for label in labels])
    loads = cleared["load_payment"].sel(scenario=labels).values
    lost = np.array([selection.lost_load_without(results, label).max() for label in labels])
    body, axes = style.new(2, 1, height=3.3, sharex=True, gridspec_kw={"height_ratios": [2, 1]})
    above, below = axes[:, 0]
    above.plot(demand, vcg, **look(MECHANISMS["vcg"], label="VCG pays the units"))
    above.plot(demand, loads, **look(QUANTITIES["load_payment"]))
    above.set_yscale("log")
    style.group_digits(above.yaxis)
    above.set_ylabel("total [$/h]")
    above.legend(loc="upper left")
    below.plot(demand, lost, **look(QUANTITIES["lost_load"]))
    below.set_ylabel("largest lost\nload without\na unit [MW]")
    below.set_xlabel("demand [MW]")
    end = _n1_capacity(data, labels[0])
    _mark_end(above, below, end)
    style.evidence(body.figure, _before_and_after(demand, vcg - loads, end) + style.voll_note(data, labels))
    return body.figure


def _n1_capacity(data: xr.Dataset, scenario: str) -> float:
    """Capacity in MW that is left without the largest participant."""
    capacity = selection.capacity(data, scenario)
    return float(capacity.sum() - capacity.max())


def _mark_end(above: Axes, below: Axes, end: float) -> None:
    for axes in (above, below):
        axes.axvline(end, **GUIDE)
    below.annotate(
        f"N-1 capacity \n{amount(end)} MW ",
        (end, 0.9),
        xycoords=("data", "axes fraction"),
        ha="right",
        va="top",
        fontsize=6,
    )


def _before_and_after(demand: np.ndarray, missing: np.ndarray, end: float) -> str:
    last, first = np.flatnonzero(demand < end)[-1], np.flatnonzero(demand > end)[0]
    return (
        f"VCG pays {amount(missing[last])} $/h more than loads pay at {amount(demand[last])} MW, "
        f"{amount(missing[first])} $/h more at {amount(demand[first])} MW and "
        f"{amount(missing[-1])} $/h at {amount(demand[-1])} MW."
    )
