"""Rounds of demand response in which replies are lost and the cloud goes on with the last ones that arrived (section 9.4, 9.6.3).

Every round the cloud tells a price l, each user answers with its reduction x_i(l) and, for the multiplier method, its
sensitivity s_i; a reply is lost with some probability. With e = R - sum of the last replies:

    multiplier   l <- l + beta e / max(sum s, 0.05 L), within [min b, max(b + a xbar)];  beta from 1, halved in a round where e
                 changes its sign and |e| > 0.5 |e before|, else 1.5 beta up to 1
    gradient     l <- l + e / L,    L = sum 1/a_i, which the cloud knows

stop where the true mismatch |R - sum x_i(l)| <= tolerance R, which only an observer sees. A bracket of the price, which saves
the multiplier method without losses, must not be used: after a stale reply it can exclude the solution.

The first round is without losses. Then each reply arrives with rho = 1 - (1 - p)^(m+1), p success of an attempt, m
retransmissions within the round; or the link is in bursts of losses (preparation/links.py), one step of its state per attempt.
"""

from collections.abc import Mapping
from itertools import product
from typing import Annotated, Literal, NamedTuple

import numpy as np
import xarray as xr
from pydantic import Field

from sharegrid.coordination.device_responses import Reductions
from sharegrid.coordination.rounds import History, Messages, Progress, dataset, described, run
from sharegrid.preparation.device_draws import reductions
from sharegrid.preparation.links import BurstLosses, delivery_probability, expected_attempts

SLOWER, FASTER, OVERSHOOT = 0.5, 1.5, 0.5  # factors of the damping, and how much of a mismatch may come back reversed
LEAST_SENSITIVITY = 0.05  # of L
FIELDS = ("success", "burst", "loss_bad", "retransmissions")  # of a family of links
TOLD = {"multiplier": 2, "gradient": 1}  # numbers of a reply beside that of its round
DESCRIBED = {
    "links": ("1", "family of links"),
    "success": ("1", "share of the attempts that succeed"),
    "burst": ("1", "mean rounds or attempts of a burst of losses; missing = independent losses"),
    "loss_bad": ("1", "probability of a loss within a burst"),
    "retransmissions": ("1", "retransmissions of a reply within its round"),
    "delivery": ("1", "probability that a reply arrives in its round"),
    "seed": ("1", "seed of the losses"),
    "attempts": ("1", "expected attempts of all replies"),
    "slots": ("1", "rounds times attempts that fit in a round"),
    "reply_age": ("1", "mean rounds since the last reply of a user that arrived, at the end"),
    "price": ("$/kWh", "price at the end"),
    "optimal_price": ("$/kWh", "price at which the users deliver what is required"),
}


class Link(NamedTuple):
    """Links of all users: success of an attempt, mean burst (NaN = independent losses) and the probability of a loss in
    it, retransmissions per round."""

    family: str
    success: float
    burst: float
    loss_bad: float
    retransmissions: int

    @property
    def label(self) -> str:
        """Such as "losses p0.6 m1 burst5"."""
        burst = "" if np.isnan(self.burst) else f" burst{self.burst:g}"
        within = "" if self.loss_bad == 1 else f" loss{self.loss_bad:g}"
        return f"{self.family} p{self.success:g} m{self.retransmissions}{burst}{within}"

    @property
    def bursts(self) -> BurstLosses | None:
        """The chain of the link, none where losses are independent; ValueError if there is no such chain."""
        return None if np.isnan(self.burst) else BurstLosses.of(self.success, self.burst, self.loss_bad)

    @property
    def delivery(self) -> float:
        """Probability that a reply arrives in its round; ValueError if there is no such link."""
        if self.bursts is None:
            return float(delivery_probability(self.success, self.retransmissions))
        return self.bursts.delivery_probability(self.retransmissions)

    @property
    def attempts(self) -> float:
        """Expected attempts of a reply in its round."""
        if self.bursts is None:
            return float(expected_attempts(self.success, self.retransmissions))
        return self.bursts.expected_attempts(self.retransmissions)


