"""A program taken apart at a few columns that several agents share: with these fixed, it falls into independent pieces.

    min  c_z z + sum_a c_a x_a   s.t.  A_a x_a + B_a z in [low_a, high_a],  x_a in its bounds,  z in a box

z shared columns (ties between areas); piece a is everything that rows still tie together once z is fixed. An agent keeps
its costs, rows and bounds; others see what it says about z only. Columns that an equation with z alone determines (what a tie
delivers) are put in terms of z first: at the end of the box their multipliers would be arbitrary. Every row with a shared
column gets two artificial columns at a high penalty, so that each agent has a schedule for every z in the box; an optimum that
is worth coordinating uses none.
"""

from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from sharegrid.optimise.highs import Program
from sharegrid.optimise.quadratic import live

BOUND = 1e-9  # by which a column put in terms of the shared ones may leave its bounds


@dataclass
class Agent:
    """One piece. program: own columns, then artificial ones from `artificial` on; shared: the shared columns that it touches;
    shift: B (row, those columns); cost: the part of c_z that it counts as its own (those columns)."""

    program: Program
    artificial: int
    shared: np.ndarray
    shift: sp.csr_matrix
    cost: np.ndarray


@dataclass
class SharedColumns:
    """The agents, the box of the shared columns, and the cost of what no shared column touches."""

    agents: list[Agent]
    lower: np.ndarray
    upper: np.ndarray
    apart: float

    @property
    def start(self) -> np.ndarray:
        """Zero, or what the box allows nearest to it."""
        return np.clip(np.zeros(len(self.lower)), self.lower, self.upper)


def split_at(program: Program, shared: np.ndarray, penalty: float) -> SharedColumns:
    """The agents that appear when the columns `shared` are fixed; penalty: cost of one unit of an artificial column.

    Raises ValueError for integer columns, quadratic costs or missing bounds of shared columns, and where fewer than two agents
    appear.
    """
    _check(program, shared)
    program, shared = _substituted(program, shared)
    others = np.setdiff1d(np.arange(len(program.cost)), shared)
    matrix = program.matrix.tocsr()
    of_column, of_row = _components(matrix[:, others])
    shift = matrix.tocsc()[:, shared].tocsr()
    touched = np.unique(of_row[np.unique(shift.nonzero()[0])])
    if len(touched) < 2:
        raise ValueError("the shared columns do not separate the program; there is nothing to coordinate")
    parts = [(others[of_column == k], np.flatnonzero(of_row == k)) for k in touched]
    agents = [_agent(_part(program, *part), shift[part[1]], penalty) for part in parts]
    _assign_cost(agents, program.cost[shared])
    alone = others[~np.isin(of_column, touched)], np.flatnonzero(~np.isin(of_row, touched))
    apart = program.constant
    if len(alone[0]):
        apart += live(_part(program, *alone), "what no shared column touches").solve(values=False).objective
    return SharedColumns(agents, program.lower[shared], program.upper[shared], apart)


def _check(program: Program, shared: np.ndarray) -> None:
    if program.integer is not None and program.integer[program.lower < program.upper].any():
        raise ValueError("coordination by shared columns needs a convex program; this one has integer columns")
    if program.quadratic is not None and program.quadratic[shared].any():
        raise ValueError("a shared column has a quadratic cost; give it to a column of one agent")
    if not np.isfinite(np.concatenate([program.lower[shared], program.upper[shared]])).all():
        raise ValueError("a shared column has no finite bounds")


def _substituted(program: Program, shared: np.ndarray) -> tuple[Program, np.ndarray]:
    """The program without the columns x = T z + t that an equation with shared columns alone determines, and the numbers of the
    shared columns in it; a column stays that has a cost, or that the box would drive out of its bounds."""
    matrix, count = program.matrix.tocsr(), len(program.cost)
    rows, columns, slope, constant = _determined(program, shared)
    kept_rows, kept = np.setdiff1d(np.arange(matrix.shape[0]), rows), np.setdiff1d(np.arange(count), columns)
    to_all = sp.csr_matrix((np.ones(len(shared)), (np.arange(len(shared)), shared)), (len(shared), count))
    moved = matrix[:, columns] @ constant
    reduced = replace(
        program,
        matrix=matrix + matrix[:, columns] @ slope @ to_all,
        row_lower=program.row_lower - moved,
        row_upper=program.row_upper - moved,
    )
    return _part(reduced, kept, kept_rows, whole=True), np.searchsorted(kept, shared)


