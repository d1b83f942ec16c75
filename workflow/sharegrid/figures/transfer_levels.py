"""Figure: transfer capability against the level of demand response, before and after the schedule."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.style import PAGE, amount, variant
from sharegrid.figures.transfer_budget import bounds, lines
from sharegrid.tables import transfer_gains
from sharegrid.tables.selection import Results

PLACES = {"sink": ("o", "-"), "everywhere": ("s", (0, (4, 1.5)))}


def draw(results: Results, *, bilevel: list[str], post_schedule: list[str]) -> Figure:
    """Transfer in MW against demand response in % of the net load. (a) the planned scenarios of the families `bilevel`
    without demand response, with it after and before the schedule, and the relaxation; (b) the families
    `post_schedule`, a line per transfer and place."""
    body, axes = style.new(1, 2, width=PAGE, height=2.6)
    frame = bounds(results, bilevel, "reduction_level")
    lines(axes[0, 0], frame.assign(reduction_level=100 * frame["reduction_level"]), "reduction_level")
    notes = [_post_schedule(axes[0, 1], results, post_schedule)]
    for k, title in enumerate(("five-bus system", "RTS-GMLC, after the schedule")):
        style.panel_title(axes[0, k], title, k)
        axes[0, k].set_xlabel("demand response [% of the net load]")
        axes[0, k].set_ylabel("transfer [MW]")
        axes[0, k].set_ylim(0)
        style.group_digits(axes[0, k].yaxis)
    first, last = frame.iloc[0], frame.iloc[-1]
    notes.insert(0, f"Five buses: {amount(first['sequential'])} MW without, {amount(last['bilevel'])} MW certified and "
                    f"{amount(last['upper'])} MW relaxed with {100 * last['reduction_level']:g} %")  # fmt: skip
    style.legend(body.figure, columns=4)
    style.evidence(body.figure, "; ".join(notes) + ".")
    return body.figure


def _post_schedule(panel: Axes, results: Results, families: list[str]) -> str:
    """A line per transfer and place from no demand response on; what the largest level adds."""
    frame, notes = transfer_gains.gains(results, families), []
    for number, (name, rows) in enumerate(frame.groupby(["transfer", "date", "hour"], sort=False)):
        for place, own in rows.groupby("reduction_at", sort=False):
            own = own.sort_values("reduction_level")
            levels = np.append(0.0, 100 * own["reduction_level"])
            values = np.append(own["without_mw"].iloc[0], own["with_mw"])
            marker, dash = PLACES[place]
            label = f"{name[0]}, {name[2]}:00, {place}"
            looks = {**variant(number + 1), "linestyle": dash}
            panel.plot(levels, values, label=label, marker=marker, markeredgecolor="white", **looks)
            notes.append(f"{label} {amount(values[0])} to {amount(values[-1])}")
    return "RTS-GMLC, MW: " + ", ".join(notes)
