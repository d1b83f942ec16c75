"""The value engine: back ends agree with each other, chunks with the whole, and errors name the coalition."""

from itertools import combinations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from networks import random_market
from sharegrid.markets import spot
from sharegrid.optimise import coalitions
from sharegrid.optimise.highs import NotOptimal
from sharegrid.optimise.values import Engine
from sharegrid.stages.value import gather, value
from spot import cleared, spot_market, valued


def close(one, other, objective):
    """Equal to 1e-8 relative."""
    np.testing.assert_allclose(one, other, rtol=1e-8, atol=1e-8 * max(1.0, abs(objective)))


@settings(max_examples=4, deadline=None, derandomize=True)
@given(st.integers(0, 10_000))
def test_back_ends_agree_on_random_markets(seed):
    data = random_market(5, seed=seed, generators=4)
    absent = coalitions.subsets(4)
    found = {name: Engine(spot, data, name).solve(0, absent) for name in ("rebuild", "warm", "reduced")}
    for name in ("warm", "reduced"):
        close(found[name].cost, found["rebuild"].cost, found["rebuild"].cost[0])
        np.testing.assert_allclose(found[name].lost_load, found["rebuild"].lost_load, atol=1e-5)


@pytest.mark.parametrize("options", [{}, {"bid_mode": "quadratic"}])
def test_back_ends_agree_on_case30(options):
    data = spot_market("case30", limits=[0.76], **options)
    absent = coalitions.subsets(6)[::4]
    found = {name: Engine(spot, data, name).solve(0, absent) for name in ("rebuild", "warm", "reduced")}
    for name in ("warm", "reduced"):
        close(found[name].cost, found["rebuild"].cost, found["rebuild"].cost[0])


def test_owners_of_several_generators_and_must_run():
    owners = {"a": ["0", "1"], "b": ["2", "3"], "c": ["4", "5"]}
    data = spot_market("case30", participants=owners, limits=[0.9], pmin="keep")
    data["must_run"][:] = 4.0
    data["must_run_cost"][:] = 9.0
    absent = coalitions.subsets(3)
    found = {name: Engine(spot, data, name).solve(0, absent) for name in ("rebuild", "warm", "reduced")}
    close(found["warm"].cost, found["rebuild"].cost, 1.0)
    close(found["reduced"].cost, found["rebuild"].cost, 1.0)


def test_quadratic_vcg_of_case30():
    data = spot_market("case30", bid_mode="quadratic")
    base, values = cleared(data).isel(scenario=0), valued(data)
    profit = coalitions.removal_cost(values)[0] - base["objective"]
    assert (base["reported_cost"] + profit).sum().item() == pytest.approx(745.732, abs=1e-3)


def test_cost_never_falls_when_somebody_leaves():
    values = valued(spot_market("case30", limits=[0.72]), "all").isel(scenario=0)
    cost = dict(zip(values["coalition"].values, values["cost"].values, strict=True))
    for size in range(6):
        for gone in combinations(values["participant"].values, size):
            for more in set(values["participant"].values) - set(gone):
                bigger = sorted([*gone, more])
                assert cost[coalitions.label(bigger)] >= cost[coalitions.label(gone)] - 1e-7


def test_who_supplies_nothing_is_not_solved_and_not_missed():
    data = spot_market("case118")
    idle = np.flatnonzero(cleared(data)["output"].values[0] < 1e-9)
    found = Engine(spot, data, "warm").solve(0, coalitions.removals(54))
    assert len(idle)
    assert found.counts["lp_solves"] == 1 + 54 - len(idle)
    np.testing.assert_array_equal(found.cost[1 + idle], found.cost[0])
    rebuilt = Engine(spot, data, "rebuild").solve(0, coalitions.removals(54)[[0, 1 + idle[0]]])
    close(rebuilt.cost[1], found.cost[0], found.cost[0])


