"""The spot market in its angle form, solved by scipy: shares no code with sharegrid. And random and real markets."""

import functools

import numpy as np
import scipy.sparse as sp
import xarray as xr
from scipy.optimize import linprog

from sharegrid.stages.prepare import prepare
from spot import NETWORKS, RESOURCES


def solve(data: xr.Dataset, gone=(), extra_demand: dict | None = None):
    """scipy's result with the participants `gone` absent, its objective with the cost of must-run; None if infeasible.

    Variables: accepted blocks, shedding, flows, angles. `extra_demand` {bus number: MW} does not raise the most that may
    be shed, so that the result's change is what the balance row's dual predicts. No quadratic offers.
    """
    bus = {label: k for k, label in enumerate(data["bus"].values)}
    start = [bus[label] for label in data["from_bus"].values]
    end = [bus[label] for label in data["to_bus"].values]
    present = ~np.isin(data["owner"].values, list(gone))
    quantity = data["offer_quantity"].values * present[:, None]
    buses, lines, blocks = len(bus), len(start), quantity.size
    at = np.repeat([bus[label] for label in data["generator_bus"].values], quantity.shape[1])
    susceptance = data["susceptance"].values
    line, one = np.arange(lines), np.ones(lines)
    at_start = sp.csr_matrix((one, (start, line)), (buses, lines))
    at_end = sp.csr_matrix((one, (end, line)), (buses, lines))
    supply = sp.csr_matrix((np.ones(blocks), (at, np.arange(blocks))), (buses, blocks))
    balance = sp.hstack([supply, sp.eye(buses), at_end - at_start, sp.csr_matrix((buses, buses))])
    angles = sp.diags(susceptance) @ (at_start - at_end).T
    flow_law = sp.hstack([sp.csr_matrix((lines, blocks + buses)), sp.eye(lines), -angles])
    demand = data["demand"].values.copy()
    most_shed = np.maximum(demand, 0)
    for k, amount in (extra_demand or {}).items():
        demand[k] += amount
    constant = 0.0
    if "must_run" in data:
        for label, mw, cost, here in zip(
            data["generator_bus"].values, data["must_run"].values, data["must_run_cost"].values, present, strict=True
        ):
            demand[bus[label]] -= mw * here
            constant += cost * here
    limit = data["line_limit"].values
    angle = [(0, 0) if label == data["reference_bus"].item() else (None, None) for label in bus]
    bounds = [(0, q) for q in quantity.ravel()] + [(0, s) for s in most_shed]
    bounds += [(-f, f) if np.isfinite(f) else (None, None) for f in limit] + angle
    cost = np.concatenate(
        [data["offer_price"].values.ravel(), np.full(buses, float(data["voll"])), np.zeros(lines + buses)]
    )
    rhs = np.concatenate([demand, -susceptance * data["shift"].values])
    result = linprog(cost, A_eq=sp.vstack([balance, flow_law]), b_eq=rhs, bounds=bounds, method="highs")
    if result.status == 2:
        return None
    assert result.status == 0, result.message
    result.fun += constant
    result.lost_load = result.x[blocks : blocks + buses].sum()
    return result


def random_market(seed: int, *, negative_loads=False, shifts=False, must_run=False, negative_susceptances=False):
    """A connected network of 3 to 9 buses with up to 7 generators in up to 3 blocks, and owners of one or more of them."""
    rng = np.random.default_rng(seed)
    buses, units, blocks = rng.integers(3, 10), rng.integers(2, 8), rng.integers(1, 4)
    tree = [(int(rng.integers(k)), k) for k in range(1, buses)]
    more = [tuple(rng.choice(buses, 2, replace=False)) for _ in range(rng.integers(0, buses))]
    ends = np.array(tree + more)
    lines = len(ends)
    susceptance = 100 / (rng.uniform(0.02, 0.4, lines) * rng.choice([1.0, 0.95, 1.05], lines))
    if negative_susceptances and len(more):
        susceptance[-1] *= -0.3
    demand = rng.uniform(0, 100, buses) * (rng.random(buses) < 0.8)
    if negative_loads:
        demand[rng.integers(buses)] *= -0.5
    limit = np.where(rng.random(lines) < 0.7, rng.uniform(5, 90, lines), np.inf)
    width = rng.uniform(5, 60, (units, blocks))
    width[rng.random((units, blocks)) < 0.1] = 0.0
    owner = rng.integers(0, max(2, units - 1), units)
    labels = [f"p{k}" for k in sorted(set(owner.tolist()))]
    data = xr.Dataset(
        {
            "demand": ("bus", demand),
            "voll": 1000.0,
            "from_bus": ("branch", 10 + ends[:, 0]),
            "to_bus": ("branch", 10 + ends[:, 1]),
            "susceptance": ("branch", susceptance),
            "shift": ("branch", shifts * rng.uniform(-0.1, 0.1, lines) * (rng.random(lines) < 0.3)),
            "line_limit": ("branch", limit),
            "reference_bus": 10 + rng.integers(buses),
            "generator_bus": ("generator", 10 + rng.integers(0, buses, units)),
            "offer_quantity": (("generator", "block"), width),
            "offer_price": (("generator", "block"), np.sort(rng.uniform(-5, 90, (units, blocks)), axis=1)),
            "owner": ("generator", np.array([f"p{k}" for k in owner], dtype=object)),
        },
        coords={"bus": 10 + np.arange(buses), "generator": np.arange(units), "participant": labels},
    )
    if must_run:
        forced = rng.uniform(0, 15, units) * (rng.random(units) < 0.5)
        data = data.assign(
            must_run=("generator", forced), must_run_cost=("generator", forced * rng.uniform(0, 50, units))
        )
    return data


@functools.cache
def real_market(case: str, limits="case", **options) -> xr.Dataset:
    """One scenario of chapter 3: case30, case118 (MATPOWER's units, PGLib's ratings), case2383, or a PGLib file's stem."""
    network = NETWORKS.get(case, {"path": f"networks/pglib/{case}.m"})
    families = {"one": {"label": "{limits}", "limits": [limits]}}
    return prepare({"market": "spot", "network": network, "scenarios": families} | options, RESOURCES).isel(scenario=0)
