"""Costs of generators -> offers in blocks, true and reported.

Blocks of a quadratic cost c2 p^2 + c1 p: K equal blocks at their chord slopes c1 + c2 w (2k+1), exact at the block
edges, slightly dear in between, never decreasing, so that a linear program fills them in order.
"""

from collections.abc import Iterator

import numpy as np
import xarray as xr

from sharegrid.options.spot import ScenarioFamily, SpotMarket
from sharegrid.scenarios import Scenario


def true_offers(network: xr.Dataset, options: SpotMarket) -> xr.Dataset:
    """generator_bus, cost_quantity MW and cost_price $/MWh (generator, block), cost_quadratic $/MW^2h (generator); with
    pmin: keep also must_run MW and must_run_cost $/h (generator). Constant costs are dropped: they are not avoidable."""
    lower, upper = _lower_limit(network, options.pmin), network["p_max"].values.astype(float)
    linear, quadratic = network["cost_linear"].values, network["cost_quadratic"].values
    exact = options.bid_mode == "quadratic"
    first = linear + 2 * exact * quadratic * lower  # the exact offer starts at the marginal cost of the forced part
    width, price = _polynomial_blocks(lower, upper, first, quadratic * (not exact), options.blocks)
    forced = quadratic * lower**2 + linear * lower
    for k, points in _piecewise(network):
        own = _piecewise_blocks(points, lower[k], upper[k])
        width, price = _with_row(width, k, own[0], "constant"), _with_row(price, k, own[1], "edge")
        forced[k] = _cost(points, lower[k]) - _cost(points, 0.0)
    dims = ("generator", "block")
    result = xr.Dataset({"generator_bus": network["generator_bus"], "cost_quantity": (dims, width),
                         "cost_price": (dims, price), "cost_quadratic": network["cost_quadratic"] * exact},
                        {"block": np.arange(width.shape[1])})  # fmt: skip
    if options.pmin == "keep":
        result = result.assign(must_run=("generator", lower), must_run_cost=("generator", forced))
    return result


def _lower_limit(network: xr.Dataset, pmin: str) -> np.ndarray:
    if pmin == "keep":
        return network["p_min"].values.astype(float)
    below = network["generator"].values[network["p_max"].values < 0]
    if len(below):
        raise ValueError(
            f"generator {below[0]}: p_max is negative, so 0 MW is impossible; use pmin: keep (clearing only)"
        )
    return np.zeros(network.sizes["generator"])


def _polynomial_blocks(lower, upper, linear, quadratic, blocks: int) -> tuple[np.ndarray, np.ndarray]:
    """Widths MW and prices $/MWh (generator, block); one block where the cost is linear, then blocks of width 0."""
    own = np.where(quadratic == 0, 1, blocks)
    passed = np.minimum(np.arange(own.max(initial=1) + 1) / own[:, None], 1.0)
    edges = lower[:, None] + (upper - lower)[:, None] * passed
    return np.diff(edges), linear[:, None] + quadratic[:, None] * (edges[:, :-1] + edges[:, 1:])


def _piecewise(network: xr.Dataset) -> Iterator[tuple[int, np.ndarray]]:
    """(place, breakpoints (MW, $/h)) of the generators with a piecewise-linear cost."""
    if "cost_point_mw" in network:
        curves = np.stack([network["cost_point_mw"].values, network["cost_point_usd"].values], axis=1)
        for k in np.flatnonzero(~np.isnan(curves[:, 0, 0])):
            yield int(k), curves[k][:, ~np.isnan(curves[k, 0])]


def _piecewise_blocks(points: np.ndarray, lower: float, upper: float) -> tuple[np.ndarray, np.ndarray]:
    """Widths and prices of the segments between the limits; a unit without capacity keeps one block of width 0."""
    inner = points[0][(points[0] > lower) & (points[0] < upper)]
    edges = np.concatenate([[lower], inner, [upper]])
    width = np.diff(edges)
    middle = (edges[:-1] + edges[1:]) / 2
    return width, np.array([_slope_at(points, at) for at in middle])


def _with_row(array: np.ndarray, k: int, row: np.ndarray, padding: str) -> np.ndarray:
    """`array` (generator, block) with another k-th row, all padded to the longest: widths by 0, prices by the last one."""
    longest = max(array.shape[1], len(row))
    array = np.pad(array, ((0, 0), (0, longest - array.shape[1])), mode=padding)
    array[k] = np.pad(row, (0, longest - len(row)), mode=padding)
    return array


