"""Graphs of who is connected to whom, and what their spectrum says about it.

A graph is its adjacency (user, user): symmetric, of truth values, without loops. Random graphs are drawn with one generator
each, in the order given, so that a seed names a graph.

P. Erdos and A. Renyi 1959; D. J. Watts and S. H. Strogatz, Nature 393:440-442, 1998; A.-L. Barabasi and R. Albert, Science
286:509-512, 1999; L. Xiao and S. Boyd, Systems & Control Letters 53(1):65-78, 2004 (averaging).
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse.csgraph import connected_components

NOTHING = 1e-9  # eigenvalues below are 0


def empty(users: int) -> np.ndarray:
    """Nobody is connected."""
    return np.zeros((users, users), bool)


def path(users: int) -> np.ndarray:
    """Each user with the next."""
    return joined(users, np.arange(users - 1), np.arange(1, users))


def ring(users: int) -> np.ndarray:
    """Each user with the next, the last with the first."""
    return joined(users, np.arange(users), np.roll(np.arange(users), -1))


def star(users: int) -> np.ndarray:
    """The first user with all others."""
    return joined(users, np.zeros(users - 1, int), np.arange(1, users))


def complete(users: int) -> np.ndarray:
    """Everybody with everybody."""
    return ~np.eye(users, dtype=bool)


def erdos_renyi(users: int, probability: float, seed: int) -> np.ndarray:
    """Each pair with the same probability: where its draw, pairs in lexicographic order, is below it.

    So the graphs of one seed are nested in the probability.
    """
    first, second = np.triu_indices(users, 1)
    drawn = np.random.default_rng(seed).random(len(first)) < probability
    return joined(users, first[drawn], second[drawn])


def watts_strogatz(users: int, neighbours: int, rewiring: float, seed: int) -> np.ndarray:
    """A ring in which each user has `neighbours` (even) nearest ones; each edge gets another far end with probability `rewiring`.

    The new end is drawn among the users that are not connected to the near end yet; a user connected to all keeps its edge.
    """
    rng, near = np.random.default_rng(seed), np.arange(users)
    graph = empty(users)
    for step in range(1, neighbours // 2 + 1):
        graph |= joined(users, near, (near + step) % users)
    for step in range(1, neighbours // 2 + 1):
        for user in near[rng.random(users) < rewiring]:
            _rewire(graph, user, (user + step) % users, rng)
    return graph


def _rewire(graph: np.ndarray, user: int, old: int, rng: np.random.Generator) -> None:
    free = np.flatnonzero(~graph[user])
    free = free[free != user]
    if len(free):
        new = rng.choice(free)
        graph[user, old] = graph[old, user] = False
        graph[user, new] = graph[new, user] = True


def barabasi_albert(users: int, edges: int, seed: int) -> np.ndarray:
    """From a star of `edges` + 1 users on, each further user joins with `edges` edges, to users drawn in proportion to theirs."""
    rng, graph = np.random.default_rng(seed), empty(users)
    graph[: edges + 1, : edges + 1] = star(edges + 1)
    for user in range(edges + 1, users):
        degree = graph[:user].sum(axis=1)
        ends = rng.choice(user, edges, replace=False, p=degree / degree.sum())
        graph[user, ends] = graph[ends, user] = True
    return graph


def joined(users: int, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The graph with the edges first_k, second_k."""
    graph = empty(users)
    graph[first, second] = graph[second, first] = True
    return graph


def components(graph: np.ndarray) -> np.ndarray:
    """Number of the component of each user (user), from 0."""
    return connected_components(graph, directed=False)[1]


def laplacian(graph: np.ndarray) -> np.ndarray:
    """Degrees on the diagonal, -1 at edges (user, user)."""
    return np.diag(graph.sum(axis=1)).astype(float) - graph


@dataclass(frozen=True)
class Spectrum:
    """Second smallest and largest eigenvalue of the Laplacian; the first is 0, the second too unless the graph is connected."""

    connectivity: float
    largest: float

    @property
    def averaging_weight(self) -> float:
        """2 / (lambda_2 + lambda_N): the constant weight with which averaging with the neighbours contracts fastest."""
        return 2 / (self.connectivity + self.largest)

    @property
    def contraction(self) -> float:
        """q = (lambda_N - lambda_2) / (lambda_N + lambda_2): the distance to the mean after a round of averaging, relative to
        that before; NaN unless the graph is connected, where no averaging gives the mean."""
        if not self.connectivity > 0:
            return np.nan
        return (self.largest - self.connectivity) / (self.largest + self.connectivity)

    def rounds_to(self, accuracy: float) -> float:
        """Rounds of averaging until the distance to the mean is `accuracy` times that at the start: ceil(ln accuracy / ln q), 1
        where one round gives the mean; NaN unless the graph is connected."""
        contraction = self.contraction
        if np.isnan(contraction):
            return np.nan
        return 1.0 if contraction <= 1e-12 else float(np.ceil(np.log(accuracy) / np.log(contraction)))


def spectrum(graph: np.ndarray) -> Spectrum:
    """Eigenvalues of the Laplacian of a graph with at least one user; a single user has the eigenvalue 0 only."""
    values = np.linalg.eigvalsh(laplacian(graph))
    values = np.where(np.abs(values) < NOTHING, 0.0, values)
    return Spectrum(float(values[min(1, len(values) - 1)]), float(values[-1]))
