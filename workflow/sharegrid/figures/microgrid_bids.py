"""Figure: what a microgrid sells of each product in each hour."""

import numpy as np
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.ancillary_prices import LOOKS
from sharegrid.figures.style import PAGE, amount
from sharegrid.tables import selection
from sharegrid.tables.selection import Results

UPWARD, DOWNWARD = ("regU", "spin", "FRU"), ("regD", "FRD")
HATCHES = {"regU": "", "spin": "....", "FRU": "////", "regD": "", "FRD": "\\\\\\\\"}


def draw(results: Results, *, scenarios: list[str]) -> Figure:
    """A panel per scenario: stacked products in MW by hour, upward ones above zero, downward ones below."""
    body, axes = style.new(1, len(scenarios), width=PAGE, height=2.7, sharey=True)
    notes = []
    for k, name in enumerate(scenarios):
        sold = selection.read(results, "cleared", "product_bid", scenario=name)
        middle = np.arange(sold.sizes["time"]) + 0.5
        for products, sign in ((UPWARD, 1), (DOWNWARD, -1)):
            base = np.zeros(len(middle))
            for product in products:
                label, colour, _ = LOOKS[product]
                height = sign * sold.sel(product=product).values
                if not np.abs(height).max() > selection.IDLE:
                    continue
                axes[0, k].bar(middle, height, 0.9, base, color=colour, label=label, hatch=HATCHES[product],
                               edgecolor="white", linewidth=0.3)  # fmt: skip
                base = base + height
        week = str(results["data"]["week"].sel(scenario=name).item())
        style.panel_title(axes[0, k], week, k)
        axes[0, k].axhline(0, color="#444444", linewidth=0.6)
        axes[0, k].set_xticks(np.arange(0, len(middle) + 1, 6))
        axes[0, k].set_xlim(0, len(middle))
        axes[0, k].margins(y=0.08)
        axes[0, k].set_xlabel("hour of the day [h]")
        total = {product: float(sold.sel(product=product).sum()) for product in ("regU", "FRU")}
        notes.append(f"{week} {amount(total['regU'])} of regulation, {amount(total['FRU'])} of ramping")
    axes[0, 0].set_ylabel("sold [MW], downward below 0")
    style.legend(body.figure, columns=5)
    style.evidence(body.figure, "Upward products sold over the day, MW h: " + "; ".join(notes) + ".")
    return body.figure
