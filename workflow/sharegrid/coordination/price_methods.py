"""Methods of a cloud that tells prices to edges: what they share.

One round: the cloud tells prices (T numbers to each edge), every edge answers with sums over its devices. A trial price that a
line search rejects has cost a round too.
"""

import numpy as np

from sharegrid.coordination.edge_programs import LoadProgram, ReductionProgram
from sharegrid.coordination.rounds import Messages, Progress

AnyProgram = ReductionProgram | LoadProgram


class PriceMethod:
    """A method of coordination/rounds.py in which every edge hears the same numbers; members are the edges."""

    told_once = 0
    """Numbers that each edge tells once before the first round."""

    def __init__(self, program: AnyProgram, tolerance: float):
        self.program, self._tolerance = program, tolerance
        self.price = np.array(program.start)
        self.prices: list[np.ndarray] = []  # of each round
        self.floats_up = 0

    def initialise(self) -> Messages:
        """All edges hear the first prices."""
        return self._broadcast(self.price)

    def local_solve(self, member: int, heard: np.ndarray) -> np.ndarray:
        """Prices -> what the edge's devices do in all."""
        self.program.respond(member, heard)
        return self.program.total(member)

    def _broadcast(self, told: np.ndarray) -> Messages:
        return [told] * len(self.program.parts)

    def _sum(self, told: Messages) -> np.ndarray:
        """The sum of what edges tell; the prices of the round are noted."""
        self.floats_up += sum(map(len, told))
        self.prices.append(self.price)
        return np.sum(told, axis=0)

    def _progress(self, mismatch: np.ndarray, **known) -> Progress:
        """Cost if everybody did what it just answered, and the largest mismatch relative to the scale of the program."""
        relative = float(np.abs(mismatch).max()) / (self.program.scale or 1.0)
        return Progress(self.program.cost(), primal_residual=relative, **{"done": relative <= self._tolerance} | known)
