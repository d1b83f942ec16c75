"""From a nearly optimal point of a separable quadratic program to its exact optimum and prices.

Tangent cuts find the optimum to 1e-12 of the cost, but a price is the slope of the cost, known to the square root of
that only. The cuts do tell which rows and bounds bind; with those fixed, optimality is one linear system

    [ 2Q_F  -A_F' ] [ x_F ]   [ -c_F            ]
    [ A_F    0    ] [ y   ] = [ b - A_B x_B     ]

F the columns off their bounds, B the others, A the binding rows, y their duals. (Nocedal and Wright, Numerical
Optimization, 2006, section 16.1)
"""

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import splu

from sharegrid.optimise.highs import Program

BINDS = 1e-9  # relative distance from a bound
REGULARISATION = 1e-7  # makes the system regular; the refinements take its effect out again
REFINEMENTS = 5
FEASIBLE = 1e-7  # relative violation of a row, a bound or a sign: HiGHS' own tolerance


def polish(program: Program, x: np.ndarray, row_dual: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """Exact x (column), row_dual (row) and reduced_cost (column), or None if the guess of what binds was wrong.

    x and row_dual: the point that the cuts reached. The result satisfies the optimality conditions to 1e-7 or is None.
    """
    scale = np.maximum(1.0, np.abs(x))
    at_bound = (x - program.lower <= BINDS * scale) | (program.upper - x <= BINDS * scale)
    equal = program.row_lower == program.row_upper
    binding = np.flatnonzero(equal | (np.abs(row_dual) > BINDS * max(1.0, np.abs(row_dual).max(initial=0.0))))
    free, fixed = np.flatnonzero(~at_bound), np.flatnonzero(at_bound)
    side = np.where(row_dual > 0, program.row_lower, program.row_upper)
    rows = program.matrix[binding]
    known = np.where(equal, program.row_lower, side)[binding] - rows[:, fixed] @ x[fixed]
    solution = _solve(2 * program.quadratic[free], rows[:, free], np.concatenate([-program.cost[free], known]))
    if solution is None:
        return None
    exact, dual = x.copy(), np.zeros(len(row_dual))
    exact[free], dual[binding] = solution[: len(free)], solution[len(free) :]
    reduced = program.cost + 2 * program.quadratic * exact - program.matrix.T @ dual
    return (exact, dual, reduced) if _optimal(program, exact, dual, reduced, at_bound) else None


def _solve(curvature: np.ndarray, rows: sp.csr_matrix, rhs: np.ndarray) -> np.ndarray | None:
    """The system's solution; one of them where binding rows depend on each other (two limits in series), None if none."""
    system = sp.block_array([[sp.diags_array(curvature), -rows.T], [rows, None]], format="csc")
    shift = sp.diags_array(np.full(len(rhs), REGULARISATION))
    try:
        factor = splu((system + shift).tocsc())
    except RuntimeError:  # singular even so
        return None
    solution = factor.solve(rhs)
    for _ in range(REFINEMENTS):
        solution += factor.solve(rhs - system @ solution)
    return solution if np.isfinite(solution).all() else None


def _optimal(program: Program, x: np.ndarray, dual: np.ndarray, reduced: np.ndarray, at_bound: np.ndarray) -> bool:
    """Feasible, stationary, and no dual or reduced cost of the wrong sign."""
    activity, size = program.matrix @ x, np.maximum(1.0, np.abs(x))
    rows = np.maximum(program.row_lower - activity, activity - program.row_upper)
    columns = np.maximum(program.lower - x, x - program.upper) / size
    price = max(1.0, np.abs(dual).max(initial=0.0))
    up, down = dual > FEASIBLE * price, dual < -FEASIBLE * price
    slack = np.where(up, activity - program.row_lower, np.where(down, program.row_upper - activity, 0.0))
    low, high = x - program.lower <= BINDS * size, program.upper - x <= BINDS * size
    wrong = np.where(low & ~high, -reduced, np.where(high & ~low, reduced, np.where(at_bound, 0.0, np.abs(reduced))))
    limits = (
        (rows, max(1.0, np.abs(activity).max(initial=0.0))),
        (columns, 1.0),
        (slack, max(1.0, np.abs(activity).max(initial=0.0))),
        (wrong, price),
    )
    return all(np.max(amount, initial=0.0) <= FEASIBLE * unit for amount, unit in limits)