def _slope_at(points: np.ndarray, output: float) -> float:
    """Slope $/MWh of a piecewise cost; the first and the last go on beyond the points."""
    mw, usd = points
    k = int(np.clip(np.searchsorted(mw, output, side="right") - 1, 0, len(mw) - 2))
    return float((usd[k + 1] - usd[k]) / (mw[k + 1] - mw[k]))


def _cost(points: np.ndarray, output: float) -> float:
    """Piecewise cost $/h of an output in MW."""
    nearest = float(np.clip(output, points[0][0], points[0][-1]))
    return float(np.interp(nearest, *points)) + _slope_at(points, output) * (output - nearest)


def in_scenario(
    data: xr.Dataset, scenario: Scenario, family: ScenarioFamily, voll: float, twins: set[str]
) -> dict[str, np.ndarray]:
    """True and reported offers of one scenario: cost_quantity, offer_quantity, offer_price (generator, block) and
    cost_quadratic, offer_quadratic (generator), units as in schema.py.

    Offers above the value of lost load are rejected, so a deviator asks for `voll` [$/MWh] at most. `twins`: the second
    bidders of units that some family splits.
    """
    who, moves = data["generator"].values, data["owner"].values == scenario.deviator
    share = np.array([_share(name, family, twins) for name in who])
    price_factor, quantity_factor = np.ones(len(who)), np.array([float(name not in family.without) for name in who])
    for name, factor in family.distortion.get(scenario.distortion, {}).items():
        price_factor[who == name] *= factor
    price_factor[moves] *= scenario.price_multiplier
    quantity_factor[moves] *= scenario.quantity_multiplier
    quantity = data["cost_quantity"].values * share[:, None]
    quadratic = data["cost_quadratic"].values / np.where(share > 0, share, 1.0)  # two halves cost what the whole does
    true_price = data["cost_price"].values
    price = true_price * price_factor[:, None]
    price[moves] = np.minimum(price[moves], max(voll, true_price.max()))
    for name, fixed in family.offer_price.items():
        price[who == name] = fixed
    return {
        "cost_quantity": quantity,
        "cost_quadratic": quadratic,
        "offer_price": price,
        "offer_quantity": quantity * quantity_factor[:, None],
        "offer_quadratic": quadratic * price_factor,
    }


def _share(name: str, family: ScenarioFamily, twins: set[str]) -> float:
    """Part of its capacity that a generator has in a family: half if split; a twin has none elsewhere."""
    if family.split and name in (family.split, f"{family.split}b"):
        return 0.5
    return 0.0 if name in twins else 1.0


def checked(data: xr.Dataset) -> xr.Dataset:
    """The data, if no offer decreases, is negative in quantity, or is dearer than lost load; ValueError otherwise."""
    width = data["offer_quantity"]
    _refuse((width < 0) | ~np.isfinite(width), "offers {:g} MW: negative or missing capacity", width)
    used = data["offer_price"].where(width > 0)
    rise = used.diff("block", label="upper")
    _refuse(rise < -1e-9, "non-convex offer: its price changes by {:g} $/MWh from one block to the next", rise)
    top = data["offer_price"]
    if "offer_quadratic" in data:
        top = top + 2 * data["offer_quadratic"] * width
    cure = f"lost load costs {data['voll'].min().item():g} $/MWh or more; raise voll (of the market or family) or backstop_price"
    _refuse((top > data["voll"] + 1e-9) & (width > 0), f"offer price exceeds voll: {{:g}} $/MWh, where {cure}", top)
    return data


def _refuse(wrong: xr.DataArray, fault: str, amount: xr.DataArray) -> None:
    """ValueError with scenario, generator and amount of the first wrong offer."""
    dims = ("scenario", "generator", "block")
    found = np.argwhere(wrong.transpose(*dims).values)
    if len(found):
        scenario, generator, _ = found[0]
        names = [wrong[dim].values[k] for dim, k in zip(dims, (scenario, generator), strict=False)]
        number = float(amount.transpose(*dims).values[tuple(found[0])])
        raise ValueError("scenario {}, generator {}: ".format(*names) + fault.format(number))
