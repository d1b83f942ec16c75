"""Communities out of copies: by types as with columns for all, bills that sum to the cost, sampled coalitions."""

import numpy as np
import pytest

from coordinated import program_of, random_program, ten_users
from sharegrid import plugins
from sharegrid.config import ConfigError, _check_options
from sharegrid.coordination import community_scale
from sharegrid.coordination.decomposition import decompose
from sharegrid.coordination.replicas import Types, bills, copied
from sharegrid.optimise.quadratic import live
from sharegrid.schema import check


@pytest.fixture(scope="module")
def split():
    return decompose(*program_of("capacity 5"))


@pytest.mark.parametrize("counts", [[1] * 10, [3] * 10, [0, 1, 2, 0, 5, 1, 0, 0, 3, 1]])
def test_types_are_exact(split, counts):
    solved = live(copied(split, counts)).solve()
    assert Types(split).solve(np.array(counts)).objective == pytest.approx(solved.objective, rel=1e-9)


def test_the_copied_program_of_one_each_is_the_community(split):
    central = ten_users()["cleared"]["objective"].sel(scenario="capacity 5").item()
    assert live(copied(split, np.ones(10, int))).solve().objective == pytest.approx(central, rel=1e-9)


def test_bills_sum_to_the_cost_and_every_copy_has_the_same(split):
    counts = np.array([2, 1, 1, 3, 1, 0, 1, 1, 2, 1])
    solved = live(copied(split, counts)).solve()
    bill = bills(split, counts, solved.x, solved.row_dual)
    assert np.isnan(bill[5])
    assert np.nansum(counts * bill) == pytest.approx(solved.objective, rel=1e-9)
    widths = [len(member.columns) for member in split.members]
    start = len(split.nobody.columns) + counts[:3] @ widths[:3]  # the three copies of the fourth user
    fourth = split.members[3]
    for copy in range(3):
        x = solved.x[start + copy * widths[3] : start + (copy + 1) * widths[3]]
        own = fourth.program.cost @ x - solved.row_dual[fourth.rows] @ (fourth.contribution @ x)
        assert own == pytest.approx(bill[3], abs=1e-7)


def test_no_sampled_coalition_gains_and_savings_grow_with_the_copies():
    found = check(community_scale.coordinate(ten_users(), scenario="capacity 5", sizes=[5, 10, 30], multiplied=[30, 1000],
                                             coalitions=60, seed=3), "own")  # fmt: skip
    assert (found["scale_max_excess"] <= 1e-6 * found["scale_cost"]).all()
    cost = found["scale_cost"].values
    assert cost[2] == pytest.approx(cost[3], rel=1e-9)  # 30 users with columns of their own, and by types
    assert cost[4] == pytest.approx(100 * cost[1], rel=1e-9)  # homogeneous
    assert found["scale_columns"].values[2] > found["scale_columns"].values[3] == found["scale_columns"].values[4]
    assert (found["scale_saving"] > 0).all()


def test_wrong_bills_would_be_blocked(split):
    types = Types(split)
    solved = types.solve(np.ones(10))
    bill = bills(split, np.ones(10, int), solved.x, solved.row_dual)
    equal = np.full(10, solved.objective / 10)
    who = np.arange(10)
    assert community_scale._excesses(types, who, bill, 60, 5, 1).max() <= 1e-6 * solved.objective
    assert community_scale._excesses(types, who, equal, 60, 5, 1).max() > 1


def test_rows_with_a_right_hand_side_are_refused():
    with pytest.raises(ValueError, match="right-hand side 0"):
        Types(decompose(*random_program(0)))


@pytest.mark.parametrize(("wrong", "message"), [
    ({"sizes": []}, "sizes is empty; give at least one"),
    ({"sizes": [4, 0]}, "sizes: 0 cannot be; it must be a whole number from 1 up"),
    ({"sizes": [2.5]}, "sizes: 2.5 cannot be"),
    ({"multiplied": [-3]}, "multiplied: -3 cannot be"),
    ({"coalitions": 0}, "coalitions: 0 cannot be"),
    ({"largest": 0}, "largest: 0 cannot be"),
])  # fmt: skip
def test_wrong_options_are_named(wrong, message):
    with pytest.raises(ValueError, match=message):
        community_scale.coordinate(ten_users(), **({"scenario": "capacity 5"} | wrong))


@pytest.mark.parametrize(("name", "wrong", "option"), [
    ("sharing-admm", {"relaxation": 2.0}, "relaxation"),
    ("sharing-admm", {"rho": float("inf")}, "rho"),
    ("dantzig-wolfe", {"tolerance": 1.0}, "tolerance"),
    ("dantzig-wolfe", {"scenarios": []}, "scenarios"),
    ("community-scale", {"sizes": [0]}, "sizes"),
])  # fmt: skip
def test_wrong_options_are_found_in_the_study(name, wrong, option):
    needed = {"scenario": "base"} if name == "community-scale" else {"scenarios": ["base"]}
    allowed = plugins.options(plugins.module_of("coordination", name), "coordinate")
    _check_options(needed, allowed, name)
    with pytest.raises(ConfigError, match=option):
        _check_options(needed | wrong, allowed, name)
