"""Costs of generators -> offers in blocks, true and reported.

Blocks of a quadratic cost c2 p^2 + c1 p: K equal blocks at their chord slopes c1 + c2 w (2k+1), exact at the block
edges, slightly dear in between, never decreasing, so that a linear program fills them in order.
"""

import numpy as np
import xarray as xr

from sharegrid.options import ScenarioFamily, SpotMarket
from sharegrid.preparation.scenarios import Scenario


def true_offers(network: xr.Dataset, options: SpotMarket) -> xr.Dataset:
    """generator_bus, cost_quantity MW and cost_price $/MWh (generator, block), cost_quadratic $/MW^2h (generator); with
    pmin: keep also must_run MW and must_run_cost $/h (generator). Constant costs are dropped: they are not avoidable."""
    lower = _lower_limit(network, options.pmin)
    curves = [_curve(network.isel(generator=k), float(lower[k]), options) for k in range(network.sizes["generator"])]
    count = max(len(width) for width, _ in curves)
    padded = [
        (np.pad(width, (0, count - len(width))), np.pad(price, (0, count - len(price)), mode="edge"))
        for width, price in curves
    ]
    dims = ("generator", "block")
    result = xr.Dataset(
        {
            "generator_bus": network["generator_bus"],
            "cost_quantity": (dims, np.array([width for width, _ in padded])),
            "cost_price": (dims, np.array([price for _, price in padded])),
            "cost_quadratic": network["cost_quadratic"] * (options.bid_mode == "quadratic"),
        },
        coords={"block": np.arange(count)},
    )
    if options.pmin == "keep":
        forced = [_cost(network.isel(generator=k), float(lower[k])) for k in range(network.sizes["generator"])]
        result = result.assign(must_run=("generator", lower), must_run_cost=("generator", np.array(forced)))
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


def _curve(unit: xr.Dataset, lower: float, options: SpotMarket) -> tuple[np.ndarray, np.ndarray]:
    """Widths MW and prices $/MWh of one generator's blocks between its lower limit and p_max."""
    upper = float(unit["p_max"])
    points = _points(unit)
    if points is not None:
        inner = points[0][(points[0] > lower) & (points[0] < upper)]
        edges = np.concatenate([[lower], inner, [upper]])
        return _blocks(edges, np.array([_cost(unit, edge) for edge in edges]), _slope_at(points, lower))
    quadratic, linear = float(unit["cost_quadratic"]), float(unit["cost_linear"])
    if quadratic == 0 or options.bid_mode == "quadratic":
        return np.array([upper - lower]), np.array([linear])
    edges = np.linspace(lower, upper, options.blocks + 1)
    width = (upper - lower) / options.blocks
    return np.full(options.blocks, width), linear + quadratic * (edges[:-1] + edges[1:])


def _blocks(edges: np.ndarray, cost: np.ndarray, flat: float) -> tuple[np.ndarray, np.ndarray]:
    """Blocks between the points of a cost curve; a generator without capacity offers a block of width 0 at `flat`."""
    width = np.diff(edges)
    if (width == 0).all():
        return width[:1], np.array([flat])
    return width, np.diff(cost) / width


def _points(unit: xr.Dataset) -> tuple[np.ndarray, np.ndarray] | None:
    """The breakpoints (MW, $/h) of a piecewise cost, None for a polynomial one."""
    if "cost_point_mw" not in unit or np.isnan(unit["cost_point_mw"].values[0]):
        return None
    mw, usd = unit["cost_point_mw"].values, unit["cost_point_usd"].values
    return mw[~np.isnan(mw)], usd[~np.isnan(mw)]


def _slope_at(points, output: float) -> float:
    mw, usd = points
    k = int(np.clip(np.searchsorted(mw, output, side="right") - 1, 0, len(mw) - 2))
    return float((usd[k + 1] - usd[k]) / (mw[k + 1] - mw[k]))


def _cost(unit: xr.Dataset, output: float) -> float:
    """Variable cost in $/h of one generator; a piecewise curve is extended by its first and last slopes and counted from 0 MW."""
    points = _points(unit)
    if points is None:
        return float(unit["cost_quadratic"]) * output**2 + float(unit["cost_linear"]) * output

    def at(value: float) -> float:
        mw, usd = points
        nearest = float(np.clip(value, mw[0], mw[-1]))
        return float(np.interp(nearest, mw, usd)) + _slope_at(points, value) * (value - nearest)

    return at(output) - at(0.0)


def in_scenario(data: xr.Dataset, scenario: Scenario, family: ScenarioFamily, voll: float) -> dict[str, xr.DataArray]:
    """True and reported offers of one scenario: cost_quantity, cost_quadratic; offer_quantity, offer_price and, if offers
    are quadratic, offer_quadratic (generator, block) or (generator).

    Offers above the value of lost load are rejected, so a deviator asks for `voll` [$/MWh] at most.
    """
    who = data["generator"].values
    share = np.array([_share(name, family) for name in who])
    price_factor, quantity_factor = np.ones(len(who)), np.array([float(name not in family.without) for name in who])
    for name, factor in family.distortion.get(scenario.distortion, {}).items():
        price_factor[who == name] *= factor
    moves = data["owner"].values == scenario.deviator
    price_factor[moves] *= scenario.price_multiplier
    quantity_factor[moves] *= scenario.quantity_multiplier
    share, price_factor, quantity_factor, moves = (
        xr.DataArray(values, dims="generator", coords={"generator": who})
        for values in (share, price_factor, quantity_factor, moves)
    )
    quantity = data["cost_quantity"] * share
    quadratic = data["cost_quadratic"] / share.where(share > 0, 1.0)  # two halves cost what the whole does
    price = data["cost_price"] * price_factor
    price = price.where(~moves, price.clip(max=max(voll, float(data["cost_price"].max()))))
    for name, fixed in family.offer_price.items():
        price = xr.where(data["generator"] == name, fixed, price)
    result = {"cost_quantity": quantity, "cost_quadratic": quadratic}
    result |= {"offer_price": price, "offer_quantity": quantity * quantity_factor}
    return result | ({"offer_quadratic": quadratic * price_factor} if bool((quadratic > 0).any()) else {})


def _share(name: str, family: ScenarioFamily) -> float:
    """Part of its capacity that a generator has in a family: half if split; a twin has none elsewhere."""
    if family.split and name in (family.split, f"{family.split}b"):
        return 0.5
    return 0.0 if name.endswith("b") else 1.0


def checked(data: xr.Dataset) -> xr.Dataset:
    """The data, if no offer decreases, is negative in quantity, or is dearer than lost load; ValueError otherwise."""
    width = data["offer_quantity"]
    _refuse(data, (width < 0) | ~np.isfinite(width), "negative or missing capacity")
    used = data["offer_price"].where(width > 0)
    _refuse(data, used.diff("block", label="upper") < -1e-9, "non-convex offer: prices decrease from block to block")
    top = data["offer_price"]
    if "offer_quadratic" in data:
        top = top + 2 * data["offer_quadratic"] * width
    _refuse(data, (top > data["voll"] + 1e-9) & (width > 0), "offer price exceeds voll; raise prepare.voll [$/MWh]")
    return data


def _refuse(data: xr.Dataset, wrong: xr.DataArray, fault: str) -> None:
    found = np.argwhere(wrong.transpose("scenario", "generator", "block").values)
    if len(found):
        scenario, generator = data["scenario"].values[found[0][0]], data["generator"].values[found[0][1]]
        raise ValueError(f"scenario {scenario}, generator {generator}: {fault}")
