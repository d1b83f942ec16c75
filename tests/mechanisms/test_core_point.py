"""The nearest core point of largest total profit, against its optimality conditions by another solver, and by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from sharegrid.optimise import core_point as module
from sharegrid.optimise.core_point import core_point, least_norm
from sharegrid.optimise.highs import NotOptimal

GRAY = {n: np.array([[k >> i & 1 for i in range(n)] for k in range(1, 2**n)], dtype=bool) for n in range(1, 7)}


def games(values):
    """Absent sets and right-hand sides: some complements, some substitutes, profits of very different size."""
    count = values.draw(st.integers(2, 6))
    size = st.sampled_from([1.0, 30.0, 1e3, 1e4])
    pivotal = np.array(
        [values.draw(size) * values.draw(st.floats(0, 1).map(lambda x: round(x, 3))) for _ in range(count)]
    )
    absent = GRAY[count]
    shares = np.array([values.draw(st.floats(0.3, 1.2).map(lambda x: round(x, 3))) for _ in range(len(absent))])
    rhs = np.where(absent.sum(axis=1) == 1, absent @ pivotal, shares * (absent @ pivotal))
    return absent, rhs, pivotal


def largest(objective, absent, rhs, least_total=0.0) -> float:
    """max objective u over the core, with the total at least `least_total`."""
    rows = np.vstack([absent.astype(float), -np.ones((1, absent.shape[1]))])
    solved = linprog(-objective, A_ub=rows, b_ub=np.append(rhs, -least_total), bounds=[(0, None)] * absent.shape[1])
    assert solved.success, solved.message
    return -solved.fun


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_largest_total_and_nearest_of_those(values):
    """The total against scipy; nearest: u is the projection of v on a convex set iff (v - u) (w - u) <= 0 on all of it."""
    absent, rhs, pivotal = games(values)
    scale = max(pivotal.max(), 1e-3)
    profit = core_point(rhs, absent, pivotal) / scale
    rhs, pivotal = rhs / scale, pivotal / scale
    assert (absent @ profit - rhs).max() <= 1e-6
    assert (profit >= 0).all() and (profit <= pivotal + 1e-9).all()
    total = largest(np.ones(len(pivotal)), absent, rhs)
    assert profit.sum() == pytest.approx(total, abs=1e-6)
    step = pivotal - profit
    assert largest(step, absent, rhs, least_total=total - 1e-9) <= step @ profit + 1e-5


def test_two_complements_share_what_they_miss_equally():
    absent = np.array([[1, 0], [0, 1], [1, 1]], dtype=bool)
    np.testing.assert_allclose(core_point(np.array([2.0, 2.0, 3.0]), absent, np.array([2.0, 2.0])), [1.5, 1.5])


def test_nobody_falls_below_zero():
    absent = np.array([[1, 0], [0, 1], [1, 1]], dtype=bool)
    np.testing.assert_allclose(core_point(np.array([0.2, 2.0, 1.0]), absent, np.array([0.2, 2.0])), [0, 1], atol=1e-12)


def test_the_pivot_of_two_pairs_gives_way_first():
    """Largest total: one who is in both pairs gives 1, not the two others 1 each."""
    absent = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [0, 1, 1]], dtype=bool)
    rhs = np.array([5.0, 5.0, 5.0, 9.0, 9.0])
    np.testing.assert_allclose(core_point(rhs, absent, np.full(3, 5.0)), [5, 4, 5])


def test_without_complements_the_pivotal_profits_stay_exactly():
    pivotal = np.array([3.0, 0.1, 7.0])
    np.testing.assert_array_equal(core_point(GRAY[3] @ pivotal, GRAY[3], pivotal), pivotal)


def test_an_empty_core_is_an_error():
    absent = np.array([[1, 0], [0, 1], [1, 1]], dtype=bool)
    with pytest.raises(NotOptimal, match="infeasible"):
        core_point(np.array([1.0, 1.0, -1.0]), absent, np.array([1.0, 1.0]))


def test_redundant_and_repeated_rows_do_no_harm():
    absent = np.repeat(np.array([[1, 0], [0, 1], [1, 1]], dtype=bool), 3, axis=0)
    rhs = np.repeat([2.0, 2.0, 3.0], 3)
    np.testing.assert_allclose(core_point(rhs, absent, np.array([2.0, 2.0])), [1.5, 1.5])


def test_a_wrong_projection_is_noticed(monkeypatch):
    """The optimality conditions are verified, not trusted."""
    monkeypatch.setattr(module, "PRECISION", 0.5)  # stops before the last constraints hold
    with pytest.raises(RuntimeError, match="feasibility"):
        least_norm(np.zeros((0, 2)), np.zeros(0), np.array([[1.0, 0.0], [1.0, 1.0]]), np.array([0.9, 1.0]))


@pytest.mark.parametrize("seed", range(20))
def test_profits_of_very_different_size_and_flat_faces(seed):
    """Whole numbers make degenerate faces; profits over 13 decades make thin ones."""
    rng = np.random.default_rng(seed)
    absent = GRAY[6]
    for pivotal, share in (
        (10.0 ** rng.uniform(-8, 5, 6), rng.uniform(0.3, 1.2, len(absent))),
        (rng.integers(0, 5, 6).astype(float), rng.choice([0.25, 0.5, 0.75, 1.0], len(absent))),
    ):
        rhs = np.where(absent.sum(axis=1) == 1, absent @ pivotal, share * (absent @ pivotal))
        profit = core_point(rhs, absent, pivotal)
        assert (absent @ profit - rhs).max() <= 1e-9 * max(1, pivotal.max()) and (profit >= 0).all()


def test_least_norm_by_hand():
    """Nearest point to the origin with x + y = 4 and x >= 3."""
    point = least_norm(np.array([[1.0, 1.0]]), np.array([4.0]), np.array([[1.0, 0.0]]), np.array([3.0]))
    np.testing.assert_allclose(point, [3, 1])
