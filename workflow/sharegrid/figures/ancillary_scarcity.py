"""Figure: how prices of energy split when more ramping is required than the system can hold."""

import numpy as np
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.ancillary_prices import ENERGY, LOOKS
from sharegrid.figures.style import PAGE, amount
from sharegrid.tables import selection
from sharegrid.tables.ancillary_market import market_of
from sharegrid.tables.selection import Results


def draw(results: Results, *, markets: list[str], titles: list[str], hours: list[int], families: list[str]) -> Figure:
    """A panel for each of the studies `markets`: in $/MWh the price of upward ramping in one hour, and of energy in
    that hour and the next, against the requirement of the hour in MW. Scenarios are those of `families`, in which
    fru_factor is swept."""
    body, axes = style.new(1, len(markets), width=PAGE, height=2.7)
    notes = []
    for k, (market, title, hour) in enumerate(zip(markets, titles, hours, strict=True)):
        found = market_of(results, market)
        labels = selection.scenarios(found.data, families)
        here = {"scenario": labels}
        required = found.data["requirement"].sel(here | {"product": "FRU", "time": hour}).sum("load").values
        order = np.argsort(required, kind="stable")
        ramping = found.cleared["product_price"].sel(here | {"product": "FRU", "time": hour}).values[order]
        now, after = (found.cleared["price"].sel(here | {"time": t}).values[order] for t in (hour, hour + 1))
        panel, drawn = axes[0, k], {"markeredgecolor": "white", "drawstyle": "steps-post"}
        label, colour, line = LOOKS["FRU"]
        panel.plot(
            required[order], ramping, color=colour, linestyle=line, marker="D", label=f"{label}, hour h", **drawn
        )
        panel.plot(required[order], now, color=ENERGY, linestyle="-", marker="o", label="energy, hour h", **drawn)
        panel.plot(required[order], after, color=ENERGY, linestyle=(0, (1, 1)), marker="s", label="energy, hour h + 1",
                   **drawn)  # fmt: skip
        missing = found.cleared["shortage"].sel(here | {"product": "FRU", "time": hour}).values[order]
        held = float((required[order] - missing).max())
        notes.append(f"{title} (h = {hour}) holds {amount(held)} MW at most")
        style.panel_title(panel, title, k)
        panel.axhline(0, **style.GUIDE)
        panel.set_xlabel("requirement of upward ramping [MW]")
        style.group_digits(panel.xaxis)
        style.group_digits(panel.yaxis)
    axes[0, 0].set_ylabel(r"price [\$/MWh, \$/MW]")
    style.legend(body.figure)
    style.evidence(body.figure, "; ".join(notes) + ".")
    return body.figure
