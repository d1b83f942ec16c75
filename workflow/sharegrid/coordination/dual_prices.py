"""Coordination of shared columns by their prices alone: the methods that climb the dual function.

    agent a:      least V_a(z_a) + p_a z_a over its copy z_a in the box,   sum_a p_a = 0 for every shared column
    coordinator:  w <- p + step (copies less their mean) m,   m agents with a copy;   p <- w, or w moved on

For two agents that is lambda <- lambda + step (z_1 - z_2). The agents' least values at any such prices sum to a bound below the
optimum. With linear costs copies jump between vertices and seldom agree.
"""

from collections.abc import Callable

import numpy as np

from sharegrid.coordination.consensus import Consensus
from sharegrid.coordination.rounds import Messages, Progress
from sharegrid.coordination.shared_markets import SharedMarket


class DualPrices:
    """A method of coordination/rounds.py. Agents hear their prices, and tell their copy and least value.

    step, momentum: by the number of the round from 1; momentum is the part of the last change by which prices move on.
    """

    def __init__(
        self,
        market: SharedMarket,
        tolerance: float,
        step: Callable[[int], float],
        momentum: Callable[[int], float] = lambda _: 0.0,
    ):
        self._all, self._split = Consensus(market, tolerance), market.split
        self._step, self._momentum = step, momentum
        self._prices = [np.zeros(len(agent.shared)) for agent in market.split.agents]
        self._last, self._round, self._lower = self._prices, 0, -np.inf

    def initialise(self) -> Messages:
        """Prices of zero."""
        return list(self._prices)

    def local_solve(self, member: int, heard: np.ndarray) -> np.ndarray:
        """Prices -> the agent's copy and its least value."""
        return np.append(*self._all.copies[member].at_prices(heard))

    def update(self, told: Messages) -> tuple[Messages, Progress]:
        """The prices follow the differences of the copies."""
        self._round += 1
        copies = [message[:-1] for message in told]
        self._lower = max(self._lower, self._split.apart + sum(message[-1] for message in told))
        mean = self._all.mean(copies)
        length = self._step(self._round) * self._all.holders
        found = [price + length[agent.shared] * (copy - mean[agent.shared])
                 for price, agent, copy in zip(self._prices, self._split.agents, copies, strict=True)]  # fmt: skip
        on = self._momentum(self._round)
        self._prices = [new + on * (new - old) for new, old in zip(found, self._last, strict=True)]
        self._last = found
        return list(self._prices), self._all.progress(copies, self._lower)
