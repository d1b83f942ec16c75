"""Lagrangian multiplier optimal selection: the cloud takes the prices at which the present affine answers would balance.

Answers of devices are piecewise affine, so this is a semismooth Newton step on the dual (Qi and Sun, Math. Programming
58:353-367, 1993). It ends in finitely many rounds with a safeguard, and may cycle for ever without one:
    one price    a bracket [lo, hi] around the root: next = l + r / sum s, its middle where that is not inside or sum s = 0
    many prices  direction d = (sum S + I/A)^-1 r; step 1, halved until phi(new) >= phi + 1e-4 step r'd   (Armijo)

r mismatch, s and S sensitivities of the answers, phi the dual function, whose value edges tell for the line search. Every price
that is tried is a round. Our reading of J. Wang, H. Zhong, X. Lai et al., Applied Energy 2017, whose full text was not found.
"""

import numpy as np

from sharegrid.coordination.edge_programs import LoadProgram, ReductionProgram
from sharegrid.coordination.price_methods import AnyProgram, PriceMethod
from sharegrid.coordination.rounds import Messages, Progress, run

ARMIJO = 1e-4
SLACK = 1e-12  # relative rounding of phi
EXACT, MOST = 1e-11, 200  # relative mismatch of prices that count as exact, and rounds until then


class BracketedNewton(PriceMethod):
    """The method for one price. Edges tell the total and its sensitivity; before, once, the two ends of the bracket."""

    told_once = 2

    def __init__(self, program: ReductionProgram, tolerance: float):
        super().__init__(program, tolerance)
        devices = program.devices
        self._low, self._high = float(devices.linear.min()), float(devices.full_price.max())

    def local_solve(self, member: int, heard: np.ndarray) -> np.ndarray:
        """Price -> sum x, sum s."""
        return np.append(super().local_solve(member, heard), self.program.sensitivity(member, heard))

    def update(self, told: Messages) -> tuple[Messages, Progress]:
        """The price at which the present answers balance, or the middle of the bracket."""
        total, sensitivity = self._sum(told)
        mismatch = self.program.mismatch(self.price, np.array([total]))
        progress, price = self._progress(mismatch), float(self.price[0])
        if mismatch[0] > 0:
            self._low = max(self._low, price)
        else:
            self._high = min(self._high, price)
        newton = price + mismatch[0] / sensitivity if sensitivity else np.nan
        inside = self._low < newton < self._high
        if not progress.done:
            self.price = np.array([newton if inside else (self._low + self._high) / 2])
        return self._broadcast(self.price), progress


class DualNewton(PriceMethod):
    """The method for many prices. Edges tell totals, the upper triangle of their sensitivity, and their part of phi."""

    def __init__(self, program: LoadProgram, tolerance: float, safeguarded: bool = True):
        """Without `safeguarded` every step is accepted, and the method may cycle."""
        super().__init__(program, tolerance)
        self._safeguarded, self._step = safeguarded, 1.0
        self._base, self._value, self._slope = self.price, -np.inf, 0.0  # accepted prices, phi there, r'd
        self._direction = np.zeros(len(self.price))

    def local_solve(self, member: int, heard: np.ndarray) -> np.ndarray:
        """Prices -> sum x, sum S by its upper triangle, sum of the least costs at the prices."""
        total = super().local_solve(member, heard)
        return np.concatenate([total, self.program.sensitivity(member, heard), self.program.value(member, heard)])

    def update(self, told: Messages) -> tuple[Messages, Progress]:
        """A new direction where the step is accepted, half of the step where it is not."""
        told_sum, steps = self._sum(told), len(self.price)
        mismatch = self.program.mismatch(self.price, told_sum[:steps])
        value = told_sum[-1] + self.program.supply_value(self.price)
        enough = self._value + ARMIJO * self._step * self._slope - SLACK * abs(value)
        accepted = not self._safeguarded or value >= enough
        progress = self._progress(mismatch, lower_bound=value)
        if accepted:
            self._base, self._value, self._step = self.price, value, 1.0
            self._direction = self._newton(mismatch, told_sum[steps:-1])
            self._slope = float(mismatch @ self._direction)
        else:
            self._step /= 2
        if not progress.done:
            self.price = self._base + self._step * self._direction
        return self._broadcast(self.price), progress

    def _newton(self, mismatch: np.ndarray, triangle: np.ndarray) -> np.ndarray:
        """(sum S + I/A)^-1 r."""
        matrix = np.zeros((len(mismatch), len(mismatch)))
        matrix[np.triu_indices(len(matrix))] = triangle
        matrix += np.triu(matrix, 1).T + np.eye(len(matrix)) / self.program.slope
        return np.linalg.solve(matrix, mismatch)


def newton(program: AnyProgram, tolerance: float) -> PriceMethod:
    """The method for the program."""
    kind = DualNewton if isinstance(program, LoadProgram) else BracketedNewton
    return kind(program, tolerance)


def exact_price(program: AnyProgram) -> np.ndarray:
    """The optimal prices (time) $/kWh: by breakpoints for one price, else by Newton's steps to a mismatch of EXACT.

    RuntimeError if these do not end.
    """
    if isinstance(program, ReductionProgram):
        return program.exact_price()
    method = DualNewton(program, EXACT)
    if not run(method, MOST).progress[-1].done:
        raise RuntimeError(f"the exact prices of {program.users} users were not found in {MOST} rounds")
    return method.price
