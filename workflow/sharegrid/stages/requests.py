"""Which coalitions of which scenarios a study asks for."""

import fnmatch

import numpy as np
import xarray as xr

from sharegrid.games import sampling
from sharegrid.optimise import coalitions
from sharegrid.options.stages import CoalitionRequest

MOST = 16  # participants of whom all coalitions are valued
ROWS = {  # kind -> absent (coalition, player), True = absent
    "removals": coalitions.removals,
    "pairs": coalitions.pairs,
    "all": coalitions.subsets,
    "core": coalitions.removals,
    "alone": coalitions.alone,
    "least-core": lambda count: np.vstack([coalitions.removals(count), coalitions.alone(count)]),
}


def asked(data: xr.Dataset, requests: list[CoalitionRequest]) -> dict[str, list[CoalitionRequest]]:
    """Scenario -> its requests, scenarios in the order of the data; ValueError if its coalitions are sampled twice."""
    found: dict[str, list[CoalitionRequest]] = {}
    for request in requests:
        for name in matching(data, request.scenarios):
            found.setdefault(name, []).append(request)
            if sum(one.coalitions == "sampled" for one in found[name]) > 1:
                raise ValueError(
                    f"value.requests: scenario '{name}' is in two requests with coalitions: sampled; keep one"
                )
    return {name: found[name] for name in data["scenario"].values.tolist() if name in found}


def matching(data: xr.Dataset, patterns: list[str]) -> list[str]:
    """Scenarios by label, family or pattern; ValueError names a pattern that matches none."""
    labels, families = data["scenario"].values.tolist(), data["family"].values.tolist()
    found = []
    for pattern in patterns:
        hits = [name for name, family in zip(labels, families, strict=True)
                if family == pattern or fnmatch.fnmatchcase(name, pattern)]  # fmt: skip
        if not hits:
            raise ValueError(f"value: scenarios: '{pattern}' is no label, family or pattern of one")
        found += hits
    return list(dict.fromkeys(found))


def absent(one: xr.Dataset, requests: list[CoalitionRequest]) -> np.ndarray:
    """(coalition, participant), True = absent, without repetition, of one scenario (dim scenario of size 1).

    Who does not take part is never absent: there is nothing to take away.
    """
    players = coalitions.taking_part(one).values[0]
    if players.sum() > MOST and any(request.coalitions == "all" for request in requests):
        raise ValueError(f"value.requests: scenario '{one['scenario'].values[0]}': coalitions: all of {players.sum()} participants"
                         f" are 2^{players.sum()}; ask for sampled, random or least-core, or for fewer participants")  # fmt: skip
    ordered = sorted(requests, key=lambda request: request.coalitions)
    rows = np.vstack([_rows(request, int(players.sum()), "centre" in one.attrs) for request in ordered])
    full = np.zeros((len(rows), len(players)), dtype=bool)
    full[:, players] = rows
    return full[np.sort(np.unique(full, axis=0, return_index=True)[1])]


def _rows(request: CoalitionRequest, count: int, centre: bool) -> np.ndarray:
    """absent (coalition, player) of one request."""
    if request.coalitions == "sampled":
        present = sampling.coalitions(count + centre, request.samples, request.seed)
        if centre:  # the last player; without it the value is 0, whoever else is there
            present = present[present[:, -1], :-1]
        return np.vstack([coalitions.removals(count)[:1], np.ones((1, count), bool), ~present])
    if request.coalitions == "random":
        sets = coalitions.random_sets(count, request.samples, request.largest, request.seed)
        return np.vstack([coalitions.removals(count)[:1], np.ones((1, count), bool), sets])
    rows = ROWS[request.coalitions](count)
    if request.coalitions == "core" and not centre:
        rows = np.vstack([rows, np.ones((1, count), bool)])  # nobody: what there is to share
    return rows
