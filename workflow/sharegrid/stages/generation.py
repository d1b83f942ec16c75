"""Coalitions that are found on demand: those that bind the core-selecting payments, and those that bind the least core."""

from types import ModuleType

import numpy as np
import xarray as xr

from sharegrid.games import row_generation
from sharegrid.optimise import coalitions, core, values
from sharegrid.optimise.clear import split_model
from sharegrid.optimise.objection import Objection

TOLERANCE = 1e-7  # of the value of all


def least_core(
    market: ModuleType, one: xr.Dataset, absent: np.ndarray, cost: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """absent (coalition, participant) and cost (coalition): the given coalitions, then those that bind the least core.

    `one` has a dim scenario of size 1; the given coalitions contain everybody, nobody and each one alone. Where the data
    have a centre it is one more player. Raises RuntimeError if the rows do not end, NotOptimal as the value engine.
    """
    oracle = WorstCoalition(market, one, absent, cost)
    if len(oracle.alone) < 2:
        return absent, cost  # nobody to object
    row_generation.least_core(
        oracle.total, oracle.alone, oracle, tolerance=TOLERANCE * max(1.0, abs(oracle.total)), known=oracle.known()
    )
    return oracle.absent, oracle.cost


class WorstCoalition:
    """The coalition that objects most to given payoffs, from the market's own program; it remembers what it valued."""

    def __init__(self, market: ModuleType, one: xr.Dataset, absent: np.ndarray, cost: np.ndarray):
        self._market, self._split, self.absent, self.cost = market, split_model(market, one), absent, cost
        self._players = np.flatnonzero(coalitions.taking_part(one).values[0])
        self._centre = "centre" in one.attrs
        gone = absent[:, self._players]
        everybody, self._nobody = cost[~gone.any(axis=1)][0], cost[gone.all(axis=1)][0]
        self.total = self._nobody - everybody
        self._everybody, self._objection = everybody, None

    @property
    def alone(self) -> np.ndarray:
        """v({i}) (player), the centre last; with a centre nobody is worth anything alone."""
        if self._centre:
            return np.zeros(len(self._players) + 1)
        return np.array([self._nobody - self._cost_of(~row) for row in np.eye(len(self._players), dtype=bool)])

    def known(self) -> tuple[np.ndarray, np.ndarray]:
        """The given coalitions (coalition, player) and their values."""
        present = ~self.absent[:, self._players]
        valued = ~np.isnan(self.cost) & (self._centre | present.any(axis=1))
        centre = np.ones((valued.sum(), int(self._centre)), bool)
        return np.hstack([present[valued], centre]), self._nobody - self.cost[valued]

    def __call__(self, payoff: np.ndarray) -> tuple[np.ndarray, float]:
        """Who objects most (player), and by how much."""
        if self._objection is None:
            most = len(self._players) - (0 if self._centre else 1)
            self._objection = Objection(self._split, self._players, self._everybody, most=most)
        own = payoff[: len(self._players)]
        gone = self._objection.find(own)
        value = self._nobody - self._value(gone)
        found = np.append(~gone, np.ones(int(self._centre), bool)), value - payoff.sum() + own[gone].sum()
        if not self._centre:
            return found
        without = np.append(own == own.min(), False)  # a coalition without the centre has no value
        return max(found, (without, -payoff[without].sum()), key=lambda one: one[1])

    def _cost_of(self, gone: np.ndarray) -> float:
        same = (self.absent[:, self._players] == gone).all(axis=1) & ~np.isnan(self.cost)
        return float(self.cost[same][0])

    def _value(self, gone: np.ndarray) -> float:
        """J without the players `gone`, kept."""
        full = np.zeros((1, self.absent.shape[1]), bool)
        full[0, self._players] = gone
        if (self.absent == full).all(axis=1).any():
            return self._cost_of(gone)
        cost = values.warm(self._market, self._split, 0, full).cost
        self.absent, self.cost = np.vstack([self.absent, full]), np.append(self.cost, cost)
        return float(cost[0])


GENERATORS = {"core": core.generate, "least-core": least_core}
