"""Prosumers find the price of their part of the graph by talking to their neighbours alone (section 9.3, our reading).

Every user has its own price l_i, first 0, and brackets it: low = least b_i of its part or the price of the grid
if that is lower, high = the price of the grid. A step:

    x_i = clip((l_i - b_i)/a_i, 0, X_i),  s_i = 1/a_i strictly inside,  r_i = d_i - x_i
    K rounds  v <- (I - 2/(lambda_2 + lambda_N) L) v  on v = (r, s, d),  K = ceil(ln 1e-8 / ln q)   gives each user the means
    low = max(low, l_i) if mean r > 0, else high = min(high, l_i);  l_i <- l_i + mean r / mean s, the middle if not inside

until |mean r| <= tolerance mean d at all users of the part, or the grid is the marginal source: all prices are its price and r > 0.
A step that would pass the price of the grid goes to it, and so does one that finds nobody inside although l_i >= low, until
that price was tried. L is the graph's Laplacian, lambda its eigenvalues (preparation/topologies.py).

One round is one exchange of three numbers over every edge in both directions. Known beforehand by all, and not counted: lambda_2
and lambda_N, the least b, and when all stop. Only trades without limit and cost are found in this way. Each part of a graph that is
not connected finds a price of its own; a user alone sends nothing. The cost of a round is settled as if all stopped there: users
generate x_i, what is missing comes from the grid, what is too much is lost.
"""

import logging
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import xarray as xr
from pydantic import Field

from sharegrid.coordination.central import Results, check_options
from sharegrid.coordination.rounds import History, Progress, dataset, described
from sharegrid.preparation.topologies import laplacian, spectrum

log = logging.getLogger(__name__)
METHOD = "consensus-newton"
ACCURACY = 1e-8  # to which a step averages
BY_USER = {
    "user_price": ("$/kWh", "price that the user ends with"),
    "newton_steps": ("1", "steps of the user's part of the graph"),
    "averaging_rounds": ("1", "rounds of averaging per step in the user's part of the graph; 0 of a user alone"),
}


def coordinate(
    results: Results,
    *,
    scenarios: Annotated[list[str], Field(min_length=1)],
    steps: Annotated[int, Field(ge=1)] = 200,
    tolerance: Annotated[float, Field(gt=0, lt=1)] = 1e-6,
) -> xr.Dataset:
    """The rounds of the given scenarios (coordination/rounds.py), and BY_USER (scenario, participant).

    steps: at most so many; `tolerance` of the mean mismatch relative to the mean load. ValueError for another market and for
    trades with a limit or cost. A warning names a graph that is not connected.
    """
    check_options(METHOD, results, scenarios, steps, tolerance)
    data, histories, found = results["data"], {}, {}
    for name in scenarios:
        users = _users_of(data, name)
        parts = [Part(users.isel(participant=where), tolerance, steps) for where in _parts(users, name)]
        for part in parts:
            part.run()
        histories[name] = _history(parts)
        found[name] = _by_user(parts, data["participant"].values)
    stacked = {name: (("scenario", "participant"), [found[one][name] for one in scenarios]) for name in BY_USER}
    by_user = xr.Dataset(stacked, {"scenario": scenarios, "participant": data["participant"].values})
    rounds = dataset(histories, results["cleared"]["objective"], data.attrs["money"])
    return rounds.merge(described(by_user, BY_USER, data.attrs["money"]))


def _users_of(data: xr.Dataset, scenario: str) -> xr.Dataset:
    """Those who take part in a scenario; ValueError unless the method serves it."""
    if "adjacency" not in data:
        raise ValueError(f"{METHOD}: market '{data.attrs.get('market')}' has no graph; use a study of local-trades")
    one = data.sel(scenario=scenario)
    if np.isfinite(one["trade_limit"]) or one["trade_cost"] > 0:
        raise ValueError(
            f"{METHOD}: scenarios: '{scenario}' limits trades or lets them cost; name one with trade_limit unlimited and "
            "trade_cost 0"
        )
    here = np.flatnonzero(one["taking_part"].values == 1)
    return one.isel(participant=here, partner=here)


def _parts(users: xr.Dataset, scenario: str) -> list[np.ndarray]:
    """The users of each connected part of the graph."""
    count = int(users["components"])
    if count > 1:
        log.warning("%s: the graph of %s is not connected: one price for each of its %d parts", METHOD, scenario, count)
    return [np.flatnonzero(users["component"].values == k) for k in range(count)]


@dataclass
class Step:
    """What has been reached before a step: cost if all stopped here, certified bound below the least cost, and mismatch."""

    cost: float
    bound: float
    mismatch: float


