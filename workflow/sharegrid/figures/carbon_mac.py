"""Figure: what each further tonne that fleets of electric vehicles avoid costs."""

import numpy as np
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.ev_profile import NAMES
from sharegrid.figures.style import COLUMN, amount, variant
from sharegrid.tables import carbon_abatement
from sharegrid.tables.selection import Results


def draw(results: Results, *, families: list[str]) -> Figure:
    """Extra cost of energy and wear per tonne avoided [$/t] over the tonnes avoided against no carbon price, by strategy; the
    shaded band of each step is that of the two carbon prices between which the tonnes are avoided."""
    frame = carbon_abatement.abatement(results, families)
    body, axes = style.new(width=COLUMN, height=2.9)
    panel, notes = axes[0, 0], []
    for strategy, rows in frame.groupby("strategy", sort=False):
        look, edges = variant(list(NAMES).index(strategy)), np.concatenate([[0.0], np.cumsum(rows["abated_t"])])
        cost = rows["abatement_cost_usd_per_t"].to_numpy()
        panel.step(edges, np.append(cost, cost[-1]), where="post", label=NAMES[strategy], **look)
        for left, right, low, high in zip(edges, edges[1:], rows["from_usd_per_t"], rows["to_usd_per_t"], strict=False):
            panel.fill_between([left, right], low, high, color=look["color"], alpha=0.12, linewidth=0)
        costs = ", ".join(amount(value) for value in cost)
        notes.append(f"{NAMES[strategy].partition(',')[0]} {amount(edges[-1])} t at {costs} $/t")
    panel.set_xlabel("emissions avoided [t]")
    panel.set_ylabel("abatement cost [$/t]")
    panel.set_xlim(0)
    panel.set_ylim(0)
    style.legend(body.figure, columns=2)
    style.evidence(body.figure, "; ".join(notes) + ".")
    return body.figure
