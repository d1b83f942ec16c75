"""The closed form against the reduced programs and the angle model."""

import angle_model
import numpy as np
import pytest
import xarray as xr

from sharegrid.optimise import coalitions, merit_order, reduced
from sharegrid.optimise.highs import NotOptimal


def one_node(quantity, price, demand, voll=1000.0):
    """Units with blocks (unit, block) on one bus."""
    units = np.array([str(k + 1) for k in range(len(quantity))], dtype=object)
    return xr.Dataset(
        {
            "demand": ("bus", [float(demand)]),
            "voll": voll,
            "generator_bus": ("generator", [1] * len(units)),
            "offer_quantity": (("generator", "block"), np.asarray(quantity, dtype=float)),
            "offer_price": (("generator", "block"), np.asarray(price, dtype=float)),
            "owner": ("generator", units),
            "line_limit": ("branch", np.array([])),
            "reference_bus": 1,
        },
        coords={"bus": [1], "generator": units, "participant": units},
    )


PJM = [[40], [170], [520], [200], [600]], [[14], [15], [30], [40], [10]]  # chapter 2: MW, $/MWh


def vcg_payments(data, found):
    """r_i = reported cost of i + J(N without i) - J(N), from the merit order written out again."""
    left, cost = float(data["demand"].sum()), np.zeros(data.sizes["generator"])
    blocks = [
        (float(p), k, float(q))
        for k in range(data.sizes["generator"])
        for p, q in zip(data["offer_price"].values[k], data["offer_quantity"].values[k], strict=True)
    ]
    for price, k, width in sorted(blocks):
        cost[k] += price * min(width, left)
        left -= min(width, left)
    return cost + found.cost[1:] - found.cost[0]


@pytest.mark.parametrize("demand, total, fifth, lost", [(900, 29600, None, 0), (1000, 101800, 87900, 70)])
def test_wholesale_case_of_chapter_2(demand, total, fifth, lost):
    data = one_node(*PJM, demand)
    found = merit_order.counterfactuals(data, coalitions.removals(5), details=True)
    payments = vcg_payments(data, found)
    assert payments.sum() == pytest.approx(total)
    if fifth is not None:
        assert payments[4] == pytest.approx(fifth)
    assert found.lost_load[5] == pytest.approx(lost)
    assert found.details["price"][0, 0] == 30
    assert found.details["price"][5, 0] == (1000 if lost else 40)
    assert set(found.details["method"]) == {"merit-order"}
    assert found.counts["lp_solves"] == 0


@pytest.mark.parametrize("seed", range(150))
def test_equals_the_programs_without_limits(seed):
    """All coalitions of markets in which some coalitions lose load, with several blocks and units per owner."""
    data = angle_model.random_market(seed, negative_loads=seed % 3 == 0, shifts=True)
    data["line_limit"] = np.inf * (1 + data["line_limit"] * 0)
    absent = coalitions.subsets(data.sizes["participant"])
    if float(data["demand"].sum()) < 0:
        with pytest.raises(NotOptimal, match="infeasible"):  # fixed injections exceed the demand
            merit_order.counterfactuals(data, absent)
        return
    found = merit_order.counterfactuals(data, absent, details=True)
    other = reduced.counterfactuals(data, absent, details=True)
    assert found.cost == pytest.approx(other.cost, rel=1e-9, abs=1e-7)
    assert found.lost_load == pytest.approx(other.lost_load, abs=1e-6)
    assert set(found.details["method"]) == {"merit-order"}
    for name in ("price", "shed"):
        assert found.details[name] == pytest.approx(other.details[name], abs=1e-6)


@pytest.mark.parametrize("seed", range(60))
def test_equals_the_angle_model_with_limits(seed):
    data = angle_model.random_market(seed)
    data["line_limit"] = data["line_limit"] * 2
    absent = coalitions.removals(data.sizes["participant"])
    found = merit_order.counterfactuals(data, absent)
    expected = np.array([angle_model.solve(data, data["participant"].values[row]).fun for row in absent])
    assert (np.abs(found.cost - expected) <= 1e-6 + 1e-9 * np.abs(expected)).all()


def fallbacks(data):
    """(who of the dispatched falls back, number of dispatched)."""
    count = data.sizes["participant"]
    found = merit_order.counterfactuals(data, coalitions.removals(count), details=True)
    other = reduced.counterfactuals(data, coalitions.removals(count))
    assert found.cost == pytest.approx(other.cost, rel=1e-9)
    dispatched = found.cost[1:] > found.cost[0] + 1e-9
    return np.flatnonzero(found.details["method"][1:] == "reduced"), dispatched.sum()


def test_fallbacks_of_case30():
    who, dispatched = fallbacks(angle_model.real_market("case30", 1.0))
    assert list(who) == [0, 1, 2] and dispatched == 6


def test_fallbacks_of_case118():
    who, dispatched = fallbacks(angle_model.real_market("case118", 1.0))
    assert len(who) == 13 and dispatched == 18


def test_a_congested_base_leaves_everything_to_the_programs():
    who, _ = fallbacks(angle_model.real_market("case30", 0.76))
    assert len(who) == 6


@pytest.mark.parametrize("case, cost", [("case30", 565.892), ("case2383", 1761680.26)])
def test_published_values_without_limits(case, cost):
    data = angle_model.real_market(case, "none")
    found = merit_order.counterfactuals(data, coalitions.removals(data.sizes["participant"]))
    assert found.cost[0] == pytest.approx(cost, abs=0.006)


def test_thousand_units_agree_with_programs():
    rng = np.random.default_rng(2024)
    quantity = rng.uniform(10, 100, (1000, 1))
    data = one_node(quantity, rng.uniform(10, 60, (1000, 1)), 0.6 * quantity.sum())
    absent = coalitions.removals(1000)
    found, other = merit_order.counterfactuals(data, absent), reduced.counterfactuals(data, absent)
    assert np.abs(found.cost - other.cost).max() <= 1e-8 * found.cost[0]


@pytest.mark.parametrize("special", ["quadratic", "must_run"])
def test_quadratic_offers_and_must_run_are_left_to_the_programs(special):
    data = angle_model.random_market(3, must_run=special == "must_run")
    if special == "quadratic":
        data = data.isel(block=[0]).assign(offer_quadratic=("generator", np.full(data.sizes["generator"], 0.01)))
    absent = coalitions.removals(data.sizes["participant"])
    found = merit_order.counterfactuals(data, absent)
    assert found.cost == pytest.approx(reduced.counterfactuals(data, absent).cost)
    assert set(found.details["method"]) == {"reduced"}


def test_price_without_any_dispatch():
    data = one_node([[10], [20]], [[5], [7]], demand=0)
    found = merit_order.counterfactuals(data, coalitions.subsets(2), details=True)
    price = dict(zip(coalitions.labels(["1", "2"], coalitions.subsets(2)), found.details["price"][:, 0], strict=True))
    assert price == {"all": 5, "all-1": 7, "all-1-2": 1000, "all-2": 5}
    assert not found.cost.any()
