"""What methods have in common in which every agent has its own copy of the shared columns and the copies must agree.

Agent a solves its problem with the copy z_a as columns of its own. The mean of the copies is what they agree on; a run stops
when its cost sum_a V_a(mean) is near the centre's and the copies are near each other. That test knows the optimum, and the cost
of the mean is measured beside the messages: it is for the comparison of methods, in their favour, and no certificate.
"""

from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from sharegrid.coordination.area_values import AreaValue, live_agent
from sharegrid.coordination.rounds import Progress
from sharegrid.coordination.shared_columns import Agent, SharedColumns
from sharegrid.coordination.shared_markets import SharedMarket
from sharegrid.optimise.highs import LiveProgram, NotOptimal
from sharegrid.optimise.quadratic import QuadraticProgram

AGREED = 0.01  # MW up to which copies agree
EXACT = 1e-4, 1e-3, 1e-2  # MW; distance to which a proximal step without active set is found, tried in this order


class Copy:
    """The problem of one agent with its copy of the shared columns."""

    def __init__(self, agent: Agent, split: SharedColumns, label: str):
        self._agent, self._label = agent, label
        own, count = agent.program, len(agent.shared)
        self._columns = len(own.cost) + np.arange(count)
        quadratic = np.zeros(len(own.cost)) if own.quadratic is None else own.quadratic
        self._program = replace(
            own,
            cost=np.concatenate([own.cost, agent.cost]),
            lower=np.concatenate([own.lower, split.lower[agent.shared]]),
            upper=np.concatenate([own.upper, split.upper[agent.shared]]),
            matrix=sp.hstack([own.matrix, agent.shift], format="csr"),
            quadratic=np.concatenate([quadratic, np.zeros(count)]),
        )
        self._live: LiveProgram | None = None
        self._weight: float | None = None

    def at_prices(self, prices: np.ndarray) -> tuple[np.ndarray, float]:
        """argmin V(z) + prices z, and the least value."""
        if self._live is None:
            self._live = live_agent(self._program, self._label)
        self._live.set_costs(self._columns, self._agent.cost + prices)
        solved = self._live.solve()
        return solved.x[self._columns], solved.objective - solved.gap * max(1.0, abs(solved.objective))

    def near(self, target: np.ndarray, weight: float) -> np.ndarray:
        """argmin V(z) + weight/2 |z - target|^2; from the last basis, anew and less exactly where that fails. NotOptimal if it
        fails with all of EXACT."""
        if weight != self._weight:
            self._live, self._weight = self._proximal(weight, EXACT[0]), weight
        for exact in (*EXACT[1:], None):
            try:
                self._live.set_costs(self._columns, self._agent.cost - weight * target)
                return self._live.solve().x[self._columns]
            except NotOptimal:
                if exact is None:
                    raise
                self._live, self._weight = self._proximal(weight, exact), None  # the next step is exact again

    def _proximal(self, weight: float, exact: float) -> LiveProgram:
        quadratic = self._program.quadratic.copy()
        quadratic[self._columns] = weight / 2
        return QuadraticProgram(replace(self._program, quadratic=quadratic), self._label, weight / 2 * exact**2)


class Consensus:
    """The copies of all agents, what they agree on, and what it costs."""

    def __init__(self, market: SharedMarket, tolerance: float):
        self.split, self._optimum, self._tolerance = market.split, market.optimum, tolerance
        agents = market.split.agents
        self.copies = [Copy(agent, market.split, f"agent {k}") for k, agent in enumerate(agents)]
        self._values = [AreaValue(agent, f"agent {k}") for k, agent in enumerate(agents)]
        self.holders = np.bincount(
            np.concatenate([agent.shared for agent in agents]), minlength=len(market.split.lower)
        )

    def mean(self, copies: list[np.ndarray]) -> np.ndarray:
        """Mean over the agents that have a copy."""
        total = np.zeros(len(self.holders))
        for agent, copy in zip(self.split.agents, copies, strict=True):
            total[agent.shared] += copy
        return np.where(self.holders > 0, total / np.maximum(self.holders, 1), self.split.start)

    def progress(self, copies: list[np.ndarray], lower_bound=np.nan, primal=np.nan, dual=np.nan) -> Progress:
        """Cost of the mean copy within the box, and whether the method stops."""
        mean = np.clip(self.mean(copies), self.split.lower, self.split.upper)
        both = list(zip(self._values, self.split.agents, strict=True))
        cost = self.split.apart + sum(value.at(mean[agent.shared], False).value for value, agent in both)
        near = abs(cost - self._optimum) <= self._tolerance * max(1.0, abs(self._optimum))
        return Progress(cost, lower_bound, primal, dual, bool(near and self._spread(copies) <= AGREED))

    def _spread(self, copies: list[np.ndarray]) -> float:
        """Largest difference of two copies of a shared column."""
        least, most = (np.full(len(self.holders), side) for side in (np.inf, -np.inf))
        for agent, copy in zip(self.split.agents, copies, strict=True):
            least[agent.shared] = np.minimum(least[agent.shared], copy)
            most[agent.shared] = np.maximum(most[agent.shared], copy)
        return float((most - least)[self.holders > 0].max())
