"""A program taken apart by who owns its columns, so that its optimum can be reached by messages.

    min  c_0 x_0 + sum_i c_i x_i
    s.t. A_0 x_0 + sum_i A_i x_i in [b_low, b_up]     coupling rows: they touch columns of several members, or of one
                                                      and of nobody
         x_i in X_i                                   member i's own rows and bounds: private
         x_0 in X_0                                   columns of nobody with their rows: the coordinator's

A member tells what its schedule contributes to the coupling rows, A_i x_i, and hears prices of these rows; A_i, c_i and
X_i stay with it. The same holds for any market whose module names owners. (Dantzig and Wolfe, Oper. Res. 8(1):101-111,
1960; Boyd et al., Found. Trends Mach. Learn. 3(1):1-122, 2011, section 7.3)
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from sharegrid.optimise.highs import Program


@dataclass
class Part:
    """Columns of one owner: their numbers in the whole program, their private `program`, and what they contribute to
    the coupling rows `rows`: `contribution` (those rows, columns)."""

    columns: np.ndarray
    program: Program
    rows: np.ndarray
    contribution: sp.csr_matrix

    @cached_property
    def pieces(self) -> "Pieces":
        """The pieces of a schedule that the coordinator may combine independently of each other."""
        return Pieces(self)


class Pieces:
    """Independent pieces of a member's schedule: no private row and no coupling row touches two of them, so that a member
    which tells its contribution row by row tells all of them; only the cost is told piece by piece.

    piece_of_column, piece_of_row: the piece of each column and coupling row of the part. Columns with one possible
    value tie nothing together.
    """

    def __init__(self, part: Part):
        free = part.program.lower < part.program.upper
        ties = sp.vstack([part.program.matrix, part.contribution]) @ sp.diags(free.astype(float))
        rows, columns = ties.shape
        graph = sp.bmat([[None, ties], [ties.T, None]], format="csr")
        _, label = connected_components(graph, directed=False)
        of_rows = label[rows - len(part.rows) : rows]
        of_columns = np.where(free, label[rows:], self._of_fixed(part.contribution, of_rows))
        shown, numbers = np.unique(np.concatenate([of_columns, of_rows]), return_inverse=True)
        self.count = len(shown)
        self.piece_of_column, self.piece_of_row = numbers[:columns], numbers[columns:]

    @staticmethod
    def _of_fixed(contribution: sp.csr_matrix, of_rows: np.ndarray) -> np.ndarray:
        """A fixed column's cost goes with the first coupling row that it touches, or with the first piece of all."""
        first = np.full(contribution.shape[1], of_rows.min(initial=0))
        entries = contribution.tocoo()
        first[entries.col[::-1]] = of_rows[entries.row[::-1]]
        return first


@dataclass
class Decomposition:
    """The whole program with its coupling rows in comparable units, the numbers of these rows, the members' parts and that of
    nobody (the coordinator's); factor (coupling row): what the market's own row was multiplied by."""

    program: Program
    coupling: np.ndarray
    members: list[Part]
    nobody: Part
    factor: np.ndarray

    def own_units(self, prices: np.ndarray) -> np.ndarray:
        """Prices of the coupling rows (coupling row) in money per unit of the market's own rows."""
        return prices * self.factor

    def by_row(self, values: np.ndarray) -> dict[int, float]:
        """Values of the coupling rows by the number of the row in the whole program."""
        return dict(zip(self.coupling.tolist(), values.tolist(), strict=True))

    @property
    def low(self) -> np.ndarray:
        """Smallest value of each coupling row."""
        return self.program.row_lower[self.coupling]

    @property
    def high(self) -> np.ndarray:
        """Largest value of each coupling row."""
        return self.program.row_upper[self.coupling]

    def total(self, contributions: list[np.ndarray]) -> np.ndarray:
        """sum_i A_i x_i (coupling row) of what the members told."""
        total = np.zeros(len(self.coupling))
        for member, told in zip(self.members, contributions, strict=True):
            total[member.rows] += told
        return total


def decompose(program: Program, owned: list[np.ndarray]) -> Decomposition:
    """The program by owners; owned[i]: columns of member i, all others belong to nobody.

    Raises ValueError if it has integer columns (prices then do not reach the optimum) or no coupling row.
    """
    if program.integer is not None and program.integer[program.lower < program.upper].any():
        raise ValueError("coordination by prices needs a convex program; this one has integer columns")
    owner = np.full(len(program.cost), -1)
    for number, columns in enumerate(owned):
        owner[columns] = number
    least, most = _owners_of_rows(program.matrix, owner)
    coupling = np.flatnonzero((least != most) & (most >= 0))
    if not len(coupling):
        raise ValueError("no row couples the members; each optimum is its own, there is nothing to coordinate")
    own = most.copy()  # nobody's rows have -1
    own[coupling] = len(owned)  # a number that no member has
    program, factor = _comparable(program, coupling, np.flatnonzero(owner < 0))
    parts = [_part(program, columns, np.flatnonzero(own == k), coupling) for k, columns in enumerate(owned)]
    nobody = _part(program, np.flatnonzero(owner < 0), np.flatnonzero(own < 0), coupling, all_rows=True)
    return Decomposition(program, coupling, parts, nobody, factor)


def _comparable(program: Program, coupling: np.ndarray, nobody: np.ndarray) -> tuple[Program, np.ndarray]:
    """Coupling rows in the unit in which the coordinator's own largest coefficient is 1, so that mismatches can be compared, and
    the factors (coupling row)."""
    own = abs(program.matrix.tocsr()[coupling][:, nobody])
    largest = np.asarray(own.max(axis=1).todense()).ravel() if len(nobody) else np.zeros(len(coupling))
    factor = np.ones(program.matrix.shape[0])
    factor[coupling] = 1 / np.where(largest > 0, largest, 1.0)
    rows = {name: getattr(program, name) * factor for name in ("row_lower", "row_upper")}
    return replace(program, matrix=sp.csr_matrix(sp.diags(factor) @ program.matrix), **rows), factor[coupling]


def _owners_of_rows(matrix: sp.csr_matrix, owner: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Smallest and largest owner among the columns of each row (nobody is -1); a row without columns is nobody's."""
    entries = matrix.tocoo()
    present = entries.data != 0
    least = np.full(matrix.shape[0], np.iinfo(int).max)
    most = np.full(matrix.shape[0], -1)
    np.minimum.at(least, entries.row[present], owner[entries.col[present]])
    np.maximum.at(most, entries.row[present], owner[entries.col[present]])
    return np.where(least > most, most, least), most


def _part(program: Program, columns, own_rows, coupling, all_rows: bool = False) -> Part:
    matrix = program.matrix.tocsc()[:, columns].tocsr()
    touched = np.arange(len(coupling)) if all_rows else np.flatnonzero(np.diff(matrix[coupling].indptr))
    quadratic = program.quadratic
    private = Program(
        program.cost[columns],
        program.lower[columns],
        program.upper[columns],
        matrix[own_rows],
        program.row_lower[own_rows],
        program.row_upper[own_rows],
        quadratic=None if quadratic is None or not quadratic[columns].any() else quadratic[columns],
    )
    return Part(columns, private, touched, matrix[coupling[touched]])
