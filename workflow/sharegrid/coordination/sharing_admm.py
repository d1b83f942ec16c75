"""Sharing by the alternating direction method of multipliers: members keep what they can do, and tell what they exchange.

    x_i  <- argmin_{X_i}  c_i x_i + rho/2 |A_i x_i - (p_i - mean p + z - u)|^2,   p_i = A_i x_i
    z    <- argmin        g(n z) + n rho/2 |z - u - mean p|^2                     (the coordinator)
    u    <- u + mean p - z,   prices of the coupling rows: -rho u

n members; z what the coordinator accepts per member; g(n z) its own least cost when the members contribute n z in all. (Boyd
et al., Found. Trends Mach. Learn. 3(1):1-122, 2011, section 7.3)

rho doubles where the primal residual is BALANCE times the dual one and halves in the reverse case (their section 3.4.1),
in the first half of the rounds only, so that the method converges as with a fixed rho.
"""

from dataclasses import replace
from typing import Annotated

import numpy as np
import scipy.sparse as sp
import xarray as xr
from pydantic import Field

from sharegrid.coordination.central import Results, check_options, taken_apart
from sharegrid.coordination.decomposition import Decomposition
from sharegrid.coordination.proximal import Proximal, Tolerance
from sharegrid.coordination.rounds import Messages, Progress, dataset, run
from sharegrid.optimise.highs import NotOptimal
from sharegrid.optimise.quadratic import live

BALANCE, EVERY = 5.0, 5  # ratio of the residuals from which rho changes, and rounds between changes
INEXACT = 0.05  # tolerance of local solves, relative to the residuals of the last round
SETTLED, SETTLING = 1e-8, 20000  # tolerance and iterations of the last local solves


