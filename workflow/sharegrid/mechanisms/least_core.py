"""A payoff of the least core as the profit: the largest objection of a coalition is as small as can be.

Of the least core the point nearest to the equal division of what all have beyond what each has alone.
M. Maschler, B. Peleg, L. Shapley, Geometric properties of the kernel, nucleolus, and related solution concepts, 1979.
"""

import numpy as np
import xarray as xr

from sharegrid.games.core import LeastCore, least_core, least_core_over
from sharegrid.games.table import game_of, has_table, valued
from sharegrid.mechanisms.payoffs import by_scenario, money, paid, per_scenario

NEEDS = "all|least-core"  # coalitions that must be valued, one of them; read while parsing
LACKING = "least-core: no scenario has its coalitions; add coalitions: all (or least-core) to value: requests"


def pay(data: xr.Dataset, cleared: xr.Dataset, values: xr.Dataset | None) -> xr.Dataset:
    """payment (scenario, participant) and least_core_epsilon (scenario) in money, the largest objection.

    It is above 0 where the core is empty. NaN where neither all coalitions nor those that bind the least core were
    valued. Raises ValueError if that is so everywhere.
    """
    epsilon = {}

    def solve(scenario: str) -> np.ndarray | None:
        """u (player) of one scenario in money; None if its coalitions were not valued."""
        found = of_scenario(data, values, scenario)
        if found is None:
            return None
        epsilon[scenario] = found.epsilon
        return found.payoff

    payment = paid(cleared, by_scenario(data, values, solve, LACKING), "payment with a profit of the least core")
    largest = per_scenario(data, epsilon, money(data), "largest objection of a coalition in the least core")
    return xr.Dataset({"payment": payment, "least_core_epsilon": largest})


def of_scenario(data: xr.Dataset, values: xr.Dataset, scenario: str) -> LeastCore | None:
    """The least core of one scenario; None if its coalitions were not valued."""
    if has_table(data, values, scenario):
        return least_core(game_of(data, values, scenario))
    if "least_core_complete" not in values or not bool(values["least_core_complete"].sel(scenario=scenario) == 1):
        return None
    present, cost = valued(data, values, scenario)
    nobody = ~present.any(axis=1)
    return _over(present, cost[nobody][0] - cost, "centre" in data.attrs)


def _over(present: np.ndarray, value: np.ndarray, centre: bool) -> LeastCore:
    """The least core over the valued coalitions `present` (coalition, player) of `value` (coalition).

    A centre is one more player, last. Without it nothing is worth anything, of which each player alone is enough to know:
    the centre could keep all, so the largest objection is at most 0, and a set of players without it gets more than one.
    """
    count = present.shape[1]
    total = value[present.all(axis=1)][0]
    if centre:
        alone = np.zeros(count + 1)
        proper = ~present.all(axis=1)
        rows = np.hstack([present[proper], np.ones((proper.sum(), 1), bool)])
        rows = np.vstack([np.eye(count + 1, dtype=bool)[:count], rows])
        return least_core_over(rows, np.append(np.zeros(count), value[proper]), total, alone)
    single, proper = present.sum(axis=1) == 1, present.any(axis=1) & ~present.all(axis=1)
    alone = np.empty(count)
    alone[present[single].argmax(axis=1)] = value[single]
    return least_core_over(present[proper], value[proper], total, alone)
