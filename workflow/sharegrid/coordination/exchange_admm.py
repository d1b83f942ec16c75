"""The alternating direction method of multipliers on demand response, in the form of an exchange or of sharing.

    x_i  <- argmin f_i(x) + rho/2 |x - (x_i - (xm - z) - u)|^2                       (devices; xm the mean of all x_i)
    z    <- R/N  (exchange: reductions that sum to R),  argmin g(N z) + N rho/2 |z - u - xm|^2  (sharing: loads with a supply)
    u    <- u + xm - z;  the price is rho u, or -rho u where users are paid it

Edges hear xm - z + u and tell their sum of x, T numbers each; all begin at 0. It ends where the totals agree to the tolerance,
and, exchange: the price is within 1e-4 of the exact one (a diagnosis that no participant could make), from the second round;
sharing: rho N |z - z before| is below the same tolerance. (Boyd et al., Found. Trends Mach. Learn. 3(1):1-122, 2011, section 7.3)
"""

from typing import Annotated

import numpy as np
import xarray as xr
from pydantic import Field

from sharegrid.coordination.central import Results
from sharegrid.coordination.edge_programs import ReductionProgram
from sharegrid.coordination.price_methods import AnyProgram, PriceMethod
from sharegrid.coordination.price_runs import Setting, coordinated
from sharegrid.coordination.rounds import Messages, Progress

PRICE = 1e-4  # relative distance to the exact price at which the exchange may end


def coordinate(
    results: Results,
    *,
    rho: Annotated[
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
    """Runs until the totals agree to `tolerance` of what is asked for, or of the largest load; see price_runs.coordinated.

    rho: name or pattern of populations -> penalties [$/kW^2h]. `delay_ms` per hop and `edge_compute_ms` per round are of the
    latency's model.
    """
    setting = Setting("exchange-admm", edges, delay_ms, edge_compute_ms, rounds, tolerance, kept_rounds)
    return coordinated(results, rho, setting, lambda program, value: ExchangeAdmm(program, tolerance, value))


class ExchangeAdmm(PriceMethod):
    """The method; `price` is the price that the multipliers stand for."""

    def __init__(self, program: AnyProgram, tolerance: float, rho: float):
        super().__init__(program, tolerance)
        if not 0 < rho < np.inf:
            raise ValueError(f"exchange-admm: rho {rho:g} cannot be; it must be above 0 and finite")
        self._rho, self._exchange = rho, isinstance(program, ReductionProgram)
        self._exact = program.exact_price() if self._exchange else None
        zero = np.zeros(len(program.start))
        self._mean, self._u = zero, zero
        self._accepted = program.accepted(zero, rho) if self._exchange else zero

    def initialise(self) -> Messages:
        """Nothing is done yet."""
        return self._shift()

    def local_solve(self, member: int, heard: np.ndarray) -> np.ndarray:
        """How far all together are from what is accepted, with the multipliers -> sum x of the edge's devices."""
        self.program.proximal(member, heard, self._rho)
        return self.program.total(member)

    def update(self, told: Messages) -> tuple[Messages, Progress]:
        """What the operator accepts, the multipliers and the price that follow."""
        users, before = self.program.users, self._accepted
        self._mean = np.sum(told, axis=0) / users
        self._accepted = self.program.accepted(self._u + self._mean, self._rho)
        self._u = self._u + self._mean - self._accepted
        self.price = self.program.price_of(self._rho * self._u)
        self._sum(told)
        scale = self.program.scale or 1.0
        change = self._rho * users * float(np.abs(self._accepted - before).max()) / scale
        progress = self._progress(users * (self._mean - self._accepted), dual_residual=change)
        progress.done = progress.done and (self._near() if self._exchange else change <= self._tolerance)
        return self._shift(), progress

    def _near(self) -> bool:
        """Whether the price is near the exact one, not before the second round."""
        near = np.abs(self.price - self._exact) <= PRICE * np.abs(self._exact)
        return len(self.prices) > 1 and bool(near.all())

    def _shift(self) -> Messages:
        return self._broadcast(self._mean - self._accepted + self._u)