class Part:
    """The users of a connected part of a graph; all arrays are (user)."""

    def __init__(self, users: xr.Dataset, tolerance: float, most: int):
        self.names = users["participant"].values
        self.load, self._slope, self._start, self._most = (
            users[name].values for name in ("load", "quadratic_cost", "linear_cost", "generation_limit")
        )
        self._grid, self._tolerance, self._steps = float(users["grid_price"]), tolerance, most
        graph = users["adjacency"].sel(partner=self.names).values == 1
        self.edges, one = int(graph.sum()) // 2, spectrum(graph)
        self.rounds = int(one.rounds_to(ACCURACY)) if len(graph) > 1 else 0
        self._averaging = np.eye(len(graph)) - (one.averaging_weight * laplacian(graph) if len(graph) > 1 else 0)
        self.price = np.zeros(len(graph))
        self._least = min(float(self._start.min()), self._grid)  # no user pays more than the grid asks
        self._low, self._high = np.full(len(graph), self._least), np.full(len(graph), self._grid)
        self._tried = np.zeros(len(graph), bool)  # whether the price of the grid was
        self.history: list[Step] = []
        self.done = False

    def run(self) -> None:
        """Steps until all users stop, or the steps are used up."""
        while not self.done and len(self.history) < self._steps:
            power = self._power(self.price)
            inside = (self.price >= self._start) & (self.price < self._start + self._slope * self._most)
            self.history.append(self._reached(power))
            told = np.stack([self.load - power, np.where(inside, 1 / self._slope, 0.0), self.load], axis=1)
            for _ in range(self.rounds):
                told = self._averaging @ told
            missing, sensitivity, load = told.T
            at_grid = (self.price >= self._grid) & (missing > 0)
            self.done = bool((np.abs(missing) <= self._tolerance * load).all() or at_grid.all())
            if not self.done:
                self._move(missing, sensitivity)

    def _power(self, price) -> np.ndarray:
        return np.clip((price - self._start) / self._slope, 0, self._most)

    def _move(self, missing: np.ndarray, sensitivity: np.ndarray) -> None:
        """Each user's bracket, and its next price."""
        self._low = np.where(missing > 0, np.maximum(self._low, self.price), self._low)
        self._high = np.where(missing > 0, self._high, np.minimum(self._high, self.price))
        free = sensitivity > 0
        beyond = np.where(self.price >= self._least, np.inf, -np.inf)  # where nobody is inside
        newton = np.where(free, self.price + missing / np.where(free, sensitivity, 1.0), beyond)
        inside = (newton > self._low) & (newton < self._high)
        to_grid = (newton >= self._grid) & (missing > 0) & ~self._tried
        self._tried |= to_grid
        self.price = np.where(inside, newton, np.where(to_grid, self._grid, (self._low + self._high) / 2))

    def _reached(self, power: np.ndarray) -> Step:
        missing = float((self.load - power).sum())
        price = min(float(self.price.mean()), self._grid)
        least = self._power(price)
        bound = self._cost(least) + price * float((self.load - least).sum())
        return Step(self._cost(power) + self._grid * max(missing, 0.0), bound, abs(missing))

    def _cost(self, power: np.ndarray) -> float:
        return float((self._slope / 2 * power**2 + self._start * power).sum())


def _history(parts: list[Part]) -> History:
    """The rounds of all parts side by side; a part that has stopped says nothing more."""
    longest = max(1, max(part.rounds * len(part.history) for part in parts))
    load, progress, floats, bound = sum(part.load.sum() for part in parts), [], [], -np.inf
    for number in range(1, longest + 1):
        after = [part.history[min((number - 1) // max(part.rounds, 1), len(part.history) - 1)] for part in parts]
        if number == longest:
            after = [part.history[-1] for part in parts]
        bound = max(bound, sum(one.bound for one in after))
        mismatch = sum(one.mismatch for one in after) / load
        progress.append(Progress(sum(one.cost for one in after), bound, mismatch))
        talking = [part for part in parts if number <= part.rounds * len(part.history)]
        floats.append(sum(2 * part.edges * 3 for part in talking))
    progress[-1].done = all(part.done for part in parts)
    return History(progress, floats, sum(len(part.load) for part in parts))


def _by_user(parts: list[Part], participants: np.ndarray) -> dict[str, np.ndarray]:
    """BY_USER (participant), missing where somebody does not take part."""
    found = {name: np.full(len(participants), np.nan) for name in BY_USER}
    for part in parts:
        here = np.isin(participants, part.names)
        found["user_price"][here] = part.price
        found["newton_steps"][here] = len(part.history)
        found["averaging_rounds"][here] = part.rounds
    return found
