"""Figure: the premium of VCG over LMP of all units, sorted, with and without line limits."""

import numpy as np
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.style import QUANTITIES, amount
from sharegrid.tables import selection
from sharegrid.tables.selection import Results

PER_VARIANT = 0.12  # inches for its place in the legend and its numbers


def draw(results: Results, *, variants: list[str] | None = None, linear_below: float = 1.0) -> Figure:
    """Premium in $/h (symlog) over the rank of the unit, a line per variant; the congestion rent is what can pay for their sum."""
    labels = selection.chosen(results["data"], "variants", variants, ["variants"])
    body, ((axes,),) = style.new(height=2.7 + PER_VARIANT * len(labels))
    parts = []
    for index, label in enumerate(labels):
        premium = np.sort(selection.read(results, "payments", "premium", scenario=label).values)[::-1]
        axes.plot(np.arange(1, len(premium) + 1), premium, label=f"line limits {label}", **style.variant(index))
        rent = float(results["cleared"]["congestion_rent"].sel(scenario=label))
        parts.append(f"{label}: premia {amount(premium.sum())}, {QUANTITIES['congestion_rent'][0]} {amount(rent)}")
    style.symlog(axes, linear_below)
    axes.set_xlabel("unit, from the largest to the smallest premium")
    axes.set_ylabel("premium over LMP [$/h]")
    style.legend(body.figure, columns=3)
    style.evidence(body.figure, "Totals, $/h. " + "; ".join(parts) + "." + style.voll_note(results["data"], labels))
    return body.figure
