"""A linear or separable quadratic program with a quadratic pull towards a target, solved many times as the target moves.

    min  c x + x' Q x + weight/2 |B x - target|^2   s.t.  low <= G x <= high,   G = (identity, own rows)

Where no row ties the columns the solution is a projection. Otherwise the operator splitting of Stellato et al. (OSQP,
Math. Program. Comput. 12:637-672, 2020): one factorisation serves all targets, and the last solution is the start of the
next. HiGHS' own quadratic solver is not used: it fails now and then where the Hessian has zeros on its diagonal.
"""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import splu

from sharegrid.optimise.highs import Program

REGULAR = 1e-6  # keeps the equations regular
RELAXATION = 1.6
EQUATION, UNBOUNDED = 1e3, 1e-6  # penalties of equations and of entries without bounds, relative to the others
CHECKED, BALANCED = 5, 50  # iterations between tests, and between changes of the penalty
SCALINGS = 10


@dataclass
class Tolerance:
    """Largest violation of a bound or row, and largest residual of the stationarity condition, both in scaled units."""

    primal: float
    dual: float


class Proximal:
    """The program of one member or of the coordinator; `contribution` is B (coupling rows, columns)."""

    def __init__(self, program: Program, contribution: sp.csr_matrix):
        self._contribution = sp.csr_matrix(contribution)
        self._column_scale, row_scale = _equilibrated(program.matrix, self._contribution)
        scale = sp.diags(self._column_scale)
        self._b = (self._contribution @ scale).tocsr()
        self._b_transposed = self._b.T.tocsr()
        self._gram = (self._b_transposed @ self._b).tocsr()
        quadratic = np.zeros(len(program.cost)) if program.quadratic is None else program.quadratic
        self._cost = program.cost * self._column_scale
        self._curvature = 2 * quadratic * self._column_scale**2
        rows = sp.diags(row_scale) @ program.matrix @ scale
        self._g = sp.vstack([sp.identity(len(self._cost)), rows], format="csr")
        self._g_transposed = self._g.T.tocsr()
        self._low = np.concatenate([program.lower / self._column_scale, program.row_lower * row_scale])
        self._high = np.concatenate([program.upper / self._column_scale, program.row_upper * row_scale])
        self._projects = not program.matrix.shape[0] and self._gram.nnz == np.count_nonzero(self._gram.diagonal())
        self._weight, self._penalty = None, 1.0
        self._x = np.clip(np.zeros(len(self._cost)), self._low[: len(self._cost)], self._high[: len(self._cost)])
        self._z, self._dual = self._g @ self._x, np.zeros(len(self._low))
        self.reached = False

    def solve(self, weight: float, target: np.ndarray, tolerance: Tolerance, iterations: int = 500) -> np.ndarray:
        """x for this weight and target; the last iterate if the tolerance is not reached, and `reached` is False then."""
        linear, self.reached = self._cost - weight * (self._b_transposed @ target), True
        if self._projects:
            return self._projection(weight, linear) * self._column_scale
        if weight != self._weight:
            self._factorise(weight)
        for k in range(1, iterations + 1):
            self._iterate(linear)
            if k % CHECKED == 0:
                primal, dual = self._residuals(weight, linear)
                if primal <= tolerance.primal and dual <= tolerance.dual:
                    return self._x * self._column_scale
                if k % BALANCED == 0:
                    self._balance(primal / tolerance.primal, dual / tolerance.dual)
        self.reached = False
        return self._x * self._column_scale

    def _projection(self, weight: float, linear: np.ndarray) -> np.ndarray:
        """Every column by itself: its stationary point within its bounds, or the cheaper bound where nothing is curved."""
        curvature = weight * self._gram.diagonal() + self._curvature
        flat = np.where(linear > 0, self._low, np.where(linear < 0, self._high, 0.0))
        curved = curvature > 0
        flat[curved] = -linear[curved] / curvature[curved]
        return np.clip(flat, self._low, self._high)

    def _factorise(self, weight: float) -> None:
        relative = np.where(self._low == self._high, EQUATION, 1.0)
        relative[np.isinf(self._low) & np.isinf(self._high)] = UNBOUNDED
        self._weight, self._rho = weight, self._penalty * relative
        diagonal = sp.diags(self._curvature + REGULAR)
        equations = weight * self._gram + diagonal + self._g_transposed @ sp.diags(self._rho) @ self._g
        options = {"SymmetricMode": True}
        self._factor = splu(equations.tocsc(), "MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options=options)

    def _iterate(self, linear: np.ndarray) -> None:
        pulled = REGULAR * self._x - linear + self._g_transposed @ (self._rho * self._z - self._dual)
        x = self._factor.solve(pulled)
        relaxed = RELAXATION * (self._g @ x) + (1 - RELAXATION) * self._z
        self._x = RELAXATION * x + (1 - RELAXATION) * self._x
        self._z = np.clip(relaxed + self._dual / self._rho, self._low, self._high)
        self._dual = self._dual + self._rho * (relaxed - self._z)

    def _residuals(self, weight: float, linear: np.ndarray) -> tuple[float, float]:
        """Largest violation of bounds and rows, and of stationarity."""
        gradient = (
            weight * (self._gram @ self._x) + self._curvature * self._x + linear + self._g_transposed @ self._dual
        )
        return float(np.abs(self._g @ self._x - self._z).max()), float(np.abs(gradient).max())

    def _balance(self, primal: float, dual: float) -> None:
        """A larger penalty where the constraints lag behind, a smaller one where optimality does."""
        factor = np.sqrt(primal / max(dual, 1e-12))
        if not 0.2 < factor < 5:
            self._penalty = float(np.clip(self._penalty * factor, 1e-6, 1e6))
            self._factorise(self._weight)


def _equilibrated(matrix: sp.csr_matrix, contribution: sp.csr_matrix) -> tuple[np.ndarray, np.ndarray]:
    """Factors on columns and on own rows after which the largest entry of each is near 1 (Ruiz, RAL-TR-2001-034)."""
    columns, rows = np.ones(matrix.shape[1]), np.ones(matrix.shape[0])
    for _ in range(SCALINGS if matrix.shape[0] else 0):
        own = abs(sp.diags(rows) @ matrix @ sp.diags(columns))
        of_column = np.maximum(_largest(own, 0), _largest(abs(contribution @ sp.diags(columns)), 0))
        columns, rows = columns / np.sqrt(_one_for_zero(of_column)), rows / np.sqrt(_one_for_zero(_largest(own, 1)))
    return columns, rows


def _largest(matrix, axis: int) -> np.ndarray:
    return (
        np.asarray(matrix.max(axis=axis).todense()).ravel() if min(matrix.shape) else np.zeros(matrix.shape[1 - axis])
    )


def _one_for_zero(values: np.ndarray) -> np.ndarray:
    return np.where(values > 0, values, 1.0)
