"""Programs with owners for the tests of coordination: the community of ten users, and random ones."""

from functools import cache

import numpy as np
import scipy.sparse as sp

from communities import cleared, community
from sharegrid.coordination.central import split_of
from sharegrid.optimise.highs import Program

FAMILIES = {"capacity": {"label": "capacity {capacity_price}", "capacity_price": [0, 5], "users": [10]}}


@cache
def ten_users():
    """Data and optimum of ten users without and with a capacity price."""
    data = community(FAMILIES)
    return {"data": data, "cleared": cleared(data)}


def program_of(scenario: str) -> tuple[Program, list[np.ndarray]]:
    """The program of a scenario of ten_users and the columns of the users that take part."""
    split = split_of(ten_users(), scenario)
    return split.program(0), split.owned[:10]


def random_program(seed: int, quadratic: bool = False) -> tuple[Program, list[np.ndarray]]:
    """Three members with two private rows each meet a demand in four rows, and buy what is missing at random prices."""
    rng = np.random.default_rng(seed)
    members, coupling, width = 3, 4, 6
    bought = sp.hstack([sp.identity(coupling), -sp.identity(coupling)])
    top = sp.hstack([bought, *(sp.csr_matrix(rng.uniform(-1, 2, (coupling, width))) for _ in range(members))])
    own = [sp.csr_matrix(rng.uniform(0, 1, (2, width))) for _ in range(members)]
    below = sp.hstack([sp.csr_matrix((2 * members, 2 * coupling)), sp.block_diag(own)])
    count = 2 * coupling + members * width
    cost = np.concatenate(
        [rng.uniform(5, 9, coupling), rng.uniform(0, 1, coupling), rng.uniform(0, 3, members * width)]
    )
    upper = np.concatenate([np.full(2 * coupling, 100.0), np.full(members * width, 2.0)])
    demand, room = rng.uniform(2, 8, coupling), rng.uniform(1, 3, 2 * members)
    curved = None
    if quadratic:
        curved = np.concatenate([np.zeros(2 * coupling), rng.uniform(0.1, 1, members * width)])
    program = Program(cost, np.zeros(count), upper, sp.vstack([top, below], format="csr"),
                      np.concatenate([demand, np.full(2 * members, -np.inf)]), np.concatenate([demand, room]),
                      quadratic=curved)  # fmt: skip
    owned = [2 * coupling + k * width + np.arange(width) for k in range(members)]
    return program, owned
