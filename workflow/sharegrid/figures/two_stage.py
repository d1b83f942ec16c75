"""Figure: expected cost and VCG profits of a two-stage market over the spread of its outcomes, with and without redispatch of
the ties."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.style import PAGE, amount
from sharegrid.tables import area_sweep
from sharegrid.tables.selection import Results

LOOKS = {  # tie_redispatch: as style.look
    1: ("ties redispatched", "#0072B2", "o", "-"),
    0: ("ties as scheduled", "#D55E00", "s", (0, (4, 1.5))),
}
PANELS = {"cost": "expected cost", "profit": "VCG profits of all units"}


def draw(results: Results, *, study: str) -> Figure:
    """Two panels in the money of `study`, another study that this one uses: expected cost and sum of the VCG profits over the
    spread of the renewable power, in one scale. The line below the headline tells what fixed ties add at each spread.

    ValueError if the study is not used, or not each spread has a scenario with and one without redispatch.
    """
    used = area_sweep.of_study(results, study)
    frame, money = by_spread(used), used["data"].attrs["money"]
    body, axes = style.new(1, len(PANELS), width=PAGE, height=2.7)
    for k, (panel, (column, title)) in enumerate(zip(axes[0], PANELS.items(), strict=True)):
        for redispatch, entity in LOOKS.items():
            panel.plot(frame.index, frame[column, redispatch], **style.look(entity))
        _frame(panel, title, money, k, frame.index.values)
    _same_scale(axes[0])
    style.legend(body.figure)
    style.evidence(body.figure, _added(frame, money))
    return body.figure


def by_spread(used: Results) -> pd.DataFrame:
    """Rows: rising wind_spread; columns: (cost or profit, tie_redispatch 0 or 1), in money."""
    data = used["data"]
    rows = pd.DataFrame(
        {
            "spread": data["wind_spread"].values,
            "redispatch": data["tie_redispatch"].values.astype(int),
            "cost": used["cleared"]["objective"].values,
            "profit": used["payments"]["profit"].sel(mechanism="vcg").sum("participant", skipna=False).values,
        }
    )
    frame = rows.pivot(index="spread", columns="redispatch", values=list(PANELS))
    for (_, redispatch), column in frame.reindex(columns=[(name, way) for name in PANELS for way in LOOKS]).items():
        for spread in column.index[column.isnull()][:1]:
            raise ValueError(
                f"option study: no scenario or no VCG payment at spread {spread:g} with tie_redispatch {bool(redispatch)}; add it"
            )
    return frame


def _frame(axes: Axes, title: str, money: str, index: int, spreads: np.ndarray) -> None:
    style.panel_title(axes, title, index)
    axes.set_xlabel("spread of the wind power [1]")
    axes.set_ylabel(f"[{money}]")
    axes.set_xticks(spreads, [f"{spread:g}" for spread in spreads])
    axes.minorticks_off()
    style.group_digits(axes.yaxis)


def _same_scale(axes: np.ndarray) -> None:
    """The same money per height in all panels, so that a small difference looks small."""
    limits = [panel.get_ylim() for panel in axes]
    height = max(high - low for low, high in limits)
    for panel, (low, high) in zip(axes, limits, strict=True):
        panel.set_ylim((low + high - height) / 2, (low + high + height) / 2)


def _added(frame: pd.DataFrame, money: str) -> str:
    cost, profit = (frame[name, 0] - frame[name, 1] for name in PANELS)
    spreads = ", ".join(f"{spread:g}" for spread in frame.index)
    share = f"{100 * cost.iloc[-1] / frame['cost', 1].iloc[-1]:.1f} %"
    return (
        f"What fixed ties add at spread {spreads}, {money}: to the cost {_listed(cost)} (the last {share}), to the profits "
        f"{_listed(profit)}. Both panels have the same scale."
    )


def _listed(values: pd.Series) -> str:
    return ", ".join(amount(value) for value in values)
