"""Figure: at which price a matched kWh changes hands in each hour, between the feed-in price and the tariff."""

from typing import NamedTuple

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.style import amount
from sharegrid.tables import selection
from sharegrid.tables.selection import EQUAL, Results

RULE = "sharing-contribution"
NOTHING = 1e-9  # kWh; where less is matched in the hour, there is no price
GAINS = {"sellers": "#E69F00", "buyers": "#56B4E9", "agent": "#BBBBBB"}


class Matched(NamedTuple):
    """The hours in which energy is matched, and in each what sellers get and buyers pay for a kWh of it [$/kWh]."""

    hour: np.ndarray
    sellers: np.ndarray
    buyers: np.ndarray

    @property
    def commission(self) -> np.ndarray:
        """What the agent keeps of a matched kWh (hour) $/kWh."""
        return self.buyers - self.sellers


def draw(results: Results, *, scenario: str = "toy") -> Figure:
    """Price of a matched kWh in $/kWh per hour by SCR (lines) and at the internal price (marks).

    Below the sellers' price is their gain over feeding in, above the buyers' price theirs over the tariff, and between
    the two the agent's commission, if it takes one. See `matched_prices` for the scenarios that have such a price.
    """
    matched = matched_prices(results, scenario)
    data, cleared = results["data"].sel(scenario=scenario), results["cleared"].sel(scenario=scenario)
    hour, buy, feed_in = (data[name].values for name in ("time", "tariff_buy", "tariff_feed_in"))
    body, axes = style.new(height=2.8)
    one = axes[0, 0]
    for level, line, name in ((buy, "-", "tariff"), (feed_in, (0, (4, 1.5)), "feed-in price")):
        one.step(hour, level, where="mid", color="#000000", linestyle=line, marker="", linewidth=0.9, label=name)
    _draw_gains(one, matched, buy[matched.hour], feed_in[matched.hour])
    one.plot(hour[matched.hour], cleared["price"].values[matched.hour], color="#0072B2", marker="s", linestyle="none",
             markerfacecolor="none", label="dual price")  # fmt: skip
    one.set_xlabel("hour of the day")
    one.set_ylabel("price [$/kWh]")
    one.set_ylim(0, 1.1 * buy.max())
    one.set_xticks(hour[:: max(1, len(hour) // 6)])
    one.grid(visible=False, axis="x")
    style.legend(body.figure, columns=2 if matched.commission.max(initial=0) > EQUAL else 3)
    style.evidence(body.figure, _evidence(matched))
    return body.figure


def _draw_gains(one: Axes, matched: Matched, buy: np.ndarray, feed_in: np.ndarray) -> None:
    """Who gains how much per matched kWh, as bars between the prices, and the prices by SCR as lines."""
    hour, sellers, buyers = matched
    keeps = (matched.commission > EQUAL).any()
    bars = {"sellers": (feed_in, sellers), "buyers": (buyers, buy)} | ({"agent": (sellers, buyers)} if keeps else {})
    for name, (low, high) in bars.items():
        label = "commission" if name == "agent" else f"{name}' gain (SCR)"
        one.bar(hour, high - low, bottom=low, width=1.0, linewidth=0, alpha=0.55, color=GAINS[name], label=label)
    lines = {"SCR, buyers pay": (buyers, "^"), "SCR, sellers get": (sellers, "v")} if keeps else {"SCR": (buyers, "o")}
    for label, (price, marker) in lines.items():
        one.plot(hour, price, color="#D55E00", marker=marker, label=label)


def matched_prices(results: Results, scenario: str) -> Matched:
    """Prices in the hours in which both sides are there: feed-in price and the sellers' gain under SCR per matched kWh,
    tariff less the buyers' gain per matched kWh.

    ValueError where there is no such price: with flexible resources or a base load, and where the agent trades at other
    prices than its users, because energy that is not matched then brings a gain as well.
    """
    selection.known("scenario", [scenario], results["data"]["scenario"].values)
    selection.known("mechanisms", [RULE], selection.stage(results, "payments")["mechanism"].values)
    share = selection.read(results, "payments", "share_by_time", scenario=scenario)
    data = results["data"].sel(scenario=scenario)
    if bool(share.isnull().any()):
        raise ValueError(f"option scenario: '{scenario}': with flexible resources or a base load nothing tells which energy"
                         " is matched; choose a scenario without")  # fmt: skip
    sold, bought = ((sign * data["net_load"]).clip(min=0) for sign in (-1, 1))
    energy = np.minimum(sold.sum("participant"), bought.sum("participant")).values
    hour = np.flatnonzero(energy > NOTHING)
    for name in ("buy", "feed_in"):
        other = hour[(data[f"tariff_{name}"] != data[f"grid_{name}"]).values[hour]]
        if len(other):
            raise ValueError(f"option scenario: '{scenario}': the agent trades at other prices than its users (hour {other[0]}),"
                             " so not all gain is from matched energy; choose a scenario with equal prices")  # fmt: skip
    sellers, buyers = (
        xr.dot(share, (side > 0).astype(float), dim="participant").values[hour] / energy[hour]
        for side in (sold, bought)
    )
    return Matched(hour, data["tariff_feed_in"].values[hour] + sellers, data["tariff_buy"].values[hour] - buyers)


def _evidence(matched: Matched) -> str:
    hour, price = matched.hour, matched.buyers
    if not len(hour):
        return "Nothing is shared."
    low = int(np.flatnonzero(price <= price.min() + EQUAL)[0])
    levels = [f"{amount(price[k])} $/kWh in hour {hour[k]}" for k in (0, low, -1)]
    text = (
        f"Energy is matched from hour {hour[0]} to hour {hour[-1]}. By SCR a matched kWh costs {levels[0]}, {levels[1]}"
        f" and {levels[2]}."
    )
    least, most = (amount(float(end(matched.commission))) for end in (np.min, np.max))
    kept = f" The agent keeps {least} to {most} $/kWh of it." if matched.commission.max() > EQUAL else ""
    return text + kept
