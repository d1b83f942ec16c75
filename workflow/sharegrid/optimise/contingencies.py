"""N-1 security of a DC network: line outage distribution factors (LODF), and programs whose rows are found as needed.

    f_l(k) = f_l + LODF_lk f_k,   LODF_lk = H_lk / (1 - H_kk),   LODF_kk = -1

f flows [MW]; H_lk flow on l caused by 1 MW that enters where line k starts and leaves where it ends. A state is the
intact network (number 0) or the network after an outage; a line has its normal limit in the first and its emergency
limit in the others. With l lines and k outages there are 2 l (1 + k) rows, of which few matter: `solve_secured` adds
those that an optimum violates, `reachable` names all that any point up to a given transfer could reach.
"""

from functools import cached_property
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp

from sharegrid.optimise.dc_network import DcNetwork
from sharegrid.optimise.highs import LiveProgram, Solved

ISLANDING = 1e-8  # of 1 - H_kk
TOLERANCE = 1e-7  # MW, as HiGHS' own
NEW_ROWS = 20  # at most, per round
ROUNDS = 200


class Rows(NamedTuple):
    """Security rows, one entry per row: the line, the state (0 intact, k the k-th outage), and the sign of the flow."""

    line: np.ndarray
    state: np.ndarray
    sign: np.ndarray

    def __add__(self, other: "Rows") -> "Rows":
        return Rows(*(np.concatenate(pair) for pair in zip(self, other, strict=True)))


NO_ROWS = Rows(np.zeros(0, int), np.zeros(0, int), np.zeros(0))


class Outages:
    """The factors of one network for the outages that it is secured against, which no limit changes.

    outages: numbers of the lines. ValueError names one that leaves an island.
    """

    def __init__(self, network: DcNetwork, outages: np.ndarray):
        self.network, self.lines = network, np.asarray(outages, dtype=int)
        self.ptdf = network.ptdf(np.arange(network.num_branches))
        self.lodf = outage_factors(network, self.ptdf, self.lines)

    @cached_property
    def effect(self) -> np.ndarray:
        """Flow in MW per MW injected at a bus and withdrawn at the reference (line, state, bus)."""
        after = self.lodf[:, :, None] * self.ptdf[self.lines][None]
        return self.ptdf[:, None, :] + np.concatenate([np.zeros_like(self.ptdf)[:, None, :], after], axis=1)


class Security:
    """Flows in all states and their limits: normal, emergency (line) in MW, inf for none."""

    def __init__(self, outages: Outages, normal: np.ndarray, emergency: np.ndarray):
        self._outages = outages
        self.limit = np.repeat(np.asarray(emergency, dtype=float)[:, None], 1 + len(outages.lines), axis=1)
        self.limit[:, 0] = normal

    @property
    def outage_lines(self) -> np.ndarray:
        """Number of the line that is lost in each state but the first."""
        return self._outages.lines

    def flows(self, injection: np.ndarray) -> np.ndarray:
        """Flows (line, state) in MW of an injection (bus) in MW that sums to zero."""
        intact = self._outages.network.flows(injection[:, None])
        return np.hstack([intact, intact + self._outages.lodf * intact[self._outages.lines].T])

    def excess(self, injection: np.ndarray) -> np.ndarray:
        """Flow above the limit (line, state) in MW; negative where there is room."""
        return np.abs(self.flows(injection)) - self.limit

    def sensitivity(self, rows: Rows) -> np.ndarray:
        """Signed flow of each row per MW injected at a bus and withdrawn at the reference (row, bus)."""
        of, after = self._outages, rows.state > 0
        outage = rows.state[after] - 1
        found = of.ptdf[rows.line]
        found[after] += of.lodf[rows.line[after], outage][:, None] * of.ptdf[of.lines[outage]]
        return rows.sign[:, None] * found

    def room(self, rows: Rows, injection: np.ndarray) -> np.ndarray:
        """Limit less signed flow of each row at an injection (bus), MW."""
        flows = self.flows(injection)[rows.line, rows.state]
        return self.limit[rows.line, rows.state] - rows.sign * flows

    def effect(self, entry: np.ndarray, share: np.ndarray) -> np.ndarray:
        """Flow in MW per MW that enters at the bus number `entry` and leaves by `share` (bus) (line, state, entry)."""
        effect = self._outages.effect
        return effect[:, :, entry] - (effect @ share)[:, :, None]

    def violated(self, injection: np.ndarray, known: Rows) -> Rows:
        """The rows, at most 20, that the injection (bus) violates most and that are not `known`; none if it is
        secure."""
        flows = self.flows(injection)
        excess = np.abs(flows) - self.limit
        excess[known.line, known.state] = -np.inf
        line, state = np.unravel_index(np.argsort(-excess, axis=None, kind="stable")[:NEW_ROWS], excess.shape)
        worst = excess[line, state] > TOLERANCE
        line, state = line[worst], state[worst]
        return Rows(np.tile(line, 2), np.tile(state, 2), np.repeat([1.0, -1.0], len(line)))


