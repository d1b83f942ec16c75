"""Lagrangian multiplier optimal selection on populations of demand response: Newton's steps on the dual, with a safeguard.

The methods are in coordination/dual_newton.py. A round costs more numbers than one of a gradient method, T + T (T + 1)/2 + 1
for T prices; there is no step to choose and nothing of the whole to know before, but the ends of the bracket for one price.
"""

from typing import Annotated

import xarray as xr
from pydantic import Field

from sharegrid.coordination.central import Results
from sharegrid.coordination.dual_newton import newton
from sharegrid.coordination.price_runs import Setting, coordinated


def coordinate(
    results: Results,
    *,
    populations: Annotated[list[str], Field(min_length=1)],
    edges: Annotated[int, Field(ge=1)] = 1,
    delay_ms: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 20.0,
    edge_compute_ms: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 5.0,
    rounds: Annotated[int, Field(ge=1)] = 5000,
    tolerance: Annotated[float, Field(gt=0, lt=1)] = 1e-6,
    kept_rounds: Annotated[int, Field(ge=1)] = 150,
) -> xr.Dataset:
    """Runs until the mismatch is below `tolerance` of what is asked for, or of the largest load; see price_runs.coordinated.

    populations: names or patterns with * and ?. `delay_ms` per hop and `edge_compute_ms` per round are of the latency's model.
    """
    setting = Setting("lmos", edges, delay_ms, edge_compute_ms, rounds, tolerance, kept_rounds)
    values = {pattern: [0.0] for pattern in populations}
    return coordinated(results, values, setting, lambda program, _: newton(program, tolerance), tuned=False)