def coordinate(
    results: Mapping[str, xr.Dataset],
    *,
    algorithm: Literal["multiplier", "gradient"],
    links: Annotated[dict[str, dict[str, list[float]]], Field(min_length=1)],
    users: Annotated[int, Field(ge=1)] = 1000,
    requirement_share: Annotated[float, Field(gt=0, lt=1)] = 0.4,
    tolerance: Annotated[float, Field(gt=0, lt=1)] = 1e-3,
    rounds: Annotated[int, Field(ge=1)] = 2000,
    losses: Annotated[int, Field(ge=1)] = 5,
    draws: Annotated[int, Field(ge=0)] = 42,
) -> xr.Dataset:
    """The rounds (coordination/rounds.py) of every link and seed of the losses 0, 1 ... `losses` - 1, one scenario each.

    links: family -> lists of success, burst (mean length, none = independent), loss_bad (within a burst, 1 if not given)
    and retransmissions (0), whose product is run.
    `users` synthetic users of the seed `draws` reduce `requirement_share` of all that they can. ValueError names family, field
    and value of a link that cannot be.
    """
    devices = Reductions(*reductions(users, draws))
    required = requirement_share * float(devices.limit.sum())
    price = devices.clearing_price(required)
    optimum = float(devices.cost(devices.respond(price)).sum())
    runs = {f"{link.label} seed{seed}": (link, seed) for link in links_of(links) for seed in range(losses)}
    histories, ends = {}, {}
    for name, (link, seed) in runs.items():
        method = StaleReplies(devices, required, tolerance, algorithm)
        channel = LossyReplies(users, 1 + TOLD[algorithm], link, np.random.default_rng(seed))
        histories[name] = run(method, rounds, channel)
        histories[name].members = users
        ends[name] = _end(histories[name], method, channel, link, seed) | {"optimal_price": price}
    central = xr.DataArray(np.full(len(runs), optimum), dims="scenario", coords={"scenario": list(runs)})
    found = dataset(histories, central, "$").drop_vars(["row_price", "coupling_row"])
    columns = {name: ("scenario", [end[name] for end in ends.values()]) for name in DESCRIBED}
    return described(found.assign(columns), DESCRIBED, "$")


def _end(history: History, method: "StaleReplies", channel: "LossyReplies", link: Link, seed: int) -> dict:
    """DESCRIBED of one run but for the optimal price."""
    count = len(history.progress)
    return {
        "links": link.family,
        "success": link.success,
        "burst": link.burst,
        "loss_bad": link.loss_bad,
        "retransmissions": link.retransmissions,
        "delivery": link.delivery,
        "seed": seed,
        "attempts": count * history.members * link.attempts,
        "slots": count * (link.retransmissions + 1),
        "reply_age": float(count - channel.last[0].mean()),
        "price": method.price,
    }


def links_of(families: Mapping[str, Mapping[str, list[float]]]) -> list[Link]:
    """The links of all families, each with a label of its own; ValueError names family and field that cannot be."""
    found: dict[str, Link] = {}
    for family, given in families.items():
        where = f"lossy-rounds: links.{family}"
        if unknown := sorted(set(given) - set(FIELDS)):
            raise ValueError(f"{where}: no field '{unknown[0]}'; known: {', '.join(FIELDS)}")
        if "success" not in given:
            raise ValueError(f"{where}: success is missing; list the probabilities that an attempt succeeds")
        defaults = {"burst": [np.nan], "loss_bad": [1.0], "retransmissions": [0]}
        for success, burst, loss_bad, m in product(*((defaults | given)[name] for name in FIELDS)):
            if m != int(m):
                raise ValueError(f"{where}: retransmissions is {m:g}; it must be a whole number")
            link = Link(family, float(success), float(burst), float(loss_bad), int(m))
            _check(link, where)
            if link.label in found:
                raise ValueError(f"{where}: '{link.label}' stands twice")
            found[link.label] = link
    return list(found.values())


def _check(link: Link, where: str) -> None:
    """ValueError names the family and what cannot be."""
    try:
        delivery_probability(link.success, link.retransmissions)
        link.delivery  # noqa: B018
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None


