"""What an agent may say about shared columns: its least cost, the multipliers, and how these change.

    V(z) = min { c x + x' Q x : A x in [low - B z, high - B z], x in its bounds }

V is convex. With the row duals y, g = -B' y is a subgradient: V(z) + g (z' - z) <= V(z') for every z'. While the active set
stays the same, y is affine in z; its derivative solves the optimality conditions on that set,

    [2 Q_F  -A_F'] [dx]   [   0  ]
    [A_F      0  ] [dy] = [-B_act],      H = dg/dz = -B_act' dy

F: columns strictly within their bounds; act: equations and rows with a price. Linear programs have H = 0.
"""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import splu

from sharegrid.coordination.shared_columns import Agent
from sharegrid.optimise.highs import LiveProgram, Program, Solved
from sharegrid.optimise.quadratic import QuadraticProgram

ACCEPTED = 1e-10  # distance to the bound of tangents, relative to the largest cost, where no active set is found
INSIDE, PRICED = 1e-7, 1e-5  # MW from the bounds, and $/MWh, from which a column is free and a row active
EXACT = 1e-10  # relative gap up to which an active set was found
CONSISTENT = 1e-6  # relative residual up to which the optimality conditions count as solved


@dataclass
class Answer:
    """V(z), a subgradient and H (shared, shared), None where V is piecewise linear or no active set was found; `lacking`: sum of
    the artificial columns."""

    value: float
    gradient: np.ndarray
    sensitivity: np.ndarray | None
    lacking: float


def live_agent(program: Program, label: str) -> LiveProgram:
    """The program kept alive; a quadratic one whose active set is not found ends at the tangents' point, close to the optimum."""
    if program.quadratic is None or not program.quadratic.any():
        return LiveProgram(program, label)
    finite = np.isfinite(program.lower) & np.isfinite(program.upper)
    size = np.maximum(np.abs(program.lower), np.abs(program.upper))[finite]
    largest = np.abs(program.cost[finite]) @ size + program.quadratic[finite] @ size**2
    return QuadraticProgram(program, label, accepted=ACCEPTED * largest)


class AreaValue:
    """V of one agent, solved from the last basis as z moves."""

    def __init__(self, agent: Agent, label: str = "agent"):
        self._agent, self._rows = agent, np.unique(agent.shift.nonzero()[0])
        self._program = live_agent(agent.program, label)

    def at(self, z: np.ndarray, sensitivity: bool = True) -> Answer:
        """V and its derivatives at z (the shared columns that the agent touches)."""
        agent, rows = self._agent, self._rows
        moved = (agent.shift @ z)[rows]
        self._program.set_row_bounds(rows, agent.program.row_lower[rows] - moved, agent.program.row_upper[rows] - moved)
        solved = self._program.solve()
        gradient = agent.cost - agent.shift.T @ solved.row_dual
        curved = agent.program.quadratic is not None and sensitivity and solved.gap <= EXACT
        second = slope_of_multipliers(agent.program, solved, agent.shift) if curved else None
        value = solved.objective + agent.cost @ z
        return Answer(float(value), gradient, second, float(solved.x[agent.artificial :].sum()))


def slope_of_multipliers(program: Program, solved: Solved, shift: sp.csr_matrix) -> np.ndarray:
    """H (shared, shared) at the optimum's active set, symmetric and positive semidefinite; by least squares where that set is
    degenerate."""
    free = (solved.x > program.lower + INSIDE) & (solved.x < program.upper - INSIDE)
    active = (program.row_lower == program.row_upper) | (np.abs(solved.row_dual) > PRICED)
    inside, moved = program.matrix[active][:, free], shift[active].toarray()
    equations = sp.bmat([[sp.diags(2 * program.quadratic[free]), -inside.T], [inside, None]], format="csc")
    change = _solved(equations, np.vstack([np.zeros((free.sum(), shift.shape[1])), -moved]))
    second = -moved.T @ change[free.sum() :]
    values, vectors = np.linalg.eigh((second + second.T) / 2)
    return (vectors * np.maximum(values, 0.0)) @ vectors.T


def _solved(equations: sp.csc_matrix, rhs: np.ndarray) -> np.ndarray:
    try:
        solution = splu(equations).solve(rhs)
    except RuntimeError:  # singular
        return np.linalg.lstsq(equations.toarray(), rhs, rcond=None)[0]
    if np.abs(equations @ solution - rhs).max(initial=0) <= CONSISTENT * (1 + np.abs(rhs).max(initial=0)):
        return solution
    return np.linalg.lstsq(equations.toarray(), rhs, rcond=None)[0]
