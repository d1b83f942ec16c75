"""Separable quadratic costs by tangent cuts.

HiGHS' quadratic solver fails on networks of a few hundred buses and more, and leaves errors of 1e-5 in prices. A
convex quadratic is the envelope of its tangents: the linear program over tangents bounds the optimum from below, the
true cost of its dispatch bounds it from above, and the distance is the certified gap. Tangents stay valid under any
bounds, so all counterfactuals share them. (Kelley, SIAM J. 8(4):703-712, 1960)
"""

from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from sharegrid.optimise.highs import LiveProgram, NotOptimal, Program, Solved
from sharegrid.optimise.polish import polish

GAP = 1e-12  # relative; the error of a price is of the order of the square root of the gap
TOLERANCE = 1e-9  # $/h per quadratic cost: a tangent may be violated by the feasibility tolerance, so no gap is smaller
ROUNDS = 100
FIRST_TANGENTS = 5


class QuadraticProgram(LiveProgram):
    """A live program with costs quadratic_j x_j^2, j a column with a positive coefficient and finite bounds."""

    def __init__(self, program: Program, label: str = "program"):
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
        # a tangent that may be violated by the default 1e-7 $/h would keep the gap from closing
        self._set_options({"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10})
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
        """As LiveProgram.solve; the objective is the true cost of the returned x, within `gap` of the optimum."""
        iterations = 0
        for _ in range(ROUNDS):
            solved = super().solve(label, values=True, cold=cold)
            cold = False
            iterations += solved.iterations
            x = solved.x[self._curved]
            short = self._coefficient * x**2 - np.array(self._highs.getSolution().col_value)[: self._first_column]
            gap = max(short.sum(), 0.0)
            solved.objective += gap
            solved.gap = gap / max(1.0, abs(solved.objective))
            if solved.gap <= GAP or gap <= TOLERANCE * len(short):
                solved.iterations = iterations
                return self._polished(solved)
            worst = np.flatnonzero(short > 0.01 * gap / len(short))
            self._add_tangents(worst, x[worst])
        raise NotOptimal(f"{self.label} {label}", "tangent cuts unfinished", f"relative gap {solved.gap:.1e}")

    def _polished(self, solved: Solved) -> Solved:
        """The exact optimum and prices, if what binds was guessed right; else the point of the cuts."""
        program = self.present()
        exact = polish(program, solved.x, solved.row_dual)
        if exact is None:
            return solved
        solved.x, solved.row_dual, solved.reduced_cost = exact
        cost = program.cost @ solved.x + program.quadratic @ solved.x**2 + program.constant
        return replace(solved, objective=float(cost), gap=0.0)

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
