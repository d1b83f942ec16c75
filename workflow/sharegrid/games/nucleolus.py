"""The nucleolus: of all divisions of v(N) the one whose excesses, sorted from the largest, are lexicographically smallest.

    min eps  s.t.  x(S) + eps >= v(S) for free S,  x(S) = v(S) - eps_S for fixed S                (one linear program a level)

The free coalitions with a positive dual hold with equality at every optimum: they are fixed at its eps. (Others may be
tight at the vertex that the solver returns only.) Free coalitions whose members' indicator depends on those of the
fixed ones cannot change any more and are dropped. After at most n levels the fixed ones leave a single point.
D. Schmeidler (1969); A. Kopelowitz (1967); E. Kohlberg, SIAM J. Appl. Math. 20(1), 1971.
"""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from sharegrid.games.core import POSITIVE, UNIT, excess, excess_program
from sharegrid.games.table import Game, members
from sharegrid.optimise.highs import LiveProgram, NotOptimal, Program

INDEPENDENT = 1e-9  # length of what a normalised indicator has outside the span of others
LEVEL = 1e-7  # of the largest excess: excesses that differ by less are one level


@dataclass(frozen=True)
class Nucleolus:
    """The payoff (player) and the number of linear programs, one a level, that it took."""

    payoff: np.ndarray
    n_lp: int


def nucleolus(game: Game, *, imputation: bool = False) -> Nucleolus:
    """The prenucleolus: the divisions of v(N) need not give each player v({i}), unless `imputation` (the nucleolus).

    The two are the same where the core is not empty. All coalitions are rows of each linear program: this is for small
    games, and the mechanism takes up to 12 players. Raises ValueError with `imputation` if v(N) < sum v({i}), as nothing
    then gives everybody v({i}).
    """
    surplus = game.total - game.alone.sum()
    rows = members(game.count)[1:-1]
    gain = game.value[1:-1] - rows @ game.alone
    scale = max(np.abs(gain).max(initial=0), abs(surplus))
    if imputation and surplus < -LEVEL * scale:
        raise ValueError("nucleolus: no imputation: together the players are worth less than each alone")
    if scale == 0 or game.count == 1:
        return Nucleolus(game.alone + surplus / game.count, 0)
    least = np.zeros(game.count) if imputation else None
    levels = Levels(rows, gain / scale, surplus / scale, least)
    while levels.fixed.rank < game.count:
        levels.descend()
    return Nucleolus(game.alone + scale * levels.fixed.point(), levels.n_lp)


class Span:
    """Independent coalitions with the payoff of each: a system of linear equations that grows."""

    def __init__(self, count: int):
        self._rows, self._levels = np.empty((0, count)), np.empty(0)
        self._basis = np.empty((0, count))  # orthonormal

    @property
    def rank(self) -> int:
        """Number of independent coalitions."""
        return len(self._rows)

    def outside(self, rows: np.ndarray) -> np.ndarray:
        """Which of the indicators `rows` (coalition, player) depend on no combination of those in here."""
        rest = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        for _ in range(2):  # a second pass removes what rounding left of the first
            rest = rest - rest @ self._basis.T @ self._basis
        return np.linalg.norm(rest, axis=1) > INDEPENDENT

    def add(self, row: np.ndarray, level: float = np.nan) -> None:
        """Take in a coalition that is outside, with its payoff."""
        rest = row.astype(float)
        for _ in range(2):
            rest = rest - self._basis.T @ (self._basis @ rest)
        self._basis = np.vstack([self._basis, rest / np.linalg.norm(rest)])
        self._rows, self._levels = np.vstack([self._rows, row]), np.append(self._levels, level)

    def point(self) -> np.ndarray:
        """The only payoffs (player) with the payoff of each coalition."""
        return np.linalg.solve(self._rows, self._levels)


class Levels:
    """The linear program of one level after the other, in the same live program."""

    def __init__(self, rows: np.ndarray, gain: np.ndarray, surplus: float, least: np.ndarray | None):
        """rows (coalition, player) proper and non-empty, gain (coalition) and surplus: zero-normalised, at most 1;
        least (player): lower bounds of the payoffs, if any."""
        self._rows, self._gain = rows.astype(float), gain
        self._live = LiveProgram(excess_program(rows, gain, surplus, least), "nucleolus")
        self._free = np.arange(len(rows))
        self.fixed = Span(rows.shape[1])
        self.fixed.add(np.ones(rows.shape[1]), surplus)
        self.n_lp = 0

    def descend(self) -> None:
        """Solve one level, fix the coalitions that hold with equality at each of its optima, drop what depends on them."""
        solved = self._live.solve(f"level {self.n_lp + 1}")
        self.n_lp += 1
        epsilon = solved.x[-1] / UNIT
        tight = self._free[solved.row_dual[self._free] > POSITIVE]
        if not len(tight):
            raise RuntimeError("nucleolus: no coalition has a positive dual")
        for one in tight[np.argsort(-solved.row_dual[tight], kind="stable")]:
            if self.fixed.outside(self._rows[[one]])[0]:
                self._fix(one, self._gain[one] - epsilon)
        dropped = self._free[~self.fixed.outside(self._rows[self._free])]
        self._live.set_row_bounds(dropped, np.full(len(dropped), -np.inf), np.full(len(dropped), np.inf))
        self._free = np.setdiff1d(self._free, dropped)

    def _fix(self, one: int, level: float) -> None:
        self.fixed.add(self._rows[one], level)
        row = np.append(self._rows[one], 0.0)[None]
        self._live.add_rows(row, np.array([UNIT * level]), np.array([UNIT * level]))


def kohlberg(game: Game, payoff: np.ndarray) -> bool:
    """Whether the payoffs (player) are the prenucleolus: they share v(N), and for every level t the coalitions of excess
    >= t are balanced, that is have positive weights w with sum_{S with i} w_S the same for all i.

    Once they are, every coalition that depends on them can be balanced too, so a level is looked at for what it adds. No
    stage asks for it: it is a check of payoffs, whoever found them.
    """
    rows = members(game.count)[1:-1].astype(float)
    above = excess(game, payoff)[1:-1]
    order = np.argsort(-above, kind="stable")
    gap = LEVEL * max(np.abs(above).max(initial=0), np.abs(game.value).max())
    if abs(excess(game, payoff)[-1]) > gap:
        return False
    ends = np.append(np.flatnonzero(above[order[:-1]] - above[order[1:]] > gap) + 1, len(order))
    span, start = Span(game.count), 0
    span.add(np.ones(game.count))
    held = np.empty((0, game.count))
    for end in ends:
        new = rows[order[start:end]]
        new = new[span.outside(new)]
        held, start = np.vstack([held, new]), end
        if len(new) and not _balanced(held):
            return False
        for row in new:
            if span.outside(row[None])[0]:
                span.add(row)
        if span.rank == game.count:
            return True
    return True


def _balanced(rows: np.ndarray) -> bool:
    """Whether weights w >= 1 and a c exist with sum_S w_S 1_S = c 1 for the coalitions `rows` (coalition, player)."""
    columns = len(rows)
    program = Program(
        cost=np.zeros(columns + 1),
        lower=np.append(np.ones(columns), -np.inf),
        upper=np.full(columns + 1, np.inf),
        matrix=sp.csr_matrix(np.column_stack([rows.T, -np.ones(rows.shape[1])])),
        row_lower=np.zeros(rows.shape[1]),
        row_upper=np.zeros(rows.shape[1]),
    )
    try:
        LiveProgram(program, "Kohlberg").solve()
    except NotOptimal as error:
        if error.status == "infeasible":
            return False
        raise
    return True
