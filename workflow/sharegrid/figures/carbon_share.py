"""Figure: cost of fleets of electric vehicles over the power with which they may discharge."""

import numpy as np
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.style import COLUMN, amount
from sharegrid.tables import carbon_share, selection
from sharegrid.tables.selection import Results

LOOK = ("cost", "#0072B2", "o", "-")


def draw(results: Results, *, families: list[str]) -> Figure:
    """Expected cost in the study's money over the discharging power relative to the charging power."""
    frame, data = carbon_share.shares(results, families), selection.stage(results, "data")
    money = data.attrs["money"]
    body, axes = style.new(width=COLUMN, height=2.5)
    axes[0, 0].plot(frame["v2g_share"], frame["cost"], **style.look(LOOK))
    axes[0, 0].set_xlabel("discharging power / charging power [1]")
    axes[0, 0].set_ylabel(f"cost [{money}]")
    axes[0, 0].set_xticks(frame["v2g_share"])
    style.group_digits(axes[0, 0].yaxis)
    steps = ", ".join(amount(value) for value in np.diff(frame["saving"]))
    saved = ", ".join(amount(value) for value in frame["saving"])
    price = float(data["carbon_price"].sel(scenario=frame["scenario"].iloc[0]))
    style.evidence(body.figure, f"At {price:g} $/t saved, {money}: {saved}; more by each step: {steps}.")
    return body.figure
