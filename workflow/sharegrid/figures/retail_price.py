"""Figure: at which price a matched kWh changes hands in each hour, between the feed-in price and the tariff."""

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.style import amount
from sharegrid.tables import selection
from sharegrid.tables.selection import EQUAL, Results

NOTHING = 1e-9  # $; where less is shared in the hour, there is no price
GAINS = {"sellers": "#E69F00", "buyers": "#56B4E9"}


def draw(results: Results, *, scenario: str = "toy") -> Figure:
    """Price of a matched kWh in $/kWh per hour by SCR (steps) and at the internal price (marks).

    Below the price of SCR is the sellers' gain over feeding in, above it the buyers' gain over the tariff.
    """
    selection.known("scenario", [scenario], results["data"]["scenario"].values)
    data, cleared = results["data"].sel(scenario=scenario), results["cleared"].sel(scenario=scenario)
    price = rate_price(results, scenario)
    shared, hour = ~np.isnan(price), data["time"].values
    buy, feed_in = data["tariff_buy"].values, data["tariff_feed_in"].values
    body, axes = style.new(height=2.8)
    one = axes[0, 0]
    for level, line, name in ((buy, "-", "tariff"), (feed_in, (0, (4, 1.5)), "feed-in price")):
        one.step(hour, level, where="mid", color="#000000", linestyle=line, marker="", linewidth=0.9, label=name)
    width = {"width": 1.0, "linewidth": 0, "alpha": 0.55}
    one.bar(hour[shared], (price - feed_in)[shared], bottom=feed_in[shared], color=GAINS["sellers"],
            label="sellers' gain (SCR)", **width)  # fmt: skip
    one.bar(hour[shared], (buy - price)[shared], bottom=price[shared], color=GAINS["buyers"],
            label="buyers' gain (SCR)", **width)  # fmt: skip
    one.plot(hour[shared], price[shared], color="#D55E00", marker="o", label="SCR")
    one.plot(hour[shared], cleared["price"].values[shared], color="#0072B2", marker="s", linestyle="none",
             markerfacecolor="none", label="dual price")  # fmt: skip
    one.set_xlabel("hour of the day")
    one.set_ylabel("price [$/kWh]")
    one.set_ylim(0, 1.1 * buy.max())
    one.set_xticks(hour[:: max(1, len(hour) // 6)])
    one.grid(visible=False, axis="x")
    style.legend(body.figure, columns=3)
    style.evidence(body.figure, _evidence(hour[shared], price[shared]))
    return body.figure


def rate_price(results: Results, scenario: str) -> np.ndarray:
    """Price (hour) in $/kWh that gives the sellers their shares under SCR: feed-in price and spread times their part of
    the value; NaN in hours without sharing."""
    data = results["data"].sel(scenario=scenario)
    sold = (data["net_load"] < 0).astype(float)
    value = selection.read(results, "payments", "value_by_time", scenario=scenario)
    share = selection.read(results, "payments", "share_by_time", scenario=scenario)
    part = xr.dot(share, sold, dim="participant") / value.where(value > NOTHING)
    return (data["tariff_feed_in"] + part * (data["tariff_buy"] - data["tariff_feed_in"])).values


def _evidence(hour: np.ndarray, price: np.ndarray) -> str:
    if not len(hour):
        return "Nothing is shared."
    low = int(np.flatnonzero(price <= price.min() + EQUAL)[0])
    levels = [f"{amount(price[k])} $/kWh in hour {hour[k]}" for k in (0, low, -1)]
    return (
        f"Energy is matched from hour {hour[0]} to hour {hour[-1]}. By SCR a matched kWh costs {levels[0]}, {levels[1]}"
        f" and {levels[2]}."
    )
