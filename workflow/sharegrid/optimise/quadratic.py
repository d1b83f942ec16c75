"""Separable quadratic costs by tangent cuts and the exact optimality conditions.

HiGHS' quadratic solver fails on networks of a few hundred buses and more, and leaves errors of 1e-5 in prices. A
convex quadratic is the envelope of its tangents: the linear program over tangents bounds the optimum from below and
shows which bounds and rows are active; with these, optimise/active_set.py finds the optimum itself. Where it does not,
tangents at the linear program's point are added and it is tried again. Tangents stay valid under any bounds, so all
counterfactuals share them. (Kelley, SIAM J. 8(4):703-712, 1960)
"""

from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from sharegrid.optimise.active_set import ActiveSet
from sharegrid.optimise.highs import LiveProgram, NotOptimal, Program, Solved

GAP = 1e-11  # relative
ROUNDS = 60
FIRST_TANGENTS = 9


class QuadraticProgram(LiveProgram):
    """A live program with costs quadratic_j x_j^2, j a column with a positive coefficient and finite bounds."""

    def __init__(self, program: Program, label: str = "program", accepted: float | None = None):
        """accepted: distance of the cost to the bound of the tangents at which their own point is the answer, if no active
        set was found; None accepts an active set only."""
        self._accepted = accepted
        self._curved = np.flatnonzero(program.quadratic)
        self._coefficient = program.quadratic[self._curved]
        self._check(program, label)
        count = len(self._curved)
        pad = sp.csr_matrix((program.matrix.shape[0], count))
        super().__init__(
            replace(
                program,
                cost=np.concatenate([np.ones(count), program.cost]),
                lower=np.concatenate([np.zeros(count), program.lower]),
                upper=np.concatenate([np.full(count, np.inf), program.upper]),
                matrix=sp.hstack([pad, program.matrix], format="csr"),
                quadratic=None,
            ),
            label,
        )
        self._first_column = count
        for share in np.linspace(0, 1, FIRST_TANGENTS):
            lower, upper = program.lower[self._curved], program.upper[self._curved]
            self._add_tangents(np.arange(count), lower + share * (upper - lower))

    def _check(self, program: Program, label: str) -> None:
        if (self._coefficient < 0).any():
            raise ValueError(f"{label}: a quadratic cost is negative (non-convex); costs must be convex")
        bounds = program.lower[self._curved], program.upper[self._curved]
        if not np.isfinite(bounds).all():
            raise ValueError(f"{label}: a variable with quadratic cost has no finite bounds")

    def _add_tangents(self, which: np.ndarray, at: np.ndarray) -> None:
        """y_j >= q_j (2 a_j x_j - a_j^2) for the curved columns `which` at the points a_j."""
        q, rows, count = self._coefficient[which], np.arange(len(which)), self._first_column
        columns = np.concatenate([which - count, self._curved[which]])  # relative to the caller's first column
        data = np.concatenate([np.ones(len(which)), -2 * q * at])
        starts = np.concatenate([rows, rows])
        order = np.argsort(starts, kind="stable")
        self._highs.addRows(
            len(which),
            -q * at**2,
            np.full(len(which), np.inf),
            len(data),
            (2 * rows).astype(np.int32),
            self._columns(columns[order]),
            data[order],
        )

    def solve(self, label: str = "", *, values: bool = True, cold: bool = False) -> Solved:
        """As LiveProgram.solve; `gap` is the certified relative distance of the objective to its dual bound."""
        iterations = 0
        for _ in range(ROUNDS):
            solved = super().solve(label, values=True, cold=cold)
            cold = False
            iterations += solved.iterations
            solved.iterations = iterations
            if self._improved(solved) or self._near(solved):
                return solved
            self._refine(solved.x[self._curved])
        raise NotOptimal(f"{self.label}{', ' if label else ''}{label}", "no active set found")

    def _refine(self, x: np.ndarray) -> None:
        """Add tangents at x where the present ones are farthest below the cost."""
        below = np.array(self._highs.getSolution().col_value)[: self._first_column]
        short = self._coefficient * x**2 - below
        worst = np.flatnonzero(short > 0.01 * short.max())
        self._add_tangents(worst, x[worst])

    def _improved(self, solved: Solved) -> bool:
        """Replace the linear program's point by the exact optimum, if the active set leads there."""
        exact = ActiveSet(self.present(), *self.sides()).solve()
        if exact is None or not abs(exact.gap) <= GAP * max(1.0, abs(exact.objective)):
            return False
        solved.objective, solved.x, solved.row_dual = exact.objective, exact.x, exact.row_dual
        solved.reduced_cost, solved.gap = exact.reduced_cost, abs(exact.gap) / max(1.0, abs(exact.objective))
        return True

    def _near(self, solved: Solved) -> bool:
        """Whether the linear program's point is accepted; it then gets its true cost and its gap."""
        if self._accepted is None:
            return False
        program = self.present()
        cost = program.cost @ solved.x + program.quadratic @ solved.x**2 + program.constant
        if cost - solved.objective > self._accepted:
            return False
        solved.gap, solved.objective = (cost - solved.objective) / max(1.0, abs(cost)), float(cost)
        return True

    def present(self) -> Program:
        """The caller's program as it stands after all changes, with its quadratic costs."""
        program = super().present()
        program.quadratic = np.zeros(self.num_columns)
        program.quadratic[self._curved] = self._coefficient
        return program


def live(program: Program, label: str = "program") -> LiveProgram:
    """The program in HiGHS' hands, by tangent cuts if it has quadratic costs."""
    if program.quadratic is not None and program.quadratic.any():
        return QuadraticProgram(program, label)
    return LiveProgram(program, label)
