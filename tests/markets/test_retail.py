"""The retail market's model against the closed form of its cost, and its prices against small changes of the load."""

import numpy as np
import pytest
import xarray as xr

from retail import FLEXIBLE, bill, made_up, random_market, retail_market
from sharegrid.markets import retail
from sharegrid.markets.retail_bills import best_output
from sharegrid.optimise import coalitions
from sharegrid.optimise.clear import clear
from sharegrid.optimise.values import Engine

REGIMES = {"regimes": {"label": "X{base_load_kwh}", "community": ["flexible"], "base_load_kwh": [12, 6, 1]}}


def removal_profit(data, scenario: int = 0, backend: str = "warm") -> np.ndarray:
    """J(N without i) - J(N) of each participant."""
    cost = Engine(retail, data, backend).solve(scenario, coalitions.removals(data.sizes["participant"])).cost
    return cost[1:] - cost[0]


@pytest.mark.parametrize("backend", ["warm", "rebuild"])
@pytest.mark.parametrize("equal", [True, False])
def test_every_coalition_has_the_bill_of_its_net_load(equal, backend):
    data = random_market(3, cases=2, users=4, hours=3, equal_prices=equal)
    engine, absent = Engine(retail, data, backend), coalitions.subsets(4)[:: 1 if backend == "warm" else 4]
    for k in range(2):
        here, found = data.isel(scenario=k), engine.solve(k, absent)
        exchange = ~absent @ here["net_load"].values
        wanted = bill(exchange, here["grid_buy"].values, here["grid_feed_in"].values)
        np.testing.assert_allclose(found.details["grid_bill"], wanted, atol=1e-10)
        np.testing.assert_allclose(found.cost, wanted.sum(axis=1), atol=1e-10)


def test_price_is_the_cost_of_one_more_kwh_in_either_direction():
    data = random_market(5, cases=6, hours=2, equal_prices=False)
    cleared = clear(retail, data)
    assert (np.abs(cleared["exchange"]) > 1e-2).all()  # no kink within the change
    for sign in (1, -1):
        for hour in range(2):
            moved = data.copy(deep=True)
            moved["base_load"][:, hour] += sign * 1e-3
            change = (clear(retail, moved)["objective"] - cleared["objective"]) / (sign * 1e-3)
            np.testing.assert_allclose(change, cleared["price"].isel(time=hour), rtol=1e-9, atol=1e-9)


def test_in_balance_the_price_is_in_the_middle():
    data = made_up([[[-2.0, 1.0], [0.5, -1.0], [1.5, 0.0]]], 0.2, 0.06)
    np.testing.assert_allclose(clear(retail, data)["price"].values, [[0.13, 0.13]], rtol=1e-9)


def test_read_out_of_a_random_market():
    data = random_market(8, equal_prices=False)
    cleared = clear(retail, data)
    net_load = data["net_load"].values
    alone = bill(net_load, data["tariff_buy"].values[:, None], data["tariff_feed_in"].values[:, None])
    np.testing.assert_allclose(cleared["output"], -net_load.sum(axis=-1), atol=1e-12)
    np.testing.assert_allclose(cleared["outside_option_by_time"], -alone, atol=1e-12)
    np.testing.assert_allclose(cleared["outside_option"], -alone.sum(axis=-1), atol=1e-12)
    np.testing.assert_allclose(cleared["exchange"], net_load.sum(axis=1), atol=1e-9)
    np.testing.assert_allclose(cleared["grid_bill"].sum("time"), cleared["objective"], atol=1e-9)
    revenue = -(cleared["price"].values[:, None] * net_load).sum(axis=-1)
    np.testing.assert_allclose(cleared["price_revenue"], revenue, atol=1e-12)
    np.testing.assert_allclose(cleared["price_revenue"].sum("participant"), -cleared["objective"], atol=1e-9)
    assert (cleared["reported_cost"] == 0).all() and (cleared["active"] == 1).all()


def test_toy_community():
    cleared = clear(retail, retail_market())
    assert -cleared["outside_option"].sum().item() == pytest.approx(12.526852, abs=5e-7)
    assert cleared["objective"].item() == pytest.approx(9.531227, abs=5e-7)


