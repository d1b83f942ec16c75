"""Figure: cost, exchange, prices and revenue inadequacy of areas as one number of the scenarios is varied."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.style import PAGE, amount, variant
from sharegrid.tables import area_sweep, selection
from sharegrid.tables.selection import Results

COLUMNS = 3  # of panels
MARKERS = ("o", "s", "D", "v")
SAME = 1e-6  # values that differ by less are one
MOST_TICKS = 7
NEAR = 0.15  # of the axis; closer ticks are left out
MARGIN = 0.05  # below a line that is flat, on an axis of length 1


class Quantity(NamedTuple):
    """What a panel shows: its title, its unit (`money` and `energy` are those of the data), and whether by area."""

    title: str
    unit: str
    by_area: bool = False


QUANTITIES = {
    "cost": Quantity("cost", "money"),
    "import": Quantity("delivered over the ties", "energy"),
    "curtailed": Quantity("power curtailed", "energy"),
    "shed": Quantity("load not served", "energy"),
    "price": Quantity("mean price", "$/MWh", by_area=True),
    "reserve_price": Quantity("price of upward reserve", "$/MW per h", by_area=True),
    "tie_rent": Quantity("rent of the ties", "money"),
    "revenue_inadequacy": Quantity("revenue inadequacy of VCG", "money"),
    "vcg_profit": Quantity("VCG profits of the units", "money", by_area=True),
}


class Panel(NamedTuple):
    """One panel: the rows of a sweep, the swept number, the quantity, and the units of the study that it is from."""

    frame: pd.DataFrame
    over: str
    name: str
    units: dict[str, str]


def draw(
    results: Results,
    *,
    families: list[str],
    over: str,
    panels: list[str],
    areas: list[str] | None = None,
    log: bool = False,
    study: str | None = None,
    study_families: list[str] = [],  # noqa: B006
    study_over: str = "ramp",
    study_panels: list[str] = [],  # noqa: B006
) -> Figure:
    """A panel for each of the QUANTITIES in `panels` over the number `over` that the scenarios of `families` vary, then those
    in `study_panels` of another study that this one uses; a line per day and, for prices and profits, per area.

    `areas` defaults to all; `log`: logarithmic horizontal axes.
    """
    shown = _panels(results, families, over, panels)
    if study:
        shown += _panels(area_sweep.of_study(results, study), study_families, study_over, study_panels)
    known = results["data"]["area"].values.astype(str)
    areas = known.tolist() if areas is None else selection.known("areas", areas, known)
    rows = -(-len(shown) // COLUMNS)
    body, axes = style.new(rows, min(COLUMNS, len(shown)), width=PAGE, height=1.0 + 1.75 * rows)
    for panel in axes.flat[len(shown) :]:
        panel.set_axis_off()
    notes = []
    for k, (panel, one) in enumerate(zip(axes.flat, shown, strict=False)):
        curves = _curves(one, areas, known)
        for looks, column, rows_ in curves:
            panel.plot(rows_[one.over], rows_[column], **looks)
        _frame(panel, one, k, log)
        notes.append(_note(one, curves))
    if any(axis.get_legend_handles_labels()[1] for axis in body.figure.axes):
        style.legend(body.figure)
    text = "; ".join(notes) + "."
    style.evidence(body.figure, text[0].upper() + text[1:])
    return body.figure


def _panels(results: Results, families: list[str], over: str, names: list[str]) -> list[Panel]:
    selection.known("panels", names, QUANTITIES)
    attrs, frame = results["data"].attrs, area_sweep.sweep(results, families, over)
    return [Panel(frame, over, name, {"money": attrs["money"], "energy": attrs["energy"]}) for name in names]


def _unit(one: Panel) -> str:
    return one.units.get(QUANTITIES[one.name].unit, QUANTITIES[one.name].unit)


def _curves(one: Panel, areas: list[str], known: np.ndarray) -> list[tuple[dict, str, pd.DataFrame]]:
    """(looks, column, rows) of each line: days and areas in the order of the study, which give colour and dash."""
    days = list(one.frame.groupby("day", sort=False)) if "day" in one.frame else [("", one.frame)]
    curves = []
    for day_number, (day, rows) in enumerate(days):
        for number, area in enumerate(known if QUANTITIES[one.name].by_area else [""]):
            if area and area not in areas:
                continue
            label = ", ".join(part for part in (day, f"area {area}" if area else "") if part)
            first = 0 if len(days) == 1 else 1 + len(days)  # after the looks of the days themselves
            place = first + day_number * len(known) + number if area else 1 + day_number
            looks = (variant(place) if label else {"color": "black"}) | {"marker": MARKERS[place % len(MARKERS)]}
            column = f"{one.name}_{area}" if area else one.name
            curves.append((looks | {"markeredgecolor": "white", "label": label or "_single"}, column, rows))
    return curves


def _frame(axes: Axes, one: Panel, index: int, log: bool) -> None:
    style.panel_title(axes, QUANTITIES[one.name].title, index)
    axes.set_xlabel(area_sweep.SWEPT[one.over])
    axes.set_ylabel(f"[{_unit(one)}]")
    if log:
        axes.set_xscale("log")
    ticks = _apart(np.unique(one.frame[one.over]), log)
    if len(ticks) <= MOST_TICKS:
        axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        axes.minorticks_off()
    style.group_digits(axes.yaxis)
    if axes.dataLim.height < SAME:
        axes.set_ylim(axes.dataLim.y0 - MARGIN, axes.dataLim.y0 + 1)
    low, high = axes.get_ylim()
    if low < 0 < high:
        axes.axhline(0, **style.GUIDE)


def _apart(ticks: np.ndarray, log: bool) -> list[float]:
    """The ticks without those too near to the one before."""
    place = np.log(ticks) if log else ticks
    kept = [0]
    for k in range(1, len(ticks)):
        if place[k] - place[kept[-1]] >= NEAR * (place[-1] - place[0]):
            kept.append(k)
    return ticks[kept].tolist()


def _note(one: Panel, curves: list[tuple[dict, str, pd.DataFrame]]) -> str:
    """The first and last value of each line, and an extreme one in between if it is neither."""
    parts = []
    for looks, column, rows in curves:
        values, at = rows[column].to_numpy(), rows[one.over].to_numpy()
        who = f"{looks['label']} " if looks["label"] != "_single" else ""
        inner = [f"{word} {amount(values[k])} at {at[k]:g}" for word, k in _extremes(values)]
        parts.append(", ".join([f"{who}{amount(values[0])} to {amount(values[-1])}", *inner]))
    return f"{QUANTITIES[one.name].title}, {_unit(one)}: " + ", ".join(parts)


def _extremes(values: np.ndarray) -> list[tuple[str, int]]:
    """("lowest" or "highest", position) where it is none of the ends."""
    if np.isnan(values).any():
        return []
    low, high = int(values.argmin()), int(values.argmax())
    found = [("lowest", low)] if values[low] < values[[0, -1]].min() - SAME else []
    return found + ([("highest", high)] if values[high] > values[[0, -1]].max() + SAME else [])