class LossyReplies:
    """A channel of coordination/rounds.py: of every lost reply the last one that arrived, field by field.

    An edge's message has `fields` numbers of each user, the number of the round first: (field, user), flat.
    """

    def __init__(self, users: int, fields: int, link: Link, rng: np.random.Generator):
        self._delivery, self._bursts, self._attempts, self._rng = (
            link.delivery,
            link.bursts,
            link.retransmissions + 1,
            rng,
        )
        self._bad: np.ndarray | None = None
        self.last = np.full((fields, users), np.nan)

    def __call__(self, sent: Messages) -> Messages:
        """What the cloud has after the round; the first round is without losses."""
        new = np.concatenate([one.reshape(len(self.last), -1) for one in sent], axis=1)
        first = np.isnan(self.last[0, 0])
        arrives = self._first() if first else self._pass()
        self.last = np.where(arrives, new, self.last)
        ends = np.cumsum([one.size // len(self.last) for one in sent])[:-1]
        return [part.ravel() for part in np.split(self.last, ends, axis=1)]

    def _first(self) -> np.ndarray:
        users = self.last.shape[1]
        if self._bursts is not None:
            self._bad = self._bursts.start(users, self._rng)
        return np.ones(users, dtype=bool)

    def _pass(self) -> np.ndarray:
        """Which replies arrive with one of the attempts of the round (user)."""
        if self._bursts is None:
            return self._rng.random(self.last.shape[1]) < self._delivery
        arrives = np.zeros(self.last.shape[1], dtype=bool)
        for _ in range(self._attempts):
            self._bad, passed = self._bursts.step(self._bad, self._rng)
            arrives |= passed
        return arrives


class StaleReplies:
    """A method of coordination/rounds.py with one edge, which answers for all its users at once.

    required R kW; `algorithm` multiplier or gradient. The cost of a round is that of the answers where the true mismatch is
    within the tolerance, the bound below the optimum the best value of the dual function so far.
    """

    def __init__(self, devices: Reductions, required: float, tolerance: float, algorithm: str):
        devices.check_requirement(required)
        self._devices, self._required, self._tolerance = devices, float(required), tolerance
        self._multiplier = algorithm == "multiplier"
        self._slope = float((1 / devices.quadratic).sum())
        self._limits = float(devices.linear.min()), float(devices.full_price.max())
        self._round, self._damping, self._before, self._bound = 1, 1.0, 0.0, -np.inf
        self.price = 0.0

    def initialise(self) -> Messages:
        """The number of the round, and a price of 0."""
        return self._announced()

    def local_solve(self, member: int, heard: np.ndarray) -> np.ndarray:
        """(number of the round, x_i and, for the multiplier method, s_i) of all users, flat."""
        number, price = heard
        x = self._devices.respond(price)
        told = [np.full(len(x), number), x]
        if self._multiplier:
            told.append(self._devices.sensitivity(price))
        return np.concatenate(told)

    def update(self, told: Messages) -> tuple[Messages, Progress]:
        """The next price from the last replies that arrived, and how far the true answers are."""
        progress = self._progress()
        if not progress.done:
            replies = told[0].reshape(-1, len(self._devices.limit))
            mismatch = self._required - float(replies[1].sum())
            self._step(mismatch, float(replies[2].sum()) if self._multiplier else self._slope)
            self._round += 1
        return self._announced(), progress

    def _step(self, mismatch: float, sensitivity: float) -> None:
        if not self._multiplier:
            self.price += mismatch / sensitivity
            return
        reversed_ = mismatch * self._before < 0 and abs(mismatch) > OVERSHOOT * abs(self._before)
        if self._round > 1:
            self._damping = SLOWER * self._damping if reversed_ else min(1.0, FASTER * self._damping)
        self._before = mismatch
        step = self._damping * mismatch / max(sensitivity, LEAST_SENSITIVITY * self._slope)
        self.price = float(np.clip(self.price + step, *self._limits))

    def _announced(self) -> Messages:
        return [np.array([self._round, self.price])]

    def _progress(self) -> Progress:
        x = self._devices.respond(self.price)
        relative = abs(self._required - float(x.sum())) / self._required
        done = relative <= self._tolerance
        dual = float(self._devices.value(self.price).sum()) + self.price * self._required
        self._bound = max(self._bound, dual)
        cost = float(self._devices.cost(x).sum()) if done else np.inf
        return Progress(cost, self._bound, relative, np.nan, done)
