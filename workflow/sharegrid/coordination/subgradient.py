"""Coordination of shared columns by prices that follow a subgradient with falling steps alpha0 / sqrt(k).

(N. Z. Shor, Minimization Methods for Non-Differentiable Functions, Springer 1985)
"""

from typing import Annotated

import numpy as np
import xarray as xr
from pydantic import Field

from sharegrid.coordination.central import Results
from sharegrid.coordination.dual_prices import DualPrices
from sharegrid.coordination.shared_markets import SharedMarket, coordinated


def coordinate(
    results: Results,
    *,
    scenarios: Annotated[list[str], Field(min_length=1)],
    alpha0: Annotated[list[Annotated[float, Field(gt=0, allow_inf_nan=False)]], Field(min_length=1)],
    hour: Annotated[int, Field(ge=0)] = 0,
    rounds: Annotated[int, Field(ge=1)] = 200,
    tolerance: Annotated[float, Field(gt=0, lt=1)] = 1e-4,
) -> xr.Dataset:
    """The rounds of the given scenarios (coordination/rounds.py) with the alpha0 [$/MW^2 per h] of those listed that stops
    first: when the cost is within `tolerance` of the centre's and copies differ by 0.01 MW at most.

    hour: number of the hour that is coordinated, by itself. ValueError names an option that cannot be.
    """

    def make(market: SharedMarket, first: float) -> DualPrices:
        return DualPrices(market, tolerance, lambda k: first / np.sqrt(k))

    return coordinated("subgradient", results, scenarios, hour, rounds, tolerance, make, alpha0)
