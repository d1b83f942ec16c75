"""Coordination of shared columns by consensus ADMM: each agent stays near what all agreed on, less its own past deviations.

    z_a  <- argmin V_a(z_a) + rho/2 |z_a - m + u_a|^2
    m    <- mean of r z_a + (1 - r) m + u_a over the agents with a copy,     u_a <- u_a + r z_a + (1 - r) m_before - m

r over-relaxation. With `adaptive`, rho doubles where the primal residual is BALANCE times the dual one and halves in the
reverse case, in the first ADAPTED rounds; u is rescaled. (Boyd et al., Found. Trends Mach. Learn. 3(1):1-122, 2011, sections
3.4 and 7.2)
"""

from typing import Annotated

import numpy as np
import xarray as xr
from pydantic import Field

from sharegrid.coordination.central import Results
from sharegrid.coordination.consensus import Consensus
from sharegrid.coordination.rounds import Messages, Progress
from sharegrid.coordination.shared_markets import SharedMarket, coordinated

BALANCE, ADAPTED = 10.0, 49


def coordinate(
    results: Results,
    *,
    scenarios: Annotated[list[str], Field(min_length=1)],
    rho: Annotated[list[Annotated[float, Field(gt=0, allow_inf_nan=False)]], Field(min_length=1)],
    hour: Annotated[int, Field(ge=0)] = 0,
    rounds: Annotated[int, Field(ge=1)] = 200,
    tolerance: Annotated[float, Field(gt=0, lt=1)] = 1e-4,
    over_relaxation: Annotated[float, Field(gt=0, lt=2)] = 1.0,
    adaptive: bool = False,
) -> xr.Dataset:
    """The rounds of the given scenarios (coordination/rounds.py) with the rho [$/MW^2 per h] of those listed that stops first:
    when the cost is within `tolerance` of the centre's and copies differ by 0.01 MW at most.

    hour: number of the hour that is coordinated, by itself. `adaptive`: rho is the first one. ValueError names an option that
    cannot be.
    """

    def make(market: SharedMarket, first: float) -> ConsensusAdmm:
        return ConsensusAdmm(market, tolerance, first, over_relaxation, adaptive)

    return coordinated("consensus-admm", results, scenarios, hour, rounds, tolerance, make, rho)


class ConsensusAdmm:
    """A method of coordination/rounds.py. Agents hear their target and rho, and tell their copy."""

    def __init__(
        self, market: SharedMarket, tolerance: float, rho: float, relaxation: float = 1.0, adaptive: bool = False
    ):
        self._all, self._split = Consensus(market, tolerance), market.split
        self._rho, self._relaxation, self._adapted = rho, relaxation, ADAPTED if adaptive else 0
        self._agreed, self._round = market.split.start, 0
        self._u = [np.zeros(len(agent.shared)) for agent in market.split.agents]

    def initialise(self) -> Messages:
        """Targets zero."""
        return self._targets()

    def local_solve(self, member: int, heard: np.ndarray) -> np.ndarray:
        """Target and rho -> the agent's copy."""
        return self._all.copies[member].near(heard[:-1], heard[-1])

    def update(self, told: Messages) -> tuple[Messages, Progress]:
        """The mean, the deviations, and the residuals."""
        before, self._round = self._agreed, self._round + 1
        relaxed = [self._relaxation * copy + (1 - self._relaxation) * before[agent.shared]
                   for copy, agent in zip(told, self._split.agents, strict=True)]  # fmt: skip
        self._agreed = self._all.mean([copy + u for copy, u in zip(relaxed, self._u, strict=True)])
        self._u = [u + copy - self._agreed[agent.shared]
                   for u, copy, agent in zip(self._u, relaxed, self._split.agents, strict=True)]  # fmt: skip
        primal, dual = self._residuals(told, before)
        progress = self._all.progress(told, np.nan, *self._relative(told, primal, dual))
        if self._round <= self._adapted:
            factor = 2.0 if primal > BALANCE * dual else 0.5 if dual > BALANCE * primal else 1.0
            self._rho, self._u = self._rho * factor, [u / factor for u in self._u]
        return self._targets(), progress

    def _targets(self) -> Messages:
        pairs = zip(self._split.agents, self._u, strict=True)
        return [np.append(self._agreed[agent.shared] - u, self._rho) for agent, u in pairs]

    def _residuals(self, told: Messages, before: np.ndarray) -> tuple[float, float]:
        """Distance of the copies to the mean, and rho times the change of the mean seen by all agents."""
        pairs = zip(told, self._split.agents, strict=True)
        apart = np.concatenate([copy - self._agreed[agent.shared] for copy, agent in pairs])
        change = np.concatenate([(self._agreed - before)[agent.shared] for agent in self._split.agents])
        return float(np.linalg.norm(apart)), float(self._rho * np.linalg.norm(change))

    def _relative(self, told: Messages, primal: float, dual: float) -> tuple[float, float]:
        size = max(np.linalg.norm(np.concatenate(told)), 1e-9)
        price = max(self._rho * np.linalg.norm(np.concatenate(self._u)), 1e-9)
        return primal / size, dual / price
