"""The retail mechanism in closed form (chapter 2.5): contributions and shares of users by hour, without optimisation.

Net loads n (..., user, hour) kWh, a = max(n, 0) and b = max(-n, 0); prices (..., hour) $/kWh; money in $. For users
without flexible resources and a community without base load. With equal prices of users and agent the value of sharing
is v_t = (buy - feed-in) min(A_t, B_t), A and B the sums of a and b. Source: see markets/retail.py.

The check of the properties measures the mechanisms by these formulas, so nothing here comes from the mechanisms.
"""

from typing import NamedTuple

import numpy as np
import xarray as xr

from sharegrid.markets.retail_bills import bill

NOTHING = 1e-12  # $; contributions that sum to less share nothing
BALANCED = 1e-9  # kWh; where the net sum is smaller there is no short side


class Prices(NamedTuple):
    """Prices of the users' own contracts and of the agent's trade with the grid (..., hour) $/kWh."""

    tariff_buy: np.ndarray
    tariff_feed_in: np.ndarray
    grid_buy: np.ndarray
    grid_feed_in: np.ndarray

    @property
    def spread(self) -> np.ndarray:
        """What a kWh is worth that is shared instead of fed in and bought back, under the users' contracts."""
        return self.tariff_buy - self.tariff_feed_in

    @property
    def equal(self) -> np.ndarray:
        """Whether the agent trades at the users' prices (..., hour)."""
        return (self.tariff_buy == self.grid_buy) & (self.tariff_feed_in == self.grid_feed_in)

    def times(self, factor: float) -> "Prices":
        """All prices multiplied."""
        return Prices(*(factor * price for price in self))


def prices_of(data: xr.Dataset) -> Prices:
    """The prices of a data Dataset (scenario, hour)."""
    return Prices(*(data[name].transpose("scenario", "time").values for name in Prices._fields))


def grid_bill(exchange: np.ndarray, prices: Prices) -> np.ndarray:
    """G_t(X) of the agent's exchange (..., hour)."""
    return bill(exchange, prices.grid_buy, prices.grid_feed_in)


def standalone_bill(net_load: np.ndarray, prices: Prices) -> np.ndarray:
    """C_it (..., user, hour) under the user's own contract."""
    return bill(net_load, prices.tariff_buy[..., None, :], prices.tariff_feed_in[..., None, :])


def sharing_value(net_load: np.ndarray, prices: Prices) -> np.ndarray:
    """v_t(N) = sum_i C_it - G_t(sum_i n_it) (..., hour) >= 0."""
    return standalone_bill(net_load, prices).sum(axis=-2) - grid_bill(net_load.sum(axis=-2), prices)


def contribution(net_load: np.ndarray, prices: Prices) -> np.ndarray:
    """(2.c)  m_it = C_it - [G_t(X_t) - G_t(X_t - n_it)] = v_t(N) - v_t(N without i)  (..., user, hour)."""
    exchange = net_load.sum(axis=-2, keepdims=True)
    grid_buy, grid_feed_in = prices.grid_buy[..., None, :], prices.grid_feed_in[..., None, :]
    saved = bill(exchange - net_load, grid_buy, grid_feed_in) - bill(exchange, grid_buy, grid_feed_in)
    return standalone_bill(net_load, prices) + saved


def matched_contribution(net_load: np.ndarray, prices: Prices) -> np.ndarray:
    """(2.d)  m_it = spread max(0, b_it - max(0, B_t - A_t)) in surplus, its mirror image in deficit; equal prices."""
    excess = net_load.sum(axis=-2, keepdims=True)  # A - B
    spread = prices.spread[..., None, :]
    surplus = np.maximum(0, np.maximum(-net_load, 0) - np.maximum(0, -excess))
    deficit = np.maximum(0, np.maximum(net_load, 0) - np.maximum(0, excess))
    return spread * np.where(net_load < 0, surplus, deficit)


def rate_share(contribution_: np.ndarray, value: np.ndarray, commission: float = 0.0) -> np.ndarray:
    """pi_it = (1 - commission) v_t m_it / sum_j m_jt (..., user, hour); 0 where nothing is shared.

    Written apart from mechanisms/sharing_contribution.py on purpose: R1 compares the two, so they cannot drift apart.
    """
    total = contribution_.sum(axis=-2, keepdims=True)
    rate = np.divide(contribution_, total, out=np.zeros_like(contribution_), where=total > NOTHING)
    return (1 - commission) * rate * value[..., None, :]


def price_share(net_load: np.ndarray, prices: Prices) -> np.ndarray:
    """pi_it at the internal price, for equal prices: the short side takes the spread, both half if none is."""
    excess = net_load.sum(axis=-2, keepdims=True)
    surplus, deficit = np.maximum(-net_load, 0), np.maximum(net_load, 0)
    half = (surplus + deficit) / 2
    part = np.where(excess > BALANCED, surplus, np.where(excess < -BALANCED, deficit, half))
    return prices.spread[..., None, :] * part
