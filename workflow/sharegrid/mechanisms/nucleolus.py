"""The nucleolus as the profit: the largest objection of a coalition is as small as can be, then the next, and so on.

D. Schmeidler, The nucleolus of a characteristic function game, SIAM J. Appl. Math. 17(6), 1969.
"""

import numpy as np
import xarray as xr

from sharegrid.games.nucleolus import nucleolus
from sharegrid.games.table import MOST_PLAYERS, game_of, has_table
from sharegrid.mechanisms.payoffs import by_scenario, paid, per_scenario

NEEDS = "all"  # coalitions that must be valued; read while parsing
LACKING = "nucleolus: no scenario has its coalitions; add coalitions: all to value: requests"


def pay(data: xr.Dataset, cleared: xr.Dataset, values: xr.Dataset | None, *, imputation: bool = False) -> xr.Dataset:
    """payment (scenario, participant) and nucleolus_lps (scenario), the linear programs that it took.

    Where the core is empty somebody can get less than it has alone (prenucleolus), unless `imputation`. NaN where not all
    coalitions were valued. Raises ValueError if that is so everywhere, for more than 12 players, and with `imputation`
    where all are worth less than each alone.
    """
    programs = {}

    def solve(scenario: str) -> np.ndarray | None:
        """u (player) of one scenario in money; None if its coalitions were not valued."""
        if not has_table(data, values, scenario):
            return None
        game = game_of(data, values, scenario)
        if game.count > MOST_PLAYERS:
            raise ValueError(
                f"nucleolus: scenario {scenario}: {game.count} players; it is exact for up to {MOST_PLAYERS}: pay it in a"
                " scenario with fewer participants, or use shapley with coalitions: sampled"
            )
        try:
            found = nucleolus(game, imputation=imputation)
        except ValueError as error:
            raise ValueError(f"scenario {scenario}: {error}") from None
        programs[scenario] = found.n_lp
        return found.payoff

    payment = paid(cleared, by_scenario(data, values, solve, LACKING), "payment with the nucleolus as profit")
    counts = per_scenario(data, programs, "1", "linear programs of the nucleolus")
    return xr.Dataset({"payment": payment, "nucleolus_lps": counts})
