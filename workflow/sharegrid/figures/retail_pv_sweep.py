"""Figure: what sharing is worth and who gains, as PV of the users grows, on several days."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.style import GUIDE, PAGE, amount
from sharegrid.tables import retail_communities
from sharegrid.tables.selection import Results

# what a panel shows: (title, axis)
PANELS = {
    "value": ("value of sharing", "value [$/day]"),
    "contributions": ("contributions over value", "ratio [1]"),
    "sellers_share": ("sellers' share of the value (SCR)", "share [1]"),
}


def draw(results: Results, *, families: list[str] | None = None) -> Figure:
    """Three panels over the size of PV in kW: v in $/day, sum of the contributions over v, and the sellers' part of v.

    One line per day of the scenarios of `families` (default: days); seller is who has a surplus, hour by hour.
    """
    frame = retail_communities.measured(results, families or ["days"])
    shared = frame["value"].where(frame["value"] > retail_communities.NOTHING)
    frame = frame.assign(contributions=frame["contributions"] / shared).sort_values("pv_kw", kind="stable")
    days = list(dict.fromkeys(frame.sort_index()["day"]))
    body, axes = style.new(1, len(PANELS), width=PAGE, height=2.6)
    for index, (name, (title, text)) in enumerate(PANELS.items()):
        one = axes[0, index]
        for k, day in enumerate(days):
            line = frame[frame["day"] == day]
            one.plot(line["pv_kw"], line[name], marker="osD^"[k % 4], label=day, **style.variant(k + 1))
        one.set_xscale("log")
        one.set_xticks(np.unique(frame["pv_kw"]))
        style.group_digits(one.xaxis)
        one.xaxis.minorticks_off()
        one.set_xlabel("PV of a user who has it [kW]")
        style.panel_title(one, title, index)
        one.set_ylabel(text)
    for one in axes[0, 1:]:
        one.axhline(1, **GUIDE)
    axes[0, 2].set_ylim(0, 1.1)
    style.legend(body.figure)
    style.evidence(body.figure, " ".join(_evidence(frame[frame["day"] == day]) for day in days))
    return body.figure


def _evidence(line: pd.DataFrame) -> str:
    """Value and sellers' share of one day, from the first size with something to share to the last."""
    line = line.dropna(subset="sellers_share")
    if line.empty:
        return ""
    first, last = line.iloc[0], line.iloc[-1]
    return (f"{first['day']}: from {amount(first['pv_kw'])} to {amount(last['pv_kw'])} kW the value grows from "
            f"{amount(first['value'])} to {amount(last['value'])} $/day, of which sellers get "
            f"{first['sellers_share']:.0%} at first and {last['sellers_share']:.0%} at last.")  # fmt: skip
