"""Figure: what each user of a community saves under different ways to share the value."""

import numpy as np
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.style import PAGE, amount
from sharegrid.tables import community_costs, selection
from sharegrid.tables.selection import Results

LOOKS = {  # mechanism: (label, colour)
    "owen": ("internal price (SCR)", "#0072B2"),
    "shapley": ("Shapley", "#E69F00"),
    "nucleolus": ("nucleolus", "#009E73"),
    "nash-bargaining": ("Nash bargaining", "#CC79A7"),
    "vcg": ("marginal contribution", "#D55E00"),
}


def draw(results: Results, *, scenario: str = "ten", mechanisms: list[str] | None = None) -> Figure:
    """Saving of each user in the study's money, a bar per mechanism; below the users, what they own."""
    chosen = selection.mechanisms(results, mechanisms, [name for name in LOOKS if name != "vcg"] + ["vcg"])
    bills = {name: community_costs.bills(results, scenario, name) for name in chosen}
    first = bills[chosen[0]]
    place, width = np.arange(len(first)), 0.84 / len(chosen)
    body, ((axes,),) = style.new(width=PAGE, height=2.7)
    for k, name in enumerate(chosen):
        label, colour = LOOKS[name]
        offset = (k - (len(chosen) - 1) / 2) * width
        axes.bar(place + offset, bills[name]["saving"], width=width, color=colour, label=label, linewidth=0)
    style.separate(axes, len(first))
    axes.axhline(0, **style.GUIDE)
    owns = first["owns"].str.replace("PV and battery", "PV,\nbattery").str.replace("none", "\u2013")
    axes.set_xticks(place, [f"{user}\n{what}" for user, what in zip(first["user"], owns, strict=True)])
    axes.set_xlabel("user and what it owns beside flexible load")
    axes.set_ylabel(f"saving [{selection.stage(results, 'data').attrs['money']}]")
    style.legend(body.figure, columns=5)
    style.evidence(body.figure, _evidence(results, scenario, chosen, bills))
    return body.figure


def _evidence(results: Results, scenario: str, chosen: list[str], bills: dict) -> str:
    money = selection.stage(results, "data").attrs["money"]
    parts = []
    for name in chosen:
        excess = selection.read(results, "payments", "max_excess", scenario=scenario, mechanism=name).item()
        parts.append(f"{LOOKS[name][0]} {amount(max(excess, 0.0))}")
    total = bills[chosen[0]]["alone"].sum() + float(results["cleared"]["objective"].sel(scenario=scenario)) * -1
    return (f"All users save {amount(total)} {money}. Largest gain of a group that leaves, {money}: "
            f"{', '.join(parts)}.")  # fmt: skip
