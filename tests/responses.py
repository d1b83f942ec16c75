"""Demand response over unreliable links that several tests share, and the slow reference: every choice of retransmissions."""

from functools import cache
from itertools import product

import numpy as np
import xarray as xr
from scipy.optimize import linprog

from sharegrid.stages.clear import clear
from sharegrid.stages.coordinate import coordinate
from sharegrid.stages.pay import pay
from sharegrid.stages.prepare import prepare
from sharegrid.stages.value import value

CONFIG = {"market": "unreliable-response", "users": {"pattern": {"count": 8}}, "requirement_kw": 10.0, "slots": 12}
LINKS = {
    "losses": {"success": [1.0, 0.6, 0.4]},
    "bursts": {"success": [0.6], "burst": [2.0, 5.0]},
    "repeats": {"success": [0.4], "retransmissions": [0, 2]},
}


def data(scenarios: dict | None = None, **options) -> xr.Dataset:
    """Prepared data of the eight users, one scenario unless families are given."""
    return prepare(CONFIG | {"scenarios": scenarios or {"base": {"label": "base"}}} | options, "resources")


def cleared(of: xr.Dataset) -> xr.Dataset:
    """The scenarios of the data cleared."""
    return clear(of, {"market": "unreliable-response", "mip_gap": 1e-7})


def combinations(one: xr.Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Every choice (combination, user) of one scenario, -1 = not called, and whether it is allowed without a relay."""
    options = [np.flatnonzero(row) for row in one["allowed"].values]
    chosen = np.array(list(product(*([-1, *row] for row in options))))
    taken = np.where(chosen < 0, 0, one["slots_taken"].values[np.arange(chosen.shape[1]), chosen])
    return chosen, taken.sum(axis=1)


def enumerated(one: xr.Dataset, attempts_in_time: float = np.inf) -> float:
    """Least cost of one scenario in expectation, over every choice of retransmissions of users and relay; infinite if none
    delivers. Behind the relay, calls whose attempts are more than `attempts_in_time` deliver nothing. For a choice the cheapest calls are those of the users with the lowest price per delivered kW."""
    chosen, taken = combinations(one)
    users, called = np.arange(chosen.shape[1]), chosen >= 0
    own = np.where(called, one["delivered"].values[users, chosen], 0.0)
    attempts = np.where(called, one["attempts"].values[users, chosen], 0.0).sum(axis=1)
    behind, kappa, best = one["relayed"].values == 1, float(one["message_price"]), np.inf
    relays = [(0.0, 0.0, 0.0)] if behind.any() else []
    relays += list(zip(*(one[f"relay_{name}"].values for name in ("delivered", "attempts", "slots")), strict=True))
    for passes, tries, slots in relays:
        fits = taken + slots <= float(one["slots"])
        late = one["slots_taken"].values[users, chosen[fits]] + slots > attempts_in_time
        rho = np.where(behind, np.where(late, 0.0, passes), 1.0) * own[fits]
        least = merit_order(
            one["reduction_price"].values, rho * one["reduction_limit"].values, rho, float(one["requirement_kw"])
        )
        best = min(best, (least + kappa * (attempts[fits] + tries)).min(initial=np.inf))
    return float(best)


def merit_order(price: np.ndarray, most: np.ndarray, rho: np.ndarray, required: float) -> np.ndarray:
    """min price x with rho x summed = required and 0 <= rho x <= most (combination), infinite where they cannot."""
    per_kw = np.divide(price, rho, out=np.full(rho.shape, np.inf), where=rho > 0)
    order = np.argsort(per_kw, axis=1, kind="stable")
    most, per_kw = (np.take_along_axis(array, order, axis=1) for array in (most, per_kw))
    before = np.cumsum(most, axis=1) - most
    taken = np.clip(required - before, 0, most)
    cost = np.where(taken > 0, taken * np.where(np.isfinite(per_kw), per_kw, 0.0), 0.0).sum(axis=1)
    return np.where(most.sum(axis=1) >= required - 1e-12, cost, np.inf)


def enumerated_chance(one: xr.Dataset) -> float:
    """Least cost of one scenario with a chance constraint and without a relay: a linear program for every choice of
    retransmissions and of missed outcomes."""
    chosen, taken = combinations(one)
    arrived, price, limit = (one[name].values for name in ("arrived", "reduction_price", "reduction_limit"))
    outcomes = arrived.shape[2]
    missed = int(float(one["epsilon"]) * outcomes + 1e-9)
    kept = [s for s in product([False, True], repeat=outcomes) if sum(s) == outcomes - missed]
    best = np.inf
    for choice in chosen[taken <= float(one["slots"])]:
        users = np.flatnonzero(choice >= 0)
        fixed = float(one["message_price"]) * one["attempts"].values[users, choice[users]].sum()
        passes = arrived[users, choice[users]]
        for outcome in map(np.array, kept):
            solved = linprog(price[users], A_ub=-passes[:, outcome].T, b_ub=np.full(outcome.sum(), -float(one["requirement_kw"])),
                             bounds=[(0, limit[u]) for u in users]) if len(users) else None  # fmt: skip
            if solved is not None and solved.status == 0:
                best = min(best, solved.fun + fixed)
    return best


SWEEPS = {
    "slots": {"label": "R{requirement_kw} W{slots}", "slots": [6, 12]},
    "links": {
        "label": "{delivery} p{link_success} W{slots}",
        "delivery": ["expected", "chance"],
        "requirement_kw": [6],
        "slots": [6, 8],
        "link_success": [0.6, 0.8, 1],
    },
    "bursts": {"label": "burst{burst_length}", "burst_length": [2, 5]},
}


@cache
def results() -> dict[str, xr.Dataset]:
    """All stages of a small study."""
    made = {"data": data(SWEEPS)}
    made["cleared"] = cleared(made["data"])
    request = {"scenarios": ["R10 W12"], "coalitions": "core"}
    made["values"] = value(made["data"], CONFIG | {"backend": "warm", "requests": [request], "mip_gap": 1e-6})
    mechanisms = {"lmp": {}, "vcg": {}, "core-selecting": {}}
    made["payments"] = pay(made["data"], made["cleared"], made["values"],
                           {"mechanisms": mechanisms, "deficit": None, "checks": {}})  # fmt: skip
    methods = {f"lossy-rounds@{name}": {"algorithm": name, "links": LINKS} for name in ("multiplier", "gradient")}
    made["coordination"] = coordinate(made, {"methods": methods})
    return made
