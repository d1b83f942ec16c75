"""Figure: the payoff of each member at the internal price, as a day-ahead and a balancing part."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.style import GUIDE, PAGE, amount
from sharegrid.tables import offer_contributions
from sharegrid.tables.selection import Results

WIDE = 0.01  # in the money of the study; a narrower range is the solver's tolerance
PARTS = {"day_ahead": ("day-ahead part", "#56B4E9"), "balancing": ("balancing part", "#D55E00")}


def draw(results: Results, *, scenarios: list[str]) -> Figure:
    """Stacked parts on the left, the balancing part enlarged on the right, in the money of the study: a row per scenario.

    The balancing part is drawn at the middle of its range over all optimal schedules at one optimal price; whiskers
    are the range.
    """
    frame = offer_contributions.contributions(results, scenarios)
    body, axes = style.new(len(scenarios), 2, width=PAGE, height=1.1 + 1.5 * len(scenarios), sharex="col", sharey="col")
    money = results["data"].attrs["money"]
    for k, name in enumerate(scenarios):
        rows = frame[frame["scenario"] == name]
        _stacked(axes[k, 0], rows)
        _enlarged(axes[k, 1], rows)
        for panel, what in zip(axes[k], ("payoff", "balancing part"), strict=True):
            style.panel_title(panel, f"{name}: {what}")
            panel.set_ylabel(f"{what} [{money}]")
            panel.axhline(0, **GUIDE)
            panel.set_xticks(np.arange(len(rows)), rows["member"])
            panel.grid(visible=False, axis="x")
            style.group_digits(panel.yaxis)
    style.legend(body.figure)
    style.evidence(body.figure, _totals(frame, results["data"]["csp"].values, money))
    return body.figure


def _stacked(axes: Axes, rows: pd.DataFrame) -> None:
    """Parts of one sign on top of each other."""
    top = np.zeros((2, len(rows)))
    for part, (label, colour) in PARTS.items():
        value = rows[part].to_numpy()
        side = (value < 0).astype(int), np.arange(len(rows))
        axes.bar(side[1], value, bottom=top[side], color=colour, width=0.6, label=label)
        top[side] += value
    axes.plot(np.arange(len(rows)), rows["payoff"], "D", color="#000000", label="payoff")


def _enlarged(axes: Axes, rows: pd.DataFrame) -> None:
    _, colour = PARTS["balancing"]
    value = rows["balancing"].to_numpy()
    spread = np.abs(rows[["balancing_low", "balancing_high"]].to_numpy().T - value)
    axes.bar(np.arange(len(rows)), value, color=colour, width=0.6)
    axes.errorbar(np.arange(len(rows)), value, spread, fmt="none", ecolor="#222222", capsize=3, elinewidth=1,
                  label="range over all optimal schedules")  # fmt: skip


def _totals(frame: pd.DataFrame, csp: np.ndarray, money: str) -> str:
    """Balancing parts of the wind farms and of the solar plants together."""
    kind = np.where(frame["member"].isin(csp), "solar plants", "wind farms")
    total = frame.groupby(["scenario", kind], sort=False)["balancing"].sum()
    parts = [f"{name} {who} {amount(value)}" for (name, who), value in total.items()]
    wide = (frame["balancing_high"] - frame["balancing_low"]).max()
    open_split = wide > WIDE and (frame["payoff_unique"] == "yes").all()
    found = ": payoffs are unique, the split is not" if open_split else ""
    return f"Balancing parts, {money}: {'; '.join(parts)}. The widest range of one member is {amount(wide)}{found}."
