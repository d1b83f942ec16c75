"""Figure: what each load pays per MWh on top of its price so that VCG can be paid, by allocation rule."""

import numpy as np
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.style import ALLOCATIONS, PAGE, amount, look
from sharegrid.tables import allocation, selection
from sharegrid.tables.selection import Results

SMOOTH = ("energy", "lmp_proportional")  # drawn as lines: they hardly differ from load to load


def draw(results: Results, *, scenario: str, rules: list[str] | None = None) -> Figure:
    """Adder in $/MWh over the loads, from the lowest to the highest price at their bus."""
    frame = allocation.table(results, scenario=scenario, rules=rules)
    chosen = [column for column in frame if column != "bus"]
    here = results["cleared"].sel(scenario=scenario, bus=frame["bus"].to_numpy())
    order = np.argsort(here["price"].values, kind="stable")
    served, price = here["served"].values[order], here["price"].values[order]
    body, axes = style.new(2, 1, width=PAGE, height=3.4, sharex=True, gridspec_kw={"height_ratios": [2, 1]})
    above, below = axes[:, 0]
    for rule in chosen:
        adder = frame[rule].to_numpy()[order] / served
        shown = {"marker": "", "zorder": 2.5} if rule in SMOOTH else {"linestyle": "none"}
        above.plot(np.arange(len(order)), adder, **look(ALLOCATIONS[rule], **shown))
    above.set_ylabel("adder [$/MWh]")
    below.step(np.arange(len(order)), price, where="mid", color=style.MECHANISMS["lmp"][1])
    below.set_ylabel("price [$/MWh]")
    below.set_xlabel("bus of the load, by price")
    below.set_xticks(np.arange(len(order)), frame["bus"].to_numpy()[order], rotation=90, fontsize=5)
    for axis in (above, below):
        axis.grid(visible=False, axis="x")
    below.set_xlim(-1, len(order))
    style.legend(body.figure)
    style.evidence(
        body.figure, _concentration(frame, chosen, results, scenario) + style.voll_note(results["data"], [scenario])
    )
    return body.figure


def _concentration(frame, rules: list[str], results: Results, scenario: str) -> str:
    """The share of the ten loads that pay most under each rule."""
    total = frame[rules].sum()
    shares = [f"{ALLOCATIONS[rule][0]} {frame[rule].nlargest(10).sum() / total[rule]:.0%}" for rule in rules]
    adder = selection.number(results, "uniform_adder", scenario)
    return (
        f"{amount(total.iloc[0])} $/h from {len(frame)} loads, {amount(adder)} $/MWh on average. "
        f"The ten loads that pay most bear: {', '.join(shares)}."
    )
