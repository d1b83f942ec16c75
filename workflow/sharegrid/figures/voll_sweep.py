"""Figure: the VCG payment of one unit against the price of lost load."""

import numpy as np
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.style import MECHANISMS, amount, look
from sharegrid.tables import selection
from sharegrid.tables.selection import Results, by_mechanism


def draw(results: Results, *, participant: str, families: list[str] | None = None) -> Figure:
    """VCG payment ($/h) and revenue at the uniform price of `participant` over V ($/MWh), both axes linear."""
    data, cleared = results["data"], results["cleared"]
    labels = selection.scenarios(data, families or ["voll"])
    labels = sorted(labels, key=lambda label: float(data["voll"].sel(scenario=label)))
    voll = data["voll"].sel(scenario=labels).values
    selection.known("participant", [participant], data["participant"].values)
    place = list(data["participant"].values.astype(str)).index(participant)
    vcg = np.array([by_mechanism(results, "payment", label, "vcg")[place] for label in labels])
    uniform = cleared["price_revenue"].sel(scenario=labels, participant=participant).values
    body, ((axes,),) = style.new(height=2.6)
    axes.plot(voll, vcg, **look(MECHANISMS["vcg"], label=f"VCG payment of unit {participant}"))
    axes.plot(voll, uniform, **look(MECHANISMS["lmp"], label="revenue at the uniform price"))
    axes.set_xlabel("price of lost load V [$/MWh]")
    axes.set_ylabel("payment [$/h]")
    axes.set_ylim(bottom=0)
    style.group_digits(axes.xaxis)
    style.group_digits(axes.yaxis)
    axes.legend(loc="upper left")
    slope = (vcg[-1] - vcg[0]) / (voll[-1] - voll[0])
    lost = selection.lost_load_without(results, labels[0])[place]
    style.evidence(
        body.figure,
        f"The slope is {amount(slope)} MW: {amount(lost)} MW are lost without unit {participant}. "
        f"The payment goes from {amount(vcg[0])} to {amount(vcg[-1])} $/h; V from {amount(voll[0])} to {amount(voll[-1])} $/MWh.",
    )
    return body.figure
