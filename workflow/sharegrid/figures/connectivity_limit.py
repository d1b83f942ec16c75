"""Figure: what trade saves over the limit of trades per edge, by graph."""

import numpy as np
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.style import PAGE, amount, variant
from sharegrid.tables import connectivity, selection
from sharegrid.tables.selection import Results


def draw(results: Results, *, families: list[str], topologies: list[str], nobody: str) -> Figure:
    """Saving against the scenario `nobody`, in the money of the study, over the limit per edge and direction in kW."""
    data, cost, money = results["data"], results["cleared"]["objective"], results["data"].attrs["money"]
    labels = [label for label in selection.scenarios(data, families) if data["trade_cost"].sel(scenario=label) > 0]
    names = np.array([connectivity.named(data.sel(scenario=label)) for label in labels])
    selection.known("topologies", topologies, sorted(set(names)))
    limit, saving = (
        data["trade_limit"].sel(scenario=labels).values,
        float(cost.sel(scenario=nobody)) - cost.sel(scenario=labels),
    )
    body, ((axes,),) = style.new(width=PAGE, height=2.6)
    notes = []
    for k, name in enumerate(topologies):
        here = (names == name) & np.isfinite(limit)
        order = np.argsort(limit[here], kind="stable")
        x, y = limit[here][order], saving.values[here][order]
        axes.plot(x, y, label=name, marker="osD^v"[k % 5], markeredgecolor="white", **variant(k + 1))
        notes.append(f"{name} {amount(y[0])} to {amount(y[-1])}")
    axes.set_xscale("log")
    axes.set_xticks(np.unique(limit[np.isfinite(limit)]))
    style.group_digits(axes.xaxis)
    axes.xaxis.minorticks_off()
    axes.set_xlabel("limit of trades per edge and direction [kW]")
    axes.set_ylabel(f"saving [{money}]")
    axes.set_ylim(0)
    style.legend(body.figure, 5)
    style.evidence(body.figure, f"Saving from the smallest to the largest limit, {money}: " + "; ".join(notes) + ".")
    return body.figure