def _determined(program: Program, shared: np.ndarray) -> tuple[np.ndarray, np.ndarray, sp.csr_matrix, np.ndarray]:
    """Equations with one column that is not shared, these columns, each once, and their T and t in x = T z + t."""
    matrix, of_shared = program.matrix.tocsr(), program.matrix.tocsc()[:, shared].tocsr()
    own = np.ones(len(program.cost), bool)
    own[shared] = False
    others = (matrix @ sp.diags(own.astype(float))).tocsr()
    others.eliminate_zeros()
    equation = (program.row_lower == program.row_upper) & (np.diff(of_shared.indptr) > 0)
    rows = np.flatnonzero(equation & (np.diff(others.indptr) == 1))
    columns, first = np.unique(others[rows].indices, return_index=True)
    rows = rows[first]
    scale = matrix[rows][:, columns].diagonal()
    slope, constant = (-sp.diags(1 / scale) @ of_shared[rows]).tocsr(), program.row_lower[rows] / scale
    middle = constant + slope @ (program.upper[shared] + program.lower[shared]) / 2
    reach = abs(slope) @ (program.upper[shared] - program.lower[shared]) / 2
    fits = (middle - reach >= program.lower[columns] - BOUND) & (middle + reach <= program.upper[columns] + BOUND)
    fits &= program.cost[columns] == 0  # a cost is its agent's own
    if program.quadratic is not None:
        fits &= program.quadratic[columns] == 0
    return rows[fits], columns[fits], slope[fits], constant[fits]


def _components(matrix: sp.csr_matrix) -> tuple[np.ndarray, np.ndarray]:
    """The piece of each column and row."""
    graph = sp.bmat([[None, matrix.T], [matrix, None]], format="csr")
    graph.eliminate_zeros()
    _, label = connected_components(graph, directed=False)
    return label[: matrix.shape[1]], label[matrix.shape[1] :]


def _part(program: Program, columns: np.ndarray, rows: np.ndarray, whole: bool = False) -> Program:
    curved = None if program.quadratic is None else program.quadratic[columns]
    return Program(
        program.cost[columns],
        program.lower[columns],
        program.upper[columns],
        program.matrix.tocsr()[rows][:, columns],
        program.row_lower[rows],
        program.row_upper[rows],
        quadratic=curved if curved is not None and curved.any() else None,
        constant=program.constant if whole else 0.0,
    )


def _agent(own: Program, shift: sp.csr_matrix, penalty: float) -> Agent:
    seen, open_rows = np.unique(shift.nonzero()[1]), np.unique(shift.nonzero()[0])
    at_rows = sp.identity(shift.shape[0], format="csc")[:, open_rows]
    first, count = len(own.cost), 2 * len(open_rows)
    own = replace(
        own,
        cost=np.concatenate([own.cost, np.full(count, penalty)]),
        lower=np.concatenate([own.lower, np.zeros(count)]),
        upper=np.concatenate([own.upper, np.full(count, np.inf)]),
        matrix=sp.hstack([own.matrix, at_rows, -at_rows], format="csr"),
        quadratic=None if own.quadratic is None else np.concatenate([own.quadratic, np.zeros(count)]),
    )
    return Agent(own, first, seen, shift.tocsc()[:, seen].tocsr(), np.zeros(len(seen)))


def _assign_cost(agents: list[Agent], cost: np.ndarray) -> None:
    """The cost of a shared column counts at the first agent that it touches."""
    left = cost.copy()
    for agent in agents:
        agent.cost = left[agent.shared]
        left[agent.shared] = 0.0
    if left.any():
        raise ValueError("a shared column with a cost touches no row; it needs no coordination")
