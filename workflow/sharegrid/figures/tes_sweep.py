"""Figure: what storage is worth to the joint offer and to sharing it, over the size of the heat storage."""

import numpy as np
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.style import PAGE, amount, variant
from sharegrid.tables import offer_sweeps
from sharegrid.tables.selection import Results

MARKERS = ("o", "s", "D", "v")


def draw(results: Results, *, families: list[str]) -> Figure:
    """Value of all together and surplus over separate offers, in the money of the study, against storage size in hours."""
    frame = offer_sweeps.sweeps(results, families)
    body, axes = style.new(1, 2, width=PAGE, height=2.5)
    money, notes = results["data"].attrs["money"], []
    titles = {"value": "value of all together", "surplus": "surplus over separate offers"}
    for number, (day, rows) in enumerate(frame.groupby("day", sort=False), start=1):
        rows = rows.sort_values("storage_hours", kind="stable")
        for panel, column in zip(axes[0], titles, strict=True):
            panel.plot(rows["storage_hours"], rows[column], label=day, marker=MARKERS[number % len(MARKERS)],
                       markeredgecolor="white", **variant(number))  # fmt: skip
        first, peak, last = rows["surplus"].iloc[0], rows["surplus"].max(), rows["surplus"].iloc[-1]
        notes.append(f"{day} {amount(first)} without storage, at most {amount(peak)}, {amount(last)} at the end")
    for k, (panel, (column, title)) in enumerate(zip(axes[0], titles.items(), strict=True)):
        style.panel_title(panel, title, k)
        panel.set_xlabel("size of the heat storage [h]")
        panel.set_ylabel(f"{column} [{money}]")
        panel.set_xticks(np.unique(frame["storage_hours"]))
        style.group_digits(panel.yaxis)
    axes[0, 1].set_ylim(0)
    style.legend(body.figure)
    style.evidence(body.figure, f"Surplus, {money}: " + "; ".join(notes) + ".")
    return body.figure
