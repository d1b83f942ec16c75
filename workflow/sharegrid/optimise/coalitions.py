"""Coalitions of participants: labels, members, and reading the cost of one from a values Dataset.

A coalition is named by who is absent: "all", "all-3", "all-3-7" (in the order of the participants).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
import xarray as xr

EVERYBODY = "all"


@dataclass
class Counterfactuals:
    """The optima of some coalitions of one scenario, as a back end returns them.

    cost, lost_load, iterations, fallback (coalition); details: arrays whose first axis is the coalition, such as
    price (coalition, bus) and shed (coalition, bus); counts: solver counts of the whole sweep (lp_solves, iterations,
    n_lines_generated ...).
    """

    cost: np.ndarray
    lost_load: np.ndarray
    iterations: np.ndarray
    fallback: np.ndarray
    details: dict[str, np.ndarray] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)


def label(absent: Iterable[str]) -> str:
    """The coalition's name; `absent` in the order of the participants."""
    return "-".join([EVERYBODY, *absent])


def labels(participants: Iterable[str], absent: np.ndarray) -> list[str]:
    """Names of the rows of `absent` (coalition, participant), True = absent."""
    participants = np.asarray(list(participants), dtype=object)
    return [label(participants[row]) for row in np.asarray(absent, dtype=bool)]


def removals(count: int) -> np.ndarray:
    """absent (coalition, participant): nobody, then each participant alone."""
    return np.vstack([np.zeros((1, count), bool), np.eye(count, dtype=bool)])


def pairs(count: int) -> np.ndarray:
    """absent (coalition, participant): nobody, each one, each two."""
    rows = np.zeros((count * (count - 1) // 2, count), bool)
    for row, both in zip(rows, combinations(range(count), 2), strict=True):
        row[list(both)] = True
    return np.vstack([removals(count), rows])


def subsets(count: int) -> np.ndarray:
    """absent (coalition, participant): all 2^count, in Gray order, so that neighbours differ by one participant."""
    number = np.arange(2**count)
    gray = number ^ (number >> 1)
    return (gray[:, None] >> np.arange(count)) & 1 == 1


def absent(values: xr.Dataset) -> np.ndarray:
    """(coalition, participant), True = absent, of a values Dataset."""
    return values["member"].values == 0


def cost_of(values: xr.Dataset, absentees: Iterable[str]) -> xr.DataArray:
    """J of the coalition without `absentees` (scenario) in $/h; KeyError names a coalition that was not valued."""
    order = {name: k for k, name in enumerate(values["participant"].values)}
    name = label(sorted(absentees, key=order.__getitem__))
    if name not in values.indexes["coalition"]:
        raise KeyError(f"values: coalition '{name}' was not valued; ask for it in the study's value: requests")
    return values["cost"].sel(coalition=name, drop=True)


def removal_cost(values: xr.Dataset) -> xr.DataArray:
    """J(N without i) (scenario, participant) in $/h; NaN where it was not valued."""
    names = [label([name]) for name in values["participant"].values]
    cost = values["cost"].reindex(coalition=names)
    return cost.rename(coalition="participant").assign_coords(participant=values["participant"].values)
