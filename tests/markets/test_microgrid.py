"""The microgrid's bid: what may not get worse, margins against all deviations, batteries, payments of a pool."""

import logging
from itertools import product

import numpy as np
import pytest
import xarray as xr

import microgrids
from sharegrid.markets import microgrid
from sharegrid.optimise.clear import kept_of, solve_priced, split_model
from sharegrid.optimise.values import rebuild
from sharegrid.tables import microgrid_revenue

NEAR = 1e-6
HELD = {"regU": 0.5, "regD": 0.5, "spin": 1.0, "FRU": 0.25, "FRD": 0.25}
UP, DOWN = ("regU", "spin", "FRU"), ("regD", "FRD")


@pytest.mark.parametrize(
    ("field", "values", "grows"),
    [("gamma", [0, 0.5, 1, 1.5, 2], False), ("beta", [0, 0.25, 0.5, 1], False), ("products", ["E", "E+AS", "all"], True),
     ("products", ["E", "E+FRP", "all"], True), ("bid", ["quantity", "curve"], True),
     ("battery_mwh", [0, 2, 4, 8], True)],
)  # fmt: skip
def test_choices_never_cost_and_demands_never_pay(field, values, grows):
    profit = microgrids.profit_of(microgrids.swept(field, values))
    steps = np.diff(profit) if grows else -np.diff(profit)
    assert (steps >= -NEAR).all() and steps.max() > 0.1


def test_without_risk_a_quantity_sees_only_the_mean_of_the_prices():
    data = microgrids.made({"s": {"label": "s", "bid": ["quantity"], "beta": [0]}})
    week = dict(microgrids.TOY["weeks"]["week"])
    mean = np.average(week["energy"], axis=0, weights=week.pop("probabilities"))
    one = microgrids.made({"s": {"label": "s"}}, weeks={"week": week | {"energy": [mean.tolist()]}}, beta=0)
    assert microgrids.profit_of(data)[0] == pytest.approx(microgrids.profit_of(one)[0], rel=1e-9)


def test_bids_are_the_same_where_prices_are_and_rise_with_them():
    week = microgrids.TOY["weeks"]["week"]
    flat = [[30, *prices[1:]] for prices in week["energy"]]
    data = microgrids.made({"s": {"label": "s"}}, weeks={"week": week | {"energy": flat}})
    bid = microgrids.cleared_of(data)["energy_bid"].isel(scenario=0)
    price = data["price_energy"].isel(scenario=0)
    order = np.argsort(price.transpose("time", "outcome").values, axis=1, kind="stable")
    sold = np.take_along_axis(bid.transpose("time", "outcome").values, order, axis=1)
    assert np.ptp(sold[0]) <= NEAR and (np.diff(sold, axis=1) >= -NEAR).all() and np.ptp(sold[3]) > 0.1
    quantity = microgrids.cleared_of(microgrids.swept("bid", ["quantity"]))["energy_bid"]
    assert float(np.ptp(quantity.values, axis=quantity.get_axis_num("outcome")).max()) <= NEAR


def worst_by_vertices(deviation: np.ndarray, budget: float) -> float:
    """max z dev over the vertices of 0 <= z <= 1, sum z <= budget: whole ones and at most one fraction."""
    best, rest = 0.0, budget - np.floor(budget)
    for z in product((0.0, rest, 1.0), repeat=len(deviation)):
        if sum(z) <= budget + 1e-12 and sum(0 < value < 1 for value in z) <= 1:
            best = max(best, float(np.dot(z, deviation)))
    return best


@pytest.mark.parametrize("budget", [0, 0.3, 0.5, 1, 1.4, 2])
def test_largest_deviation_by_vertices_by_sorting_and_by_the_dual(budget):
    data = microgrids.swept("gamma", [budget])
    total = data["deviation"].isel(scenario=0).sum("participant").transpose("time", "source").values
    found = microgrids.cleared_of(data)
    for hour, deviation in enumerate(total):
        ordered = np.append(np.sort(deviation)[::-1], 0.0)
        whole = int(budget)
        closed = ordered[:whole].sum() + (budget - whole) * ordered[whole]
        assert closed == pytest.approx(worst_by_vertices(deviation, budget), abs=1e-12)
        dual = min(budget * theta + np.maximum(deviation - theta, 0).sum() for theta in ordered)
        assert dual == pytest.approx(closed, abs=1e-12)
        held = [float(found[f"{resource}_margin"].isel(scenario=0, time=hour).sum("participant").min())
                for resource in ("unit", "battery")]  # fmt: skip
        assert float(found["worst_deviation"].isel(scenario=0, time=hour)) >= closed - NEAR and sum(held) >= 0
    margin = (found["unit_margin"] + found["battery_margin"]).sum("participant") + found["missing_margin"]
    limit = xr.DataArray([worst_by_vertices(one, budget) for one in total], dims="time")
    assert (margin.isel(scenario=0) >= limit - NEAR).all()


