"""Coalitions of participants: labels, members, and reading the cost of one from a values Dataset.

A coalition is named by who is absent: "all", "all-3", "all-3-7" (in the order of the participants); a dash within a name
has a backslash before it.
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

    cost, lost_load, iterations, fallback (coalition); details: arrays whose first axis is the coalition, such as price
    (coalition, bus) and shed (coalition, bus); counts: solver counts of the whole sweep (lp_solves, iterations,
    n_lines_generated ...); relative_gap (coalition): certified gap of the cost, None where all are exact.
    """

    cost: np.ndarray
    lost_load: np.ndarray
    iterations: np.ndarray
    fallback: np.ndarray
    details: dict[str, np.ndarray] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    relative_gap: np.ndarray | None = None


def label(absent: Iterable[str]) -> str:
    """The coalition's name; `absent` in the order of the participants."""
    return "-".join([EVERYBODY, *(str(name).replace("\\", "\\\\").replace("-", "\\-") for name in absent)])


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


def alone(count: int) -> np.ndarray:
    """absent (coalition, participant): nobody, all, and all but each one."""
    return np.vstack([np.zeros((1, count), bool), np.ones((1, count), bool), ~np.eye(count, dtype=bool)])


def random_sets(count: int, samples: int, largest: int, seed: int) -> np.ndarray:
    """absent (coalition, participant): all but a random set of 1 to `largest` participants, sizes equally likely."""
    rng = np.random.Generator(np.random.PCG64(seed))
    rows = np.ones((samples, count), bool)
    for row, size in zip(rows, rng.integers(1, min(largest, count) + 1, samples), strict=True):
        row[rng.choice(count, size, replace=False)] = False
    return rows


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


def taking_part(data: xr.Dataset) -> xr.DataArray:
    """(scenario, participant), whether the participant belongs to the market of the scenario."""
    labels = {name: data[name].values for name in ("scenario", "participant")}
    everybody = xr.DataArray(np.ones((data.sizes["scenario"], data.sizes["participant"]), bool), labels, list(labels))
    if "taking_part" not in data:
        return everybody
    return (data["taking_part"].reset_coords(drop=True) == 1).transpose("scenario", "participant")


def nobody_cost(values: xr.Dataset, data: xr.Dataset) -> xr.DataArray:
    """J without any of those who take part (scenario); NaN where it was not valued."""
    return _cost_of_sets(values, data, lambda players: np.zeros((1, players.sum()), bool)).isel(set=0, drop=True)


def total_value(values: xr.Dataset, data: xr.Dataset) -> xr.DataArray:
    """J(nobody) - J(N) (scenario), the value of all together; NaN where one was not valued."""
    everybody = values["cost"].sel(coalition=EVERYBODY, drop=True).reset_coords(drop=True)
    return nobody_cost(values, data) - everybody


def alone_cost(values: xr.Dataset, data: xr.Dataset) -> xr.DataArray:
    """J({i}) (scenario, participant); NaN where it was not valued, and for who does not take part."""
    names = values["participant"].values
    cost = _cost_of_sets(values, data, lambda players: np.eye(len(names), dtype=bool)[:, players])
    cost = cost.rename(set="participant").assign_coords(participant=names)
    return cost.where(taking_part(data).sel(scenario=values["scenario"].values))


def _cost_of_sets(values: xr.Dataset, data: xr.Dataset, wanted) -> xr.DataArray:
    """J (scenario, set) of the sets that wanted(players) lists as rows (set, player) of who is present."""
    players = taking_part(data).sel(scenario=values["scenario"].values).values
    cost, present = values["cost"].transpose("scenario", "coalition").values, ~absent(values)
    found = None
    for one in np.unique(players, axis=0):
        rows, here = wanted(one), np.flatnonzero((players == one).all(axis=1))
        found = np.full((len(players), len(rows)), np.nan) if found is None else found
        number = {row.tobytes(): k for k, row in enumerate(rows)}
        for coalition, row in enumerate(present[:, one]):  # sets of others can look alike here; they have no cost
            k = number.get(row.tobytes())
            if k is not None:
                found[here, k] = np.where(np.isnan(found[here, k]), cost[here, coalition], found[here, k])
    return xr.DataArray(found, {"scenario": values["scenario"].values}, ("scenario", "set"))