def coordinate(
    results: Results,
    *,
    scenarios: Annotated[list[str], Field(min_length=1)],
    rounds: Annotated[int, Field(ge=1)] = 500,
    tolerance: Annotated[float, Field(gt=0, lt=1)] = 1e-4,
    rho: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 0.01,
    relaxation: Annotated[float, Field(gt=0, lt=2)] = 1.0,
    balance: bool = True,
) -> xr.Dataset:
    """The rounds of the given scenarios (coordination/rounds.py) until both relative residuals are below `tolerance`.

    rho: first penalty [money per squared unit of the coupling rows]; `balance` lets it follow the residuals. `relaxation` in (0, 2).
    The cost of a round is settled: members do as they solved, within the tolerance of their solves, the coordinator takes the
    sum; the final cost is that of the last problems solved to the end. ValueError for integers, and names an option that cannot
    be; RuntimeError if the last problems are not solved to the end.
    """
    check_options("sharing-admm", results, scenarios, rounds, tolerance)
    if not 0 < rho < np.inf:
        raise ValueError(f"sharing-admm: rho is {rho:g}; it must be positive and finite")
    if not 0 < relaxation < 2:
        raise ValueError(f"sharing-admm: relaxation is {relaxation:g}; it must be above 0 and below 2")
    histories = {}
    for name in scenarios:
        split = taken_apart(results, name)
        method = SharingAdmm(split, rho, tolerance, relaxation, rounds // 2 if balance else 0)
        histories[name] = run(method, rounds)
        histories[name].final_cost, histories[name].prices = method.settle(), split.by_row(method.prices)
    return dataset(histories, results["cleared"]["objective"], results["data"].attrs["money"])


class SharingAdmm:
    """A method of coordination/rounds.py. Members hear their target and rho, and tell their contribution."""

    def __init__(
        self, split: Decomposition, rho: float, tolerance: float, relaxation: float = 1.0, balanced_rounds: int = 0
    ):
        self._split, self._tolerance, self._relaxation = split, tolerance, relaxation
        self._rho, self._balanced_rounds, self._round = rho, balanced_rounds, 0
        self._local = [Proximal(member.program, member.contribution) for member in split.members]
        self._own = [np.zeros(len(member.rows)) for member in split.members]  # each member's memory of what it told
        self._heard: Messages = []
        self._schedules: list[np.ndarray] = [np.zeros(len(member.columns)) for member in split.members]
        self._coordinator, self._accepting = _coordinator(split)
        self._settlement = _settlement(split)
        self._mean, self._accepted, self._u = (np.zeros(len(split.coupling)) for _ in range(3))
        self._inexact = Tolerance(INEXACT, INEXACT)

    @property
    def prices(self) -> np.ndarray:
        """Prices of the coupling rows, in money per unit of the market's rows."""
        return self._split.own_units(-self._rho * self._u)

    def initialise(self) -> Messages:
        """Nothing is exchanged yet."""
        return self._targets()

    def local_solve(self, member: int, heard: np.ndarray) -> np.ndarray:
        """What the member's rows lack, and rho -> its contribution to them."""
        self._schedules[member] = self._respond(member, heard, self._inexact)
        self._own[member] = self._split.members[member].contribution @ self._schedules[member]
        return self._own[member]

    def _respond(self, member: int, heard: np.ndarray, tolerance: Tolerance, **longer) -> np.ndarray:
        """The member's schedule."""
        return self._local[member].solve(heard[-1], self._own[member] + heard[:-1], tolerance, **longer)

    def update(self, told: Messages) -> tuple[Messages, Progress]:
        """The coordinator accepts, the prices follow; next targets, residuals and the settled cost."""
        self._round, count = self._round + 1, len(told)
        self._mean = self._split.total(told) / count
        relaxed = self._relaxation * self._mean + (1 - self._relaxation) * self._accepted
        own = self._coordinator.solve(self._rho / count, count * (self._u + relaxed), self._inexact)
        before, self._accepted = self._accepted, self._accepting @ own / count
        self._u = self._u + relaxed - self._accepted
        primal, dual = self._residuals(before)
        done = max(primal, dual) <= self._tolerance
        progress = Progress(self._settled_cost(self._schedules), np.nan, primal, dual, done)
        self._balance(primal, dual)
        self._heard = self._targets()
        return self._heard, progress

    def settle(self) -> float:
        """Cost when the members solve their last problems to the end and the coordinator takes the sum once.

        RuntimeError if a member's problem is not solved to SETTLED in SETTLING iterations.
        """
        how = {"tolerance": Tolerance(SETTLED, SETTLED), "iterations": SETTLING}
        schedules = [self._respond(k, heard, **how) for k, heard in enumerate(self._heard)]
        open_ = [k for k, local in enumerate(self._local) if not local.reached]
        if open_:
            raise RuntimeError(
                f"sharing-admm: the last problem of member {open_[0]} is not solved to {SETTLED:g} in {SETTLING} iterations; "
                "try another rho or a larger tolerance"
            )
        return self._settled_cost(schedules)

    def _targets(self) -> Messages:
        shift = self._accepted - self._mean - self._u
        return [np.append(shift[member.rows], self._rho) for member in self._split.members]

    def _residuals(self, before: np.ndarray) -> tuple[float, float]:
        """Relative primal and dual residual; the tolerance of the next local solves follows them."""
        mismatch, change = self._mean - self._accepted, self._rho * (self._accepted - before)
        size = max(np.linalg.norm(self._mean), np.linalg.norm(self._accepted), 1e-9)
        price = max(self._rho * np.linalg.norm(self._u), 1e-9)
        per_row = len(self._own) / np.sqrt(len(mismatch))
        self._inexact = Tolerance(
            *(INEXACT * float(np.clip(np.linalg.norm(one) * per_row, 1e-4, 1)) for one in (mismatch, change))
        )
        return float(np.linalg.norm(mismatch) / size), float(np.linalg.norm(change) / price)

    def _balance(self, primal: float, dual: float) -> None:
        """Change rho where one residual lags behind; the prices stay."""
        if self._round > self._balanced_rounds or self._round % EVERY:
            return
        factor = 2.0 if primal > BALANCE * dual else 0.5 if dual > BALANCE * primal else 1.0
        self._rho, self._u = self._rho * factor, self._u / factor

    def _settled_cost(self, schedules: list[np.ndarray]) -> float:
        """Members' cost plus the coordinator's least cost with their sum; infinite if it cannot take that sum."""
        both = list(zip(self._split.members, schedules, strict=True))
        total, rows = (
            self._split.total([member.contribution @ x for member, x in both]),
            np.arange(len(self._split.coupling)),
        )
        self._settlement.set_row_bounds(rows, self._split.low - total, self._split.high - total)
        cost = 0.0
        for member, x in both:
            cost += float(member.program.cost @ x)
            if member.program.quadratic is not None:
                cost += float(member.program.quadratic @ x**2)
        try:
            return cost + self._settlement.solve("settlement").objective
        except NotOptimal as error:
            if error.status not in ("infeasible", "primal infeasible or unbounded"):
                raise
            return np.inf


def _coordinator(split: Decomposition) -> tuple[Proximal, sp.csr_matrix]:
    """The coordinator's problem in its columns x_0 and the values s of the coupling rows, and what it accepts, s - A_0 x_0."""
    nobody, rows = split.nobody, len(split.coupling)
    own = nobody.program
    wider = replace(
        own,
        cost=np.concatenate([own.cost, np.zeros(rows)]),
        lower=np.concatenate([own.lower, split.low]),
        upper=np.concatenate([own.upper, split.high]),
        matrix=sp.hstack([own.matrix, sp.csr_matrix((own.matrix.shape[0], rows))], format="csr"),
        quadratic=None if own.quadratic is None else np.concatenate([own.quadratic, np.zeros(rows)]),
    )
    accepting = sp.hstack([-nobody.contribution, sp.identity(rows)], format="csr")
    return Proximal(wider, accepting), accepting


def _settlement(split: Decomposition):
    """The coordinator's program with the coupling rows first, whose bounds take the members' sum."""
    own = split.nobody.program
    return live(
        replace(
            own,
            matrix=sp.vstack([split.nobody.contribution, own.matrix], format="csr"),
            row_lower=np.concatenate([split.low, own.row_lower]),
            row_upper=np.concatenate([split.high, own.row_upper]),
        ),
        "coordinator",
    )
