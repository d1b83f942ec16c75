"""The live program: statuses, signs, warm restarts, mixed integers, and quadratic costs by tangents."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from sharegrid.optimise.highs import COLD, WARM, LiveProgram, NotOptimal, Program
from sharegrid.optimise.quadratic import QuadraticProgram, live


def dispatch(price, width, demand, **more):
    """Meet a demand from blocks: one row."""
    count = len(price)
    row = sp.csr_matrix(np.ones((1, count)))
    bound = np.array([float(demand)])
    arrays = [np.asarray(array, dtype=float) for array in (price, np.zeros(count), width)]
    return Program(*arrays, row, bound, bound, **more)


def test_row_dual_is_the_price_of_one_more():
    solved = LiveProgram(dispatch([10, 20, 30], [5, 5, 5], 7)).solve()
    assert solved.objective == 90
    assert solved.row_dual.tolist() == [20]
    assert solved.reduced_cost.tolist() == [-10, 0, 10]
    assert solved.start == COLD


def test_bounds_costs_and_rows_change_between_solves():
    program = LiveProgram(dispatch([10, 20, 30], [5, 5, 5], 7))
    program.solve()
    program.set_column_bounds([0], np.zeros(1), np.zeros(1))
    solved = program.solve()
    assert (solved.objective, solved.start) == (160, WARM)
    program.set_column_bounds([0], np.zeros(1), np.array([5.0]))
    program.set_costs([1], np.array([5.0]))
    assert program.solve().objective == 45
    program.add_rows(sp.csr_matrix([[0.0, 1.0, 0.0]]), np.array([-np.inf]), np.array([3.0]))
    solved = program.solve()
    assert solved.objective == 55
    assert solved.row_dual.tolist() == [10, -5]
    program.add_columns(np.array([1.0]), np.zeros(1), np.ones(1), sp.csc_matrix([[1.0], [0.0]]))
    assert program.solve().objective == 46
    program.set_row_bounds([0], np.array([8.0]), np.array([8.0]))
    assert program.solve().objective == 56


def test_only_optimal_is_accepted():
    program = LiveProgram(dispatch([10], [5], 7), "the case")
    with pytest.raises(NotOptimal, match="the case, without 3: the solver ended 'infeasible'") as error:
        program.solve("without 3")
    assert error.value.status == "infeasible"
    assert program.conflict().tolist() == [0]
    free = dispatch([-1], [np.inf], 0)
    free.row_upper = np.array([np.inf])
    with pytest.raises(NotOptimal, match="unbounded"):
        LiveProgram(free).solve()


def test_an_infeasible_solve_does_not_spoil_the_next():
    program = LiveProgram(dispatch([10, 20], [5, 5], 7))
    program.solve()
    program.set_row_bounds([0], np.array([11.0]), np.array([11.0]))
    with pytest.raises(NotOptimal):
        program.solve()
    program.set_row_bounds([0], np.array([7.0]), np.array([7.0]))
    assert program.solve().objective == 90


def test_nan_is_refused():
    with pytest.raises((ValueError, NotOptimal)):
        LiveProgram(dispatch([np.nan], [5], 7)).solve()


def test_mixed_integers_have_no_duals():
    solved = LiveProgram(dispatch([10, 21], [5, 5], 5, integer=np.array([True, True]))).solve()
    assert solved.objective == 50
    assert solved.row_dual is None


def merit_order_of_quadratics(linear, quadratic, upper, demand):
    """Price by bisection on sum min(max((price - linear) / 2 quadratic, 0), upper) = demand."""
    low, high = -1e4, 1e4
    for _ in range(200):
        price = (low + high) / 2
        supply = np.clip((price - linear) / (2 * quadratic), 0, upper)
        low, high = (price, high) if supply.sum() < demand else (low, price)
    return price, supply


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(0, 10_000), st.integers(1, 12), st.floats(0.1, 0.95))
def test_quadratic_costs_are_exact(seed, count, share):
    rng = np.random.default_rng(seed)
    linear, quadratic, upper = rng.uniform(0, 50, count), rng.uniform(0.002, 0.5, count), rng.uniform(10, 200, count)
    demand = share * upper.sum()
    price, supply = merit_order_of_quadratics(linear, quadratic, upper, demand)
    program = live(dispatch(linear, upper, demand, quadratic=quadratic))
    assert isinstance(program, QuadraticProgram)
    solved = program.solve()
    assert solved.gap * max(1, solved.objective) <= 1e-12 * solved.objective + 1e-9 * count
    assert solved.objective == pytest.approx((linear * supply + quadratic * supply**2).sum(), rel=1e-9)
    assert solved.row_dual[0] == pytest.approx(price, rel=1e-4)
    program.set_column_bounds([0], np.zeros(1), np.zeros(1))
    if demand < upper[1:].sum():
        _, supply = merit_order_of_quadratics(linear[1:], quadratic[1:], upper[1:], demand)
        expected = (linear[1:] * supply + quadratic[1:] * supply**2).sum()
        assert program.solve().objective == pytest.approx(expected, rel=1e-9), "tangents hold under any bounds"


def test_rows_and_columns_keep_their_numbers_beside_the_tangents():
    program = live(dispatch([0, 0], [10, 10], 10, quadratic=np.array([1.0, 1.0])))
    program.add_rows(sp.csr_matrix([[1.0, 0.0]]), np.array([-np.inf]), np.array([2.0]))
    program.add_columns(np.array([3.0]), np.zeros(1), np.array([10.0]), sp.csc_matrix([[1.0], [0.0]]))
    solved = program.solve()
    np.testing.assert_allclose(solved.x, [1.5, 1.5, 7], atol=1e-4)
    np.testing.assert_allclose(solved.row_dual, [3, 0], atol=1e-4)


def test_non_convex_and_unbounded_quadratics_are_refused():
    with pytest.raises(ValueError, match="negative"):
        live(dispatch([0], [10], 5, quadratic=np.array([-1.0])))
    with pytest.raises(ValueError, match="finite bounds"):
        live(dispatch([0], [np.inf], 5, quadratic=np.array([1.0])))
