"""What many devices answer to a price, how their answers change with it, and what they cost: closed forms, vectorised.

Reductions, one step of time:  min_x 1/2 a_i x^2 + b_i x - l x,  0 <= x <= xbar_i
    x_i(l) = clip((l - b_i) / a_i, 0, xbar_i),   dx_i/dl = 1/a_i where b_i <= l < b_i + a_i xbar_i, else 0
Loads, T steps with fixed energy:  min_x 1/2 a_i sum_t (x_t - d_it)^2 + sum_t l_t x_t,  0 <= x <= xbar_i, sum_t x_t = E_i
    x_it(l) = clip(d_it - (l_t + nu_i) / a_i, 0, xbar_i),  nu_i so that the energy is E_i
    -dx_i/dl = S_i = (diag(1_F) - 1_F 1_F' / |F|) / a_i, F the steps strictly inside the limits; S_i 1 = 0

x power [kW] of a step of an hour, a [$/kW^2h], b and prices l [$/kWh], E [kWh]. A reduction is paid the price, a load pays it.
A proximal answer adds rho/2 |x - v|^2 to the cost: the same forms with other numbers. (Boyd, Vandenberghe, Convex
Optimization, 2004, section 5.5.3; Wang et al., Applied Energy 2017, for the use of sensitivities)
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

ENERGY = 1e-12  # of the energy, to which nu is found; the line search of a dual method fails above it
INSIDE = 1e-9  # of the limit: nearer to it a load is at its limit
STEPS = 200  # of Newton and bisection: a bracket of doubles is empty by then
AT_ONCE = 2048  # devices, whose arrays fit into the cache of a core


@dataclass(frozen=True)
class Reductions:
    """Devices that reduce load in one step: a, b and xbar of each (device).

    ValueError names a device whose cost is not strictly convex or whose limit is negative.
    """

    quadratic: np.ndarray
    linear: np.ndarray
    limit: np.ndarray

    def __post_init__(self):
        _refuse("quadratic cost", self.quadratic, ~(np.isfinite(self.quadratic) & (self.quadratic > 0)), "above 0")
        _refuse("linear cost", self.linear, ~np.isfinite(self.linear), "finite")
        _refuse("limit", self.limit, ~(np.isfinite(self.limit) & (self.limit >= 0)), "at least 0 and finite")

    @cached_property
    def full_price(self) -> np.ndarray:
        """b_i + a_i xbar_i (device) $/kWh, from which on the device gives all that it can."""
        return self.linear + self.quadratic * self.limit

    def respond(self, price: float | np.ndarray) -> np.ndarray:
        """x_i (device) kW at one price for all or at each device's own (device) $/kWh."""
        return np.clip((price - self.linear) / self.quadratic, 0, self.limit)

    def sensitivity(self, price: float | np.ndarray) -> np.ndarray:
        """dx_i/dl (device) kW per $/kWh; on a kink that of higher prices."""
        return np.where((self.linear <= price) & (price < self.full_price), 1 / self.quadratic, 0.0)

    def proximal(self, target: np.ndarray, rho: float) -> np.ndarray:
        """argmin_x 1/2 a x^2 + b x + rho/2 (x - v)^2 within the limits (device) kW, v the target."""
        return np.clip((rho * target - self.linear) / (self.quadratic + rho), 0, self.limit)

    def cost(self, x: np.ndarray) -> np.ndarray:
        """1/2 a x^2 + b x (device) $."""
        return (self.quadratic / 2 * x + self.linear) * x

    def value(self, price: float | np.ndarray) -> np.ndarray:
        """min_x cost - l x (device) $, minus what the device earns at the price."""
        x = self.respond(price)
        return self.cost(x) - price * x

    def breakpoints(self) -> np.ndarray:
        """The prices, sorted, between which every answer is affine: b_i and b_i + a_i xbar_i (2 device)."""
        return np.sort(np.concatenate([self.linear, self.full_price]))

    def check_requirement(self, requirement: float, name: str = "requirement") -> None:
        """ValueError unless the devices together can reduce exactly `requirement` kW."""
        most = float(self.limit.sum())
        if not 0 <= requirement <= most * (1 + 1e-12):
            raise ValueError(
                f"{name} is {requirement:g} kW; it must be between 0 and {most:g} kW, all that users can reduce"
            )

    def clearing_price(self, requirement: float) -> float:
        """The lowest price l >= min b with sum_i x_i(l) = requirement, exact: binary search among the breakpoints.

        The dual of sum_i x_i = R in min sum_i cost. ValueError if the devices cannot reduce that much.
        """
        self.check_requirement(requirement)
        points = self.breakpoints()
        low, high = 0, len(points) - 1
        while low < high:
            middle = (low + high) // 2
            enough = self.respond(points[middle]).sum() >= requirement
            low, high = (low, middle) if enough else (middle + 1, high)
        if low == 0:
            return float(points[0])
        before = self.respond(points[low - 1]).sum()
        share = (requirement - before) / (self.respond(points[low]).sum() - before)
        return float(points[low - 1] + min(share, 1.0) * (points[low] - points[low - 1]))


