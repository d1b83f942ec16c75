"""Coordination of shared columns by multipliers and their sensitivity: cuts by agent, a certified bound, and a bundle-Newton trial.

    bound   LB = min { sum_a theta_a : theta_a >= V_aj + g_aj (z - z_j) for every answer j of agent a, z in the box }
    best    UB = least sum_a V_a(z_j) so far, at z_b;  stop when UB - LB <= tolerance max(1, |UB|)
    trial   min { sum_a theta_a + 1/2 d' H_b d : theta_a >= V_aj + g_aj (z_b + d - z_j),  z_b + d in the box }

V_a least cost of agent a at the shared columns z, g_a its multipliers, H_a their derivative (coordination/area_values.py);
H_b = sum_a H_a at z_b. Where only the cuts of z_b hold, the trial is Newton's step. Every cut is below V_a, so the bound is
certified whatever the trial is. The minimiser of the bound is asked instead of a trial that fails or was asked already, and at
least every FORCED rounds, so that the method converges as cutting planes do (Kelley, SIAM J. 8(4):703-712, 1960).

With `parabolas` the trial has theta_a >= q_aj + (g_aj + H_aj (z_b - z_j)) d instead, q_aj the value at z_b of the parabola of
the answer. Parabolas may lie above V_a, and far from z_j they do: this trial needs more rounds than no sensitivity at all.

The coordinator tells the number of the round and z; an agent answers with that number, so that an answer which comes late is a
cut at the z to which it belongs. Our reading of "improved Lagrangian multiplier" in J. Wang, H. Zhong et al., IEEE Trans.
Sustainable Energy 11(1), 2020, whose algorithm is not public: the multiplier is told with its sensitivity.
"""

from dataclasses import dataclass, field
from typing import Annotated

import numpy as np
import scipy.sparse as sp
import xarray as xr
from pydantic import Field

from sharegrid.coordination.area_values import AreaValue
from sharegrid.coordination.central import Results
from sharegrid.coordination.rounds import Messages, Progress
from sharegrid.coordination.shared_columns import SharedColumns
from sharegrid.coordination.shared_markets import SharedMarket, coordinated
from sharegrid.optimise.highs import LiveProgram, NotOptimal, Program
from sharegrid.optimise.quadratic import QuadraticProgram

FORCED = 5  # rounds in which the minimiser of the bound is asked at least once
SAME = 1e-7  # distance up to which a point was asked already
CURVED = 1e-10  # eigenvalue of H, relative to the largest, from which it counts
TRIAL = 1e-9  # distance of a trial to the bound of its tangents, relative to the cost, where no active set is found


def coordinate(
    results: Results,
    *,
    scenarios: Annotated[list[str], Field(min_length=1)],
    hour: Annotated[int, Field(ge=0)] = 0,
    rounds: Annotated[int, Field(ge=1)] = 100,
    tolerance: Annotated[float, Field(gt=0, lt=1)] = 1e-6,
    parabolas: bool = False,
) -> xr.Dataset:
    """The rounds of the given scenarios (coordination/rounds.py) until the certified relative gap is below `tolerance`.

    hour: number of the hour that is coordinated, by itself. `parabolas` bends the cuts of the trial. ValueError names an option
    that cannot be.
    """

    def make(market: SharedMarket) -> ImprovedMultiplier:
        return ImprovedMultiplier(market.split, tolerance, parabolas=parabolas)

    return coordinated("improved-multiplier", results, scenarios, hour, rounds, tolerance, make)


@dataclass
class Piece:
    """An answer of an agent: V, g and H at z (the shared columns that it touches)."""

    z: np.ndarray
    value: float
    gradient: np.ndarray
    sensitivity: np.ndarray | None

    def seen_from(self, z: np.ndarray, parabola: bool = False) -> tuple[float, np.ndarray]:
        """Value and slope at z of the cut, or of the parabola."""
        step = z - self.z
        bent = self.sensitivity @ step if parabola and self.sensitivity is not None else np.zeros(len(step))
        return float(self.value + self.gradient @ step + bent @ step / 2), self.gradient + bent


@dataclass
class Best:
    """The best point so far, its cost, and the answers there by agent."""

    z: np.ndarray
    cost: float = np.inf
    pieces: list[Piece] = field(default_factory=list)


