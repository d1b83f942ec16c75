"""The value of all, shared in proportion to one figure of each participant: the simple rule that others are compared with.

    u_i = v(N) w_i / sum_j w_j

w: the size of what a participant has without the others (alone), of what it delivers or takes (output), its capacity.
What participants have alone must be a gain of all or a bill of all: somebody who gains alone would else be given a part of
the bill that grows with the gain.
"""

from typing import Literal

import numpy as np
import xarray as xr

from sharegrid.games.bargaining import ROUNDING, proportional
from sharegrid.games.table import players_of
from sharegrid.mechanisms.payoffs import Bargains, by_scenario, paid

NEEDS = "alone"  # coalitions that must be valued; read while parsing
LACKING = "proportional: no scenario has its coalitions; add coalitions: alone (or all) to value: requests"


def pay(
    data: xr.Dataset,
    cleared: xr.Dataset,
    values: xr.Dataset | None,
    *,
    to: Literal["alone", "output", "capacity"] = "alone",
) -> xr.Dataset:
    """payment (scenario, participant); NaN where nobody, or the participants alone, were not valued.

    Equal shares if all weights are 0. A centre gets as much as all participants together. Raises ValueError if no scenario
    has the coalitions, for `to: alone` where some gain and some pay alone, and for `to: capacity` in a market whose
    participants have none.
    """
    if to == "capacity" and "capacity" not in cleared:
        raise ValueError(
            "proportional: to: capacity: the participants of this market have none; use to: alone or output"
        )
    bargains = values is not None and Bargains(data, cleared, values)
    bare = cleared.reset_coords(drop=True)

    def solve(scenario: str) -> np.ndarray | None:
        """u (player) of one scenario in money; None if its coalitions were not valued."""
        one = bargains.of(scenario)
        weight = one.outside if to == "alone" else bare[to].sel(scenario=scenario).values[bargains.plays(scenario)]
        if np.isnan(one.total) or np.isnan(weight).any():
            return None
        if to == "alone":
            _check_signs(weight, scenario, players_of(data, scenario))
        return proportional(one.total / 2 if one.centre else one.total, np.abs(weight))

    payoff = by_scenario(data, values, solve, LACKING)
    return xr.Dataset({"payment": paid(cleared, payoff, f"payment of the value of all in proportion to: {to}")})


def _check_signs(alone: np.ndarray, scenario: str, players: tuple[str, ...]) -> None:
    """ValueError if some of the values (player) are gains and some are bills."""
    highest, lowest = alone.argmax(), alone.argmin()
    if min(alone[highest], -alone[lowest]) > ROUNDING * np.abs(alone).max():
        raise ValueError(
            f"proportional: scenario {scenario}: to: alone: without the others '{players[highest]}' gains"
            f" {alone[highest]:.6g} and '{players[lowest]}' pays {-alone[lowest]:.6g}, so these are no shares; use"
            " to: output, or nash-bargaining"
        )
