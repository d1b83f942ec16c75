"""Communities of any size out of the users of one program: copies of each user, as columns of their own or as a multiple.

Copies of a user have one set X of schedules: the sum of m schedules of a convex X is m times one schedule of X, so one set
of columns with bounds m times as large stands for all of them, exactly, and m = 0 for their absence. This needs rows with
the right-hand side 0: what a user brings must be a column that it owns.
"""

import numpy as np
import scipy.sparse as sp

from sharegrid.coordination.decomposition import Decomposition
from sharegrid.optimise.highs import LiveProgram, Program
from sharegrid.optimise.quadratic import live


def copied(split: Decomposition, counts: np.ndarray) -> Program:
    """The program with counts[i] copies of member i, each with its own columns and rows.

    Columns: nobody's, then the copies of the first member, of the second ...; rows: coupling, nobody's, the members'.
    """
    parts, times = [split.nobody, *split.members], [1, *map(int, counts)]
    contributions, own = [], []
    for part, many in zip(parts, times, strict=True):
        entries = part.contribution.tocoo()
        shape = (len(split.coupling), len(part.columns))
        at_rows = sp.csr_matrix((entries.data, (part.rows[entries.row], entries.col)), shape=shape)
        contributions.append(sp.kron(np.ones((1, many)), at_rows, format="csr"))
        own.append(sp.kron(sp.identity(many), part.program.matrix, format="csr"))

    def stacked(name: str) -> list[np.ndarray]:
        return [np.tile(getattr(part.program, name), many) for part, many in zip(parts, times, strict=True)]

    columns = [np.concatenate(stacked(name)) for name in ("cost", "lower", "upper")]
    rows = [np.concatenate([bound, *stacked(name)]) for name, bound in
            (("row_lower", split.low), ("row_upper", split.high))]  # fmt: skip
    matrix = sp.vstack([sp.hstack(contributions), sp.block_diag(own)], format="csr")
    return Program(*columns, matrix, *rows)


def bills(split: Decomposition, counts: np.ndarray, x: np.ndarray, row_dual: np.ndarray) -> np.ndarray:
    """Cost less revenue at the prices of the coupling rows of one copy of each member; NaN for a member without copy.

    x, row_dual: an optimum of `copied`. Every copy has the same bill, as its schedule is one of its cheapest at the prices.
    """
    first = len(split.nobody.columns) + np.cumsum(
        [0, *(int(n) * len(m.columns) for n, m in zip(counts, split.members, strict=True))]
    )
    found = np.full(len(split.members), np.nan)
    for k, member in enumerate(split.members):
        if counts[k]:
            own = x[first[k] : first[k] + len(member.columns)]
            found[k] = member.program.cost @ own - row_dual[member.rows] @ (member.contribution @ own)
    return found


class Types:
    """The program with one set of columns per member, for any numbers of copies; kept alive between them."""

    def __init__(self, split: Decomposition):
        self._split, self._program = split, copied(split, np.ones(len(split.members), int))
        sides = np.concatenate([self._program.row_lower, self._program.row_upper])
        if sides[np.isfinite(sides)].any():
            raise ValueError("copies of users need rows with the right-hand side 0; this market has others")
        widths = [len(part.columns) for part in (split.nobody, *split.members)]
        self._member = np.repeat(np.arange(-1, len(split.members)), widths)
        self._live: LiveProgram = live(self._program, "community by types")

    @property
    def columns(self) -> int:
        """Columns of the program."""
        return len(self._member)

    def solve(self, counts: np.ndarray, label: str = "", **how):
        """The optimum with counts[i] copies of member i (real numbers from 0 up)."""
        owned = np.flatnonzero(self._member >= 0)
        many = np.asarray(counts, float)[self._member[owned]]
        with np.errstate(invalid="ignore"):  # 0 times no limit
            bounds = [
                np.where(many > 0, many * side[owned], 0.0) for side in (self._program.lower, self._program.upper)
            ]
        self._live.set_column_bounds(owned, *bounds)
        return self._live.solve(label, **how)
