"""Mixed-integer markets: cleared, priced with the integers fixed, and without prices where nothing is fixed."""

import numpy as np
import pytest
import scipy.sparse as sp

from sharegrid.optimise import highs
from sharegrid.optimise.clear import solve_priced
from sharegrid.optimise.highs import LiveProgram, Program


class NoSplit:
    """Where no constraint family needs a name."""

    def families(self, rows):
        return []


def commitment(demand: float, integer: bool = True) -> Program:
    """Two units of 10 MW: at 20 $/MWh, and at 5 $/MWh with 100 $ for being on; both serve the demand."""
    return Program(
        cost=np.array([20.0, 5.0, 100.0]),
        lower=np.zeros(3),
        upper=np.array([10.0, 10.0, 1.0]),
        matrix=sp.csr_matrix(np.array([[1.0, 1.0, 0.0], [0.0, 1.0, -10.0]])),
        row_lower=np.array([demand, -np.inf]),
        row_upper=np.array([demand, 0.0]),
        integer=np.array([False, False, True]) if integer else None,
    )


@pytest.mark.parametrize(("demand", "cost", "price"), [(4, 80, 20), (9, 145, 5), (14, 230, 20)])
def test_price_is_that_of_the_program_with_its_integers_fixed(demand, cost, price):
    solved = solve_priced(commitment(demand), NoSplit(), "test")
    assert solved.objective == pytest.approx(cost)
    assert solved.row_dual[0] == pytest.approx(price)
    more = solve_priced(commitment(demand + 0.01), NoSplit(), "test")
    assert (more.objective - cost) / 0.01 == pytest.approx(price)


def test_a_mixed_integer_program_has_no_duals():
    solved = LiveProgram(commitment(9)).solve()
    assert solved.row_dual is None and solved.reduced_cost is None
    assert LiveProgram(commitment(9, integer=False)).solve().objective == pytest.approx(9 * 15)


def test_the_gap_of_the_study_is_used_and_reported():
    rng = np.random.default_rng(4)
    weight = rng.integers(20, 90, 40).astype(float)
    knapsack = Program(-(weight + rng.uniform(0, 5, 40)), np.zeros(40), np.ones(40), sp.csr_matrix(weight[None]),
                       np.array([-np.inf]), np.array([weight.sum() / 3 + 0.5]), np.ones(40, bool))  # fmt: skip
    try:
        highs.configure(mip_gap=0.2)
        loose = LiveProgram(knapsack).solve()
    finally:
        highs.configure()
    tight = LiveProgram(knapsack).solve()
    assert tight.gap <= 1e-8
    assert loose.objective >= tight.objective - 1e-6
    assert loose.objective <= tight.objective * (1 - 0.2) and loose.gap <= 0.2
