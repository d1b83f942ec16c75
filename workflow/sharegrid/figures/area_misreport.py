"""Figure: profit of single units of areas that offer energy, or reserve, at other prices than their costs."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.style import MECHANISMS, PAGE, amount, look
from sharegrid.tables import area_misreport, selection
from sharegrid.tables.selection import Results

OFFERS = {"reserve_bid": "reserve", "energy_bid": "energy"}
TICKS = {"reserve_bid": (1, 5, 20), "energy_bid": (0.5, 1, 2)}
LOSS_SHOWN = 0.5  # of the largest profit of a panel
MARGIN = 0.08  # of the vertical axis


def draw(results: Results, *, families: list[str], units: list[str] | None = None) -> Figure:
    """Profit at the true cost, in the money of the study, against the factor on the unit's upward reserve offers (above) and
    on its energy offers (below), its other offers and all others' being true: a column per unit (default: all).

    Losses are drawn down to half of a panel's largest profit. The text tells the largest gain of all units and factors,
    energy and reserve together.
    """
    frame = area_misreport.table(results, families=families)
    known = list(dict.fromkeys(frame["unit"]))
    units = known if units is None else selection.known("units", units, known)
    body, axes = style.new(2, len(units), width=PAGE, height=3.6, sharex="row")
    cut = False
    for column, unit in enumerate(units):
        own = frame[frame["unit"] == unit]
        for row, (swept, other) in enumerate((("reserve_bid", "energy_bid"), ("energy_bid", "reserve_bid"))):
            _panel(axes[row, column], own[own[other] == 1].sort_values(swept), swept)
            cut |= _limit_losses(axes[row, column])
        axes[0, column].set_title(f"unit {unit}")
    for row, offer in enumerate(OFFERS.values()):
        axes[row, 0].set_ylabel(f"profit [{results['data'].attrs['money']}],\n{offer} offers")
    body.supxlabel("factor on the offers of the unit [1]")
    style.legend(body.figure)
    note = f" Losses are cut at {LOSS_SHOWN:.0%} of a panel's largest profit." if cut else ""
    style.evidence(body.figure, _gains(frame, results["data"].attrs["money"]) + note)
    return body.figure


def _panel(axes: Axes, curve: pd.DataFrame, swept: str) -> None:
    for mechanism, short in area_misreport.MECHANISMS.items():
        wide = {"linewidth": 2.5, "markersize": 5, "zorder": 1.5} if mechanism == "vcg" else {"markersize": 3}
        axes.plot(curve[swept], curve[f"{short}_profit"], **look(MECHANISMS[mechanism], **wide))
    axes.axvline(1, **style.GUIDE)
    axes.set_xscale("log")
    ticks = [tick for tick in TICKS[swept] if curve[swept].min() <= tick <= curve[swept].max()]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    style.group_digits(axes.yaxis)


def _limit_losses(axes: Axes) -> bool:
    """Set the vertical axis, with zero on it; True if losses are cut off."""
    low, high = min(axes.dataLim.y0, 0.0), max(axes.dataLim.y1, 0.0)
    shown = max(low, -LOSS_SHOWN * high) if high > 0 else low
    margin = MARGIN * max(high - shown, 1e-6)
    axes.set_ylim(shown - margin * (shown == low), high + margin)
    return shown > low


def _gains(frame: pd.DataFrame, money: str) -> str:
    """The largest gain over the true offers by mechanism, and the bids that make it."""
    parts = []
    for mechanism, short in area_misreport.MECHANISMS.items():
        best = frame.loc[frame[f"{short}_gain"].idxmax()]
        gain = best[f"{short}_gain"]
        bid = f" (unit {best['unit']}, energy \u00d7{best['energy_bid']:g}, reserve \u00d7{best['reserve_bid']:g})"
        parts.append(f"{MECHANISMS[mechanism][0]} {amount(gain) + bid if gain > 1e-6 else 'none'}")
    count = len(frame) - frame["unit"].nunique()
    return (
        f"Largest gain over the truth in {count} offers of {frame['unit'].nunique()} units, {money}: "
        + "; ".join(parts)
        + "."
    )
