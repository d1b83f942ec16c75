"""Figure: the bid curves of energy in some hours."""

import numpy as np
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.style import PAGE, amount
from sharegrid.tables import selection
from sharegrid.tables.selection import Results


def draw(results: Results, *, scenario: str, hours: list[int]) -> Figure:
    """A panel per hour: net sale in MW (negative: bought) at each price of the outcomes in $/MWh, as the step curve of
    the bid: at a price between two outcomes the quantity of the lower one is sold."""
    body, axes = style.new(1, len(hours), width=PAGE, height=2.4, sharex=True)
    notes = []
    for k, hour in enumerate(hours):
        sold = selection.read(results, "cleared", "energy_bid", scenario=scenario).sel(time=hour).values
        price = results["data"]["price_energy"].sel(scenario=scenario, time=hour).values
        order = np.argsort(price, kind="stable")
        axes[0, k].step(sold[order], price[order], where="pre", color="#882255")
        axes[0, k].plot(sold[order], price[order], "o", color="#882255", markeredgecolor="white")
        style.panel_title(axes[0, k], f"hour {hour}", k)
        axes[0, k].axvline(0, **style.GUIDE)
        axes[0, k].set_xlabel("net sale [MW]")
        style.group_digits(axes[0, k].yaxis)
        notes.append(f"hour {hour} {amount(sold.min())} to {amount(sold.max())}")
    axes[0, 0].set_ylabel("price [$/MWh]")
    style.evidence(body.figure, f"Net sale of {scenario}, MW: " + "; ".join(notes) + ".")
    return body.figure
