"""The scale of the price form (section 5.3): communities of N users that repeat the users of one scenario in their order.

Every community is cleared as one linear program; each user's bill is its cost at the internal prices (Owen, Math.
Programming 9:358-370, 1975); random coalitions test whether these bills are in the core. For `multiplied` numbers of users
identical copies are one set of columns times their number, which is exact (coordination/replicas.py).

Result, along the dim `size` (number of users): scale_columns and scale_iterations (size of the linear program and simplex
iterations: work that does not depend on the machine), scale_max_excess (the most that a sampled coalition would save by
leaving; not above 0 in the core), scale_saving and scale_cost (per average day), scale_multiplied (1 if by types).
"""

from typing import Annotated

import numpy as np
import xarray as xr
from pydantic import Field

from sharegrid.coordination.central import Results, taken_apart
from sharegrid.coordination.decomposition import Decomposition
from sharegrid.coordination.replicas import Types, bills, copied
from sharegrid.coordination.rounds import described
from sharegrid.optimise.coalitions import random_sets
from sharegrid.optimise.quadratic import live

SIZES, MULTIPLIED = (10, 32, 100, 300, 1000, 3000), (10_000,)
DESCRIBED = {
    "scale_columns": ("1", "columns of the linear program"),
    "scale_iterations": ("1", "simplex iterations of the linear program"),
    "scale_cost": ("money", "cost of the community"),
    "scale_saving": ("money", "cost of all users alone less the cost of the community"),
    "scale_max_excess": ("money", "largest saving of a sampled coalition that leaves; not above 0 in the core"),
    "scale_coalitions": ("1", "sampled coalitions"),
    "scale_multiplied": ("1", "1 if identical users share one set of columns"),
}


def coordinate(
    results: Results,
    *,
    scenario: str,
    sizes: Annotated[list[Annotated[int, Field(ge=1)]], Field(min_length=1)] | None = None,
    multiplied: list[Annotated[int, Field(ge=1)]] | None = None,
    coalitions: Annotated[int, Field(ge=1)] = 200,
    largest: Annotated[int, Field(ge=1)] = 12,
    seed: int = 2024,
) -> xr.Dataset:
    """Communities of `sizes` users with columns for every user, and of `multiplied` users by types (default: SIZES, MULTIPLIED).

    `coalitions` random coalitions of 1 to `largest` users are drawn for each size, sizes equally likely.
    ValueError names an option that cannot be.
    """
    sizes, multiplied = (
        (list(SIZES) if sizes is None else sizes),
        list(MULTIPLIED) if multiplied is None else multiplied,
    )
    _check({"sizes": sizes, "multiplied": multiplied, "coalitions": [coalitions], "largest": [largest]})
    split = taken_apart(results, scenario)
    types = Types(split)
    alone = np.array([types.solve(one).objective for one in np.eye(len(split.members))])
    runs = [(size, False) for size in sizes]
    runs += [(size, True) for size in multiplied]
    rows = [_community(split, types, alone, size, by_types, (coalitions, largest, seed)) for size, by_types in runs]
    result = xr.Dataset(
        {name: ("size", [row[name] for row in rows]) for name in DESCRIBED}, {"size": [n for n, _ in runs]}
    )
    return described(result, DESCRIBED, results["data"].attrs["money"])


def _check(numbers: dict[str, list]) -> None:
    """ValueError unless there is a size, and all are whole numbers from 1 up."""
    if not numbers["sizes"]:
        raise ValueError("community-scale: sizes is empty; give at least one number of users")
    for name, values in numbers.items():
        for value in values:
            if not value >= 1 or value != int(value):
                raise ValueError(f"community-scale: {name}: {value:g} cannot be; it must be a whole number from 1 up")


def _community(split: Decomposition, types: Types, alone, size: int, by_types: bool, sample) -> dict[str, float]:
    """One community: its optimum, bills and sampled coalitions."""
    who = np.arange(size) % len(split.members)
    counts = np.bincount(who, minlength=len(split.members))
    program = None if by_types else live(copied(split, counts), f"{size} users")
    solved = types.solve(counts, f"{size} users", cold=True) if by_types else program.solve()
    once = np.ones(len(counts), int)
    bill = (
        bills(split, once, solved.x, solved.row_dual) / counts
        if by_types
        else bills(split, counts, solved.x, solved.row_dual)
    )
    excess = _excesses(types, who, bill, *sample)
    return {
        "scale_columns": types.columns if by_types else len(solved.x),
        "scale_iterations": solved.iterations,
        "scale_cost": solved.objective,
        "scale_saving": alone @ counts - solved.objective,
        "scale_max_excess": excess.max(),
        "scale_coalitions": len(excess),
        "scale_multiplied": float(by_types),
    }


def _excesses(types: Types, who: np.ndarray, bill: np.ndarray, coalitions: int, largest: int, seed: int) -> np.ndarray:
    """sum of the bills of the members less the cost of the coalition by itself, of each sampled coalition."""
    found = []
    for absent in random_sets(len(who), coalitions, largest, seed):
        members = np.bincount(who[~absent], minlength=len(bill))
        found.append(np.nansum(members * bill) - types.solve(members).objective)
    return np.array(found)
