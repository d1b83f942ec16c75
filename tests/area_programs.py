"""Random programs of areas with ties, for the tests of coordination by shared columns."""

import numpy as np
import scipy.sparse as sp

from sharegrid.optimise.highs import Program

VOLL = 500.0


def random_areas(seed: int, areas: int = 3, ties: int = 4, quadratic: bool = False, units: int = 6):
    """Areas with units, reserve and lost load; ties send from one area to another, either way. (program, shared columns).

    Rows of each area: balance; reserve for a share of what arrives. Columns: what is sent (two per tie), then per area units,
    reserve, lost load, missing reserve, spilled power.
    """
    rng = np.random.default_rng(seed)
    ends = [(k % areas, (k + 1 + rng.integers(areas - 1)) % areas) for k in range(ties)]
    sent = sp.lil_matrix((2 * areas, 2 * ties))
    for k, (a, b) in enumerate(ends):
        for column, start, end in ((2 * k, a, b), (2 * k + 1, b, a)):
            sent[2 * start, column] = -1
            sent[2 * end, column] += 0.97
            sent[2 * end + 1, column] = -0.3
    one = sp.csr_matrix(np.vstack([np.r_[np.ones(units), np.zeros(units), 1, 0, -1],
                                   np.r_[np.zeros(units), np.ones(units), 0, 1, 0]]))  # fmt: skip
    headroom = sp.hstack([sp.identity(units), sp.identity(units), sp.csr_matrix((units, 3))])
    count = areas * (2 * units + 3)
    matrix = sp.vstack([sp.hstack([sent, sp.block_diag([one] * areas)]),
                        sp.hstack([sp.csr_matrix((areas * units, 2 * ties)), sp.block_diag([headroom] * areas)])])  # fmt: skip
    level = rng.uniform(0.5, 1.5, areas)
    cost = [np.r_[a * rng.uniform(10, 40, units), rng.uniform(1, 6, units), VOLL, 200.0, 1.0] for a in level]
    capacity = [rng.uniform(10, 40, units) for _ in range(areas)]
    demand = [rng.uniform(0.4, 0.8) * one.sum() for one in capacity]
    upper = [np.r_[own, 0.2 * own, load, np.inf, np.inf] for own, load in zip(capacity, demand, strict=True)]
    curved = np.zeros(2 * ties + count)
    if quadratic:
        for k in range(areas):
            first = 2 * ties + k * (2 * units + 3)
            curved[first : first + units] = rng.uniform(0.02, 0.4, units)
    low = np.concatenate([np.r_[load, 0.0] for load in demand] + [np.full(areas * units, -np.inf)])
    high = np.concatenate([np.r_[load, np.inf] for load in demand] + capacity)
    program = Program(
        np.concatenate([np.zeros(2 * ties), *cost]),
        np.zeros(2 * ties + count),
        np.concatenate([np.repeat(rng.uniform(10, 40, ties), 2), *upper]),
        sp.csr_matrix(matrix),
        low,
        high,
        quadratic=curved if quadratic else None,
    )
    return program, np.arange(2 * ties)
