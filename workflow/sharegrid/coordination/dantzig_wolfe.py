"""Dantzig-Wolfe decomposition: members answer prices with schedules, the coordinator combines what it has heard.

    restricted master  min  c_0 x_0 + sum_ik cost_ik w_ik   s.t.  A_0 x_0 + sum_ik p_ik w_ik in [b_low, b_up],  [y]
                                                                  sum_k w_ik = 1,  w >= 0                       [s_i]
    answer of i        min  c_i x - y A_i x  over X_i

The master's cost is an upper bound. Any prices y give a lower bound: the coordinator's own least cost at y plus the
members' answers; at the master's prices that is its cost plus sum_i (answer_i - s_i). So the gap is certified without
anybody knowing the optimum. Schedules that answer other prices are none of these answers: prices and answers carry the number
of the round, and a round with an answer to an older one adds its schedules but no bound. Linear programs only.
(Dantzig and Wolfe, Oper. Res. 8(1):101-111, 1960)

A schedule that falls into pieces which share no coupling row is combined piece by piece (coordination/decomposition.py):
the same numbers are told, and far fewer rounds are needed. Prices may be smoothed towards the best so far (Wentges,
Int. Trans. Oper. Res. 4(2):151-162, 1997); by convexity the coordinator's least cost there is at least the mean.
"""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import scipy.sparse as sp
import xarray as xr
from pydantic import Field

from sharegrid.coordination.central import Results, check_options, taken_apart
from sharegrid.coordination.decomposition import Decomposition, Part
from sharegrid.coordination.rounds import Messages, Progress, dataset, run
from sharegrid.optimise.highs import LiveProgram, NotOptimal, Program, Solved
from sharegrid.optimise.quadratic import live

IMPROVES = 1e-9  # reduced cost, relative to the largest cost of the program, from which a schedule helps
SHORT = 1e-7  # of the coupling rows; what the master may lack before its cost counts as that of a real schedule
PENALTY = 10.0  # first penalty on what the master lacks, relative to the largest cost; grows tenfold while it stalls
RAISES = 8  # times that the penalty may grow at once where what is lacking earns more than it costs


def coordinate(
    results: Results,
    *,
    scenarios: Annotated[list[str], Field(min_length=1)],
    rounds: Annotated[int, Field(ge=1)] = 200,
    tolerance: Annotated[float, Field(gt=0, lt=1)] = 1e-3,
    pieces: bool = True,
    smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0,
) -> xr.Dataset:
    """The rounds of the given scenarios (coordination/rounds.py) until the certified relative gap is below `tolerance`.

    Without `pieces` a member's whole schedule is combined at once. `smoothing` in [0, 1): weight of the best prices so far.
    ValueError for quadratic costs or integers, and names an option that cannot be.
    """
    check_options("dantzig-wolfe", results, scenarios, rounds, tolerance)
    if not 0 <= smoothing < 1:
        raise ValueError(f"dantzig-wolfe: smoothing is {smoothing:g}; it must be at least 0 and below 1")
    histories = {}
    for name in scenarios:
        split = taken_apart(results, name)
        method = DantzigWolfe(split, tolerance, pieces, smoothing)
        histories[name] = run(method, rounds)
        histories[name].prices = split.by_row(method.prices)
    return dataset(histories, results["cleared"]["objective"], results["data"].attrs["money"])


@dataclass
class Prices:
    """Prices of the coupling rows and the coordinator's own least cost at them (-inf where it is not known)."""

    of_rows: np.ndarray
    own_cost: float

    def towards(self, other: "Prices", weight: float) -> "Prices":
        """The mean with `weight` on the other; its own cost is a lower bound, as least costs are concave in the prices."""
        mean = weight * other.of_rows + (1 - weight) * self.of_rows
        return Prices(mean, weight * other.own_cost + (1 - weight) * self.own_cost)


