"""How likely a message arrives over links that lose some attempts, and how many attempts it takes (chapter 9.4.1).

    one link, success p of the first attempt, r of an attempt after only losses, m retransmissions:
        rho_m = 1 - (1 - p) (1 - r)^m,      expected attempts  1 + (1 - p) (1 - (1 - r)^m) / r
    h hops alike, each with m retransmissions:  rho_m^h,  expected attempts  (1 + rho_m + ... + rho_m^(h-1)) times one hop's
    deadline tau, attempts of t_slot, h hops:   m <= tau / (h t_slot) - 1

Independent losses have r = p: rho_m = 1 - (1 - p)^(m+1), attempts (1 - (1 - p)^(m+1)) / p. In bursts of mean length B
attempts, all lost, r = 1/B whatever p (Gilbert-Elliott with loss 1 in the bad state, 0 in the good one).
Source: E. N. Gilbert, Bell Syst. Tech. J. 39:1253-1265, 1960; E. O. Elliott, ibid. 42:1977-1997, 1963.
"""

from dataclasses import dataclass

import numpy as np

ROUNDING = 1e-9  # of a quotient of times, so that 60 ms hold three slots of 20 ms


def delivery_probability(success, retransmissions, repeat=None, hops=1) -> np.ndarray:
    """rho_m^h [1]; arrays broadcast. repeat: r, p if not given. ValueError names a probability or number that cannot be."""
    p, r = _checked(success, retransmissions, repeat)
    return (1 - (1 - p) * (1 - r) ** retransmissions) ** hops


def expected_attempts(success, retransmissions, repeat=None, hops=1) -> np.ndarray:
    """Mean number of attempts on all hops; a hop is tried only if the message came so far. ValueError as above."""
    p, r = _checked(success, retransmissions, repeat)
    of_hop = 1 + (1 - p) * (1 - (1 - r) ** retransmissions) / r
    passed = delivery_probability(p, retransmissions, r)
    hops = np.asarray(hops)
    reached = sum(np.where(k < hops, passed**k, 0.0) for k in range(int(hops.max())))
    return of_hop * reached


def path_probability(links) -> float:
    """Probability that a message passes links that differ and lose independently: the product."""
    return float(np.prod(links))


def most_retransmissions(deadline_ms: float, slot_ms: float, hops: int = 1) -> int:
    """m_max = floor(deadline / (hops slot)) - 1 for each hop; ValueError where not even one attempt is in time."""
    attempts = int(np.floor(deadline_ms / (hops * slot_ms) + ROUNDING))
    if attempts < 1:
        raise ValueError(
            f"deadline of {deadline_ms:g} ms is shorter than one attempt on each of {hops} hops "
            f"({hops * slot_ms:g} ms); raise deadline_ms or lower slot_ms"
        )
    return attempts - 1


def arrivals(draws: np.ndarray, success, repeat=None) -> np.ndarray:
    """Whether a message has arrived by attempt 0, 1 ... (..., attempt), bool, from uniform draws of [0, 1) of this shape.

    success (...) is p, repeat (...) is r: what arrives with m retransmissions arrives with m + 1.
    """
    p, r = _checked(success, 0, repeat)
    chance = np.repeat(np.broadcast_to(r, draws.shape[:-1])[..., None], draws.shape[-1], axis=-1).copy()
    chance[..., 0] = p
    return np.maximum.accumulate(draws < chance, axis=-1)


def _checked(success, retransmissions, repeat) -> tuple[np.ndarray, np.ndarray]:
    p = np.asarray(success, dtype=float)
    r = p if repeat is None else np.asarray(repeat, dtype=float)
    for name, values in (("success", p), ("repeat", r)):
        if not ((values > 0) & (values <= 1)).all():
            wrong = values[~((values > 0) & (values <= 1))].flat[0]
            raise ValueError(f"{name} is {wrong:g}; a probability must be above 0 and at most 1")
    if (np.asarray(retransmissions) < 0).any():
        raise ValueError(f"retransmissions is {np.min(retransmissions)}; it must not be negative")
    return p, r


@dataclass(frozen=True)
class BurstLosses:
    """A link between a good state without losses and a bad one (Gilbert-Elliott); a step is an attempt or a round.

    to_bad, to_good: probabilities of a change of state in a step; loss_bad: of a loss in the bad state.
    ValueError if one is no probability.
    """

    to_bad: float
    to_good: float
    loss_bad: float = 1.0

    def __post_init__(self):
        for name, low in (("to_bad", "at least"), ("to_good", "above"), ("loss_bad", "above")):
            value = getattr(self, name)
            if not (0 <= value <= 1 if low == "at least" else 0 < value <= 1):
                raise ValueError(f"{name} is {value:g}; a probability must be {low} 0 and at most 1")

    @classmethod
    def of(cls, success: float, length: float, loss_bad: float = 1.0) -> "BurstLosses":
        """The link that loses 1 - success of all messages, whose bad state lasts `length` steps on average.

        Losses are independent if loss_bad is 1 and length is 1 / success. ValueError if no such link exists.
        """
        _checked(success, 0, None)
        bad = (1 - success) / loss_bad if loss_bad > 0 else np.inf
        if not length >= 1:
            raise ValueError(f"burst length is {length:g}; it must be at least 1 step")
        if not bad < 1:
            raise ValueError(f"loss_bad {loss_bad:g} is too low to lose {1 - success:g} of all messages")
        to_bad = bad / (1 - bad) / length
        if to_bad > 1 + ROUNDING:
            raise ValueError(
                f"bursts of {length:g} steps are too short to lose {1 - success:g} of all messages; "
                f"they last at least {bad / (1 - bad):g}"
            )
        return cls(min(to_bad, 1.0), 1 / length, loss_bad)

    @property
    def bad_share(self) -> float:
        """Share of the steps in the bad state."""
        return self.to_bad / (self.to_bad + self.to_good)

    @property
    def success(self) -> float:
        """Share of the messages that arrive without retransmission."""
        return 1 - self.bad_share * self.loss_bad

    def delivery_probability(self, retransmissions: int) -> float:
        """rho_m of attempts in consecutive steps: 1 - pi D (P D)^m 1, P the chain, pi its shares, D the losses."""
        chain = np.array([[1 - self.to_bad, self.to_bad], [self.to_good, 1 - self.to_good]])
        lost = np.array([1 - self.bad_share, self.bad_share]) * [0.0, self.loss_bad]
        for _ in range(retransmissions):
            lost = lost @ chain * [0.0, self.loss_bad]
        return float(1 - lost.sum())

    def expected_attempts(self, retransmissions: int) -> float:
        """Mean attempts of a message in consecutive steps: 1 + sum_{j<m} (1 - rho_j)."""
        return 1 + sum(1 - self.delivery_probability(j) for j in range(retransmissions))

    def start(self, count: int, draws: np.random.Generator) -> np.ndarray:
        """Which of `count` links are in the bad state at first (link), bool."""
        return draws.random(count) < self.bad_share

    def step(self, bad: np.ndarray, draws: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """The bad links after one step, and which links then pass a message (link), bool."""
        change = draws.random(len(bad))
        bad = np.where(bad, change >= self.to_good, change < self.to_bad)
        lost = bad if self.loss_bad == 1 else bad & (draws.random(len(bad)) < self.loss_bad)
        return bad, ~lost
