"""The core and the least core.

    core        x(N) = v(N),  x(S) >= v(S) for all S
    least core  min eps  s.t.  x(N) = v(N),  x(S) + eps >= v(S) for all proper, non-empty S

The excess of a coalition is v(S) - x(S); the core is not empty if and only if the smallest eps is <= 0.
D. Gillies (1959); M. Maschler, B. Peleg, L. Shapley, Math. Oper. Res. 4(4), 1979.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from sharegrid.games.table import Game, members
from sharegrid.optimise.core_point import least_norm
from sharegrid.optimise.highs import LiveProgram, Program

TOLERANCE = 1e-6  # of the largest value: an objection up to it is none
POSITIVE = (
    1e-7  # a dual (those of all coalitions sum to 1) above which a constraint holds with equality at every optimum
)
UNIT = 1e5  # the largest number of a linear program: the solver's tolerance of 1e-7 is absolute

Worst = Callable[[np.ndarray], tuple[np.ndarray, float]]
"""Payoffs x (player) -> the proper, non-empty coalition that objects most, as members (player) bool, and its excess."""


@dataclass(frozen=True)
class LeastCore:
    """The smallest eps and a payoff (player) that attains it."""

    epsilon: float
    payoff: np.ndarray


def excess(game: Game, payoff: np.ndarray) -> np.ndarray:
    """v(S) - x(S) (coalition, by bitmask)."""
    return game.value - members(game.count) @ np.asarray(payoff, dtype=float)


def max_excess(game: Game, payoff: np.ndarray) -> tuple[float, str]:
    """The largest excess of a proper, non-empty coalition and its members; 0 and "" of a single player, with none."""
    if game.count == 1:
        return 0.0, ""
    proper = excess(game, payoff)[1:-1]
    return float(proper.max()), game.named(int(proper.argmax()) + 1)


def enumerated(game: Game) -> Worst:
    """The worst coalition by looking at all of them."""
    rows = members(game.count)

    def worst(payoff: np.ndarray) -> tuple[np.ndarray, float]:
        above = excess(game, payoff)[1:-1]
        return rows[1 + above.argmax()], float(above.max())

    return worst


def in_core(total: float, payoff: np.ndarray, worst: Worst, tolerance: float) -> bool:
    """Whether the payoffs (player) share the total and no coalition objects, both within the tolerance (money)."""
    return abs(np.sum(payoff) - total) <= tolerance and worst(payoff)[1] <= tolerance


def least_core(game: Game) -> LeastCore:
    """eps and, of the least core, the payoff nearest to v({i}) + (v(N) - sum v({j})) / n; eps is 0 for one player."""
    if game.count == 1:
        return LeastCore(0.0, game.value[1:].copy())
    return least_core_over(members(game.count)[1:-1], game.value[1:-1], game.total, game.alone)


def least_core_over(rows: np.ndarray, value: np.ndarray, total: float, alone: np.ndarray) -> LeastCore:
    """The least core if only the coalitions `rows` (coalition, player) of `value` (coalition) could object.

    `alone` (player): the payoffs from which the equal split of the surplus starts. Each player is in one of the rows.
    """
    surplus = total - alone.sum()
    gain = value - rows @ alone
    scale = max(np.abs(gain).max(), abs(surplus))
    if scale == 0:
        return LeastCore(0.0, alone.copy())
    target = np.full(len(alone), surplus / len(alone)) / scale
    epsilon, tight = _smallest_epsilon(rows, gain / scale, surplus / scale)
    # the tight coalitions and N depend on each other in one way, through their duals: one of the tight follows
    others = np.flatnonzero(~tight)
    equal = np.vstack([np.ones(len(alone)), rows[tight][1:]])
    level = np.append(surplus / scale, gain[tight][1:] / scale - epsilon)
    short = gain[others] / scale - epsilon - rows[others] @ target
    away = least_norm(equal, level - equal @ target, rows[others].astype(float), short)
    return LeastCore(float(epsilon * scale), alone + scale * (target + away))


def _smallest_epsilon(rows: np.ndarray, gain: np.ndarray, surplus: float) -> tuple[float, np.ndarray]:
    """min eps  s.t.  y(S) + eps >= gain(S),  y(N) = surplus; and which S hold with equality in the whole least core.

    These have a positive dual. All amounts are at most 1.
    """
    solved = LiveProgram(excess_program(rows, gain, surplus), "least core").solve()
    return solved.x[-1] / UNIT, solved.row_dual[:-1] > POSITIVE


def excess_program(rows: np.ndarray, gain: np.ndarray, surplus: float, least: np.ndarray | None = None) -> Program:
    """min eps over (y, eps)  s.t.  y(S) + eps >= gain(S) for each of `rows` (coalition, player), y(N) = surplus,
    y >= `least` (player) if given; money in units of 1 / UNIT of the callers'."""
    count = rows.shape[1]
    total = np.append(np.ones(count), 0.0)
    matrix = sp.csr_matrix(np.vstack([np.column_stack([rows, np.ones(len(rows))]), total]))
    lower = np.full(count, -np.inf) if least is None else UNIT * least
    return Program(
        cost=np.append(np.zeros(count), 1.0),
        lower=np.append(lower, -np.inf),
        upper=np.full(count + 1, np.inf),
        matrix=matrix,
        row_lower=UNIT * np.append(gain, surplus),
        row_upper=np.append(np.full(len(rows), np.inf), UNIT * surplus),
    )
