"""The live program: statuses, signs, warm restarts, mixed integers, and quadratic costs by tangents."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from sharegrid.optimise.active_set import ActiveSet
from sharegrid.optimise.highs import BASIC, COLD, LOWER, UPPER, WARM, LiveProgram, NotOptimal, Program
from sharegrid.optimise.quadratic import QuadraticProgram, live
from spot import cleared, spot_market


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
    assert solved.row_dual[0] == pytest.approx(price, rel=1e-8)
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
    np.testing.assert_allclose(solved.x, [1.5, 1.5, 7], rtol=1e-9)
    np.testing.assert_allclose(solved.row_dual, [3, 0], atol=1e-9)


def test_non_convex_and_unbounded_quadratics_are_refused():
    with pytest.raises(ValueError, match="negative"):
        live(dispatch([0], [10], 5, quadratic=np.array([-1.0])))
    with pytest.raises(ValueError, match="finite bounds"):
        live(dispatch([0], [np.inf], 5, quadratic=np.array([1.0])))


def test_prices_of_quadratic_costs_leave_no_surplus_without_congestion():
    """HiGHS' own quadratic solver leaves 0.126 $/h here, which should be 0."""
    one = cleared(spot_market("case118", bid_mode="quadratic")).isel(scenario=0)
    assert abs(one["congestion_rent"].item()) < 1e-6
    assert np.ptp(one["price"].values) < 1e-9


@pytest.mark.parametrize("columns", [[BASIC, BASIC], [BASIC, UPPER], [LOWER, BASIC]])
def test_a_wrong_guess_of_what_binds_is_corrected(columns):
    program = dispatch([0, 0], [10, 10], 10, quadratic=np.array([1.0, 1.0]))
    exact = ActiveSet(program, np.array(columns), np.array([LOWER])).solve()
    np.testing.assert_allclose(exact.x, [5, 5])
    assert abs(exact.gap) < 1e-10


def test_two_limits_in_series_have_one_of_many_prices():
    data = spot_market("case118", bid_mode="quadratic", limits=[0.7])
    one = cleared(data).isel(scenario=0)
    assert one["relative_gap"].item() <= 1e-12
    at = one["price"].sel(bus=data["generator_bus"]).values
    marginal = 2 * data["offer_quadratic"].values[0] * one["dispatch"].values + data["offer_price"].values[0, :, 0]
    inside = (one["dispatch"].values > 1e-6) & (one["dispatch"].values < data["offer_quantity"].values[0, :, 0] - 1e-6)
    assert inside.sum() > 5
    np.testing.assert_allclose(marginal[inside], at[inside], rtol=1e-8)