class DantzigWolfe:
    """A method of coordination/rounds.py; members answer by linear programs that are kept alive."""

    def __init__(self, split: Decomposition, tolerance: float = 1e-3, pieces: bool = True, smoothing: float = 0.0):
        if split.program.quadratic is not None and split.program.quadratic.any():
            raise ValueError("dantzig-wolfe: the market has quadratic costs; use sharing-admm")
        self._split, self._tolerance, self._smoothing = split, tolerance, smoothing
        self._pieces = [_pieces(member, pieces) for member in split.members]
        self._answers = [live(member.program, f"member {k}") for k, member in enumerate(split.members)]
        self._master = RestrictedMaster(split, [count for *_, count in self._pieces])
        self._best = self._asked = Prices(np.zeros(len(split.coupling)), -np.inf)
        self._lower, self._upper, self._round = -np.inf, np.inf, 0

    @property
    def prices(self) -> np.ndarray:
        """Prices of the coupling rows at which the best lower bound was found, in money per unit of the market's rows."""
        return self._split.own_units(self._best.of_rows)

    def initialise(self) -> Messages:
        """Prices of zero."""
        return self._told_prices()

    def local_solve(self, member: int, heard: np.ndarray) -> np.ndarray:
        """Round and prices of the member's rows -> the round, its contribution to them, the cost of each piece of the schedule."""
        part = self._split.members[member]
        return np.append(heard[0], answer(part, self._answers[member], heard[1:], *self._pieces[member]))

    def update(self, told: Messages) -> tuple[Messages, Progress]:
        """The schedules enter the master; the next prices, and the certified bounds."""
        bound, helped = self._asked.own_cost, 0
        for k, (member, message) in enumerate(zip(self._split.members, told, strict=True)):
            contribution, cost = np.split(message[1:], [len(member.rows)])
            bound += cost.sum() - self._asked.of_rows[member.rows] @ contribution
            helped += self._master.add(k, contribution, cost, self._pieces[k][1])
        present = all(message[0] == self._round for message in told)
        if present and bound > self._lower:
            self._lower, self._best = bound, self._asked
        point = self._master.solve(raise_penalty=present and not helped)
        self._round += 1
        if point.shortage <= SHORT:
            self._upper = min(self._upper, point.cost)
        weight = self._smoothing if np.isfinite(self._best.own_cost) else 0.0
        self._asked = point.prices.towards(self._best, weight) if weight else point.prices
        gap = (self._upper - self._lower) / max(1.0, abs(self._upper)) if np.isfinite(self._upper) else np.inf
        progress = Progress(self._upper, self._lower, done=bool(gap <= self._tolerance))
        return self._told_prices(), progress

    def _told_prices(self) -> Messages:
        return [np.append(self._round, self._asked.of_rows[member.rows]) for member in self._split.members]


def _pieces(member: Part, apart: bool) -> tuple[np.ndarray, np.ndarray, int]:
    """Piece of each column, piece of each row, and their number."""
    if not apart:
        return np.zeros(len(member.columns), int), np.zeros(len(member.rows), int), 1
    return member.pieces.piece_of_column, member.pieces.piece_of_row, member.pieces.count


def answer(part: Part, program: LiveProgram, prices: np.ndarray, of_column, of_row, count: int) -> np.ndarray:
    """The contribution of the cheapest schedule at the prices of the part's rows, and the cost of each of its pieces."""
    cost = part.program.cost - part.contribution.T @ prices
    program.set_costs(np.arange(len(cost)), cost)
    x = program.solve().x
    return np.concatenate([part.contribution @ x, np.bincount(of_column, part.program.cost * x, minlength=count)])


@dataclass
class MasterPoint:
    """Cost of the restricted master, its prices, and what it lacks in the coupling rows."""

    cost: float
    prices: Prices
    shortage: float