@dataclass(frozen=True)
class Loads:
    """Devices that move load between T steps without changing its energy: a (device), d (device, time), xbar (device).

    ValueError names a device that is not strictly convex or whose wanted load is outside its limits.
    """

    discomfort: np.ndarray
    wanted: np.ndarray
    limit: np.ndarray

    def __post_init__(self):
        _refuse("discomfort", self.discomfort, ~(np.isfinite(self.discomfort) & (self.discomfort > 0)), "above 0")
        outside = ~((self.wanted >= 0) & (self.wanted <= self.limit[:, None])).all(axis=1)
        _refuse("wanted load", self.wanted.max(axis=1), outside, "between 0 and the device's limit in every step")

    @cached_property
    def energy(self) -> np.ndarray:
        """E_i = sum_t d_it (device) kWh."""
        return self.wanted.sum(axis=1)

    def respond(self, price: np.ndarray) -> np.ndarray:
        """x_it (device, time) kW at the prices l_t (time) $/kWh."""
        return nearest_of_energy(self.wanted - np.outer(1 / self.discomfort, price), self.limit, self.energy)

    def proximal(self, target: np.ndarray, rho: float) -> np.ndarray:
        """argmin_x 1/2 a |x - d|^2 + rho/2 |x - v|^2 within limits and energy (device, time) kW, v the target."""
        a = self.discomfort[:, None]
        return nearest_of_energy((a * self.wanted + rho * target) / (a + rho), self.limit, self.energy)

    def free(self, x: np.ndarray) -> np.ndarray:
        """Which x_it are strictly inside the limits (device, time), by more than INSIDE of the limit.

        At equal prices every load that is wanted at a limit is there with the multiplier 0: rounding must not decide.
        """
        room = INSIDE * self.limit[:, None]
        return (x > room) & (x < self.limit[:, None] - room)

    def sensitivity(self, x: np.ndarray) -> np.ndarray:
        """S_i = -dx_i/dl at the answer x (device, time, time) kW per $/kWh; symmetric, positive semidefinite, S_i 1 = 0."""
        free = self.free(x).astype(float)
        share = free / np.maximum(free.sum(axis=1, keepdims=True), 1)
        alone = free[:, :, None] * np.eye(x.shape[1])
        return (alone - free[:, :, None] * share[:, None, :]) / self.discomfort[:, None, None]

    def total_sensitivity(self, x: np.ndarray) -> np.ndarray:
        """sum_i S_i (time, time) kW per $/kWh, as an edge adds them up."""
        free = self.free(x)
        scale = 1 / np.sqrt(self.discomfort * np.maximum(free.sum(axis=1), 1))
        scaled = free * scale[:, None]
        return np.diag((1 / self.discomfort) @ free) - scaled.T @ scaled

    def cost(self, x: np.ndarray) -> np.ndarray:
        """1/2 a |x - d|^2 (device) $."""
        moved = x - self.wanted
        return self.discomfort / 2 * np.einsum("it,it->i", moved, moved)

    def value(self, price: np.ndarray, x: np.ndarray) -> np.ndarray:
        """min_x cost + l'x (device) $, x being the answer to the prices."""
        return self.cost(x) + x @ price


def nearest_of_energy(wish: np.ndarray, limit: np.ndarray, energy: np.ndarray) -> np.ndarray:
    """The point of {0 <= x <= limit, sum_t x = energy} nearest to each wish (device, time): clip(wish - m_i, 0, limit_i).

    The multiplier m_i is the root of a falling, piecewise linear function. RuntimeError if it is not found to ENERGY.
    """
    nearest = np.empty_like(wish)
    for first in range(0, len(wish), AT_ONCE):
        part = slice(first, first + AT_ONCE)
        nearest[part] = _nearest(np.ascontiguousarray(wish[part].T), limit[part], energy[part]).T
    return nearest


def _nearest(wish: np.ndarray, limit: np.ndarray, energy: np.ndarray) -> np.ndarray:
    """nearest_of_energy of some devices (time, device): Newton from where all steps are free, bisection where that leaves the
    bracket, for all devices at once."""
    low, high = wish.min(axis=0) - limit, wish.max(axis=0)
    shift = np.clip((wish.sum(axis=0) - energy) / len(wish), low, high)
    near = ENERGY * np.maximum(energy, limit)
    for _ in range(STEPS):
        x = np.clip(wish - shift, 0, limit)
        excess = x.sum(axis=0) - energy
        middle = (low + high) / 2
        left = (np.abs(excess) > near) & (low < middle) & (middle < high)  # else no double is nearer to the root
        if not left.any():
            return x
        low, high = np.where(left & (excess > 0), shift, low), np.where(left & (excess < 0), shift, high)
        inside = ((x > 0) & (x < limit)).sum(axis=0)
        newton = shift + excess / np.maximum(inside, 1)
        kept = (inside > 0) & (low < newton) & (newton < high)
        shift = np.where(left, np.where(kept, newton, (low + high) / 2), shift)
    raise RuntimeError(f"no multiplier meets the energy of {left.sum()} devices in {STEPS} steps")


def _refuse(what: str, values: np.ndarray, wrong: np.ndarray, must: str) -> None:
    if wrong.any():
        device = int(np.argmax(wrong))
        raise ValueError(f"{what} of device {device} is {values[device]:g}; it must be {must}")