class ImprovedMultiplier:
    """A method of coordination/rounds.py; without `sensitivity` agents tell no H and the method is that of cutting planes."""

    def __init__(
        self, split: SharedColumns, tolerance: float = 1e-6, sensitivity: bool = True, parabolas: bool = False
    ):
        self._split, self._tolerance = split, tolerance
        self._sensitivity, self._parabolas = sensitivity, parabolas
        self._values = [AreaValue(agent, f"agent {k}") for k, agent in enumerate(split.agents)]
        self._bound = CutModel(split)
        self._asked: list[np.ndarray] = [split.start]
        self._answers: dict[int, dict[int, Piece]] = {}  # by round and agent
        self.pieces: list[list[Piece]] = [[] for _ in split.agents]
        self.best, self._lower, self._newton = Best(split.start), -np.inf, 0

    def initialise(self) -> Messages:
        """The round and the start."""
        return self._broadcast()

    def local_solve(self, member: int, heard: np.ndarray) -> np.ndarray:
        """Round and z -> round, V, g and, if it is not zero, H."""
        answer = self._values[member].at(heard[1:], self._sensitivity)
        told = np.concatenate([heard[:1], [answer.value], answer.gradient])
        return told if answer.sensitivity is None else np.append(told, packed(answer.sensitivity))

    def update(self, told: Messages) -> tuple[Messages, Progress]:
        """The cuts enter the bound; the next point, and the certified bounds."""
        for member, message in enumerate(told):
            self._keep(member, message)
        point, bound = self._bound.solve()
        self._lower = max(self._lower, bound)
        gap = self.best.cost - self._lower
        done = bool(np.isfinite(gap) and gap <= self._tolerance * max(1.0, abs(self.best.cost)))
        self._asked.append(self._next(point))
        return self._broadcast(), Progress(self.best.cost, self._lower, done=done)

    def _broadcast(self) -> Messages:
        return [np.append(len(self._asked) - 1, self._asked[-1][agent.shared]) for agent in self._split.agents]

    def _keep(self, member: int, message: np.ndarray) -> None:
        """A cut, unless the answer came before; the best point where all agents have answered."""
        asked = int(message[0])
        answers = self._answers.setdefault(asked, {})
        if member in answers:
            return
        piece = _piece(self._asked[asked][self._split.agents[member].shared], message)
        answers[member] = piece
        self.pieces[member].append(piece)
        self._bound.add(member, piece)
        if len(answers) == len(self._split.agents):
            cost = self._split.apart + sum(one.value for one in answers.values())
            if cost < self.best.cost:
                self.best = Best(self._asked[asked], cost, [answers[k] for k in range(len(answers))])

    def _next(self, minimiser: np.ndarray | None) -> np.ndarray:
        """The trial, or the minimiser of the bound; the last point once more where the bound has no minimiser yet."""
        if minimiser is None:
            return self._asked[-1]
        self._newton += 1
        trial = self._trial() if self._newton % FORCED else None
        if trial is None or any(np.abs(trial - z).max() <= SAME for z in self._asked):
            return minimiser
        return trial

    def _trial(self) -> np.ndarray | None:
        """The bundle-Newton point; None if the best pieces are not curved or the program is not solved."""
        split, best = self._split, self.best
        curvature = np.zeros((len(split.lower), len(split.lower)))
        for agent, piece in zip(split.agents, best.pieces, strict=False):
            if piece.sensitivity is not None:
                curvature[np.ix_(agent.shared, agent.shared)] += piece.sensitivity
        factor = _factor(curvature)
        if not factor.size:
            return None
        sides = [[piece.seen_from(best.z[agent.shared], self._parabolas) for piece in own]
                 for agent, own in zip(split.agents, self.pieces, strict=True)]  # fmt: skip
        program = _bundle(split, best.z, sides, factor)
        accepted = TRIAL * max(1.0, abs(best.cost))
        try:
            step = QuadraticProgram(program, "trial", accepted).solve().x[: len(best.z)]
        except NotOptimal:
            return None
        return np.clip(best.z + step, split.lower, split.upper)


