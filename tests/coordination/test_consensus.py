"""Prices found by talking to neighbours: those of the centre, one for each part of a graph, counted rounds, and wrong input."""

import logging

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sharegrid import plugins
from sharegrid.config import ConfigError, _check_options
from sharegrid.coordination import average_consensus, consensus_newton
from sharegrid.preparation.topologies import spectrum
from sharegrid.schema import check
from sharegrid.stages import clear, prepare
from spot import RESOURCES

MARKET = {"market": "local-trades", "users": 20, "seed": 3, "trade_cost": 0}
SCENARIOS = {
    "known": {"label": "{topology}", "topology": ["empty", "path", "ring", "star", "complete"]},
    "er": {"label": "er{edge_probability}", "topology": ["er"], "edge_probability": [0.05, 0.1, 0.2]},
}


def market(scenarios: dict = SCENARIOS, **options):
    data = prepare.prepare(MARKET | {"scenarios": scenarios} | options, RESOURCES)
    return {"data": data, "cleared": clear.clear(data, {"market": "local-trades"})}


@pytest.fixture(scope="module")
def results():
    return market()


@pytest.fixture(scope="module")
def found(results):
    return check(consensus_newton.coordinate(results, scenarios=results["data"]["scenario"].values.tolist()), "own")


def test_every_user_finds_the_local_price_of_the_centre(results, found):
    assert (np.abs(found["user_price"] - results["cleared"]["price"]) <= 2e-7).all()
    assert (found["converged"] == 1).all()
    assert (np.abs(found["final_cost"] / found["central_cost"] - 1) <= 1e-8).all()


def test_connected_graphs_cost_and_price_the_same(found):
    one = found.sel(scenario=["path", "ring", "star", "complete", "er0.2"])
    np.testing.assert_allclose(one["user_price"], 3.845819, atol=7e-7)
    np.testing.assert_allclose(one["final_cost"], 105.11303175, atol=5e-8)
    assert (one["newton_steps"] == 5).all()


@pytest.mark.parametrize(
    ("name", "rounds"), [("path", 7435), ("ring", 1885), ("star", 925), ("er0.2", 700), ("complete", 5)]
)
def test_rounds_are_steps_times_averaging(results, found, name, rounds):
    one, data = found.sel(scenario=name), results["data"].sel(scenario=name)
    graph = data["adjacency"].values == 1
    assert one["rounds"] == rounds == 5 * spectrum(graph).rounds_to(1e-8)
    assert (one["floats"].isel(round=slice(rounds)) == 6 * data["edges"]).all()
    assert one["messages"] == 20 * rounds


def test_each_part_of_a_graph_has_its_own_price_and_the_log_says_so(results, caplog):
    with caplog.at_level(logging.WARNING):
        found = consensus_newton.coordinate(results, scenarios=["er0.05"])
    assert "er0.05 is not connected: one price for each of its 9 parts" in caplog.text
    part = results["data"]["component"].sel(scenario="er0.05")
    price = found["user_price"].sel(scenario="er0.05").groupby(part)
    assert (price.max() - price.min() <= 2e-7).all() and price.mean().max() - price.mean().min() > 1


def test_a_user_alone_says_nothing(found):
    alone = found.sel(scenario="empty")
    assert alone["floats"].sum() == 0 and (alone["averaging_rounds"] == 0).all() and alone["rounds"] == 1


def test_bounds_stay_below_and_costs_above_the_optimum(found):
    assert (found["lower_bound"] <= found["central_cost"] + 1e-9).where(found["lower_bound"].notnull(), True).all()
    assert (found["gap"] >= -1e-9).where(found["gap"].notnull(), True).all()
    assert (found["certified_gap"] <= 1e-8).all()


@given(seed=st.integers(0, 10**6), p=st.floats(0.1, 1.0), price=st.floats(0.3, 5.0))
@settings(max_examples=8, deadline=None)
def test_any_draw_ends_at_the_centre(seed, p, price):
    """Prices of the grid from below the cheapest to above the dearest generation: nobody, all or some generate."""
    er = {"er": {"label": "er", "topology": ["er"], "edge_probability": [p]}}
    results = market(er, users=7, seed=seed, graph_seed=seed + 1, grid_price=price)
    found = consensus_newton.coordinate(results, scenarios=["er"])
    assert found["converged"] == 1
    assert found["final_cost"].item() == pytest.approx(found["central_cost"].item(), rel=2e-6)
    np.testing.assert_allclose(found["user_price"], results["cleared"]["price"], rtol=1e-5)


@pytest.mark.parametrize("topology", ["ring", "empty"])
def test_a_grid_below_all_generation_sets_the_price(topology):
    results = market({"one": {"label": "one", "topology": [topology]}}, users=4, grid_price=0.3)
    assert (results["data"]["linear_cost"] > 0.3).all()
    found = consensus_newton.coordinate(results, scenarios=["one"])
    np.testing.assert_allclose(found["user_price"], 0.3, rtol=1e-12)
    np.testing.assert_allclose(results["cleared"]["price"], 0.3, rtol=1e-9)
    assert found["converged"] == 1


def test_too_few_steps_are_no_success(results):
    found = consensus_newton.coordinate(results, scenarios=["ring"], steps=2)
    assert found["converged"] == 0 and found["rounds"] == 2 * 377 and found["gap"].isel(round=-1) > 1e-6


def test_averaging_is_simulated_within_its_bound(results):
    found = check(average_consensus.coordinate(results, seed=5), "own")
    connected = results["data"]["components"].values == 1
    assert (found["consensus_rounds"].notnull().values == connected).all()
    here = found.isel(graph=connected)
    assert (here["consensus_worst"] <= here["consensus_contraction"] + 1e-12).all()
    assert (here["consensus_simulated"] <= here["consensus_rounds"]).all()
    known = {"path": 744, "ring": 189, "star": 93, "complete": 1, "er0.2": 70}
    assert {name: int(here["consensus_rounds"].sel(graph=name)) for name in known} == known


def test_markets_and_trades_that_it_cannot_serve_are_refused(results):
    limited = market({"few": {"label": "few", "trade_limit": [1.0]}, "dear": {"label": "dear", "trade_cost": [0.1]}})
    for name in ("few", "dear"):
        with pytest.raises(ValueError, match=f"scenarios: '{name}' limits trades or lets them cost; name one with"):
            consensus_newton.coordinate(limited, scenarios=[name])
    other = results | {"data": results["data"].drop_vars("adjacency")}
    for method, options in ((consensus_newton, {"scenarios": ["ring"]}), (average_consensus, {})):
        with pytest.raises(ValueError, match="has no graph; use a study of local-trades"):
            method.coordinate(other, **options)
    with pytest.raises(ValueError, match="scenarios: no scenario 'torus'"):
        consensus_newton.coordinate(results, scenarios=["torus"])


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [("consensus-newton", {"scenarios": []}, "scenarios"), ("consensus-newton", {"scenarios": ["a"], "tolerance": 2}, "tolerance"),
     ("consensus-newton", {"scenarios": ["a"], "steps": 0}, "steps"), ("average-consensus", {"accuracy": 0}, "accuracy")],
)  # fmt: skip
def test_options_are_checked_when_the_study_is_read(name, options, said):
    allowed = plugins.options(plugins.module_of("coordination", name), "coordinate")
    with pytest.raises(ConfigError, match=said):
        _check_options(options, allowed, "study")
