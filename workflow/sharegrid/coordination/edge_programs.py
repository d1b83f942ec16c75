"""Demand response programs as a cloud sees them: edges that answer for their devices with sums, and one mismatch to close.

    single        min sum_i f_i(x_i)             s.t. sum_i x_i = R       mismatch R - sum_i x_i(l)
    loose, tight  min sum_i f_i(x_i) + g(y)      s.t. sum_i x_i = y       mismatch sum_i x_i(l) - y(l),  g(y) = A/2 y^2 + B y

The mismatch is the gradient of the concave dual function at the prices l. Devices keep their costs, limits and answers to
themselves; an edge tells sums over its devices, so what the cloud hears does not depend on how devices are split into edges.
The largest slope of the mismatch, L = sum_i 1/a_i (+ 1/A), is knowledge of the whole that gradient methods need.
"""

from dataclasses import fields

import numpy as np
import xarray as xr

from sharegrid.coordination.device_responses import Loads, Reductions

SINGLE = "single"


class Program:
    """What both programs have in common: devices behind edges, and the answers that these keep."""

    start: np.ndarray
    """Prices (time) $/kWh at which every method begins."""
    scale: float
    """Size of the mismatch that tolerances are relative to [kW]."""

    def __init__(self, devices: Reductions | Loads, edges: int):
        self.users = len(devices.limit)
        if not 1 <= edges <= self.users:
            raise ValueError(f"edges is {edges}; it must be between 1 and {self.users}, the number of users")
        self.devices, self.parts = devices, _split(devices, edges)
        self.answers = [np.zeros_like(_shape(part)) for part in self.parts]

    def total(self, edge: int) -> np.ndarray:
        """sum_i x_i (time) kW of the edge's devices."""
        return np.atleast_1d(self.answers[edge].sum(axis=0))

    def respond(self, edge: int, price: np.ndarray) -> None:
        """The edge's devices answer the prices (time) $/kWh."""
        self.answers[edge] = self.parts[edge].respond(price)

    def proximal(self, edge: int, shift: np.ndarray, rho: float) -> None:
        """The edge's devices answer argmin f_i(x) + rho/2 |x - (x_i - shift)|^2, x_i what they did before."""
        self.answers[edge] = self.parts[edge].proximal(self.answers[edge] - shift, rho)

    def device_cost(self) -> float:
        """sum_i f_i(x_i) of what devices do [$]."""
        return float(sum(part.cost(x).sum() for part, x in zip(self.parts, self.answers, strict=True)))

    @property
    def all_answers(self) -> np.ndarray:
        """What all devices do (device) or (device, time) kW; nobody knows it."""
        return np.concatenate(self.answers)


class ReductionProgram(Program):
    """Reductions in one hour that sum to R; what is lacking costs `voll`. ValueError if R is more than there is."""

    def __init__(self, devices: Reductions, requirement: float, voll: float, edges: int = 1):
        super().__init__(devices, edges)
        devices.check_requirement(requirement)
        self.requirement, self._voll = requirement, voll
        self.start, self.scale = np.zeros(1), requirement
        self.steepest = float((1 / devices.quadratic).sum())

    def sensitivity(self, edge: int, price: np.ndarray) -> np.ndarray:
        """sum_i dx_i/dl (1) kW per $/kWh of the edge's devices."""
        return np.atleast_1d(self.parts[edge].sensitivity(price).sum())

    def mismatch(self, price: np.ndarray, total: np.ndarray) -> np.ndarray:
        """R - sum_i x_i (1) kW."""
        return self.requirement - total

    def accepted(self, wish: np.ndarray, rho: float) -> np.ndarray:
        """What the operator accepts per user (1) kW: R/N, whatever users wish."""
        return np.full(1, self.requirement / self.users)

    def price_of(self, multiplier: np.ndarray) -> np.ndarray:
        """The price whose payment is the multiplier of what users do: reductions are paid it."""
        return -multiplier

    def exact_price(self) -> np.ndarray:
        """The optimal price (1) $/kWh, by breakpoints."""
        return np.array([self.devices.clearing_price(self.requirement)])

    def cost(self) -> float:
        """Cost of what devices do, and of what is lacking [$]."""
        lacking = self.requirement - sum(x.sum() for x in self.answers)
        return self.device_cost() + self._voll * max(float(lacking), 0.0)