@pytest.mark.parametrize("budget", [1, 1.5, 2])
def test_every_vertex_can_be_followed_while_all_products_are_deployed(budget):
    """With plain arithmetic: unit and battery run at what they hold, for the hours that it must last."""
    data = microgrids.swept("gamma", [budget], pool="all")
    found, here = microgrids.cleared_of(data).isel(scenario=0), data.isel(scenario=0)
    total = here["deviation"].sum("participant").transpose("time", "source").values
    worst = xr.DataArray([worst_by_vertices(one, budget) for one in total], dims="time", coords={"time": here["time"]})
    assert float(worst.max()) > 0.3 and float(found["missing_margin"].max()) <= NEAR
    for way, products, sign in (("up", UP, 1), ("down", DOWN, -1)):
        own = {name: found[f"{name}_margin"].sel(direction=way) for name in ("unit", "battery")}
        share = worst / sum(own.values()).sum("participant")
        assert (share <= 1 + NEAR).all()
        for name, array in own.items():
            own[name] = share * array + found[f"{name}_product"].sel(product=list(products)).sum("product")
        held = xr.DataArray([HELD[name] for name in products], dims="product", coords={"product": list(products)})
        kept = found["battery_product"].sel(product=list(products))
        energy = (held * kept).sum("product") + share * found["battery_margin"].sel(direction=way)
        run = found["unit_power"] + sign * own["unit"]
        assert (run <= here["unit_capacity"] + NEAR).all() and (run >= here["unit_minimum"] - NEAR).all()
        assert (own["unit"] <= here["ramp_10"] + NEAR).all()
        out = found["discharge"] - found["charge"] + sign * own["battery"]
        assert (np.abs(out) <= here["battery_power"] + NEAR).all()
        lost = energy / here["discharge_efficiency"] if sign > 0 else -here["charge_efficiency"] * energy
        after = found["stored"] - lost
        assert (after >= -NEAR).all() and (after <= here["battery_energy"] + NEAR).all()


def test_ramping_of_the_unit_can_be_delivered_in_the_next_hour():
    data = microgrids.swept("products", ["all"], pool="all")
    found, here = microgrids.cleared_of(data).isel(scenario=0), data.isel(scenario=0)
    assert float(found["product_bid"].sel(product="FRU").sum()) > 0.5
    power, next_power = found["unit_power"], found["unit_power"].shift(time=-1).isel(time=slice(None, -1))
    step = next_power - power.isel(time=slice(None, -1))
    for name, sign in (("FRU", 1), ("FRD", -1)):
        sold = found["unit_product"].sel(product=name).isel(time=slice(None, -1))
        assert (sign * step + sold <= here["ramp_60"] + NEAR).all()
        reached = next_power + sign * sold
        assert (reached <= here["unit_capacity"] + NEAR).all() and (reached >= here["unit_minimum"] - NEAR).all()
    held = (found["unit_product"] + found["battery_product"]).sum("participant")
    assert (held >= found["product_bid"] - NEAR).all()


def test_power_balances_and_profits_add_up():
    data = microgrids.made()
    found = microgrids.cleared_of(data)
    own = found["unit_power"] + found["discharge"] - found["charge"] + found["curtailed"] + data["pv"] - data["load"]
    np.testing.assert_allclose(
        own.sum("participant").transpose(*found["energy_bid"].dims), found["energy_bid"], atol=NEAR
    )
    total = found["energy_revenue"] + found["product_revenue"].sum("product") - found["expected_cost"]
    np.testing.assert_allclose(total, found["expected_profit"], rtol=1e-9)
    mix = (1 - data["beta"]) * found["expected_profit"] + data["beta"] * found["cvar"]
    np.testing.assert_allclose(mix, -found["objective"], rtol=1e-9)


