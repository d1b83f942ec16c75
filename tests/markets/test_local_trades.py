"""Prosumers on a graph: their program against one by hand, what more edges and capacity do, prices, and wrong options."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy.optimize import minimize_scalar

from sharegrid.options.local_trades import LocalTradesMarket
from sharegrid.preparation import topologies
from sharegrid.preparation.local_trades import draw_users
from sharegrid.stages import clear, prepare
from spot import RESOURCES

MARKET = {"market": "local-trades", "users": 20, "seed": 3}
GRID, CARRIED = 4.0, 0.01


def market(scenarios: dict, **options):
    """data and cleared."""
    data = prepare.prepare(MARKET | {"scenarios": scenarios} | options, RESOURCES)
    return data, clear.clear(data, {"market": "local-trades"})


@pytest.fixture(scope="module")
def known():
    return market(
        {
            "base": {"label": "{topology}|{trade_limit}", "topology": ["empty", "path", "ring", "star", "complete"],
                     "trade_limit": [0.5, "unlimited"]},
            "er": {"label": "er{edge_probability}|{trade_limit}", "topology": ["er"],
                   "edge_probability": [0.05, 0.1, 0.2, 0.5], "trade_limit": [0.1, 0.5, "unlimited"]},
            "free": {"label": "{topology}|free", "topology": ["empty", "path", "ring", "star", "ws", "ba", "complete"],
                     "trade_cost": [0]},
            "er free": {"label": "er{edge_probability}|free", "topology": ["er"], "edge_probability": [0.05, 0.1, 0.2],
                        "trade_cost": [0]},
        }
    )  # fmt: skip


def pooled(members: np.ndarray) -> float:
    """Least cost of some users who pool generation and load without cost: the largest value of the concave dual in one price."""
    users = {name: values[members] for name, values in draw_users(20, 3).items()}
    a, b, d, most = (users[name] for name in ("quadratic_cost", "linear_cost", "load", "generation_limit"))

    def negative(price):
        x = np.clip((price - b) / a, 0, most)
        return -(np.sum(a / 2 * x**2 + b * x) + price * (d.sum() - x.sum()))

    return -minimize_scalar(negative, bounds=(0, GRID), method="bounded", options={"xatol": 1e-10}).fun


def test_without_edges_everybody_serves_itself(known):
    _, cleared = known
    alone = sum(pooled(np.array([k])) for k in range(20))
    assert cleared["objective"].sel(scenario="empty|unlimited").item() == pytest.approx(alone, rel=1e-7)
    assert cleared["trade"].sel(scenario="empty|unlimited").max() == 0


@pytest.mark.parametrize("graph", ["path", "ring", "star", "ws", "ba", "complete", "empty", "er0.05", "er0.1", "er0.2"])
def test_free_unlimited_trade_pools_each_part_of_the_graph(known, graph):
    data, cleared = known
    part = data["component"].sel(scenario=f"{graph}|free").values
    together = sum(pooled(np.flatnonzero(part == k)) for k in range(part.max() + 1))
    assert cleared["objective"].sel(scenario=f"{graph}|free").item() == pytest.approx(together, rel=1e-7)


def test_the_complete_graph_moves_every_kwh_once(known):
    """With each transferred kWh costing 0.01 nothing is passed on: its cost is the pooled one with that cost."""
    _, cleared = known
    one = cleared.sel(scenario="complete|unlimited")
    sold, bought = one["trade"].sum("partner"), one["trade"].sum("participant").values
    assert (np.minimum(sold, bought) <= 1e-7).all()
    rest = one["objective"] - CARRIED * one["traded"]
    assert pooled(np.arange(20)) <= rest.item() + 1e-9 <= one["objective"].item()


def test_cost_falls_with_every_edge_and_with_the_limit(known):
    data, cleared = known
    cost = cleared["objective"]
    for limit in ("0.1", "0.5", "unlimited"):
        nested = [f"er{p}|{limit}" for p in (0.05, 0.1, 0.2, 0.5)]
        graphs = data["adjacency"].sel(scenario=nested).values
        assert (np.diff(graphs, axis=0) >= 0).all() and (np.diff(cost.sel(scenario=nested)) <= 1e-9).all()
    for p in (0.05, 0.1, 0.2, 0.5):
        assert (np.diff(cost.sel(scenario=[f"er{p}|{limit}" for limit in ("0.1", "0.5", "unlimited")])) <= 1e-9).all()


def test_saving_is_no_function_of_the_algebraic_connectivity(known):
    data, cleared = known
    two = ["ring|0.5", "star|0.5"]
    connectivity, cost = (
        one.sel(scenario=two).values for one in (data["algebraic_connectivity"], cleared["objective"])
    )
    assert connectivity[0] < connectivity[1] and cost[0] < cost[1]


def test_prices_differ_over_an_edge_by_its_cost_unless_the_limit_binds(known):
    data, cleared = known
    price, trade = cleared["price"], cleared["trade"]
    apart = price.rename(participant="partner") - price
    limit = data["trade_limit"]
    inside = (data["adjacency"] == 1) & (trade < limit - 1e-7)
    assert (apart.where(inside) <= data["trade_cost"] + 1e-7).where(inside, True).all()
    used = inside & (trade > 1e-7)
    assert (np.abs(apart - data["trade_cost"]).where(used, 0.0) <= 1e-7).all()
    bound = (data["adjacency"] == 1) & (trade >= limit - 1e-9)
    assert bound.any() and (apart.where(bound, 1.0) >= data["trade_cost"] - 1e-7).all()
    assert (price <= GRID + 1e-9).all()


def test_prices_are_what_one_more_kwh_costs(known):
    data, _ = known
    label, h = "er0.2|0.5", 1e-4
    one = data.sel(scenario=[label])
    base = clear.clear(one, {"market": "local-trades"})
    for who in ("u00", "u07", "u19"):
        load = (one["load"] + h * (one["participant"] == who)).assign_attrs(one["load"].attrs)
        more = one.assign(load=load)
        cost = clear.clear(more, {"market": "local-trades"})["objective"]
        change = (cost - base["objective"]).item() / h
        assert change == pytest.approx(base["price"].sel(participant=who).item(), abs=1e-3)


def test_payments_of_trades_cancel_and_leave_the_cost(known):
    _, cleared = known
    assert (np.abs(cleared["price_revenue"].sum("participant")) <= 1e-9).all()
    np.testing.assert_allclose(cleared["reported_cost"].sum("participant"), cleared["objective"], rtol=1e-9)
    alone = cleared["reported_cost"].sel(scenario="empty|unlimited")
    assert (cleared["reported_cost"] - cleared["price_revenue"] <= alone + 1e-7).all(), "nobody pays more than alone"


def test_passing_energy_on_needs_the_one_in_the_middle():
    """Without the middle user of a path the ends are alone, with or without trade between the others."""
    data, _ = market({"path": {"label": "path", "topology": ["path"]}}, users=3)
    cut = data.assign(taking_part=data["taking_part"].where(data["participant"] != "u1", 0).astype("i1"))
    own = {name: cut[name].where(cut["participant"] != "u1", 0.0) for name in ("load", "generation_limit")}
    cleared = clear.clear(cut.assign(own), {"market": "local-trades"})
    assert cleared["trade"].max() <= 1e-9


@given(seed=st.integers(0, 10**6), p=st.floats(0.05, 0.6), limit=st.floats(0.05, 1.5), more=st.floats(1.0, 3.0))
@settings(max_examples=8, deadline=None)
def test_larger_feasible_sets_never_cost_more(seed, p, limit, more):
    scenarios = {
        "few": {"label": "few", "edge_probability": [p], "trade_limit": [limit]},
        "more edges": {"label": "more edges", "edge_probability": [min(1.0, more * p)], "trade_limit": [limit]},
        "more capacity": {"label": "more capacity", "edge_probability": [p], "trade_limit": [more * limit]},
    }
    options = {"users": 8, "seed": seed, "graph_seed": seed + 1, "topology": "er"}
    _, cleared = market(scenarios, **options)
    few, edges, capacity = cleared["objective"].values
    assert edges <= few + 1e-8 * few and capacity <= few + 1e-8 * few


WRONG = [
    ({"edge_probability": 0.0}, "edge_probability"),
    ({"edge_probability": 1.5}, "edge_probability"),
    ({"trade_limit": -1.0}, "trade_limit"),
    ({"trade_limit": "none"}, "trade_limit"),
    ({"trade_cost": -0.1}, "trade_cost"),
    ({"topology": "torus"}, "topology"),
    ({"ws_neighbours": 3}, "ws_neighbours"),
    ({"ws_rewiring": 2.0}, "ws_rewiring"),
    ({"users": 0}, "users"),
    ({"users": 2, "topology": "ring"}, "scenarios.cases: topology ring needs at least 3 users, not 2"),
    ({"users": 4, "topology": "ws"}, "topology ws needs at least 5 users"),
    ({"users": 2, "topology": "ba"}, "topology ba needs at least 3 users"),
]


@pytest.mark.parametrize(("changed", "said"), WRONG)
def test_wrong_options_are_named(changed, said):
    with pytest.raises(ValidationError, match=said):
        LocalTradesMarket.model_validate(MARKET | {"scenarios": {"cases": {"label": "case"}}} | changed)


def test_who_is_not_there_brings_nothing():
    data, cleared = market({"sizes": {"label": "{users}", "users": [3, 6], "topology": ["ring"]}})
    absent = data["taking_part"].sel(scenario="3") == 0
    assert absent.sum() == 3 and (data["load"].sel(scenario="3").where(absent, 0.0) == 0).all()
    assert (cleared["output"].sel(scenario="3").where(absent, 0.0) == 0).all()
    assert data["components"].values.tolist() == [1, 1]
    first = draw_users(6, 3)["load"]
    np.testing.assert_array_equal(data["load"].sel(scenario="6"), first)
    assert topologies.ring(6).sum() == 12
