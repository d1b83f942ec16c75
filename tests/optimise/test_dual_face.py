"""Of several optimal duals the nearest to a target."""

import numpy as np
import pytest
import scipy.sparse as sp

from sharegrid.optimise.dual_face import nearest_dual
from sharegrid.optimise.highs import LiveProgram, Program


def retail(demand: float, buy: float = 0.2, sell: float = 0.05) -> Program:
    """min buy b - sell s, b - s = demand: at demand 0 every price between sell and buy is optimal."""
    return Program(
        cost=np.array([buy, -sell]),
        lower=np.zeros(2),
        upper=np.full(2, 10.0),
        matrix=sp.csr_matrix(np.array([[1.0, -1.0]])),
        row_lower=np.array([demand]),
        row_upper=np.array([demand]),
    )


def priced(program: Program, target: float) -> float:
    solved = LiveProgram(program).solve()
    return float(nearest_dual(program, solved, np.array([0]), np.array([target]), "test").row_dual[0])


@pytest.mark.parametrize(
    ("demand", "target", "price"), [(1, 0.125, 0.2), (-1, 0.125, 0.05), (0, 0.125, 0.125), (0, 0.3, 0.2), (0, 0, 0.05)]
)
def test_price_is_the_nearest_optimal_one(demand, target, price):
    assert priced(retail(demand), target) == pytest.approx(price, abs=1e-9)


def random_program(rng: np.random.Generator) -> Program:
    """Feasible at a point with many entries at their bounds, so that duals are not unique."""
    rows, columns = 6, 9
    matrix = rng.integers(-2, 3, (rows, columns)).astype(float)
    x = rng.choice([0.0, 1.0, 0.5], columns, p=[0.45, 0.45, 0.1])
    return Program(rng.integers(-3, 4, columns).astype(float), np.zeros(columns), np.ones(columns),
                   sp.csr_matrix(matrix), matrix @ x, matrix @ x)  # fmt: skip


@pytest.mark.parametrize("seed", range(30))
def test_nearest_dual_is_optimal_and_no_other_sampled_one_is_nearer(seed):
    rng = np.random.default_rng(seed)
    program = random_program(rng)
    solved, rows, target = LiveProgram(program).solve(), np.arange(3), rng.normal(size=3)
    found = nearest_dual(program, solved, rows, target, "test")
    reduced = program.cost - program.matrix.T @ found.row_dual
    bound = found.row_dual @ program.row_lower + np.minimum(reduced, 0).sum()  # the dual objective
    assert bound == pytest.approx(solved.objective, abs=1e-7)
    distance = np.linalg.norm(found.row_dual[rows] - target)
    for _ in range(20):  # other optimal duals: those of slightly perturbed right-hand sides
        moved = program.row_lower + 1e-7 * rng.normal(size=6)
        try:
            other = LiveProgram(Program(program.cost, program.lower - 1e-6, program.upper + 1e-6, program.matrix,
                                        moved, moved)).solve().row_dual  # fmt: skip
        except RuntimeError:
            continue
        reduced = program.cost - program.matrix.T @ other
        if abs(other @ program.row_lower + np.minimum(reduced, 0).sum() - solved.objective) < 1e-8:
            assert distance <= np.linalg.norm(other[rows] - target) + 1e-6