def test_prices_without_a_participant_are_those_of_the_market_without_it():
    data = spot_market("case30", limits=[0.76])
    values = valued(data)
    without = data.copy(deep=True)
    without["offer_quantity"].loc[{"generator": "3"}] = 0.0
    alone = cleared(without).isel(scenario=0)
    np.testing.assert_allclose(values["price_without"].sel(participant="3")[0], alone["price"], rtol=1e-9)
    np.testing.assert_allclose(values["shed_without"].sel(participant="3")[0], alone["shed"], atol=1e-7)


def test_chunks_make_the_same_bytes_as_one_job():
    data = spot_market("case30", limits=["none", 1.0, 0.9, 0.76, 0.72])
    config = {"market": "spot", "backend": "warm", "compare": None}
    config["requests"] = [{"scenarios": ["*"], "coalitions": "removals"}, {"scenarios": ["0.72"], "coalitions": "all"}]
    whole = value(data, config)
    parts = [value(data, config, chunk, 3) for chunk in range(3)]
    xr.testing.assert_identical(gather(parts), whole)


def test_requests_add_up_and_unknown_scenarios_are_named():
    data = spot_market("case30", limits=["none", 0.76])
    config = {"market": "spot", "backend": "warm", "compare": None}
    config["requests"] = [
        {"scenarios": ["none"], "coalitions": "pairs"},
        {"scenarios": ["0.*"], "coalitions": "removals"},
    ]
    values = value(data, config)
    assert values["cost"].notnull().sum("coalition").values.tolist() == [1 + 6 + 15, 1 + 6]
    config["requests"] = [{"scenarios": ["0.77"], "coalitions": "removals"}]
    with pytest.raises(ValueError, match=r"'0\.77' is no label"):
        value(data, config)


def test_an_infeasible_coalition_is_named():
    data = spot_market("case30", limits=["none"])
    data["demand"][:] = 0.0
    data["demand"].loc[{"bus": 8}] = -30.0  # a fixed injection that only unit 2, taking up to 50 MW, can absorb
    data["offer_quantity"].loc[{"generator": "2"}] = 0.0
    data["must_run"] = ("generator", np.array([0, 0, -30.0, 0, 0, 0]))
    data["must_run_cost"] = ("generator", np.zeros(6))
    for backend in ("warm", "rebuild", "reduced"):
        with pytest.raises(NotOptimal, match="all-2"):
            Engine(spot, data, backend).solve(0, coalitions.removals(6))


def test_structured_back_ends_refuse_other_markets():
    data = spot_market("case30").drop_vars("susceptance")
    with pytest.raises(ValueError, match="use backend: warm"):
        Engine(spot, data, "reduced")


def test_reading_costs():
    values = valued(spot_market("case30"), "pairs")
    assert coalitions.cost_of(values, ["5", "2"]).item() == values["cost"].sel(coalition="all-2-5").item()
    with pytest.raises(KeyError, match="all-1-2-3"):
        coalitions.cost_of(values, ["1", "2", "3"])


def test_gray_order_changes_one_participant_at_a_time():
    rows = coalitions.subsets(6)
    assert len(np.unique(rows, axis=0)) == 64
    assert (np.abs(np.diff(rows.astype(int), axis=0)).sum(axis=1) == 1).all()


def two_islands():
    """Two copies of a market that no branch connects, on buses 1-5 and 101-105."""
    one = random_market(5, seed=5, generators=3)
    other = one.assign_coords(
        bus=one["bus"] + 100, branch=one["branch"] + 100, generator=[f"b{k}" for k in one["generator"].values],
        participant=[f"b{k}" for k in one["participant"].values],
    )  # fmt: skip
    for name in ("from_bus", "to_bus", "generator_bus"):
        other[name] = other[name] + 100
    other["owner"] = ("generator", other["generator"].values)
    both = xr.Dataset(coords={"scenario": one["scenario"]})
    for name in one.data_vars:
        dims = set(one[name].dims) & {"bus", "branch", "generator"}
        both[name] = xr.concat([one[name], other[name]], dims.pop()) if dims else one[name]
    coords = {name: one[name] for name in ("base", "deviator", "family", "n1_rule")}
    return both.assign_coords(coords | {"participant": both["generator"].values})