def outage_factors(network: DcNetwork, ptdf: np.ndarray, outages: np.ndarray) -> np.ndarray:
    """LODF (line, outage); ptdf (line, bus) of all lines. ValueError names an outage that leaves an island."""
    start, end = network.ends
    shift = ptdf[:, start[outages]] - ptdf[:, end[outages]]
    own = shift[outages, np.arange(len(outages))]
    if (islands := np.flatnonzero(np.abs(1 - own) < ISLANDING)).size:
        raise ValueError(f"the outage of line number {outages[islands[0]]} leaves an island; do not list it")
    factors = shift / (1 - own)
    factors[outages, np.arange(len(outages))] = -1.0
    return factors


def solve_secured(
    program: LiveProgram, security: Security, injection: sp.csr_matrix, fixed: np.ndarray, label: str = ""
) -> tuple[Solved, Rows]:
    """The optimum that keeps all limits in all states, and the rows that were added to the program for it.

    injection (bus, column): MW injected per unit of the column; fixed (bus): MW injected anyway. Every optimum is
    checked in all states; what it violates becomes rows and the program is solved again. The result is the optimum with
    all rows. NotOptimal as LiveProgram; RuntimeError after 200 rounds.
    """
    rows = NO_ROWS
    for _ in range(ROUNDS):
        solved = program.solve(label)
        new = security.violated(fixed + injection @ solved.x, rows)
        if not len(new.line):
            return solved, rows
        program.add_rows(
            security.sensitivity(new) @ injection, np.full(len(new.line), -np.inf), security.room(new, fixed)
        )
        rows += new
    raise RuntimeError(f"{label}: rows were still violated after {ROUNDS} rounds")


def reachable(
    security: Security, entry: np.ndarray, share: np.ndarray, fixed: np.ndarray, upper: np.ndarray, most: float
) -> Rows:
    """The rows that some x with 0 <= x <= upper and sum x <= most reaches within 1e-6 MW.

    A unit of x enters at the bus number `entry` (column) and leaves by `share` (bus), which sums to 1; fixed (bus): the
    injection with x = 0, in MW. The largest signed flow is that of a knapsack: columns by falling effect until `most`
    is used. A row that is not in the result cannot bind for any such x, so a program that has the others is exact.
    """
    bus, column = np.unique(entry[upper > 0], return_inverse=True)
    effect, flows, limit = security.effect(bus, share), security.flows(fixed), security.limit
    width = np.bincount(column, upper[upper > 0], minlength=len(bus))
    found = NO_ROWS
    for sign in (1.0, -1.0) if len(bus) else ():
        room = limit - sign * flows - 10 * TOLERANCE
        line, state = np.nonzero(np.maximum((sign * effect).max(axis=2), 0.0) * most >= room)
        near = _knapsack(np.maximum(sign * effect[line, state], 0.0), width, most) >= room[line, state]
        found += Rows(line[near], state[near], np.full(near.sum(), sign))
    return found


def _knapsack(effect: np.ndarray, width: np.ndarray, most: float) -> np.ndarray:
    """max effect x (row) over 0 <= x <= width (column), sum x <= most; effect (row, column) not negative."""
    order = np.argsort(-effect, axis=1, kind="stable")
    sorted_width = width[order]
    taken = np.clip(most - (np.cumsum(sorted_width, axis=1) - sorted_width), 0.0, sorted_width)
    return (np.take_along_axis(effect, order, axis=1) * taken).sum(axis=1)
