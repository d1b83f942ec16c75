"""The least core of a game whose coalitions are too many to value all: row by row, as coalitions object.

The least core over the coalitions seen so far gives payoffs; the worst coalition at these payoffs is found by whoever
knows the game (a mixed-integer program over a market, or enumeration) and added, until none objects by more than eps.
A. Hallefjord, R. Helming, K. Joernsten, Computing the nucleolus when the characteristic function is given implicitly,
Int. J. Game Theory 24, 1995.
"""

from dataclasses import dataclass

import numpy as np

from sharegrid.games.core import LeastCore, Worst, least_core_over

ROUNDS = 1000


@dataclass(frozen=True)
class Generated:
    """The least core, the coalitions (coalition, player) that it was found with and their values, and the rounds."""

    least_core: LeastCore
    coalitions: np.ndarray
    value: np.ndarray
    rounds: int


def least_core(
    total: float,
    alone: np.ndarray,
    worst: Worst,
    *,
    tolerance: float,
    known: tuple[np.ndarray, np.ndarray] | None = None,
    rounds: int = ROUNDS,
) -> Generated:
    """The least core of the game with v(N) = total and v({i}) = alone (player), two players or more.

    worst: the proper, non-empty coalition that objects most to given payoffs, and its excess. tolerance (money): the
    payoff found has no excess above eps by more. known: coalitions (coalition, player) with their values, to start with
    beside the single players. Raises RuntimeError if that takes more than `rounds`.
    """
    alone = np.asarray(alone, dtype=float)
    rows, value = np.eye(len(alone), dtype=bool), alone
    if known is not None:
        proper = ~known[0].all(axis=1) & (known[0].sum(axis=1) > 1)
        rows, value = np.vstack([rows, known[0][proper]]), np.append(value, known[1][proper])
    for done in range(rounds):
        found = least_core_over(rows, value, total, alone)
        who, excess = worst(found.payoff)
        if excess <= found.epsilon + tolerance:
            return Generated(found, rows, value, done + 1)
        who = np.asarray(who, dtype=bool)
        rows, value = np.vstack([rows, who]), np.append(value, excess + found.payoff[who].sum())
    raise RuntimeError(f"least core: a coalition still objects by {excess - found.epsilon:.2e} after {rounds} rounds")
