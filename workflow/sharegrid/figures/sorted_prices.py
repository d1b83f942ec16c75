"""Figure: the prices of all buses, sorted, with and without line limits."""

import numpy as np
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.style import amount
from sharegrid.tables import selection
from sharegrid.tables.selection import Results

PER_VARIANT = 0.12  # inches for its place in the legend and its numbers


def draw(results: Results, *, variants: list[str] | None = None) -> Figure:
    """LMP in $/MWh over the rank of the bus, a line per variant."""
    labels = selection.chosen(results["data"], "variants", variants, ["variants"])
    body, ((axes,),) = style.new(height=2.5 + PER_VARIANT * len(labels))
    parts = []
    for index, label in enumerate(labels):
        price = np.sort(results["cleared"]["price"].sel(scenario=label).values)
        axes.plot(np.arange(1, len(price) + 1), price, label=f"line limits {label}", **style.variant(index))
        parts.append(f"{label}: {amount(price[0])} to {amount(price[-1])}, median {amount(np.median(price))}")
    axes.set_xlabel("bus, from the lowest to the highest price")
    axes.set_ylabel("LMP [$/MWh]")
    style.group_digits(axes.xaxis)
    style.legend(body.figure, columns=3)
    style.evidence(body.figure, "LMP, $/MWh. " + "; ".join(parts) + ".")
    return body.figure
