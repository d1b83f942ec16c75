"""Prices where the optimal dual is not unique: of all optimal ones the nearest to a target.

A dual is optimal if it is feasible and complementary to one optimal point x of  min c x, l <= A x <= u, b <= x <= h:
    y_r = 0 between the limits of row r, >= 0 at the lower one, <= 0 at the upper one, free where they are equal;
    g_j - A_j'y = 0 between the bounds of column j, >= 0 at the lower one, <= 0 at the upper one, free where they are equal,
with g the gradient of the cost at x.
Over this polyhedron sum_r (y_r - target_r)^2 of the preferred rows is minimised.
"""

import logging
from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from sharegrid.optimise.highs import NotOptimal, Program, Solved
from sharegrid.optimise.quadratic import QuadraticProgram

log = logging.getLogger(__name__)
AT_LIMIT = 1e-8  # relative to max(1, |limit|)
UNIT = 1e5  # squared distance of the solver's own dual: the solver's tolerance of 1e-7 is absolute
ACCEPTED = 1e-6  # of UNIT
AGREE = 1e-9  # relative distance of the dual to the primal objective


def nearest_dual(program: Program, solved: Solved, rows: np.ndarray, target: np.ndarray, label: str) -> Solved:
    """`solved` of the `program` with the optimal duals for which those of `rows` are nearest to `target` (row).

    Returns `solved` as it is, with a warning, if the face of optimal duals could not be searched.
    """
    distance = np.linalg.norm(solved.row_dual[rows] - target)
    if distance == 0:
        return replace(solved, nearest=True)
    face = _face(program, solved, rows, target, distance)
    try:
        dual = QuadraticProgram(face, label, ACCEPTED).solve(cold=True).x
    except NotOptimal as error:
        log.warning("%s: the price is the solver's own, not the one nearest to the target (%s)", label, error)
        return solved
    dual[rows] += target
    reduced = _gradient(program, solved.x) - program.matrix.T @ dual
    gap = abs(_dual_objective(program, solved, dual, reduced) - solved.objective)
    if gap > AGREE * max(1.0, abs(solved.objective)):
        log.warning("%s: the price is the solver's own; the nearest one misses the optimum by %.1e", label, gap)
        return solved
    return replace(solved, row_dual=dual, reduced_cost=reduced, nearest=True)


def _face(program: Program, solved: Solved, rows: np.ndarray, target: np.ndarray, distance: float) -> Program:
    """Columns: the duals, those of `rows` less their target; the solver's own dual is one of its points."""
    lower, upper = _signs(program.matrix @ solved.x, program.row_lower, program.row_upper)
    shift, curved = np.zeros(len(lower)), np.zeros(len(lower))
    shift[rows], curved[rows] = target, 1.0
    lower, upper = lower - shift, upper - shift
    lower[rows], upper[rows] = np.maximum(lower[rows], -distance), np.minimum(upper[rows], distance)
    least, most = _signs(solved.x, program.lower, program.upper)  # of the reduced costs
    gradient = _gradient(program, solved.x) - program.matrix.T @ shift
    return Program(
        cost=np.zeros(len(lower)),
        lower=np.minimum(lower, upper),
        upper=upper,
        matrix=sp.csr_matrix(program.matrix.T),
        row_lower=gradient - most,
        row_upper=gradient - least,
        quadratic=curved * UNIT / distance**2,
    )


def _gradient(program: Program, x: np.ndarray) -> np.ndarray:
    return program.cost if program.quadratic is None else program.cost + 2 * program.quadratic * x


def _signs(value: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Bounds of the multiplier of  lower <= value <= upper: from 0 up at the lower limit, down at the upper one."""
    low, high = (np.isfinite(limit) & (np.abs(value - limit) <= AT_LIMIT * np.maximum(1, np.abs(limit)))
                 for limit in (lower, upper))  # fmt: skip
    return np.where(high, -np.inf, 0.0), np.where(low, np.inf, 0.0)


def _dual_objective(program: Program, solved: Solved, dual: np.ndarray, reduced: np.ndarray) -> float:
    """l'y+ - u'y- + b'r+ - h'r- - sum q x^2, which is the optimum for an optimal dual."""
    by_row = _at_limits(dual, program.row_lower, program.row_upper, program.matrix @ solved.x)
    by_column = _at_limits(reduced, program.lower, program.upper, solved.x)
    curved = 0.0 if program.quadratic is None else program.quadratic @ solved.x**2
    return by_row + by_column - curved + program.constant


def _at_limits(multiplier: np.ndarray, lower: np.ndarray, upper: np.ndarray, value: np.ndarray) -> float:
    """Each multiplier times its limit; a multiplier of the rounding error of a limit that is infinite counts at `value`."""
    limit = np.where(multiplier > 0, lower, upper)
    return float(multiplier @ np.where(np.isfinite(limit), limit, value))
