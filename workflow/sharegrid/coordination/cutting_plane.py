"""Coordination of shared columns by cutting planes: the method of improved_multiplier without sensitivities.

Every round asks for the minimiser of the agents' cuts. (Kelley, SIAM J. 8(4):703-712, 1960)
"""

from typing import Annotated

import xarray as xr
from pydantic import Field

from sharegrid.coordination.central import Results
from sharegrid.coordination.improved_multiplier import ImprovedMultiplier
from sharegrid.coordination.shared_markets import coordinated


def coordinate(
    results: Results,
    *,
    scenarios: Annotated[list[str], Field(min_length=1)],
    hour: Annotated[int, Field(ge=0)] = 0,
    rounds: Annotated[int, Field(ge=1)] = 100,
    tolerance: Annotated[float, Field(gt=0, lt=1)] = 1e-6,
) -> xr.Dataset:
    """The rounds of the given scenarios (coordination/rounds.py) until the certified relative gap is below `tolerance`.

    hour: number of the hour that is coordinated, by itself. ValueError names an option that cannot be.
    """
    return coordinated(
        "cutting-plane",
        results,
        scenarios,
        hour,
        rounds,
        tolerance,
        lambda market: ImprovedMultiplier(market.split, tolerance, sensitivity=False),
    )
