"""Figure: prices of energy and of the products by hour, the mean of the days of each family."""

import numpy as np
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.offer import hours
from sharegrid.figures.style import PAGE, amount
from sharegrid.tables import selection
from sharegrid.tables.ancillary_market import market_of
from sharegrid.tables.selection import Results

LOOKS = {  # product: (label, colour, line style)
    "regU": ("regulation up", "#0072B2", "-"),
    "regD": ("regulation down", "#56B4E9", (0, (4, 1.5))),
    "spin": ("spinning reserve", "#009E73", (0, (1, 1))),
    "FRU": ("flexible ramping up", "#D55E00", (0, (4, 1, 1, 1))),
    "FRD": ("flexible ramping down", "#E69F00", (0, (2, 2))),
}
ENERGY = "#882255"
LINEAR_BELOW = 10.0  # $/MW


def draw(results: Results, *, market: str, families: list[str]) -> Figure:
    """A column per family of the study `market`: price of energy in $/MWh (line: mean; band: all days) above, those of
    products in $/MW (mean) below."""
    found = market_of(results, market)
    body, axes = style.new(2, len(families), width=PAGE, height=3.8, sharex=True, sharey="row")
    notes = []
    for k, family in enumerate(families):
        days = found.cleared.sel(scenario=selection.scenarios(found.data, [family]))
        price, product = days["price"], days["product_price"].mean("scenario")
        low, high = (getattr(price, end)("scenario").values for end in ("min", "max"))
        axes[0, k].fill_between(np.arange(len(low) + 1), *(np.append(side, side[-1]) for side in (low, high)),
                                step="post", color=ENERGY, alpha=0.2, linewidth=0, label="energy, all days")  # fmt: skip
        hours(axes[0, k], price.mean("scenario").values, color=ENERGY, label="energy, mean")
        for name, (label, colour, line) in LOOKS.items():
            hours(axes[1, k], product.sel(product=name).values, color=colour, linestyle=line, label=label)
        style.panel_title(axes[0, k], family, k)
        axes[1, k].set_xlabel("hour of the day [h]")
        peak = int(product.sel(product="FRU").argmax("time"))
        fru, regulation = (float(product.sel(product=name)[peak]) for name in ("FRU", "regU"))
        notes.append(f"{family}, hour {peak}: ramping up {amount(fru)}, regulation up {amount(regulation)}")
    lowest = min(float(found.cleared[name].min()) for name in ("price", "product_price"))
    for panel in axes[:, 0]:
        style.symlog(panel, LINEAR_BELOW)
        panel.set_ylim(bottom=min(lowest, 0.0) - 1)
    axes[0, 0].set_ylabel("energy [$/MWh]")
    axes[1, 0].set_ylabel("products [$/MW]")
    style.legend(body.figure)
    style.evidence(body.figure, "Dearest mean hour of upward ramping, $/MW: " + "; ".join(notes) + ".")
    return body.figure
