"""Graphs and their spectrum: eigenvalues in closed form, parts, random graphs, and how fast averaging contracts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharegrid.coordination.average_consensus import simulated
from sharegrid.preparation import topologies
from sharegrid.preparation.topologies import spectrum

SIZES = [3, 4, 7, 20, 41]


@pytest.mark.parametrize("n", SIZES)
def test_eigenvalues_in_closed_form(n):
    path, ring = spectrum(topologies.path(n)), spectrum(topologies.ring(n))
    assert path.connectivity == pytest.approx(2 - 2 * np.cos(np.pi / n), rel=1e-9)
    assert path.largest == pytest.approx(2 - 2 * np.cos(np.pi * (n - 1) / n), rel=1e-9)
    assert ring.connectivity == pytest.approx(2 - 2 * np.cos(2 * np.pi / n), rel=1e-9)
    star, complete = spectrum(topologies.star(n)), spectrum(topologies.complete(n))
    assert (star.connectivity, star.largest) == pytest.approx((1, n))
    assert (complete.connectivity, complete.largest) == pytest.approx((n, n))
    assert complete.rounds_to(1e-4) == 1


@pytest.mark.parametrize("n", SIZES)
def test_without_a_connected_graph_there_is_no_contraction(n):
    apart = spectrum(topologies.empty(n))
    assert apart.connectivity == 0 and np.isnan(apart.contraction) and np.isnan(apart.rounds_to(1e-4))
    assert np.isnan(spectrum(topologies.empty(1)).contraction)


@given(n=st.integers(2, 25), p=st.floats(0.02, 0.9), seed=st.integers(0, 10**6))
def test_parts_are_the_zeros_of_the_spectrum(n, p, seed):
    graph = topologies.erdos_renyi(n, p, seed)
    values = np.linalg.eigvalsh(topologies.laplacian(graph))
    assert topologies.components(graph).max() + 1 == (np.abs(values) < 1e-9).sum()


@given(n=st.integers(2, 25), low=st.floats(0.02, 0.9), high=st.floats(0.02, 0.9), seed=st.integers(0, 10**6))
def test_random_graphs_of_a_seed_are_nested(n, low, high, seed):
    few, many = (topologies.erdos_renyi(n, p, seed) for p in sorted((low, high)))
    assert (few <= many).all()


def test_the_draw_goes_through_the_pairs_in_order():
    drawn = np.random.default_rng(11).random(190) < 0.2
    pairs = [(i, j) for i in range(20) for j in range(i + 1, 20)]
    graph = topologies.erdos_renyi(20, 0.2, 11)
    assert {pair for pair, there in zip(pairs, drawn, strict=True) if there} == set(
        zip(*np.triu(graph).nonzero(), strict=True)
    )


MADE = {
    "path": topologies.path(9), "ring": topologies.ring(9), "star": topologies.star(9),
    "complete": topologies.complete(9), "er": topologies.erdos_renyi(9, 0.4, 1),
    "ws": topologies.watts_strogatz(9, 4, 0.3, 1), "ba": topologies.barabasi_albert(9, 2, 1),
}  # fmt: skip


@pytest.mark.parametrize("name", MADE)
def test_graphs_are_symmetric_without_loops(name):
    graph = MADE[name]
    assert graph.dtype == bool and (graph == graph.T).all() and not graph.diagonal().any()


@given(n=st.integers(5, 30), rewiring=st.floats(0, 1), seed=st.integers(0, 10**6))
def test_small_worlds_keep_the_number_of_edges(n, rewiring, seed):
    assert topologies.watts_strogatz(n, 4, rewiring, seed).sum() == 4 * n


def test_a_small_world_without_rewiring_is_the_lattice():
    graph = topologies.watts_strogatz(10, 4, 0.0, 1)
    assert (graph.sum(axis=0) == 4).all() and graph[0, [1, 2, 8, 9]].all()
    assert (topologies.watts_strogatz(10, 4, 1.0, 1) != graph).any()


@given(n=st.integers(4, 40), edges=st.integers(1, 3), seed=st.integers(0, 10**6))
def test_grown_graphs_are_connected_with_the_edges_they_were_given(n, edges, seed):
    graph = topologies.barabasi_albert(n, edges, seed)
    assert topologies.components(graph).max() == 0
    assert graph.sum() // 2 == edges + (n - edges - 1) * edges


@pytest.mark.parametrize("name", MADE)
@pytest.mark.parametrize("seed", range(3))
def test_averaging_contracts_at_least_as_fast_as_its_bound(name, seed):
    graph, known = MADE[name], spectrum(MADE[name])
    distance = simulated(graph, known, np.random.default_rng(seed).random(9), 1e-4)
    assert (distance[1:] <= known.contraction * distance[:-1] + 1e-13).all()
    assert len(distance) - 1 <= known.rounds_to(1e-4)


@pytest.mark.parametrize("name", ["path", "ring", "star", "ws", "ba"])
def test_the_worst_start_needs_the_rounds_of_the_closed_form(name):
    graph, known = MADE[name], spectrum(MADE[name])
    worst = np.linalg.eigh(topologies.laplacian(graph))[1][:, 1]
    distance = simulated(graph, known, worst, 1e-4)
    assert len(distance) - 1 == known.rounds_to(1e-4)
