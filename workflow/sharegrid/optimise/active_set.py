"""From nearly the optimum of a convex separable quadratic program to the exact one, by its active bounds and rows.

With the columns at their bounds and the binding rows known, the optimality conditions are linear equations:

    c_j + 2 q_j x_j = sum_i a_ij y_i  for free columns j,     sum_j a_ij x_j = b_i  for active rows i

What the solution violates changes sides and the equations are solved again: a primal-dual active set method
(Hintermueller, Ito and Kunisch, SIAM J. Optimization 13(3):865-888, 2002). It is fast from a good start and may cycle from a
bad one; the caller then improves the start. A result is certified by its dual bound.
"""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import structural_rank
from scipy.sparse.linalg import splu

from sharegrid.optimise.highs import BASIC, LOWER, UPPER, Program

TOLERANCE = 1e-9  # of bounds and rows in MW, of prices in $/MWh
ROUNDS = 20


@dataclass
class Exact:
    """An optimum: objective, x and reduced_cost (column), row_dual (row), and objective minus dual bound."""

    objective: float
    x: np.ndarray
    row_dual: np.ndarray
    reduced_cost: np.ndarray
    gap: float


class ActiveSet:
    """A program with `quadratic`, and which columns and rows are at which bound."""

    def __init__(self, program: Program, columns: np.ndarray, rows: np.ndarray):
        self._program, self._matrix = program, program.matrix.tocsr()
        self._columns, self._rows = columns, rows

    def solve(self) -> Exact | None:
        """The optimum, or None if the active set does not settle or its equations are singular."""
        for _ in range(ROUNDS):
            point = self._stationary()
            if point is None:
                return None
            columns, rows = self._corrected(*point)
            if np.array_equal(columns, self._columns) and np.array_equal(rows, self._rows):
                return self._certified(*point)
            self._columns, self._rows = columns, rows
        return None

    def _stationary(self) -> tuple[np.ndarray, np.ndarray] | None:
        """x and y that solve the equations of the present active set."""
        p, free, active = self._program, self._columns == BASIC, self._rows != BASIC
        x = np.where(self._columns == UPPER, p.upper, np.where(free, 0.0, p.lower))
        y = np.zeros(len(active))
        inside = self._matrix[active][:, free]
        bound = np.where(self._rows == UPPER, p.row_upper, p.row_lower)[active]
        rhs = np.concatenate([-p.cost[free], bound - self._matrix[active] @ x])
        equations = sp.bmat([[sp.diags(2 * p.quadratic[free]), -inside.T], [inside, None]], format="csc")
        if structural_rank(equations) < len(rhs):  # SuperLU may crash on such a matrix instead of refusing it
            return None
        try:
            solution = splu(equations).solve(rhs)
        except RuntimeError:  # singular
            return None
        if not np.abs(equations @ solution - rhs).max(initial=0) <= TOLERANCE * (1 + np.abs(rhs).max(initial=0)):
            return None
        x[free], y[active] = solution[: free.sum()], solution[free.sum() :]
        return x, y

    def _corrected(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The active set after what x violates became active and what y does not support became free."""
        p = self._program
        gradient = p.cost + 2 * p.quadratic * x - self._matrix.T @ y
        columns = _switched(self._columns, x, p.lower, p.upper, gradient)
        rows = _switched(self._rows, self._matrix @ x, p.row_lower, p.row_upper, y)
        return columns, rows

    def _certified(self, x: np.ndarray, y: np.ndarray) -> Exact:
        p = self._program
        slope, q = p.cost - self._matrix.T @ y, p.quadratic
        objective = p.cost @ x + q @ x**2 + p.constant
        curved = q > 0
        best = np.where(slope > 0, p.lower, p.upper)
        best[~curved & (np.abs(slope) <= TOLERANCE)] = 0.0  # free columns without bounds
        best[curved] = np.clip(-slope[curved] / (2 * q[curved]), p.lower[curved], p.upper[curved])
        side = np.where(y > 0, p.row_lower, p.row_upper)
        bound = slope @ best + q @ best**2 + y[y != 0] @ side[y != 0] + p.constant
        return Exact(float(objective), x, y, slope + 2 * q * x, float(objective - bound))


def _switched(state, value, lower, upper, multiplier) -> np.ndarray:
    """Free entries beyond a bound go to it; entries at a bound whose multiplier has the wrong sign leave it."""
    free = state == BASIC
    wrong = ((state == LOWER) & (multiplier < -TOLERANCE)) | ((state == UPPER) & (multiplier > TOLERANCE))
    result = np.where(wrong & (lower < upper), BASIC, state)
    result[free & (value < lower - TOLERANCE)] = LOWER
    result[free & (value > upper + TOLERANCE)] = UPPER
    return result
