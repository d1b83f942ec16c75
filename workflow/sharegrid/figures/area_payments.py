"""Figure: what marginal prices and the pivotal mechanism pay to each unit of several areas, beside its cost."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.charge_split import groups
from sharegrid.figures.style import MECHANISMS, PAGE, amount
from sharegrid.tables import area_mechanism, selection
from sharegrid.tables.selection import IDLE, Results

PAID = {"lmp": "mp_pay", "core-selecting": "core_pay", "vcg": "vcg_pay"}
TOGETHER = 0.84  # width of the bars of one unit, units being 1 apart


def draw(results: Results, *, scenario: str, mechanisms: list[str] | None = None, largest: int | None = None) -> Figure:
    """Payment in the money of the study, a bar per mechanism and unit that delivers or holds reserve, in groups by area; a
    black line is the cost that the unit offers. `largest`: only so many units, by their largest payment."""
    rules = selection.mechanisms(results, mechanisms, PAID)
    frame = area_mechanism.table(results, scenario=scenario)
    busy = frame[frame[["p_mw", "r_up_mw", "r_down_mw"]].max(axis=1) > IDLE]
    paid = busy[[PAID[rule] for rule in rules]]
    shown = busy[paid.max(axis=1).rank(ascending=False, method="first") <= (largest or len(busy))]
    money = selection.stage(results, "data").attrs["money"]
    body, ((axes,),) = style.new(width=PAGE, height=2.8)
    _bars(axes, shown, rules)
    style.separate(axes, len(shown))
    groups(axes, [f"area {area}" for area in shown["area"]])
    axes.set_xticks(np.arange(len(shown)), [_short(*pair) for pair in zip(shown["unit"], shown["area"], strict=True)])
    axes.set_xlabel("unit")
    axes.set_ylabel(f"payment [{money}]")
    style.group_digits(axes.yaxis)
    style.legend(body.figure)
    few = f" Shown: the {len(shown)} largest of {len(busy)} units in use." if len(shown) < len(busy) else ""
    style.evidence(body.figure, _sums(results, frame, rules, scenario) + few)
    return body.figure


def _bars(axes: Axes, shown: pd.DataFrame, rules: list[str]) -> None:
    place, width = np.arange(len(shown)), TOGETHER / len(rules)
    for k, rule in enumerate(rules):
        label, colour = MECHANISMS[rule][:2]
        offset = (k - (len(rules) - 1) / 2) * width
        axes.bar(place + offset, shown[PAID[rule]], width, color=colour, edgecolor="white", linewidth=0.3, label=label)
    half = TOGETHER / 2
    axes.hlines(shown["bid_cost"], place - half, place + half, color="black", linewidth=1.0, label="cost as offered")


def _short(unit: str, area: str) -> str:
    """The unit without its area, which stands above the group."""
    return unit.removeprefix(f"{area}:")


def _sums(results: Results, frame: pd.DataFrame, rules: list[str], scenario: str) -> str:
    total = frame.select_dtypes("float").sum(skipna=False)
    sums = ", ".join(f"{MECHANISMS[rule][0]} {amount(total[PAID[rule]])}" for rule in rules)
    cleared = selection.stage(results, "cleared").sel(scenario=scenario)
    left = float(cleared["load_payment"] - cleared["paid_to_others"])
    return (f"Sum of all units, {cleared.attrs['money']}: {sums}; their cost {amount(total['bid_cost'])}. The loads pay "
            f"{amount(float(cleared['load_payment']))}, of which {amount(left)} are left for the units.")  # fmt: skip
