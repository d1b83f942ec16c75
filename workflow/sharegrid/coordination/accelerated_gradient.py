"""Coordination of shared columns by prices that follow Nesterov's accelerated gradient of the dual function.

The step is fixed; prices move on by (k - 1) / (k + 2) of their last change. The rate 1/k^2 holds where the agents' costs are
strongly convex in the shared columns, which they are not where costs are linear. (Y. Nesterov, Soviet Math. Dokl. 27(2):372-376,
1983)
"""

from typing import Annotated

import xarray as xr
from pydantic import Field

from sharegrid.coordination.central import Results
from sharegrid.coordination.dual_prices import DualPrices
from sharegrid.coordination.shared_markets import SharedMarket, coordinated


def coordinate(
    results: Results,
    *,
    scenarios: Annotated[list[str], Field(min_length=1)],
    step: Annotated[list[Annotated[float, Field(gt=0, allow_inf_nan=False)]], Field(min_length=1)],
    hour: Annotated[int, Field(ge=0)] = 0,
    rounds: Annotated[int, Field(ge=1)] = 200,
    tolerance: Annotated[float, Field(gt=0, lt=1)] = 1e-4,
) -> xr.Dataset:
    """The rounds of the given scenarios (coordination/rounds.py) with the step [$/MW^2 per h] of those listed that stops first:
    when the cost is within `tolerance` of the centre's and copies differ by 0.01 MW at most.

    hour: number of the hour that is coordinated, by itself. ValueError names an option that cannot be.
    """

    def make(market: SharedMarket, length: float) -> DualPrices:
        return DualPrices(market, tolerance, lambda _: length, lambda k: (k - 1) / (k + 2))

    return coordinated("accelerated-gradient", results, scenarios, hour, rounds, tolerance, make, step)
