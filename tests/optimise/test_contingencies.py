"""Outage factors against networks solved again without the line, and generated rows against all rows."""

import angle_model
import numpy as np
import pytest
import scipy.sparse as sp

from sharegrid.optimise.contingencies import NO_ROWS, Outages, Security, reachable, solve_secured
from sharegrid.optimise.dc_network import DcNetwork
from sharegrid.optimise.highs import LiveProgram, Program
from sharegrid.readers.network import components


def network_of(data, kept=slice(None)):
    """The network with some of its branches."""
    names = "from_bus", "to_bus", "susceptance", "shift"
    return DcNetwork(data["bus"].values, *(data[name].values[kept] for name in names), data["reference_bus"].item())


def safe(data):
    """Numbers of the branches without which the network is connected."""
    every = np.arange(data.sizes["branch"])
    ends = [data[end].values for end in ("from_bus", "to_bus")]
    alone = [components(data["bus"].values, *(end[every != k] for end in ends)).max() > 0 for k in every]
    return every[~np.array(alone)]


def balanced(rng, buses, points=1):
    injection = rng.normal(scale=50, size=(buses, points))
    return injection - injection.mean(axis=0)


@pytest.mark.parametrize("seed", range(20))
def test_flows_after_an_outage_are_those_of_the_network_without_the_line(seed):
    data = angle_model.random_market(seed)
    network, outages = network_of(data), safe(data)
    limit = np.full(data.sizes["branch"], 1e3)
    security = Security(Outages(network, outages), limit, limit)
    injection = balanced(np.random.default_rng(seed), data.sizes["bus"])
    flows = security.flows(injection[:, 0])
    np.testing.assert_allclose(flows[:, [0]], network.flows(injection), atol=1e-9)
    for state, lost in enumerate(outages, start=1):
        kept = np.arange(data.sizes["branch"]) != lost
        np.testing.assert_allclose(flows[kept, state], network_of(data, kept).flows(injection)[:, 0], atol=1e-7)
        assert abs(flows[lost, state]) < 1e-9


@pytest.mark.parametrize("seed", range(10))
def test_sensitivities_give_the_flows_in_every_state(seed):
    data = angle_model.random_market(seed)
    limit = np.full(data.sizes["branch"], 1e3)
    security = Security(Outages(network_of(data), safe(data)), limit, limit)
    injection = balanced(np.random.default_rng(seed), data.sizes["bus"])[:, 0]
    rows, nothing = security.violated(injection, NO_ROWS), np.zeros(len(injection))
    assert not len(rows.line)
    tight = Security(Outages(network_of(data), safe(data)), 0 * limit, 0 * limit)
    rows = tight.violated(injection, NO_ROWS)
    moved = tight.sensitivity(rows) @ injection
    np.testing.assert_allclose(moved, tight.room(rows, nothing) - tight.room(rows, injection), atol=1e-9)


def test_an_outage_that_leaves_an_island_is_refused():
    line = DcNetwork(["a", "b", "c"], ["a", "b"], ["b", "c"], [10.0, 10.0], [0.0, 0.0], "a")
    with pytest.raises(ValueError, match="outage of line number 1 leaves an island"):
        Outages(line, np.array([1]))


class Transfer:
    """A random transfer: sources x at some buses, leaving at others, and its program with all rows."""

    def __init__(self, seed: int):
        data, rng = angle_model.random_market(seed), np.random.default_rng(seed)
        buses, lines = data.sizes["bus"], data.sizes["branch"]
        self.outages = Outages(network_of(data), safe(data))
        self.fixed = balanced(rng, buses)[:, 0]
        free = Security(self.outages, np.full(lines, 1e4), np.full(lines, 1e4))
        at_base = np.abs(free.flows(self.fixed))
        self.security = Security(self.outages, at_base[:, 0] + rng.uniform(0, 30, lines),
                                 at_base.max(axis=1) + rng.uniform(0, 30, lines))  # fmt: skip
        self.entry = rng.integers(0, buses, 6)
        self.share = rng.dirichlet(np.ones(buses))
        self.upper = rng.uniform(1, 60, 6)

    def injection(self):
        """(bus, column), the last column is the transfer."""
        inject = np.zeros((len(self.share), len(self.entry) + 1))
        inject[self.entry, np.arange(len(self.entry))] = 1
        inject[:, -1] = -self.share
        return sp.csr_matrix(inject)

    def program(self, rows=NO_ROWS, closed=()):
        balance = np.append(np.ones(len(self.entry)), -1.0)
        upper = np.append(self.upper, np.inf)
        upper[list(closed)] = 0
        matrix = np.vstack([balance, self.security.sensitivity(rows) @ self.injection()])
        room = self.security.room(rows, self.fixed)
        return Program(
            -np.eye(7)[-1], np.zeros(7), upper, sp.csr_matrix(matrix),
            np.append(0.0, np.full(len(room), -np.inf)), np.append(0.0, room),
        )  # fmt: skip

    def every_row(self):
        line, state = np.nonzero(np.isfinite(self.security.limit))
        both = (np.tile(line, 2), np.tile(state, 2), np.repeat([1.0, -1.0], len(line)))
        return type(NO_ROWS)(*both)


@pytest.mark.parametrize("seed", range(20))
def test_generated_rows_and_reachable_rows_give_the_optimum_of_all_rows(seed):
    one = Transfer(seed)
    full = LiveProgram(one.program(one.every_row())).solve().objective
    solved, _ = solve_secured(LiveProgram(one.program()), one.security, one.injection(), one.fixed)
    assert solved.objective == pytest.approx(full, abs=1e-6)
    assert one.security.excess(one.fixed + one.injection() @ solved.x).max() <= 1e-6
    rows = reachable(one.security, one.entry, one.share, one.fixed, one.upper, -full)
    assert LiveProgram(one.program(rows)).solve().objective == pytest.approx(full, abs=1e-6)


@pytest.mark.parametrize("seed", range(10))
def test_reachable_rows_are_enough_whoever_is_absent(seed):
    one, rng = Transfer(seed), np.random.default_rng(seed)
    most = -LiveProgram(one.program(one.every_row())).solve().objective
    rows = reachable(one.security, one.entry, one.share, one.fixed, one.upper, most)
    assert len(rows.line) < len(one.every_row().line)
    for _ in range(8):
        closed = np.flatnonzero(rng.random(6) < 0.5)
        some = LiveProgram(one.program(rows, closed)).solve()
        full = LiveProgram(one.program(one.every_row(), closed)).solve()
        assert some.objective == pytest.approx(full.objective, abs=1e-6)
        assert one.security.excess(one.fixed + one.injection() @ some.x).max() <= 1e-6
