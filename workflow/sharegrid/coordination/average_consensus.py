"""Averaging with the neighbours: how many rounds a connected graph needs, by the closed form and as simulated (section 9.3).

    v <- (I - 2/(lambda_2 + lambda_N) L) v,   distance to the mean after t rounds <= q^t,  q = (lambda_N - lambda_2)/(lambda_N + lambda_2)

L is the Laplacian, lambda its eigenvalues. (L. Xiao and S. Boyd, Systems & Control Letters 53(1):65-78, 2004) The closed form is
reached from the worst start, an eigenvector of lambda_2 or lambda_N; a random start needs fewer rounds or as many.
"""

from typing import Annotated

import numpy as np
import xarray as xr
from pydantic import Field

from sharegrid.coordination.central import Results, check_options
from sharegrid.coordination.rounds import described
from sharegrid.preparation.topologies import Spectrum, laplacian, spectrum

METHOD = "average-consensus"
DESCRIBED = {
    "consensus_contraction": ("1", "q: distance to the mean after a round relative to that before, at most"),
    "consensus_rounds": ("1", "rounds of averaging by the closed form; missing unless the graph is connected"),
    "consensus_simulated": ("1", "rounds of averaging from a random start"),
    "consensus_worst": ("1", "largest contraction in a round of the simulation"),
}


def coordinate(
    results: Results,
    *,
    scenarios: Annotated[list[str], Field(min_length=1)] | None = None,
    accuracy: Annotated[float, Field(gt=0, lt=1)] = 1e-4,
    seed: int = 2024,
) -> xr.Dataset:
    """DESCRIBED until the distance to the mean is `accuracy` times that at the start; of all scenarios if none are given.

    Along the dim graph, which holds the labels of the scenarios: they are more than those that coordinate a market. NaN where the graph is not connected. ValueError for a market without graphs and an unknown scenario.
    """
    data = results["data"]
    if "adjacency" not in data:
        raise ValueError(f"{METHOD}: market '{data.attrs.get('market')}' has no graph; use a study of local-trades")
    names = data["scenario"].values.astype(str).tolist() if scenarios is None else scenarios
    check_options(METHOD, results, names, 1, accuracy)
    rows = [_scenario(data.sel(scenario=name), accuracy, seed) for name in names]
    found = {name: ("graph", np.array(column)) for name, column in zip(DESCRIBED, zip(*rows, strict=True), strict=True)}
    return described(xr.Dataset(found, {"graph": names}), DESCRIBED, data.attrs["money"])


def _scenario(one: xr.Dataset, accuracy: float, seed: int) -> tuple[float, float, float, float]:
    here = np.flatnonzero(one["taking_part"].values == 1)
    graph = one["adjacency"].values[np.ix_(here, here)] == 1
    known = spectrum(graph)
    if np.isnan(known.contraction):
        return (np.nan,) * 4
    distance = simulated(graph, known, np.random.default_rng(seed).random(len(graph)), accuracy)
    ratio = distance[1:] / distance[:-1]
    return known.contraction, known.rounds_to(accuracy), float(len(ratio)), float(ratio.max(initial=0.0))


def simulated(graph: np.ndarray, known: Spectrum, start: np.ndarray, accuracy: float) -> np.ndarray:
    """Distance to the mean (round) from the values `start` (user) on, until it is `accuracy` times the first or rounding is all
    that is left."""
    step = np.eye(len(graph)) - known.averaging_weight * laplacian(graph)
    value, distance = start - start.mean(), [float(np.linalg.norm(start - start.mean()))]
    while distance[-1] > max(accuracy * distance[0], 1e-13 * np.linalg.norm(start)):
        value = step @ value
        distance.append(float(np.linalg.norm(value - value.mean())))
    return np.array(distance)
