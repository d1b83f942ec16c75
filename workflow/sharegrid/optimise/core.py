"""Core constraints on demand: the sets of participants that object to the profits of a core-selecting payment.

All 2^n sets cannot be valued. Start with the single participants and the pairs that the pivotal profits violate, take
the best point of the core so far, add the set that objects most (optimise/objection.py), and repeat.

R. Day, S. Raghavan, Fair payments for efficient allocations in public sector combinatorial auctions, Management
Science 53(9), 2007.
"""

import logging
from types import ModuleType

import numpy as np
import xarray as xr

from sharegrid.optimise import coalitions, values
from sharegrid.optimise.clear import split_model
from sharegrid.optimise.core_point import core_point
from sharegrid.optimise.objection import Objection
from sharegrid.optimise.program import SplitModel

log = logging.getLogger(__name__)
TOLERANCE = 1e-5  # $/h; a smaller objection is none
NEGLIGIBLE = 1e-7  # $/h; who saves less has no profit to bargain over
ROUNDS = 200


def generate(
    market: ModuleType, data: xr.Dataset, absent: np.ndarray, cost: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """absent (coalition, participant), cost (coalition) $/h: the given coalitions, then those that bind the core point.

    `data` keeps its dim scenario, of size 1; the given coalitions contain everybody and each removal. No set objects to
    the core point of the result by more than 1e-5 $/h. Raises ValueError for quadratic costs, RuntimeError after 200
    rounds, NotOptimal as the value engine.
    """
    split = split_model(market, data)
    everybody = None if "centre" in data.attrs else coalitions.taking_part(data).values[0]
    sets = ValuedSets(market, split, absent, cost, everybody)
    if len(sets.players):
        sets.add(coalitions.pairs(len(sets.players))[1 + len(sets.players) :], at=sets.pivotal)
        _separate(sets, Objection(split, sets.players, sets.everybody))
    return sets.absent, sets.cost


def _separate(sets: "ValuedSets", objection: "Objection") -> None:
    """Add the set that objects most to the core point until none does."""
    for done in range(ROUNDS):
        profit = core_point(*sets.constraints(), sets.pivotal, sets.least)
        who = objection.find(profit)
        excess = sets.add(who[None], at=profit)[0]
        log.info("core: round %d, total profit %.6f $/h, largest objection %.2e $/h", done + 1, profit.sum(), excess)
        if excess <= TOLERANCE:
            return
    raise RuntimeError(f"core: a set still objects by {excess:.2e} $/h after {ROUNDS} rounds")


class ValuedSets:
    """The valued coalitions of one scenario and, of those, the constraints on the profits of its players.

    everybody: J(N) in $/h; players: numbers of the participants with a positive pivotal profit (`pivotal` $/h): the
    others get nothing in the core, and a set with one of them objects less than without. In a market without a centre
    participants share everything, bills too: all that take part (`everybody_plays`) are players.
    """

    def __init__(
        self, market: ModuleType, split: SplitModel, absent: np.ndarray, cost: np.ndarray, everybody_plays=None
    ):
        self._market, self._split = market, split
        self.absent, self.cost = np.asarray(absent, dtype=bool), np.asarray(cost, dtype=float)
        self.everybody = self.cost[~self.absent.any(axis=1)][0]
        alone = {int(np.flatnonzero(row)[0]): k for k, row in enumerate(self.absent) if row.sum() == 1}
        without = [self.cost[alone[who]] if who in alone else self.everybody for who in range(self.absent.shape[1])]
        saving = np.array(without) - self.everybody  # 0 of who does not take part and is never absent
        self.players = np.flatnonzero(saving > NEGLIGIBLE if everybody_plays is None else everybody_plays)
        self.least = 0.0 if everybody_plays is None else -np.inf
        self.pivotal = saving[self.players]

    def constraints(self) -> tuple[np.ndarray, np.ndarray]:
        """J(N without S) - J(N) in $/h and S (set, player) of the valued sets of players."""
        others = np.delete(np.arange(self.absent.shape[1]), self.players)
        asked = self.absent.any(axis=1) & ~self.absent[:, others].any(axis=1)
        return self.cost[asked] - self.everybody, self.absent[asked][:, self.players]

    def add(self, rows: np.ndarray, at: np.ndarray) -> np.ndarray:
        """Value the sets `rows` (set, player), keep those that object to the profits `at`; the excess of each in $/h."""
        if not len(rows):
            return np.zeros(0)
        full = np.zeros((len(rows), self.absent.shape[1]), dtype=bool)
        full[:, self.players] = rows
        cost = values.warm(self._market, self._split, 0, full).cost
        excess = rows @ at - (cost - self.everybody)
        new = (excess > TOLERANCE) & ~(full[:, None] == self.absent[None]).all(axis=2).any(axis=1)
        self.absent, self.cost = np.vstack([self.absent, full[new]]), np.append(self.cost, cost[new])
        return excess
