"""Figure: the prices of all buses, sorted, with and without line limits."""

import numpy as np
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.style import VARIANTS, amount
from sharegrid.tables import selection
from sharegrid.tables.selection import Results


def draw(results: Results, *, variants: list[str] | None = None) -> Figure:
    """LMP in $/MWh over the rank of the bus, a line per variant."""
    labels = variants or selection.scenarios(results["data"], ["variants"])
    body, ((axes,),) = style.new(height=2.5)
    parts = []
    for label, (colour, line) in zip(labels, VARIANTS, strict=False):
        price = np.sort(results["cleared"]["price"].sel(scenario=label).values)
        axes.plot(np.arange(1, len(price) + 1), price, color=colour, linestyle=line, label=f"line limits {label}")
        parts.append(f"{label}: {amount(price[0])} to {amount(price[-1])}, median {amount(np.median(price))}")
    axes.set_xlabel("bus, from the lowest to the highest price")
    axes.set_ylabel("LMP [$/MWh]")
    style.group_digits(axes.xaxis)
    axes.legend(loc="upper left")
    style.evidence(body.figure, "LMP, $/MWh. " + "; ".join(parts) + ".")
    return body.figure
