"""The worst coalition for given profits, without valuing all 2^n:

    max_S  sum_{i in S} u_i - (J(N without S) - J(N))

a mixed-integer program over the market's own model with a binary z_i = 1 if i is absent and lower (1 - z_i) <= x <=
upper (1 - z_i) for each column x of i. If all is shared, sum_N u = J(nobody) - J(N), it is also the largest excess
v(R) - sum_{i in R} u_i of a coalition R, the complement of S.
"""

from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from sharegrid.optimise.highs import LiveProgram, Program
from sharegrid.optimise.program import SplitModel


class Objection:
    """The mixed-integer program that finds the set of players with the largest objection to their profits."""

    def __init__(self, split: SplitModel, players: np.ndarray, everybody: float, *, most: int | None = None):
        """everybody: J(N). It is taken off, so that the objective is minus the largest objection and the solver's relative
        gap, of a number near zero, does not end the search early. most: from 1 to
        so many players are absent; any number if not given."""
        program, owned = split.program(0), [split.owned[who] for who in players]
        if program.quadratic is not None and program.quadratic.any():
            raise ValueError(
                "coalitions: core and least-core need linear costs; in the spot market use bid_mode: blocks"
            )
        limits = [bound[who] for who in owned for bound in (program.lower, program.upper)]
        if not np.isfinite(np.concatenate(limits)).all():
            raise ValueError("coalitions: core and least-core need finite limits of everything that a participant owns")
        self._first = len(program.cost)
        self._binaries = np.arange(self._first, self._first + len(players))
        label = f"scenario {split.scenarios[0]}, core separation"
        self._live = LiveProgram(replace(_with_absence(program, owned), constant=program.constant - everybody), label)
        if most is not None:
            absence = sp.csr_matrix((np.ones(len(players)), (np.zeros(len(players), int), self._binaries)))
            self._live.add_rows(absence, np.array([1.0]), np.array([float(most)]))

    def find(self, profit: np.ndarray) -> np.ndarray:
        """The absent (player) that object most to `profit` (player): without them the others lose less than they get."""
        self._live.set_costs(self._binaries, -profit)
        return self._live.solve(cold=True).x[self._first :] > 0.5


def _with_absence(program: Program, owned: list[np.ndarray]) -> Program:
    """The program with a binary z per player and, for each of its columns x, lower (1 - z) <= x <= upper (1 - z)."""
    columns, count = np.concatenate(owned), len(owned)
    lower, upper = program.lower[columns], program.upper[columns]
    row, owner = np.arange(len(columns)), np.repeat(np.arange(count), [len(one) for one in owned])
    present = sp.csr_matrix((np.ones(len(row)), (row, columns)), (len(row), len(program.cost)))
    absent = [sp.csr_matrix((bound, (row, owner)), (len(row), count)) for bound in (lower, upper)]
    integer = np.zeros(len(program.cost), bool) if program.integer is None else program.integer
    least, most = program.lower.copy(), program.upper.copy()
    least[columns], most[columns] = np.minimum(lower, 0), np.maximum(upper, 0)  # 0 is for the absent
    return Program(
        cost=np.append(program.cost, np.zeros(count)),
        lower=np.append(least, np.zeros(count)),
        upper=np.append(most, np.ones(count)),
        matrix=sp.bmat([[program.matrix, None], [present, absent[0]], [present, absent[1]]], format="csr"),
        row_lower=np.concatenate([program.row_lower, lower, np.full(len(upper), -np.inf)]),
        row_upper=np.concatenate([program.row_upper, np.full(len(lower), np.inf), upper]),
        integer=np.append(integer, np.ones(count, bool)),
    )
