"""Secure dispatch and transfers written down independently of the library: every outage is a network of its own."""

import numpy as np
import xarray as xr
from scipy.optimize import linprog


def rows(system: xr.Dataset, with_outages: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """Flow of each line in each state per MW injected at a bus (row, bus), by pseudo-inverse, and the limit of each (row)."""
    order = {bus: k for k, bus in enumerate(system["bus"].values)}
    ends = [[order[bus] for bus in system[end].values] for end in ("from_bus", "to_bus")]
    lines = np.arange(system.sizes["branch"])
    incidence = np.zeros((len(lines), len(order)))
    incidence[lines, ends[0]], incidence[lines, ends[1]] = 1, -1
    weight = system["susceptance"].values
    lost = [None, *np.flatnonzero(system["outage"].values)] if with_outages else [None]
    flows, limits = [], []
    for line in lost:
        here = lines if line is None else np.delete(lines, line)
        a, b = incidence[here], weight[here]
        flows.append(b[:, None] * (a @ np.linalg.pinv(a.T @ (b[:, None] * a))))
        limits.append(system["limit" if line is None else "emergency_limit"].values[here])
    return np.vstack(flows), np.concatenate(limits)


def dispatch_cost(system: xr.Dataset) -> float:
    """Least cost of a secure dispatch of one schedule of one system."""
    flow, limit = rows(system)
    order = {bus: k for k, bus in enumerate(system["bus"].values)}
    net = (system["load"] - system["must_take"]).values
    buses = len(order)
    inject = np.zeros((buses, system.sizes["unit"] + 2 * buses))
    inject[[order[bus] for bus in system["unit_bus"].values], np.arange(system.sizes["unit"])] = 1
    inject[:, system.sizes["unit"] :] = np.hstack([np.eye(buses), np.eye(buses)])
    lost = np.full(buses, float(system["value_of_lost_load"]))
    cost = np.concatenate([system["unit_cost"].values, system["available_cost"].values, lost])
    upper = np.concatenate([system["unit_capacity"].values, system["available"].values, np.maximum(net, 0)])
    at_zero = flow @ -net
    found = linprog(
        cost, np.vstack([flow @ inject, -flow @ inject]), np.concatenate([limit - at_zero, limit + at_zero]),
        np.ones((1, len(cost))), [net.sum()], list(zip(np.zeros(len(cost)), upper, strict=True)),
    )  # fmt: skip
    assert found.status == 0
    return found.fun


def transfer(system: xr.Dataset, one: xr.Dataset, absent: tuple[str, ...] = ()) -> float:
    """Largest transfer of a scenario with all rows, without the demand response of some providers."""
    flow, limit = rows(system, str(one["contingencies"].item()) != "none")
    order = {bus: k for k, bus in enumerate(system["bus"].values)}
    units = [unit for unit in one["source_unit"].values.astype(str) if unit]
    here = [k for k, bus in enumerate(one["site_bus"].values) if bus in order]
    bus_of = dict(zip(system["unit"].values, system["unit_bus"].values, strict=True))
    entry = [order[bus_of[unit]] for unit in units] + [order[bus] for bus in one["site_bus"].values[here]]
    inject = np.zeros((len(order), len(entry) + 1))
    inject[entry, np.arange(len(entry))] = 1
    inject[:, -1] = -one["sink_share"].sel(bus=system["bus"]).values
    room = one["source_room"].values[: len(units)]
    owner = one["site_owner"].values.astype(str)[here]
    limit_of = np.where(np.isin(owner, absent), 0.0, one["reduction_limit"].values[here])
    price = np.concatenate([np.zeros(len(units)), one["site_price"].values[here], [0.0]])
    at_base = flow @ one["injection"].sel(bus=system["bus"]).values
    matrix = [flow @ inject, -flow @ inject]
    bound = [np.maximum(limit - at_base, 0), np.maximum(limit + at_base, 0)]
    if np.isfinite(one["budget"].item()):
        matrix, bound = [*matrix, price[None]], [*bound, [one["budget"].item()]]
    upper = [*room, *limit_of, None]
    balance = np.append(np.ones(len(entry)), -1.0)[None]
    found = linprog(
        -np.eye(len(upper))[-1], np.vstack(matrix), np.concatenate(bound), balance, [0.0], [(0, top) for top in upper]
    )
    assert found.status == 0
    return -found.fun
