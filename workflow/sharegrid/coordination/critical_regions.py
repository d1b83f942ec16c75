"""A device that is any strictly convex quadratic program, its answer to prices, and where that answer is affine.

    x(l) = argmin 1/2 x'Q x + c'x + l'x   s.t.  G x <= h,  H x = e,      Q > 0
    K = [Q, A_W'; A_W, 0],   A_W the rows of H and of the active G:   dx/dl = -[K^-1]_xx = -S,   S = N (N'Q N)^-1 N',  A_W N = 0

x(l) is piecewise affine and continuous; it is affine on the *critical region* {l : slacks of inactive rows >= 0, multipliers of
active rows >= 0}, a polyhedron. S is symmetric and positive semidefinite. (Bemporad, Morari, Dua, Pistikopoulos, Automatica
38:3-20, 2002) Where a row is weakly active (multiplier 0) x(l) has a kink: the row is left out, which gives one element of the
generalised Jacobian. Where active rows depend on each other their multipliers are those of least squares.

The program is solved as the search for the nearest point of a polyhedron, by non-negative least squares (Lawson and Hanson,
Solving Least Squares Problems, 1974, chapter 23), and then once more from its active rows, to rounding.

As the method of a study: the intervals of the price on which the reduction of a user is affine, and its slope there.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated

import numpy as np
import xarray as xr
from pydantic import Field
from scipy.linalg import cho_factor, cho_solve, null_space, solve_triangular
from scipy.optimize import nnls

from sharegrid.coordination.central import Results
from sharegrid.coordination.edge_programs import of_population
from sharegrid.coordination.rounds import described

WEAK = 1e-9  # multiplier up to which an active row is weakly active
NEAR = 1e-9  # relative violation of a row that is none
PAST = 1e-7  # how far past the end of an interval the next one begins to be looked for, relative to the range
DESCRIBED = {
    "interval_low": ("$/kWh", "price at which the interval begins"),
    "interval_high": ("$/kWh", "price at which the interval ends"),
    "interval_slope": ("kW^2h/$", "change of the reduction with the price"),
}


def coordinate(
    results: Results,
    *,
    population: str,
    highest_price: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None,
) -> xr.Dataset:
    """interval_low, interval_high and interval_slope (user, interval) of a population with program single, from the price 0 to
    `highest_price` [$/kWh], by default the one at which all users give all that they can; missing after a user's last interval.

    ValueError if there is no such population, or it has another program.
    """
    data = results["data"]
    known = data["population"].values.astype(str).tolist() if "population" in data.coords else []
    if population not in known:
        raise ValueError(f"critical-regions: no population '{population}'; known: {', '.join(known) or 'none'}")
    program = of_population(data, population)
    if len(program.start) > 1:
        raise ValueError(
            f"critical-regions: '{population}' has {len(program.start)} prices; name one of program single"
        )
    own = program.devices
    highest = float(own.full_price.max()) if highest_price is None else highest_price
    users = [reduction_device(*one) for one in zip(own.quadratic, own.linear, own.limit, strict=True)]
    found = [intervals(user, np.zeros(1), -np.ones(1), 0.0, highest) for user in users]
    table = np.full((len(DESCRIBED), len(users), max(map(len, found))), np.nan)
    for k, rows in enumerate(found):
        for j, (low, high, region) in enumerate(rows):
            table[:, k, j] = low, high, region.sensitivity[0, 0]
    arrays = {name: (("user", "interval"), values) for name, values in zip(DESCRIBED, table, strict=True)}
    coords = {"user": np.arange(1, len(users) + 1), "interval": np.arange(1, table.shape[2] + 1)}
    return described(xr.Dataset(arrays, coords), DESCRIBED, data.attrs["money"])


@dataclass(frozen=True)
class QuadraticDevice:
    """Q (n, n), c (n), G (m, n), h (m), H (k, n), e (k) of the program; ValueError unless Q is symmetric and positive definite
    and some x meets H x = e."""

    quadratic: np.ndarray
    linear: np.ndarray
    inequality: np.ndarray
    limit: np.ndarray
    equality: np.ndarray
    given: np.ndarray

    def __post_init__(self):
        if not np.allclose(self.quadratic, self.quadratic.T):
            raise ValueError("the quadratic cost of a device is not symmetric")
        if np.linalg.eigvalsh(self.quadratic).min() <= 0:
            raise ValueError("the quadratic cost of a device is not positive definite; its answer would not be unique")
        if not np.allclose(self.equality @ self._particular, self.given):
            raise ValueError("the equalities of a device contradict each other")

    @cached_property
    def _particular(self) -> np.ndarray:
        return np.linalg.lstsq(self.equality, self.given, rcond=None)[0] if len(self.given) else 0 * self.linear

    @cached_property
    def _free(self) -> np.ndarray:
        """Directions along which the equalities hold (n, n - rank)."""
        return null_space(self.equality) if len(self.given) else np.eye(len(self.linear))

    def answer(self, price: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """x(l) (n) and the numbers of the strongly active rows of G. ValueError if no x meets all rows."""
        active = np.flatnonzero(self._multipliers(price) > WEAK)
        x, multipliers = self._from_active(price, active)
        strong = active[multipliers > WEAK]
        size = np.maximum(1.0, np.abs(self.inequality) @ np.abs(x))
        if len(self.limit) and (self.inequality @ x - self.limit > NEAR * size).any():
            raise RuntimeError("the active rows of a device were not found; its rows may be badly scaled")
        return x, strong

    def _multipliers(self, price: np.ndarray) -> np.ndarray:
        """Multipliers of G: the nearest point v of {M v <= k} is -M'u, u the multipliers, v = L'w + L^-1 q, x = x0 + Z w."""
        if not len(self.limit) or not self._free.shape[1]:
            return np.zeros(len(self.limit))
        free, start = self._free, self._particular
        lower = np.linalg.cholesky(free.T @ self.quadratic @ free)
        slope = solve_triangular(lower, free.T @ (self.quadratic @ start + self.linear + price), lower=True)
        rows = solve_triangular(lower, (self.inequality @ free).T, lower=True)  # M'
        room = self.limit - self.inequality @ start + rows.T @ slope
        target = np.append(np.zeros(len(rows)), 1.0)
        found, _ = nnls(-np.vstack([rows, room]), target)
        missing = 1 + room @ found
        if missing <= NEAR * (1 + np.abs(room) @ found):
            raise ValueError("no schedule of a device meets all its rows")
        return found / missing

    def _from_active(self, price: np.ndarray, active: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """x and the multipliers of the active rows of G, from the equations of K, by least squares."""
        rows = np.vstack([self.equality, self.inequality[active]])
        count = len(rows)
        matrix = np.block([[self.quadratic, rows.T], [rows, np.zeros((count, count))]])
        right = np.concatenate([-self.linear - price, self.given, self.limit[active]])
        solution = np.linalg.lstsq(matrix, right, rcond=None)[0]
        return solution[: len(price)], solution[len(price) + len(self.given) :]

    def region(self, price: np.ndarray) -> "Region":
        """The critical region of the prices (n), on which the answer is affine."""
        x, active = self.answer(price)
        rows = np.vstack([self.equality, self.inequality[active]])
        inside = null_space(rows) if len(rows) else np.eye(len(x))
        sensitivity = inside @ cho_solve(cho_factor(inside.T @ self.quadratic @ inside), inside.T) if inside.size else (
            np.zeros_like(self.quadratic)
        )  # fmt: skip
        idle = np.setdiff1d(np.arange(len(self.limit)), active)
        change = np.linalg.pinv(rows.T) @ (
            np.eye(len(x)) - self.quadratic @ sensitivity
        )  # minus that of the multipliers
        multipliers = self._from_active(price, active)[1]
        matrix = np.vstack([-self.inequality[idle] @ sensitivity, change[len(self.given) :]])
        room = np.concatenate([self.limit[idle] - self.inequality[idle] @ x, multipliers])
        return Region(price, x, sensitivity, matrix, np.maximum(room, 0.0) + matrix @ price)


@dataclass(frozen=True)
class Region:
    """A critical region {l : matrix l <= right}, and the affine answer x - S (l - price) on it."""

    price: np.ndarray
    x: np.ndarray
    sensitivity: np.ndarray
    matrix: np.ndarray
    right: np.ndarray

    def answer(self, price: np.ndarray) -> np.ndarray:
        """The answer to prices of the region."""
        return self.x - self.sensitivity @ (price - self.price)

    def contains(self, price: np.ndarray, tolerance: float = 1e-9) -> bool:
        """Whether prices belong to the region."""
        return bool((self.matrix @ price <= self.right + tolerance).all())

    def interval(self, start: np.ndarray, direction: np.ndarray) -> tuple[float, float]:
        """(lowest, highest) s with start + s direction in the region; start need not be."""
        speed, room = self.matrix @ direction, self.right - self.matrix @ start
        still = np.abs(speed) <= 1e-12 * (1 + np.abs(self.matrix) @ np.abs(direction))
        ends = room[~still] / speed[~still]
        ahead = speed[~still] > 0
        return float(ends[~ahead].max(initial=-np.inf)), float(ends[ahead].min(initial=np.inf))


def intervals(
    device: QuadraticDevice, start: np.ndarray, direction: np.ndarray, low: float, high: float
) -> list[tuple[float, float, Region]]:
    """(from, to, region) of the regions along start + s direction, s from `low` to `high`; together they cover it.

    A region shorter than PAST of the range is taken into the next one.
    """
    found, at, past = [], low, PAST * (high - low)
    while at < high:
        probe = min(at + past, high)
        region = device.region(start + probe * direction)
        end = min(max(region.interval(start, direction)[1], probe), high)
        found.append((at, end, region))
        at = end
    return found


def reduction_device(quadratic: float, linear: float, limit: float) -> QuadraticDevice:
    """A reduction of device_responses.Reductions: 0 <= x <= limit; it answers minus the price that it is paid."""
    none = np.zeros((0, 1))
    return QuadraticDevice(np.array([[quadratic]]), np.array([linear]), np.array([[1.0], [-1.0]]),
                           np.array([limit, 0.0]), none, np.zeros(0))  # fmt: skip


def load_device(discomfort: float, wanted: np.ndarray, limit: float) -> QuadraticDevice:
    """A load of device_responses.Loads: 0 <= x <= limit, and the energy of `wanted` (time)."""
    one = np.eye(len(wanted))
    rows, most = np.vstack([one, -one]), np.concatenate([np.full(len(wanted), limit), np.zeros(len(wanted))])
    energy = np.ones((1, len(wanted)))
    return QuadraticDevice(discomfort * one, -discomfort * wanted, rows, most, energy, energy @ wanted)