def test_a_battery_does_not_charge_and_discharge_at_once():
    """At positive prices it would burn energy that has a price; at negative prices integers forbid it."""
    found = microgrids.results()["cleared"]
    assert float(np.minimum(found["charge"], found["discharge"]).max()) <= NEAR
    week = microgrids.TOY["weeks"]["week"]
    negative = [[-80, -90, -70, *prices[3:]] for prices in week["energy"]]
    data = microgrids.made({"s": {"label": "s"}}, weeks={"week": week | {"energy": negative}}, products="E", gamma=0)
    split = split_model(microgrid, data)
    relaxed = solve_priced(split.program(0), split, "relaxed")
    burning = microgrid.inexact(data, kept_of(microgrid, split, relaxed))
    assert burning and set(burning) <= {"north", "south"}
    exact = microgrids.cleared_of(data)
    assert float(np.minimum(exact["charge"], exact["discharge"]).max()) <= NEAR
    assert float(exact["objective"][0]) >= relaxed.objective - NEAR


def test_internal_prices_share_the_value_of_the_pool_and_nobody_objects():
    results = microgrids.results()
    payoff = (results["cleared"]["price_revenue"] - results["cleared"]["reported_cost"]).sel(scenario="pool")
    cost = results["values"]["cost"].sel(scenario="pool")
    assert float(payoff.sum()) == pytest.approx(-float(cost.sel(coalition="all")), rel=1e-9)
    members = results["values"]["member"]
    gets = xr.dot(members, payoff, dim="participant")
    assert (gets >= -cost - NEAR * abs(float(payoff.sum()))).all()


def test_coalitions_are_what_models_built_anew_say():
    data = microgrids.made({"s": {"label": "s", "pool": ["all"]}})
    absent = np.array([[False, True, False], [True, False, False], [True, True, False], [True, True, True]])
    rebuilt = rebuild(microgrid, data, absent).cost
    names = ["all-south", "all-north", "all-north-south", "all-north-south-west"]
    cost = microgrids.results()["values"]["cost"].sel(scenario="pool")
    np.testing.assert_allclose(cost.sel(coalition=names), rebuilt, rtol=1e-8, atol=1e-6)
    assert rebuilt[-1] == pytest.approx(0, abs=1e-9)


def test_a_margin_that_nobody_has_is_missing_at_its_cost():
    poor = {"only": {"load_mw": 4, "pv_mw": 2}}
    data = microgrids.made({"s": {"label": "s"}}, microgrids=poor, pools={"both": ["only"]}, missing_margin_cost=100)
    found = microgrids.cleared_of(data).isel(scenario=0)
    worst = found["worst_deviation"]
    np.testing.assert_allclose(found["missing_margin"].sel(direction="up", outcome=1), worst, atol=NEAR)
    bought = data["price_energy"].isel(scenario=0) * found["energy_bid"]
    revenue = (data["probability"].isel(scenario=0) * bought).sum()
    assert float(found["expected_profit"]) == pytest.approx(float(revenue), rel=1e-9)
    assert float(found["outcome_profit"] @ data["probability"].isel(scenario=0)) == pytest.approx(float(revenue))
    mix = (1 - data["beta"]) * found["expected_profit"] + data["beta"] * found["cvar"]
    assert -float(found["objective"]) == pytest.approx(float(mix[0]) - 200 * float(worst.sum()), rel=1e-9)
    frame = microgrid_revenue.table({"data": data, "cleared": found.expand_dims("scenario")}, families=["s"])
    assert frame["missing_margin_mw"].tolist() == pytest.approx([float(worst.max())])


def test_a_margin_that_is_missing_is_told(caplog):
    poor, budget = {"only": {"load_mw": 4}}, {"s": {"label": "gamma{gamma}", "gamma": [0, 2]}}
    changes = {"microgrids": poor, "pools": {"both": ["only"]}, "products": "E", "deviations": {"pv": 0.2, "load": 0.1}}
    with caplog.at_level(logging.WARNING):
        microgrids.cleared_of(microgrids.made(budget, **changes))
    ends = "(hour 3), 1.88 MW h in all hours; the deviations of the budget cannot be followed"
    assert caplog.messages == [
        f"scenario gamma2: 0.4 MW of the {way} margin are missing {ends}" for way in ("up", "down")
    ]
    caplog.clear()
    microgrids.cleared_of(microgrids.made(budget))
    assert caplog.messages == []
