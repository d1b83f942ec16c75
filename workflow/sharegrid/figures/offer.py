"""Figure: the day-ahead offer of all together against the sum of what each would offer alone, and the day-ahead price."""

import numpy as np
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.style import PAGE, amount, variant
from sharegrid.tables import selection
from sharegrid.tables.offer_imbalance import SEPARATE
from sharegrid.tables.selection import Results

JOINT, ALONE = variant(1) | {"label": "jointly"}, variant(0) | {"label": "sum of separate offers"}


def draw(results: Results, *, scenarios: list[str]) -> Figure:
    """Offers in MW above, the day-ahead price in $/MWh below, by hour: a column per scenario."""
    body, axes = style.new(2, len(scenarios), width=PAGE, height=3.2, sharex=True, sharey="row",
                           gridspec_kw={"height_ratios": [2, 1]})  # fmt: skip
    notes = []
    for k, name in enumerate(scenarios):
        alone = selection.read(results, "plan", "separate_offer", method=SEPARATE, scenario=name).sum("participant")
        joint = selection.read(results, "cleared", "offer", scenario=name)
        price = results["data"]["price_da"].sel(scenario=name)
        hours(axes[0, k], alone.values, **ALONE)
        hours(axes[0, k], joint.values, **JOINT)
        hours(axes[1, k], price.values, color=style.MECHANISMS["lmp"][1])
        style.panel_title(axes[0, k], name, k)
        axes[1, k].set_xlabel("hour of the day [h]")
        apart = float(np.abs(joint - alone).sum())
        notes.append(f"{name} {amount(float(joint.sum()))} MWh jointly, {amount(float(alone.sum()))} MWh separately, "
                     f"{amount(apart)} MWh apart hour by hour")  # fmt: skip
    axes[0, 0].set_ylabel("day-ahead offer [MW]")
    axes[1, 0].set_ylabel("price [$/MWh]")
    axes[0, 0].set_ylim(0)
    axes[1, 0].set_ylim(0)
    style.legend(body.figure)
    style.evidence(body.figure, "Offers of the day: " + "; ".join(notes) + ".")
    return body.figure


def hours(axes, values: np.ndarray, **looks) -> None:
    """A line of steps, one for each hour from its start to its end."""
    axes.step(np.arange(len(values) + 1), np.append(values, values[-1]), where="post", **looks)
    axes.set_xlim(0, len(values))
    axes.set_xticks(np.arange(0, len(values) + 1, 6))