class LoadProgram(Program):
    """Loads that move within T steps, supplied at the price A y + B_t. ValueError unless A > 0: prices would not be unique."""

    def __init__(self, devices: Loads, slope: float, base: np.ndarray, edges: int = 1):
        super().__init__(devices, edges)
        if not slope > 0:
            raise ValueError(f"the slope of the supply's price is {slope:g} $/kW^2h; it must be above 0")
        self.slope, self.base = slope, np.asarray(base, float)
        self.start, self.scale = self.base, float(devices.wanted.sum(axis=0).max())
        self.steepest = float((1 / devices.discomfort).sum() + 1 / slope)

    def sensitivity(self, edge: int, price: np.ndarray) -> np.ndarray:
        """sum_i S_i of the edge's devices, its upper triangle by rows (T (T + 1) / 2) kW per $/kWh."""
        total = self.parts[edge].total_sensitivity(self.answers[edge])
        return total[np.triu_indices(len(total))]

    def value(self, edge: int, price: np.ndarray) -> np.ndarray:
        """sum_i min_x f_i + l'x (1) $ of the edge's devices, which have answered the prices."""
        return np.array([self.parts[edge].value(price, self.answers[edge]).sum()])

    def mismatch(self, price: np.ndarray, total: np.ndarray) -> np.ndarray:
        """sum_i x_i - y (time) kW."""
        return total - (price - self.base) / self.slope

    def supply_value(self, price: np.ndarray) -> float:
        """sum_t min_y A/2 y^2 + B_t y - l_t y [$]."""
        return float(-np.square(price - self.base).sum() / (2 * self.slope))

    def accepted(self, wish: np.ndarray, rho: float) -> np.ndarray:
        """What the operator supplies per user (time) kW: argmin_z g(N z) + N rho/2 |z - wish|^2."""
        return (rho * wish - self.base) / (self.slope * self.users + rho)

    def price_of(self, multiplier: np.ndarray) -> np.ndarray:
        """The price whose payment is the multiplier of what users do: loads pay it."""
        return multiplier

    def cost(self) -> float:
        """Discomfort and the cost of supplying what devices take [$]."""
        y = sum(x.sum(axis=0) for x in self.answers)
        return self.device_cost() + float(((self.slope / 2 * y + self.base) * y).sum())


def of_population(data: xr.Dataset, name: str, edges: int = 1) -> ReductionProgram | LoadProgram:
    """The program of a population of demand response data, its devices split into `edges` of nearly equal size."""
    one = data.sel(population=name)
    first, users = int(one["population_first"]), int(one["population_users"])
    place = slice(first, first + users)
    if one["population_program"].item() == SINGLE:
        of = [data[f"reducer_{field}"].values[place] for field in ("quadratic", "linear", "limit")]
        return ReductionProgram(Reductions(*of), float(one["population_requirement"]), float(data["voll"].max()), edges)
    of = [data[f"mover_{field}"].values[place] for field in ("discomfort", "wanted", "limit")]
    return LoadProgram(Loads(*of), float(one["population_slope"]), one["population_base"].values, edges)


def _split(devices: Reductions | Loads, edges: int) -> list:
    arrays = [np.array_split(getattr(devices, field.name), edges) for field in fields(devices)]
    return [type(devices)(*part) for part in zip(*arrays, strict=True)]


def _shape(devices: Reductions | Loads) -> np.ndarray:
    return devices.wanted if isinstance(devices, Loads) else devices.limit
