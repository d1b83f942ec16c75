"""Figure: what changes on each day of a system of areas when one number of all its scenarios does."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.style import PAGE, amount, variant
from sharegrid.tables import area_summary, selection
from sharegrid.tables.selection import Results

COLUMNS = 2  # of panels
MARKERS = ("o", "s", "D", "v")
LABELS = {
    "tie_factor": "factor on the tie capacities [1]",
    "ramp10_factor": "factor on the ten-minute ramps [1]",
    "reserve_bid": "factor on the reserve offers [1]",
    "load_factor": "factor on the loads [1]",
}


class Measure(NamedTuple):
    """What a panel shows: its title, its unit (`money` is that of the study), and its values by scenario."""

    title: str
    unit: str
    of: Callable[[Results, pd.DataFrame], np.ndarray]


def _column(name: str) -> Callable[[Results, pd.DataFrame], np.ndarray]:
    return lambda results, frame: frame[name].to_numpy()


def profit_of_bidder(mechanism: str) -> Callable[[Results, pd.DataFrame], np.ndarray]:
    """Profit (scenario) under a mechanism, at true cost, of the units of the area that some scenario has as bidder."""

    def of(results: Results, frame: pd.DataFrame) -> np.ndarray:
        data, labels = results["data"], frame["scenario"].tolist()
        bidders = sorted(set(data["bidder"].sel(scenario=labels).values.astype(str)) - {""})
        if len(bidders) != 1 or bidders[0] not in data["area"].values:
            raise ValueError(
                f"option families: the bidders are {', '.join(bidders) or 'nobody'}; choose families with one area"
            )
        own = data["owner"].values[data["generator_area"].values.astype(str) == bidders[0]]
        profit = selection.read(results, "payments", "profit", mechanism=mechanism)
        return profit.sel(scenario=labels, participant=own).sum("participant", skipna=False).values

    return of


def upward_price(results: Results, frame: pd.DataFrame) -> np.ndarray:
    """Mean price of upward reserve over areas and hours (scenario) $/MW per h."""
    price = results["cleared"]["reserve_price"].sel(scenario=frame["scenario"].tolist(), direction="up")
    return price.mean(["area", "time"]).values


MEASURES = {
    "cost": Measure("cost above that at factor 1", "money", _column("cost")),
    "import": Measure("delivered over ties", "MWh", _column("import_mwh")),
    "curtailed": Measure("curtailed", "MWh", _column("curtailed_mwh")),
    "inadequacy": Measure("revenue inadequacy", "money", _column("revenue_inadequacy")),
    "reserve-price": Measure("price of upward reserve", "$/MW per h", upward_price),
    "vcg-profit": Measure("VCG profits of all units", "money", _column("vcg_profit_total")),
    "bidder-lmp": Measure("the bidders' profit, LMP", "money", profit_of_bidder("lmp")),
    "bidder-vcg": Measure("the bidders' profit, VCG", "money", profit_of_bidder("vcg")),
}
FROM_ONE = {"cost"}  # shown as the difference from the scenario in which the swept factor is 1


def draw(results: Results, *, families: list[str], over: str, panels: list[str], log: bool = False) -> Figure:
    """A panel for each of the MEASURES in `panels` over the swept factor `over`, a line per day; `log`: logarithmic axis."""
    selection.known("over", [over], LABELS)
    selection.known("panels", panels, MEASURES)
    frame = sweep(results, families, over, panels)
    money = results["data"].attrs["money"]
    rows = -(-len(panels) // COLUMNS)
    body, axes = style.new(rows, min(COLUMNS, len(panels)), width=PAGE, height=1.2 + 1.6 * rows, sharex=True)
    for panel in axes.flat[len(panels) :]:
        panel.set_axis_off()
    for k, (panel, name) in enumerate(zip(axes.flat, panels, strict=False)):
        _curves(panel, frame, over, name)
        style.panel_title(panel, MEASURES[name].title, k)
        panel.set_ylabel(f"[{_unit(name, money)}]")
        _frame(panel, np.unique(frame[over]), log)
        if k + COLUMNS >= len(panels):
            panel.set_xlabel(LABELS[over])
            panel.tick_params(labelbottom=True)
    style.legend(body.figure)
    style.evidence(body.figure, _evidence(frame, over, panels, money))
    return body.figure


def _curves(panel: Axes, frame: pd.DataFrame, over: str, name: str) -> None:
    for number, (day, rows) in enumerate(frame.groupby("day", sort=False), start=1):
        looks = variant(number) | {"marker": MARKERS[number % len(MARKERS)], "markeredgecolor": "white"}
        panel.plot(rows[over], rows[name], label=day, **looks)


def _unit(name: str, money: str) -> str:
    return money if MEASURES[name].unit == "money" else MEASURES[name].unit


def sweep(results: Results, families: list[str], over: str, panels: list[str]) -> pd.DataFrame:
    """One row per scenario of the families, by day and rising `over`: `day`, `over` and the measures; `cost` as the
    difference from that of the scenario of the day in which `over` is 1."""
    summary = area_summary.table(results, families=families)
    here = results["data"].sel(scenario=summary["scenario"].tolist())
    frame = pd.DataFrame({"day": here["day"].values.astype(str), over: here[over].values.astype(float)})
    frame = frame.assign(**{name: MEASURES[name].of(results, summary) for name in panels})
    rank = {day: k for k, day in enumerate(dict.fromkeys(frame["day"]))}
    frame = frame.sort_values(["day", over], key=lambda c: c.map(rank) if c.name == "day" else c, ignore_index=True)
    for name in FROM_ONE.intersection(panels):
        at_one = frame[frame[over] == 1].set_index("day")[name]
        if lacking := [day for day in rank if day not in at_one.index]:
            raise ValueError(f"option families: no scenario of '{lacking[0]}' has {over} 1; add the family that has it")
        frame[name] -= frame["day"].map(at_one)
    return frame


def _frame(panel: Axes, ticks: np.ndarray, log: bool) -> None:
    if log:
        panel.set_xscale("log")
        panel.minorticks_off()
    panel.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    style.group_digits(panel.yaxis)
    low, high = panel.get_ylim()
    if low < 0 < high:
        panel.axhline(0, **style.GUIDE)
    elif low > 0:
        panel.set_ylim(bottom=0)


def _evidence(frame: pd.DataFrame, over: str, panels: list[str], money: str) -> str:
    """The first and last values of every panel on each day."""
    notes = []
    for name in panels:
        ends = {day: rows[name].iloc[[0, -1]] for day, rows in frame.groupby("day", sort=False)}
        parts = [f"{day} {amount(pair.iloc[0])} to {amount(pair.iloc[1])}" for day, pair in ends.items()]
        notes.append(f"{MEASURES[name].title}, {_unit(name, money)}: " + ", ".join(parts))
    return f"From factor {frame[over].min():g} to {frame[over].max():g}. " + "; ".join(notes) + "."
