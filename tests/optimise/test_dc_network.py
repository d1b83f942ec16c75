"""Flows and transfer factors against dense linear algebra."""

import angle_model
import numpy as np
import pytest

from sharegrid.optimise import dc_network
from sharegrid.optimise.dc_network import DcNetwork


def dense(data):
    """Flows of injections by the pseudo-inverse of the full susceptance matrix."""
    order = {label: k for k, label in enumerate(data["bus"].values)}
    lines = np.arange(data.sizes["branch"])
    incidence = np.zeros((len(lines), len(order)))
    incidence[lines, [order[label] for label in data["from_bus"].values]] += 1
    incidence[lines, [order[label] for label in data["to_bus"].values]] -= 1
    b = data["susceptance"].values
    inverse = np.linalg.pinv(incidence.T @ (b[:, None] * incidence))

    def flows(injection):
        shifted = injection + (incidence.T @ (b * data["shift"].values))[:, None]
        return b[:, None] * (incidence @ inverse @ shifted - data["shift"].values[:, None])

    return flows


@pytest.mark.parametrize("seed", range(40))
def test_flows_and_transfer_factors(seed, monkeypatch):
    monkeypatch.setattr(dc_network, "CHUNK", 3)
    data = angle_model.random_market(seed, shifts=True, negative_susceptances=seed % 2 == 0)
    network, rng = DcNetwork.of(data), np.random.default_rng(seed)
    injection = rng.normal(size=(data.sizes["bus"], 8))
    injection -= injection.mean(axis=0)
    expected = dense(data)(injection)
    assert np.allclose(network.flows(injection), expected, atol=1e-8)
    lines = rng.permutation(data.sizes["branch"])[:3]
    ptdf = network.ptdf(lines)
    assert np.allclose(ptdf @ injection + network.shift_flow[lines, None], expected[lines], atol=1e-8)
    assert not ptdf[:, list(data["bus"].values).index(data["reference_bus"].item())].any()
    nothing = np.zeros((data.sizes["bus"], 1))
    assert np.allclose(network.shift_flow, dense(data)(nothing)[:, 0], atol=1e-8)


@pytest.mark.parametrize("case", ["pglib_opf_case300_ieee", "case2383"])
def test_balance_at_every_bus_of_real_networks(case):
    """case300 has negative reactances, case2383wp phase shifters."""
    data = angle_model.real_market(case)
    injection = np.random.default_rng(1).uniform(-100, 100, (data.sizes["bus"], 20))
    injection -= injection.mean(axis=0)
    flow = DcNetwork.of(data).flows(injection)
    order = {label: k for k, label in enumerate(data["bus"].values)}
    outflow = np.zeros_like(injection)
    np.add.at(outflow, [order[label] for label in data["from_bus"].values], flow)
    np.subtract.at(outflow, [order[label] for label in data["to_bus"].values], flow)
    assert np.abs(outflow - injection).max() < 1e-7


def test_copper_plate():
    network = DcNetwork([7], [], [], [], [], 7)
    assert network.flows(np.zeros((1, 4))).shape == (0, 4)
    assert network.ptdf(np.array([], dtype=int)).shape == (0, 1)
    assert network.shift_flow.shape == (0,)


def test_islands_are_refused():
    with pytest.raises(ValueError, match="susceptance matrix is singular"):
        DcNetwork([1, 2, 3, 4], [1, 3], [2, 4], [10.0, 10.0], [0.0, 0.0], 1)


def test_reactances_that_cancel_are_refused():
    with pytest.raises(ValueError, match="susceptance matrix is singular"):
        DcNetwork([1, 2], [1, 1], [2, 2], [10.0, -10.0], [0.0, 0.0], 1)