def test_islands_are_balanced_apart_or_refused():
    data = two_islands()
    one = random_market(5, seed=5, generators=3)
    absent = coalitions.removals(6)
    found = Engine(spot, data, "warm").solve(0, absent)
    alone = Engine(spot, one, "warm").solve(0, coalitions.removals(3))
    np.testing.assert_allclose(found.cost[0], 2 * alone.cost[0])
    np.testing.assert_allclose(found.cost[1:4], alone.cost[1:] + alone.cost[0])
    close(Engine(spot, data, "rebuild").solve(0, absent).cost, found.cost, found.cost[0])
    data["line_limit"][:] = np.inf
    for backend in ("reduced", "merit-order"):
        with pytest.raises(ValueError, match=r"bus 101 is on another island than bus 1; use backend: warm"):
            Engine(spot, data, backend)


def test_merit_order_agrees_where_it_applies():
    data = spot_market("case30", limits=["none", 0.76])
    for k in range(2):
        closed = Engine(spot, data, "merit-order").solve(k, coalitions.removals(6))
        close(closed.cost, Engine(spot, data, "rebuild").solve(k, coalitions.removals(6)).cost, closed.cost[0])


@pytest.mark.parametrize("chunks", [2, 5, 9, 40])
def test_more_chunks_than_scenarios_share_the_coalitions(chunks):
    data = spot_market("case30", limits=["none", 0.76])
    config = {"market": "spot", "backend": "warm", "compare": None}
    config["requests"] = [{"scenarios": ["*"], "coalitions": "all"}]
    whole = value(data, config)
    parts = [value(data, config, chunk, chunks) for chunk in range(chunks)]
    assert (
        max(part["cost"].notnull().sum().item() if "cost" in part else 0 for part in parts)
        <= 128 / min(chunks, 64) + 64
    )
    gathered = gather(parts).sel(coalition=whole["coalition"])
    xr.testing.assert_allclose(gathered["cost"], whole["cost"], rtol=1e-10)
    for name in ("price_without", "shed_without"):
        assert gathered[name].notnull().all()
    assert gathered["core_complete"].all()


def test_core_constraints_survive_chunks():
    data = spot_market("case30", limits=[0.72])
    config = {"market": "spot", "backend": "warm", "compare": None}
    config["requests"] = [{"scenarios": ["*"], "coalitions": "core"}]
    parts = [value(data, config, chunk, 3) for chunk in range(3)]
    xr.testing.assert_identical(gather(parts)["cost"], value(data, config)["cost"])


def test_results_say_how_they_were_made():
    data = spot_market("case30")
    config = {"market": "spot", "backend": "warm", "compare": None, "chunks": 3}
    config["requests"] = [{"scenarios": ["*"], "coalitions": "removals"}]
    values = value(data, config)
    assert values.attrs["solver"].startswith("HiGHS 1.")
    assert '"backend": "warm"' in values.attrs["configuration"]
    assert '"bid_mode": "blocks"' in data.attrs["configuration"]
    for name, variable in {**values.variables, **data.variables}.items():
        assert {"units", "long_name"} <= set(variable.attrs), name


def test_engines_are_compared_on_valued_scenarios_only():
    data = spot_market("case30", limits=["none", 0.76])
    config = {"market": "spot", "backend": "warm", "compare": {"scenarios": ["*"], "rebuild_sample": 1}}
    config["requests"] = [{"scenarios": ["none"], "coalitions": "removals"}]
    with pytest.raises(ValueError, match=r"compare: scenario '0\.76' is in no request"):
        value(data, config)
