"""Figure: the prices of all buses, sorted, area by area."""

import numpy as np
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.style import amount
from sharegrid.tables import selection
from sharegrid.tables.selection import Results


def draw(results: Results, *, scenarios: list[str]) -> Figure:
    """A panel per scenario: LMP in $/MWh of the buses of each area (mean over the hours), from the lowest to the highest."""
    selection.known("scenarios", scenarios, results["data"]["scenario"].values)
    body, axes = style.new(1, len(scenarios), width=style.PAGE, height=2.6, sharey=True)
    areas, parts = results["data"]["area"].values, []
    for panel, label in zip(axes[0], scenarios, strict=True):
        price = results["cleared"]["price"].sel(scenario=label).mean("time")
        for index, area in enumerate(areas):
            own = np.sort(price.values[results["data"]["bus_area"].values == area])
            panel.plot(np.arange(1, len(own) + 1), own, label=f"area {area}", **style.variant(index))
            parts.append(f"{label}, {area}: {_range(own)}")
        panel.set_title(label)
        panel.set_xlabel("bus, from the lowest to the highest price")
    axes[0, 0].set_ylabel("LMP [$/MWh]")
    style.legend(body.figure, columns=len(areas))
    style.evidence(body.figure, "LMP, $/MWh. " + "; ".join(parts) + ".")
    return body.figure


def _range(prices: np.ndarray) -> str:
    low, high = amount(prices[0]), amount(prices[-1])
    return low if low == high else f"{low} to {high}"
