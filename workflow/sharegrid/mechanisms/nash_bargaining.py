"""Nash bargaining: everybody gets what it has without an agreement and a share in what the agreement adds.

    max prod_i (u_i - d_i)^{a_i}  s.t.  sum u = v(N)      =>      u_i = d_i + a_i (v(N) - sum d),  sum a = 1

The bargaining powers a: equal; owen: in proportion to what the internal price gives above d_i; marginal: to what the
marginal contribution is above d_i. J. Nash, The bargaining problem, Econometrica 18, 1950.
"""

from typing import Literal

import numpy as np
import xarray as xr

from sharegrid.games.bargaining import nash_bargaining
from sharegrid.mechanisms.payoffs import Bargain, Bargains, by_scenario, paid

NEEDS = "alone"  # coalitions that must be valued; read while parsing
CLAIM = {"owen": "price", "marginal": "marginal"}


def pay(
    data: xr.Dataset,
    cleared: xr.Dataset,
    values: xr.Dataset | None,
    *,
    power: Literal["equal", "owen", "marginal"] = "equal",
) -> xr.Dataset:
    """payment (scenario, participant); NaN where the coalitions that it needs were not valued.

    A centre bargains too: with the power of one participant if powers are equal, else with what these leave it. A
    participant whose claim is below d_i has no power. Raises ValueError if v(N) < sum d, and if no scenario has the
    coalitions: nobody and each participant alone, with `power: marginal` all but each participant too.
    """
    cure = "alone and coalitions: removals" if power == "marginal" else "alone (or all)"
    lacking = f"nash-bargaining: no scenario has its coalitions; add coalitions: {cure} to value: requests"
    bargains = values is not None and Bargains(data, cleared, values)

    def solve(scenario: str) -> np.ndarray | None:
        """u (player) of one scenario in money; None if its coalitions were not valued."""
        try:
            return agreed(bargains.of(scenario), power)
        except ValueError as error:
            raise ValueError(f"nash-bargaining: scenario {scenario}: {error}") from None

    payoff = by_scenario(data, values, solve, lacking)
    return xr.Dataset({"payment": paid(cleared, payoff, f"payment by Nash bargaining, power: {power}")})


def agreed(one: Bargain, power: str) -> np.ndarray | None:
    """u (player, then the centre if there is one) of one scenario; None if an amount is not known."""
    outside = np.append(one.outside, [0.0] * one.centre)
    if power == "equal":
        weight = np.ones(len(outside))
    else:
        claim = one.claim(CLAIM[power])
        weight = np.append(claim, [max(one.surplus - claim.sum(), 0.0)] * one.centre)
    if np.isnan(one.total) or np.isnan(outside).any() or np.isnan(weight).any():
        return None
    return nash_bargaining(one.total, outside, weight)
