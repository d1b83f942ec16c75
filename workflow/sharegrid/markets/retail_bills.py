"""What a retail user pays under its own contract, and what its flexible resource does at a price.

Functions of the retail market's data that need no model. Energy in kWh, prices in $/kWh.
"""

import numpy as np
import xarray as xr

FLEXIBLE = "flexible_capacity"  # the variable of the data that is there if somebody has a flexible resource


def bill(net_load, buy, feed_in):
    """buy max(n, 0) - feed_in max(-n, 0) in $, of NumPy arrays or DataArrays: G(X) of the agent, C of a user."""
    return buy * np.maximum(net_load, 0) - feed_in * np.maximum(-net_load, 0)


def flexible_cost(data: xr.Dataset, output: xr.DataArray) -> xr.DataArray:
    """c_i p_it + q_i p_it^2 ([scenario,] participant, time), $."""
    if FLEXIBLE not in data:
        return xr.zeros_like(output)
    return data["flexible_linear"] * output + data["flexible_quadratic"] * output**2


def community_cost(data: xr.Dataset, cleared: xr.Dataset) -> xr.DataArray:
    """J less what the base load alone would pay, sum_t G_t(d_t) (scenario), $: what the users cost together."""
    return cleared["objective"] - bill(data["base_load"], data["grid_buy"], data["grid_feed_in"]).sum("time")


def value_of_sharing(data: xr.Dataset, cleared: xr.Dataset) -> xr.DataArray:
    """What the users save together, sum_i C_i less the community's cost (scenario), $; also with flexible resources."""
    return -cleared["outside_option"].sum("participant") - community_cost(data, cleared)


def outside_option(data: xr.Dataset) -> xr.DataArray:
    """Profit -C_it (scenario, participant, time) in $ of a user under its own contract, at its best flexible output.

    C_it = l^b_t max(n_it - p_it, 0) - l^s_t max(p_it - n_it, 0) + c_i p_it + q_i p_it^2. The best p_it covers
    the net load as far as the tariff's price is above its marginal cost, and more only as far as the feed-in price is.
    """
    net_load = data["net_load"]
    to_feed_in, to_save = (best_output(data, data[f"tariff_{side}"]) for side in ("feed_in", "buy"))
    output = np.minimum(np.maximum(net_load, to_feed_in), to_save)
    own = bill(net_load - output, data["tariff_buy"], data["tariff_feed_in"])
    return -(own + flexible_cost(data, output)).transpose(*net_load.dims)


def best_output(data: xr.Dataset, price: xr.DataArray) -> xr.DataArray:
    """argmax of price p - c_i p - q_i p^2 over 0 <= p <= cap_it (as the net load), kWh; 0 without a resource."""
    if FLEXIBLE not in data:
        return xr.zeros_like(data["net_load"])
    margin, quadratic = price - data["flexible_linear"], data["flexible_quadratic"]
    inside = margin / (2 * quadratic.where(quadratic > 0))
    linear = xr.where(margin > 0, np.inf, 0.0)
    return np.minimum(inside.fillna(linear).clip(min=0), data[FLEXIBLE]).transpose(*data["net_load"].dims)
