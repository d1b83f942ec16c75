"""Figure: exchange, cost and profits as a unit, or all units of an area, raise their reserve offers."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.style import MECHANISMS, PAGE, amount, look
from sharegrid.tables import area_strategic, selection
from sharegrid.tables.selection import Results

ALONE = ("VCG, each unit alone, summed up", "#882255", "v", (0, (1, 1)))
TRADE = ("", "#000000", "o", "-")


def draw(results: Results, *, truth: list[str], families: list[str], alone: list[str] | None = None) -> Figure:
    """What is sent over the ties in MW, the true cost, and the profits of the bidder's units at their true costs, both in
    the money of the study, against the factor on their upward reserve offers (log); truth is factor 1.

    `alone`: families in which each unit of the bidder alone raises its offer, whose VCG profits are summed up.
    """
    frame, bidder = area_strategic.rows(results, truth, families, alone)
    if frame["multiplier"].duplicated().any():
        raise ValueError(
            "option families: several days or repeated factors; choose families with one scenario per factor"
        )
    attrs = selection.stage(results, "data").attrs
    body, axes = style.new(1, 3, width=PAGE, height=2.7)
    units = area_strategic.units_of(results, bidder)
    whose = f"units of area {bidder}" if units != [bidder] else f"unit {bidder}"
    for k, (panel, name, title, unit) in enumerate(
        (
            (axes[0, 0], "export", "sent over the ties", attrs["energy"]),
            (axes[0, 1], "true_cost", "true cost", attrs["money"]),
            (axes[0, 2], "profit", f"profit of the {whose}", attrs["money"]),
        )
    ):
        _curves(panel, frame, name)
        _frame(panel, title, unit, k)
    style.legend(body.figure)
    style.evidence(body.figure, _evidence(frame, attrs))
    return body.figure


def _curves(axes: Axes, frame: pd.DataFrame, name: str) -> None:
    if name != "profit":
        axes.plot(frame["multiplier"], frame[name], **look(TRADE, label="_single"))
        return
    together = " together" if "vcg_alone" in frame else ""
    for column, entity in (("profit", MECHANISMS["lmp"]), ("vcg_profit", MECHANISMS["vcg"]), ("vcg_alone", ALONE)):
        if column in frame:
            label = entity[0] if column == "vcg_alone" else entity[0] + (f", all{together}" if together else "")
            axes.plot(frame["multiplier"], frame[column], **look(entity, label=label))


def _frame(axes: Axes, title: str, unit: str, index: int) -> None:
    style.panel_title(axes, title, index)
    axes.set_xscale("log")
    ticks = [tick for tick in (0.5, 1, 2, 5, 10, 20, 40) if axes.dataLim.x0 <= tick <= axes.dataLim.x1]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.axvline(1, **style.GUIDE)
    axes.set_xlabel("factor on the reserve offers [1]")
    axes.set_ylabel(f"[{unit}]")
    style.group_digits(axes.yaxis)


def _evidence(frame: pd.DataFrame, attrs: dict) -> str:
    """Values with true offers and with the offer that pays most at the marginal prices, and with the highest one."""
    true, best = frame[frame["multiplier"] == 1].iloc[0], frame.loc[frame["profit"].idxmax()]
    names = {"profit": MECHANISMS["lmp"][0], "vcg_profit": MECHANISMS["vcg"][0], "vcg_alone": "VCG alone"}
    parts = []
    for row in (true, best):
        profits = ", ".join(f"{text} {amount(row[name])}" for name, text in names.items() if name in frame)
        parts.append(f"\u00d7{row['multiplier']:g}: {amount(row['export'])} {attrs['energy']} sent, true cost "
                     f"{amount(row['true_cost'])}, profit {profits}")  # fmt: skip
    return f"Money in {attrs['money']}. " + "; ".join(parts) + "."
