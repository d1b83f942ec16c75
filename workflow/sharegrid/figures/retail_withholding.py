"""Figure: income of one seller as its own surplus grows, under the externality rule and under SCR."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.style import PAGE, amount
from sharegrid.tables import selection
from sharegrid.tables.selection import Results

RULES = {
    "vcg": ("externality", "#D55E00", "o", "-"),
    "sharing-contribution": ("SCR", "#0072B2", "s", (0, (4, 1.5))),
}
FALL = 1e-6  # $/day; a smaller one is rounding


class Sweep(NamedTuple):
    """A seller and its community, its surplus [kWh/day] in rising order, and its income [$/day] by rule, above
    that at the smallest surplus."""

    seller: str
    community: str
    surplus: np.ndarray
    income: dict[str, np.ndarray]


def draw(results: Results, *, families: list[str] | None = None) -> Figure:
    """One panel per family of scenarios in which a seller's surplus varies (default: withholding)."""
    sweeps = [swept(results, family) for family in families or ["withholding"]]
    wide = PAGE if len(sweeps) > 1 else style.COLUMN
    body, axes = style.new(1, len(sweeps), width=wide, height=2.6)
    for index, (one, sweep) in enumerate(zip(axes[0], sweeps, strict=True)):
        for name, rule in RULES.items():
            one.plot(sweep.surplus, sweep.income[name], **style.look(rule))
        best = int(sweep.income["sharing-contribution"].argmax())
        if best < len(sweep.surplus) - 1:
            one.axvline(sweep.surplus[best], **style.GUIDE)
        style.panel_title(one, f"user {sweep.seller} of '{sweep.community}'", index)
        one.set_xlabel("own surplus [kWh/day]")
    axes[0, 0].set_ylabel("income from the surplus [$/day]")
    style.legend(body.figure)
    style.evidence(body.figure, " ".join(_evidence(sweep) for sweep in sweeps))
    return body.figure


def swept(results: Results, family: str) -> Sweep:
    """The scenarios of a family in the order of the seller's surplus; ValueError if they have several sellers."""
    labels = selection.scenarios(results["data"], [family])
    data = results["data"].sel(scenario=labels)
    who = {(str(a), str(b)) for a, b in zip(data["seller"].values, data["community"].values, strict=True)}
    if len(who) != 1:
        raise ValueError(f"option families: '{family}' has {len(who)} sellers; list one seller of one community in it")
    seller, community = who.pop()
    if not seller:
        raise ValueError(f"option families: '{family}' has no seller; give the family seller: [...]")
    surplus = (-data["net_load"].sel(participant=seller)).clip(min=0).sum("time").values
    order = np.argsort(surplus, kind="stable")
    income = {}
    for name in RULES:
        selection.known("mechanisms", [name], selection.stage(results, "payments")["mechanism"].values)
        paid = results["payments"]["payment"].sel(scenario=labels, mechanism=name, participant=seller).values[order]
        income[name] = paid - paid[0]
    return Sweep(seller, community, surplus[order], income)


def _evidence(sweep: Sweep) -> str:
    rate, full = sweep.income["sharing-contribution"], sweep.surplus[-1]
    best = int(rate.argmax())
    whole = (
        f"User {sweep.seller} of '{sweep.community}' earns {amount(rate[-1])} $/day with {amount(full)} kWh under SCR"
    )
    if rate[best] - rate[-1] > FALL:
        return f"{whole}, but {amount(rate[best])} $/day with {amount(sweep.surplus[best])} kWh."
    falls = (np.diff(rate) < -FALL).any()
    return f"{whole}, more than with any smaller surplus{', although it falls in between' if falls else ''}."
