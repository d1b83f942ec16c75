"""Exact quadratic costs: against fine blocks, between the back ends, and the certificate."""

import angle_model
import numpy as np
import pytest
import scipy.sparse as sp
from scipy.optimize import minimize

from sharegrid.markets import spot as spot_market_model
from sharegrid.optimise import coalitions, reduced
from sharegrid.optimise.highs import NotOptimal, Program
from sharegrid.optimise.quadratic import live
from sharegrid.optimise.values import Engine
from spot import spot_market

BLOCKS = 400


def quadratic_market(seed):
    """A random market in which two of three units have a quadratic cost, and the same with BLOCKS chords per unit."""
    data = angle_model.random_market(seed, negative_loads=seed % 3 == 0, shifts=seed % 2 == 0).isel(block=[0])
    units, rng = data.sizes["generator"], np.random.default_rng(seed)
    curvature = rng.uniform(0.01, 1, units) * (rng.random(units) < 0.7)
    width = data["offer_quantity"].values / BLOCKS
    chords = data["offer_price"].values + curvature[:, None] * width * (2 * np.arange(BLOCKS) + 1)
    dims = "generator", "block"
    fine = data.drop_vars(["offer_quantity", "offer_price"])
    fine = fine.assign(offer_quantity=(dims, np.repeat(width, BLOCKS, axis=1)), offer_price=(dims, chords))
    above = (curvature[:, None] * width**2).sum() / 4  # no chord is farther above the quadratic
    return data.assign(offer_quadratic=("generator", curvature)), fine, above


@pytest.mark.parametrize("seed", range(60))
def test_lies_just_below_fine_blocks(seed):
    data, fine, above = quadratic_market(seed)
    absent = coalitions.subsets(data.sizes["participant"])[::3]
    try:
        blocks = reduced.counterfactuals(fine, absent).cost
    except NotOptimal:
        with pytest.raises(NotOptimal, match="infeasible"):
            reduced.counterfactuals(data, absent)
        return
    exact = reduced.counterfactuals(data, absent).cost
    assert (exact <= blocks + 1e-6).all()
    assert (exact >= blocks - above - 1e-6).all()


@pytest.mark.parametrize("limits", ["none", 0.7, 0.4])
def test_back_ends_agree_on_case118(limits):
    data = spot_market("case118", limits=[limits], bid_mode="quadratic")
    absent = coalitions.removals(54)
    warm, other = (Engine(spot_market_model, data, name).solve(0, absent) for name in ("warm", "reduced"))
    assert np.abs(warm.cost / other.cost - 1).max() < 1e-11
    assert warm.lost_load == pytest.approx(other.lost_load, abs=1e-5)


def test_polish_network_with_quadratic_costs():
    """HiGHS' own quadratic solver fails on this size."""
    data = spot_market("case2383", limits=["case"])
    rng, units = np.random.default_rng(0), data.sizes["generator"]
    curvature = rng.uniform(0.01, 0.1, units) * (rng.random(units) < 0.8)
    data = data.assign(offer_quadratic=(("scenario", "generator"), curvature[None]))
    absent = coalitions.removals(units)[[0, 5, 50]]
    warm, other = (Engine(spot_market_model, data, name).solve(0, absent) for name in ("warm", "reduced"))
    assert np.abs(warm.cost / other.cost - 1).max() < 1e-11


def small_program():
    """min 2 x^2 - x + y^2 + 3 z  s.t.  x + y + z = 4, x - y <= 0.5, 0 <= x <= 3, 0 <= y <= 2, 0 <= z <= 9."""
    matrix = sp.csr_matrix(np.array([[1.0, 1.0, 1.0], [1.0, -1.0, 0.0]]))
    return Program(
        cost=np.array([-1.0, 0.0, 3.0]),
        lower=np.zeros(3),
        upper=np.array([3.0, 2.0, 9.0]),
        matrix=matrix,
        row_lower=np.array([4.0, -np.inf]),
        row_upper=np.array([4.0, 0.5]),
        quadratic=np.array([2.0, 1.0, 0.0]),
    )


def test_small_program_by_hand():
    """Without limits x = 1, y = 1.5 at the price 3 of z, which takes the rest, 1.5."""
    solved = live(small_program(), "small").solve()
    assert solved.x == pytest.approx([1, 1.5, 1.5])
    assert solved.row_dual == pytest.approx([3, 0])
    assert solved.objective == pytest.approx(2 - 1 + 2.25 + 4.5)
    assert solved.gap <= 1e-11


def test_changed_bounds_costs_rows_and_columns():
    engine = live(small_program(), "small")
    engine.solve()
    engine.set_costs([2], np.array([5.0]))
    engine.set_column_bounds([1], np.zeros(1), np.array([1.0]))
    engine.add_rows(sp.csr_matrix(np.array([[0.0, 0.0, 1.0]])), np.array([-np.inf]), np.array([1.0]))
    engine.add_columns(np.array([4.5]), np.zeros(1), np.ones(1), sp.csc_matrix(np.array([[1.0], [0.0], [0.0]])))
    engine.set_row_bounds([1], np.array([-np.inf]), np.array([2.0]))

    def cost(v):
        return 2 * v[0] ** 2 - v[0] + v[1] ** 2 + 5 * v[2] + 4.5 * v[3]

    limits = [{"type": "eq", "fun": lambda v: v.sum() - 4}, {"type": "ineq", "fun": lambda v: 2 - v[0] + v[1]}]
    bounds = [(0, 3), (0, 1), (0, 1), (0, 1)]
    expected = minimize(cost, np.ones(4), bounds=bounds, constraints=limits, options={"ftol": 1e-14})
    solved = engine.solve()
    assert solved.objective == pytest.approx(expected.fun, rel=1e-9)
    assert solved.x == pytest.approx(expected.x, abs=1e-5)


def test_non_convex_costs_are_refused():
    program = small_program()
    program.quadratic[0] = -1.0
    with pytest.raises(ValueError, match="non-convex"):
        live(program, "small")
