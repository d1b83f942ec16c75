"""Figure: transfer capability against the budget for demand response: sequential, post-schedule, bilevel and
relaxation."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.style import amount, variant
from sharegrid.tables import selection
from sharegrid.tables.selection import Results
from sharegrid.tables.transfer_bilevel import METHOD, sequential

LINES = {
    "sequential": ("no demand response", ""),
    "bilevel": ("before the schedule (bilevel)", "o"),
    "post_schedule": ("after the schedule", "x"),
    "upper": ("high-point relaxation", ""),
}


def draw(results: Results, *, families: list[str]) -> Figure:
    """Transfer in MW against the budget in $/h, of the planned scenarios of the families that have one."""
    frame = bounds(results, families, "budget")
    body, ((axes,),) = style.new(height=2.8)
    lines(axes, frame, "budget")
    axes.set_xlabel("budget for demand response [$/h]")
    axes.set_ylabel("transfer [MW]")
    axes.set_ylim(0)
    for axis in (axes.xaxis, axes.yaxis):
        style.group_digits(axis)
    style.legend(body.figure, columns=2)
    first, last = frame.iloc[0], frame.iloc[-1]
    style.evidence(body.figure, f"Transfer {amount(first['bilevel'])} MW without a budget, {amount(last['bilevel'])} "
                   f"MW with {amount(last['budget'])} $/h; the relaxation says {amount(last['upper'])} "
                   "MW.")  # fmt: skip
    return body.figure


def bounds(results: Results, families: list[str], along: str) -> pd.DataFrame:
    """sequential, post_schedule, bilevel, upper in MW and the field `along` of the planned scenarios of the families,
    rising in it; ValueError if none was planned."""
    data, plan = results["data"], selection.stage(results, "plan").sel({"method": METHOD})
    labels = [name for name in selection.scenarios(data, families) if name in plan.indexes["scenario"]]
    labels = [name for name in labels if np.isfinite(data[along].sel(scenario=name))]
    if not labels:
        raise ValueError(
            f"option families: none of {', '.join(families)} is in plan: {METHOD}: scenarios with a {along}"
        )
    frame = pd.DataFrame({
        along: data[along].sel(scenario=labels).values,
        "sequential": [sequential(results, name) for name in labels],
        "post_schedule": results["cleared"]["transfer_mw"].sel(scenario=labels).values,
        "bilevel": plan["bilevel_transfer"].sel(scenario=labels).values,
        "upper": plan["bilevel_upper"].sel(scenario=labels).values,
    })  # fmt: skip
    return frame.sort_values(along, kind="stable", ignore_index=True)


def lines(axes: Axes, frame: pd.DataFrame, along: str) -> None:
    """One line for each of LINES; the one after the schedule has marks only, as it often lies on the bilevel one."""
    for number, (name, (label, marker)) in enumerate(LINES.items()):
        looks = variant(number) | ({"linestyle": "none", "markersize": 6} if name == "post_schedule" else {})
        axes.plot(frame[along], frame[name], label=label, marker=marker, zorder=3 + (name == "post_schedule"), **looks)
