"""The Shapley value of many players from sampled coalitions.

A stratum is a player i and a size k of the set of players before it. The mean of v(S + i) - v(S) over the stratum is
found from all its sets if there are at most `draws` of them, else from so many uniform draws, with replacement:

    x_i = (1/n) sum_k mean_k,   se_i^2 = (1/n^2) sum_k var_k / draws      (complete strata have no error)

J. Castro, D. Gomez, E. Molina, J. Tejada, Comput. Oper. Res. 82, 2017; S. Maleki et al., arXiv 1306.4265, 2013.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np

NORMAL_95 = 1.959963984540054  # standard deviations on each side of a 95 % interval of the normal distribution


@dataclass(frozen=True)
class Design:
    """The draws, a row each: player, size of the set before it, that set (row, player), and if its stratum is complete."""

    player: np.ndarray
    size: np.ndarray
    before: np.ndarray
    complete: np.ndarray

    @property
    def count(self) -> int:
        """Number of players."""
        return self.before.shape[1]

    @property
    def after(self) -> np.ndarray:
        """(row, player): the sets with their player."""
        joined = self.before.copy()
        joined[np.arange(len(joined)), self.player] = True
        return joined


@dataclass(frozen=True)
class Estimate:
    """The Shapley value (player) by sampling.

    raw: the estimate; corrected: with its gap to v(N) shared out in proportion to the variances; standard_error, ci_low,
    ci_high (95 %) of raw; gap: v(N) less the sum of raw. With a single draw a stratum the variance of an incomplete
    one is not known: the standard errors are NaN and the gap is shared equally.
    """

    raw: np.ndarray
    corrected: np.ndarray
    standard_error: np.ndarray
    gap: float

    @property
    def ci_low(self) -> np.ndarray:
        """Lower end of the 95 % interval (player)."""
        return self.raw - NORMAL_95 * self.standard_error

    @property
    def ci_high(self) -> np.ndarray:
        """Upper end of the 95 % interval (player)."""
        return self.raw + NORMAL_95 * self.standard_error


def design(count: int, draws: int, seed: int) -> Design:
    """The strata of `count` players and their sets; the same for the same seed (NumPy's PCG64)."""
    rng = np.random.Generator(np.random.PCG64(seed))
    parts = []
    for player in range(count):
        others = np.delete(np.arange(count), player)
        for size in range(count):
            complete = comb(count - 1, size) <= draws
            chosen = list(combinations(range(count - 1), size)) if complete else _drawn(rng, count - 1, size, draws)
            before = np.zeros((len(chosen), count), bool)
            rows = np.arange(len(chosen))[:, None]
            before[rows, others[np.array(chosen, dtype=int).reshape(len(chosen), size)]] = True
            parts.append((player, size, complete, before))
    lengths = [len(before) for *_, before in parts]
    player, size, complete = (np.repeat(column, lengths) for column in list(zip(*parts, strict=True))[:3])
    return Design(player, size, np.vstack([before for *_, before in parts]), complete)


def _drawn(rng: np.random.Generator, count: int, size: int, draws: int) -> np.ndarray:
    """(draw, member): uniform sets of `size` of `count` players."""
    return rng.permuted(np.tile(np.arange(count), (draws, 1)), axis=1)[:, :size]


def coalitions(count: int, draws: int, seed: int) -> np.ndarray:
    """present (coalition, player): the distinct coalitions whose value the design needs; with nobody and everybody."""
    sampled = design(count, draws, seed)
    return np.unique(np.vstack([sampled.before, sampled.after]), axis=0)


def masks(present: np.ndarray) -> list[int]:
    """The coalitions `present` (coalition, player) by bitmask, as integers of any length."""
    packed = np.packbits(np.asarray(present, dtype=bool), axis=1, bitorder="little")
    return [int.from_bytes(row.tobytes(), "little") for row in packed]


def estimate(sampled: Design, value_of: Mapping[int, float]) -> Estimate:
    """The Shapley value from the values by bitmask of the coalitions of the design; KeyError for one without a value."""
    gain = np.array([value_of[mask] for mask in masks(sampled.after)])
    gain -= np.array([value_of[mask] for mask in masks(sampled.before)])
    count = sampled.count
    stratum = sampled.player * count + sampled.size
    number = np.bincount(stratum, minlength=count**2)
    mean = np.bincount(stratum, gain, count**2) / number
    spread = np.bincount(stratum, (gain - mean[stratum]) ** 2, count**2)
    complete = np.bincount(stratum, sampled.complete, count**2) > 0
    with np.errstate(invalid="ignore"):  # 0/0: one draw has no variance
        variance = np.where(complete, 0.0, spread / (number - 1) / number)
    raw = mean.reshape(count, count).mean(axis=1)
    square = variance.reshape(count, count).sum(axis=1) / count**2
    gap = float(value_of[2**count - 1] - raw.sum())
    return Estimate(raw, raw + gap * _shares(square), np.sqrt(square), gap)


def _shares(square: np.ndarray) -> np.ndarray:
    """Shares in the gap, in proportion to the variances; equal ones where these are not known or all zero."""
    total = square.sum()
    return square / total if total > 0 else np.full(len(square), 1 / len(square))
