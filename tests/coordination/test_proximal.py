"""The proximal step against the exact road of optimise/quadratic.py, on random programs."""

import numpy as np
import pytest
import scipy.sparse as sp

from sharegrid.coordination.proximal import Proximal, Tolerance
from sharegrid.optimise.highs import Program
from sharegrid.optimise.quadratic import live


def instance(seed: int, rows: int, columns: int = 8, coupling: int = 5):
    rng = np.random.default_rng(seed)
    matrix = sp.csr_matrix(rng.uniform(-1, 1, (rows, columns)))
    program = Program(rng.normal(size=columns), np.zeros(columns), np.full(columns, 3.0), matrix,
                      np.full(rows, -0.5), np.full(rows, 0.5))  # fmt: skip
    contribution = (
        sp.csr_matrix(rng.uniform(-1, 1, (coupling, columns))) if rows else sp.identity(columns, format="csr")
    )
    return program, contribution, rng.normal(size=contribution.shape[0])


def exact(program: Program, contribution, target, weight: float) -> float:
    """Cost of the optimum with the deviations as columns of their own."""
    rows, columns = contribution.shape
    wide = 50.0
    whole = Program(
        np.concatenate([program.cost, np.zeros(rows)]),
        np.concatenate([program.lower, np.full(rows, -wide)]),
        np.concatenate([program.upper, np.full(rows, wide)]),
        sp.bmat([[program.matrix if program.matrix.shape[0] else sp.csr_matrix((0, columns)), None],
                 [contribution, -sp.identity(rows)]], format="csr")
        if program.matrix.shape[0] else sp.hstack([contribution, -sp.identity(rows)], format="csr"),
        np.concatenate([program.row_lower, target]),
        np.concatenate([program.row_upper, target]),
        quadratic=np.concatenate([np.zeros(columns), np.full(rows, weight / 2)]),
    )  # fmt: skip
    return live(whole).solve().objective


@pytest.mark.parametrize("rows", [0, 3])
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("weight", [0.05, 2.0])
def test_the_step_is_the_optimum(seed, rows, weight):
    program, contribution, target = instance(seed, rows)
    x = Proximal(program, contribution).solve(weight, target, Tolerance(1e-9, 1e-9), 20000)
    cost = program.cost @ x + weight / 2 * np.sum((contribution @ x - target) ** 2)
    assert cost == pytest.approx(exact(program, contribution, target, weight), abs=1e-6)
    assert (x >= -1e-7).all() and (x <= 3 + 1e-7).all()
    if rows:
        assert np.abs(program.matrix @ x).max() <= 0.5 + 1e-7


def test_a_later_target_does_not_depend_on_the_start():
    program, contribution, target = instance(1, 3)
    tolerance = Tolerance(1e-9, 1e-9)
    used = Proximal(program, contribution)
    used.solve(1.0, -3 * target, tolerance, 20000)
    warm = used.solve(0.5, target, tolerance, 20000)
    cold = Proximal(program, contribution).solve(0.5, target, tolerance, 20000)
    np.testing.assert_allclose(contribution @ warm, contribution @ cold, atol=1e-6)