def test_flexible_resources_follow_the_price():
    """Between import and export all resources produce where their marginal cost is the price: X = 6 kWh."""
    cleared = clear(retail, retail_market(REGIMES)).sel(time=0)
    price = cleared["price"].sel(scenario="X6").item()
    assert price == pytest.approx(6 / sum(1 / (2 * one["quadratic"]) for one in FLEXIBLE.values()), rel=1e-9)
    assert price == pytest.approx(0.070588, abs=5e-7)
    assert cleared["exchange"].sel(scenario="X6").item() == pytest.approx(0, abs=1e-9)
    assert cleared["price"].sel(scenario="X12").item() == pytest.approx(0.2, rel=1e-9)
    assert cleared["price"].sel(scenario="X1").item() == pytest.approx(0.05, rel=1e-9)
    output = cleared["flexible_output"].sel(scenario="X6").values[:4]
    wanted = [price / (2 * one["quadratic"]) for one in FLEXIBLE.values()]
    np.testing.assert_allclose(output, wanted, rtol=1e-9)


@pytest.mark.parametrize("backend", ["warm", "rebuild"])
def test_posted_grid_price_is_the_externality_payment(backend):
    data = retail_market(REGIMES)
    cleared = clear(retail, data)
    for k, price in ((0, 0.2), (2, 0.05)):
        payment = cleared["reported_cost"].values[k] + removal_profit(data, k, backend)
        best = [min(price / (2 * one["quadratic"]), one["capacity_kwh"]) for one in FLEXIBLE.values()]
        np.testing.assert_allclose(payment[:4], price * np.array(best), rtol=1e-9)
    between = cleared["reported_cost"].values[1] + removal_profit(data, 1, backend)
    at_price = cleared["price_revenue"].values[1]
    assert between[0] == pytest.approx(0.150519, abs=5e-7)
    assert at_price[0] == pytest.approx(0.124567, abs=5e-7)
    assert (between[:4] > at_price[:4] + 1e-3).all()


def random_resources(seed: int, cases: int) -> xr.Dataset:
    """Four users with random quadratic resources, and base loads from export to import."""
    rng = np.random.default_rng(seed)
    loads = {"base_load_kwh": rng.uniform(-2, 16, cases).tolist()}
    data = retail_market({"regimes": {"label": "X{base_load_kwh}", "community": ["flexible"]} | loads})
    data["flexible_capacity"][:] = rng.uniform(0.5, 4, (cases, 4, 1))
    data["flexible_quadratic"][:] = rng.uniform(0.01, 0.08, (cases, 4))
    return data


def test_the_externality_is_never_below_the_price_and_above_it_where_leaving_moves_the_price():
    data = random_resources(seed=11, cases=12)
    cleared = clear(retail, data)
    profit = np.array([removal_profit(data, k) for k in range(12)])
    extra = cleared["reported_cost"].values + profit - cleared["price_revenue"].values
    assert (extra >= -1e-9).all()
    above = 0
    for user in range(4):
        without = data.copy(deep=True)
        without["flexible_capacity"][:, user] = 0.0
        moved = np.abs(clear(retail, without)["price"] - cleared["price"]).values[:, 0] > 1e-4
        moved &= cleared["output"].values[:, user] > 1e-3
        assert (extra[moved, user] > 1e-9).all()
        above += moved.sum()
    assert above


def test_the_best_answer_to_a_price_and_to_the_own_contract():
    """Against a search on a fine grid, with linear, quadratic and free resources and both signs of the net load."""
    own = {
        "a": {"capacity_kwh": 3, "quadratic": 0.02},
        "b": {"capacity_kwh": 2, "linear": 0.1},
        "c": {"capacity_kwh": 2, "linear": 0.04, "quadratic": 0.05},
        "d": {"capacity_kwh": 1, "linear": -0.02},
    }
    users = {"load_kwh": {"a": [2, 0], "b": [1.5, 0.2], "c": [0.1, 4], "d": [0, 0.4]}, "generation_kwh": {"c": [1, 0]}}
    community = {"users": {"listed": users}, "tariff": {"buy": 0.2, "feed_in": 0.05}, "flexible": own}
    data = retail_market(community="own", communities={"own": community})
    cleared, grid = clear(retail, data).isel(scenario=0), np.linspace(0, 1, 20_001)
    answer = best_output(data, data["tariff_buy"]).isel(scenario=0)
    for name, one in own.items():
        output = grid * one["capacity_kwh"]
        cost = one.get("linear", 0) * output + one.get("quadratic", 0) * output**2
        best = output[(0.2 * output - cost).argmax()]
        np.testing.assert_allclose(answer.sel(participant=name), best, atol=1e-3)
        for hour in range(2):
            left = data["net_load"].sel(participant=name).values[0, hour] - output
            found = cleared["outside_option_by_time"].sel(participant=name).values[hour]
            missed = found + (bill(left, 0.2, 0.05) + cost).min()  # by the grid, whose steps are at most 1.5e-4 kWh
            assert -1e-9 <= missed <= 0.2 * 1.5e-4