def packed(second: np.ndarray) -> np.ndarray:
    """H = L L' in the fewest numbers: the columns of L that are not zero, or the upper triangle of H if that is shorter."""
    factor, triangle = _factor(second), second[np.triu_indices(len(second))]
    return factor.ravel() if factor.size < len(triangle) else triangle


def unpacked(told: np.ndarray, count: int) -> np.ndarray:
    """H (count, count) from what `packed` made of it."""
    if len(told) < count * (count + 1) // 2:
        factor = told.reshape(count, -1)
        return factor @ factor.T
    second = np.zeros((count, count))
    second[np.triu_indices(count)] = told
    return second + np.triu(second, 1).T


def _factor(second: np.ndarray) -> np.ndarray:
    """L (shared, rank)."""
    values, vectors = np.linalg.eigh(second)
    kept = values > CURVED * max(1e-9, values.max(initial=0))
    return vectors[:, kept] * np.sqrt(values[kept])


def _piece(z: np.ndarray, message: np.ndarray) -> Piece:
    """The answer that a message tells."""
    gradient, told = np.split(message[2:], [len(z)])
    return Piece(z, float(message[1]), gradient, unpacked(told, len(z)) if len(told) else None)


class CutModel:
    """The largest known function below the cost: sum of the agents' largest cuts, plus what nobody shares."""

    def __init__(self, split: SharedColumns):
        self._split, self._without = split, set(range(len(split.agents)))
        count, agents = len(split.lower), len(split.agents)
        free = np.full(agents, np.inf)
        self._program = LiveProgram(
            Program(
                np.concatenate([np.zeros(count), np.ones(agents)]),
                np.concatenate([split.lower, -free]),
                np.concatenate([split.upper, free]),
                sp.csr_matrix((0, count + agents)),
                np.zeros(0),
                np.zeros(0),
                constant=split.apart,
            ),
            "bound",
        )

    def add(self, agent: int, piece: Piece) -> None:
        """theta_a - g z >= V - g z_j."""
        row = np.zeros((1, len(self._split.lower) + len(self._split.agents)))
        row[0, self._split.agents[agent].shared] = -piece.gradient
        row[0, len(self._split.lower) + agent] = 1.0
        self._program.add_rows(row, np.array([piece.value - piece.gradient @ piece.z]), np.array([np.inf]))
        self._without.discard(agent)

    def solve(self) -> tuple[np.ndarray | None, float]:
        """A minimiser and the least value; None and -inf while an agent has not answered."""
        if self._without:
            return None, -np.inf
        solved = self._program.solve()
        return np.clip(solved.x[: len(self._split.lower)], self._split.lower, self._split.upper), solved.objective


def _bundle(split: SharedColumns, z: np.ndarray, sides: list[list[tuple]], factor: np.ndarray) -> Program:
    """The trial's program in d, e = L' d and theta, with the separable cost theta + 1/2 e^2; H_b = L L', L = `factor`.

    sides: value and slope at z of what bounds theta from below, by agent.
    """
    count, rank, agents = *factor.shape, len(split.agents)
    low, high = split.lower - z, split.upper - z
    ends = np.stack([factor.T * low, factor.T * high])
    above = np.zeros((sum(map(len, sides)), count + rank + agents))
    flat = [(k, slope) for k, own in enumerate(sides) for _, slope in own]
    for row, (k, slope) in zip(above, flat, strict=True):
        row[split.agents[k].shared], row[count + rank + k] = -slope, 1.0
    least = np.array([value for own in sides for value, _ in own])
    free = np.full(agents, np.inf)
    return Program(
        np.concatenate([np.zeros(count + rank), np.ones(agents)]),
        np.concatenate([low, ends.min(axis=0).sum(axis=1), -free]),
        np.concatenate([high, ends.max(axis=0).sum(axis=1), free]),
        sp.csr_matrix(np.vstack([np.hstack([factor.T, -np.identity(rank), np.zeros((rank, agents))]), above])),
        np.concatenate([np.zeros(rank), least]),
        np.concatenate([np.zeros(rank), np.full(len(least), np.inf)]),
        quadratic=np.concatenate([np.zeros(count), np.full(rank, 0.5), np.zeros(agents)]),
    )