class RestrictedMaster:
    """Nobody's columns, and the schedules heard so far; what the coupling rows lack is bought at a penalty."""

    def __init__(self, split: Decomposition, pieces: list[int]):
        nobody, rows, own = split.nobody, len(split.coupling), split.nobody.program.matrix.shape[0]
        self._rows, self._first = rows, np.cumsum([0, *pieces])
        self._members = [member.rows for member in split.members]
        self._convexity = rows + own  # first convexity row
        self._lacking = np.arange(len(nobody.columns), len(nobody.columns) + 2 * rows)
        self._scale = max(float(np.abs(split.program.cost).max(initial=0)), 1e-9)
        self._penalty = PENALTY * self._scale
        self._program = live(_master_program(split, int(self._first[-1]), self._penalty), "restricted master")
        self._duals: np.ndarray | None = None

    def add(self, member: int, contribution: np.ndarray, cost: np.ndarray, piece_of_row: np.ndarray) -> int:
        """Take up the pieces of a schedule that can lower the cost; how many these are.

        contribution: of the member's rows, piece_of_row the piece of each; cost of each piece.
        """
        rows = self._members[member]
        helps = np.ones(len(cost), bool)
        if self._duals is not None:
            earned = np.bincount(piece_of_row, self._duals[rows] * contribution, minlength=len(cost))
            worth = self._duals[self._convexity + self._first[member] + np.arange(len(cost))]
            helps = cost - earned - worth < -IMPROVES * self._scale
        chosen = np.flatnonzero(helps)
        column = np.cumsum(helps) - 1
        mine = helps[piece_of_row]
        entries = np.concatenate([contribution[mine], np.ones(len(chosen))])
        at_rows = np.concatenate([rows[mine], self._convexity + self._first[member] + chosen])
        at_columns = np.concatenate([column[piece_of_row[mine]], np.arange(len(chosen))])
        if len(chosen):
            shape = (self._program.num_rows, len(chosen))
            matrix = sp.csc_matrix((entries, (at_rows, at_columns)), shape=shape)
            no_limit = np.full(len(chosen), np.inf)
            self._program.add_columns(cost[chosen], np.zeros(len(chosen)), no_limit, matrix)
        return len(chosen)

    def solve(self, raise_penalty: bool = False) -> MasterPoint:
        """The optimum over what was heard; the penalty grows if the caller's members stall while something is lacking."""
        solved = self._bounded()
        lacking = solved.x[self._lacking].sum()
        if raise_penalty and lacking > SHORT:
            self._raise_penalty()
            solved = self._bounded()
            lacking = solved.x[self._lacking].sum()
        self._duals = solved.row_dual
        own_cost = solved.objective - self._duals[self._convexity :].sum()
        return MasterPoint(solved.objective, Prices(self._duals[: self._rows], own_cost), float(lacking))

    def _raise_penalty(self) -> None:
        self._penalty *= 10
        self._program.set_costs(self._lacking, np.full(len(self._lacking), self._penalty))

    def _bounded(self) -> Solved:
        """The optimum at the first penalty, up to RAISES times raised, at which there is one: the largest cost tells nothing of
        prices that stand in rows."""
        for _ in range(RAISES):
            try:
                return self._program.solve()
            except NotOptimal as error:
                if not error.status.startswith("unbounded"):
                    raise
            self._raise_penalty()
        return self._program.solve()


def _master_program(split: Decomposition, pieces: int, penalty: float) -> Program:
    """Columns: nobody's, then what lacks below and above in each coupling row; rows: coupling, nobody's, convexity."""
    nobody, rows = split.nobody, len(split.coupling)
    both = sp.hstack([sp.identity(rows), -sp.identity(rows)])
    above = sp.hstack([nobody.contribution, both])
    own = sp.hstack([nobody.program.matrix, sp.csr_matrix((nobody.program.matrix.shape[0], 2 * rows))])
    convexity = sp.csr_matrix((pieces, above.shape[1]))
    return Program(
        np.concatenate([nobody.program.cost, np.full(2 * rows, penalty)]),
        np.concatenate([nobody.program.lower, np.zeros(2 * rows)]),
        np.concatenate([nobody.program.upper, np.full(2 * rows, np.inf)]),
        sp.vstack([above, own, convexity], format="csr"),
        np.concatenate([split.low, nobody.program.row_lower, np.ones(pieces)]),
        np.concatenate([split.high, nobody.program.row_upper, np.ones(pieces)]),
    )
