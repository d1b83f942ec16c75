"""A schedule of aggregates taken apart over the batteries of a finer level: what they can follow (chapter 7.4.2).

    min sum_gt |P_gt - sum_{i in g} (ch_it - dis_it)|    over all schedules of the batteries i that keep their limits and trips.

This linear program may let a battery charge and discharge in one hour, which burns energy to follow a schedule that a full
battery cannot. Its optimum is so a lower bound. Where batteries do that their discharging is closed in that hour and the
program is solved again until none does: a schedule that can be kept, whose deviation is an upper bound.
"""

from typing import NamedTuple

import numpy as np
import scipy.sparse as sp

from sharegrid.optimise.highs import LiveProgram, Program
from sharegrid.optimise.program import SplitModel

BOTH = 1e-9  # MW; less is what a solver leaves of zero


class Followed(NamedTuple):
    """Columns of the fine program, their deviation from the schedule, and a lower bound of any deviation, MWh."""

    x: np.ndarray
    deviation: float
    bound: float


def disaggregated(split: SplitModel, program: Program, owner: np.ndarray, net: np.ndarray) -> Followed:
    """How the batteries of a fine level follow the net charging `net` (group, time) MW.

    split, program: the fine level's market of one scenario; owner: number of the group of each of its batteries.
    """
    charge, discharge, battery, hour = _columns(split)
    engine = LiveProgram(
        _program(program, (charge, discharge), owner[battery] * net.shape[1] + hour, net), "disaggregation"
    )
    solved = engine.solve()
    bound, closed = solved.objective, np.zeros(len(discharge), bool)
    while (both := np.minimum(solved.x[charge], solved.x[discharge]) > BOTH).any():
        closed |= both
        columns = discharge[closed]
        engine.set_column_bounds(columns, np.zeros(len(columns)), np.zeros(len(columns)))
        solved = engine.solve()
    return Followed(solved.x[: len(program.cost)], max(0.0, solved.objective), max(0.0, bound))


def _columns(split: SplitModel) -> tuple[np.ndarray, ...]:
    """Columns of charging and of discharging, and their battery and hour."""
    charge, discharge = (
        split.variables[name].position.transpose("participant", "time").values for name in ("charge", "discharge")
    )
    battery, hour = np.nonzero(charge >= 0)
    return charge[battery, hour], discharge[battery, hour], battery, hour


def _program(program: Program, columns: tuple[np.ndarray, np.ndarray], rows: np.ndarray, net: np.ndarray) -> Program:
    """The fine program with the deviation below and above in each row of `net` as its cost; rows: that of each column."""
    count, shape = len(program.cost), (net.size, len(program.cost))
    followed = sum(
        sp.csr_matrix((np.full(len(rows), sign), (rows, own)), shape=shape)
        for own, sign in zip(columns, (1.0, -1.0), strict=True)
    )
    none, one = sp.csr_matrix((program.matrix.shape[0], net.size)), sp.identity(net.size)
    zero = np.zeros(2 * net.size)
    return Program(
        cost=np.concatenate([np.zeros(count), zero + 1]),
        lower=np.concatenate([program.lower, zero]),
        upper=np.concatenate([program.upper, zero + np.inf]),
        matrix=sp.bmat([[program.matrix, none, none], [followed, one, -one]], format="csr"),
        row_lower=np.concatenate([program.row_lower, net.ravel()]),
        row_upper=np.concatenate([program.row_upper, net.ravel()]),
    )
