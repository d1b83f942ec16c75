"""First-order methods on the dual of demand response: the price follows the mismatch r, with a step that has to be chosen.

    gradient     l <- l + (s/L) r(l)
    subgradient  l <- l + (s/L) r(l) / sqrt(k)            in round k
    nesterov     l+ = y + (s/L) r(y),  t+ = (1 + sqrt(1 + 4 t^2))/2,  y+ = l+ + (t - 1)/t+ (l+ - l),  t_1 = 1
    restart      as nesterov, with t = 1 where r(y)'(l+ - l) < 0

L = sum_i 1/a_i (+ 1/A) is the largest slope of r, knowledge of the whole that edges tell once; s is the step factor. With s <= 1
gradient and Nesterov's method converge; a larger s may be faster or never end. (Nesterov, Soviet Math. Dokl. 27:372-376, 1983;
O'Donoghue and Candes, Found. Comput. Math. 15:715-732, 2015, for the restart)
"""

from typing import Annotated, Literal

import numpy as np
import xarray as xr
from pydantic import Field

from sharegrid.coordination.central import Results
from sharegrid.coordination.price_methods import AnyProgram, PriceMethod
from sharegrid.coordination.price_runs import Setting, coordinated
from sharegrid.coordination.rounds import Messages, Progress

ALGORITHMS = ("gradient", "subgradient", "nesterov", "restart")


def coordinate(
    results: Results,
    *,
    algorithm: Literal["gradient", "subgradient", "nesterov", "restart"],
    steps: Annotated[
        dict[str, list[Annotated[float, Field(gt=0, allow_inf_nan=False)]]],
        Field(min_length=1),
    ],
    edges: Annotated[int, Field(ge=1)] = 1,
    delay_ms: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 20.0,
    edge_compute_ms: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 5.0,
    rounds: Annotated[int, Field(ge=1)] = 5000,
    tolerance: Annotated[float, Field(gt=0, lt=1)] = 1e-6,
    kept_rounds: Annotated[int, Field(ge=1)] = 150,
) -> xr.Dataset:
    """Runs until the mismatch is below `tolerance` of what is asked for, or of the largest load; see price_runs.coordinated.

    steps: name or pattern of populations -> step factors s. `delay_ms` per hop and `edge_compute_ms` per round are of the
    latency's model.
    """
    setting = Setting("first-order", edges, delay_ms, edge_compute_ms, rounds, tolerance, kept_rounds)
    return coordinated(results, steps, setting, lambda program, step: FirstOrder(program, tolerance, algorithm, step))


class FirstOrder(PriceMethod):
    """The methods of this module; edges tell totals, and once their part of L."""

    told_once = 1

    def __init__(self, program: AnyProgram, tolerance: float, algorithm: str, step: float):
        super().__init__(program, tolerance)
        if algorithm not in ALGORITHMS:
            raise ValueError(f"first-order: no algorithm '{algorithm}'; known: {', '.join(ALGORITHMS)}")
        if not 0 < step < np.inf:
            raise ValueError(f"first-order: step {step:g} cannot be; it must be above 0 and finite")
        self._algorithm, self._step = algorithm, step / program.steepest
        self._point, self._inertia, self._round = self.price, 1.0, 0  # l and t of Nesterov's method

    def update(self, told: Messages) -> tuple[Messages, Progress]:
        """The next prices, and the mismatch of the last ones."""
        self._round += 1
        mismatch = self.program.mismatch(self.price, self._sum(told))
        progress = self._progress(mismatch)
        if not progress.done:
            self.price = self._next(mismatch)
        return self._broadcast(self.price), progress

    def _next(self, mismatch: np.ndarray) -> np.ndarray:
        if self._algorithm == "gradient":
            return self.price + self._step * mismatch
        if self._algorithm == "subgradient":
            return self.price + self._step / np.sqrt(self._round) * mismatch
        return self._accelerated(mismatch)

    def _accelerated(self, mismatch: np.ndarray) -> np.ndarray:
        point = self.price + self._step * mismatch
        moved = point - self._point
        if self._algorithm == "restart" and mismatch @ moved < 0:
            self._inertia = 1.0
        later = (1 + np.sqrt(1 + 4 * self._inertia**2)) / 2
        price = point + (self._inertia - 1) / later * moved
        self._point, self._inertia = point, later
        return price
