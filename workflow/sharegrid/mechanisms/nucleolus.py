"""The nucleolus as the profit: the largest objection of a coalition is as small as can be, then the next, and so on.

D. Schmeidler, The nucleolus of a characteristic function game, SIAM J. Appl. Math. 17(6), 1969.
"""

import numpy as np
import xarray as xr

from sharegrid.games.nucleolus import nucleolus
from sharegrid.games.table import game_of, has_table
from sharegrid.mechanisms.payoffs import by_scenario, paid, per_scenario

NEEDS = "all"  # coalitions that must be valued; read while parsing
LACKING = "nucleolus: no scenario has its coalitions; add coalitions: all to value: requests"


def pay(data: xr.Dataset, cleared: xr.Dataset, values: xr.Dataset | None) -> xr.Dataset:
    """payment (scenario, participant) and nucleolus_lps (scenario), the linear programs that it took.

    The profits need not be at least what each has alone, unless the core is not empty (prenucleolus). NaN where not all
    coalitions were valued. Raises ValueError if that is so everywhere.
    """
    programs = {}

    def solve(scenario: str) -> np.ndarray | None:
        if not has_table(data, values, scenario):
            return None
        found = nucleolus(game_of(data, values, scenario))
        programs[scenario] = found.n_lp
        return found.payoff

    payment = paid(cleared, by_scenario(data, values, solve, LACKING), "payment with the nucleolus as profit")
    counts = per_scenario(data, programs, "1", "linear programs of the nucleolus")
    return xr.Dataset({"payment": payment, "nucleolus_lps": counts})
