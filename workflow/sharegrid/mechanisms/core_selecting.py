"""Core-selecting payments: the largest total profit that no set of participants and the loads would object to.

    sum_{i in S} u_i <= J(N without S) - J(N) for every set S,  u >= 0,  r_i = c_i(p_i) + u_i               [$/h]

Without a centre (loads, which keep the rest) the participants share everything, bills too, and u may be negative. Of the points with the largest total profit the one nearest to the VCG profits is taken.
R. Day, S. Raghavan (2007); O. Karaca, M. Kamgarpour, Core-selecting mechanisms in electricity markets, arXiv 1811.09646.
"""

import numpy as np
import xarray as xr

from sharegrid.mechanisms import vcg
from sharegrid.optimise import coalitions
from sharegrid.optimise.core_point import core_point

NEEDS = "core"  # coalitions that must be valued; read while parsing


def pay(data: xr.Dataset, cleared: xr.Dataset, values: xr.Dataset | None) -> xr.Dataset:
    """payment (scenario, participant) in $/h; NaN in scenarios whose core constraints were not all valued.

    Raises ValueError for must-run data, if no scenario has its core constraints, and where the others save by an absence.
    """
    vcg.refuse_must_run(data)
    if values is None or not bool((values["core_complete"] == 1).any()):
        raise ValueError(
            "core-selecting: no scenario has its core constraints; add coalitions: core (or all) to value: requests"
        )
    dispatched = vcg.dispatched(cleared)
    if "centre" in data.attrs:
        refuse_savings(values, cleared["objective"], dispatched)
    profit = xr.full_like(cleared["output"], np.nan).reset_coords(drop=True)
    for scenario in values["scenario"].values[values["core_complete"].values == 1]:
        plays = dispatched.sel(scenario=scenario).values
        profit.loc[{"scenario": scenario}] = core_profit(
            values, scenario, plays, 0.0 if "centre" in data.attrs else -np.inf
        )
    payment = (cleared["reported_cost"] + profit).where(dispatched | profit.isnull(), 0.0).reset_coords(drop=True)
    return xr.Dataset({"payment": payment.assign_attrs(long_name="core-selecting payment")})


def core_profit(values: xr.Dataset, scenario: str, dispatched: np.ndarray, least: float = 0.0) -> np.ndarray:
    """Profits u (participant), at least `least`, of one scenario, 0 for who is not `dispatched` (participant).

    Sets with somebody who is not dispatched bind nobody: his profit is 0, and J grows with the set. All 0 where nobody is
    dispatched.
    """
    if not dispatched.any():
        return np.zeros(len(dispatched))
    cost = values["cost"].sel(scenario=scenario).values
    absent = coalitions.absent(values)
    saving = cost - float(coalitions.cost_of(values, []).sel(scenario=scenario))
    asked = ~np.isnan(cost) & absent.any(axis=1) & ~absent[:, ~dispatched].any(axis=1)
    sets, rhs = absent[asked][:, dispatched], saving[asked]
    single = sets.sum(axis=1) == 1
    pivotal = np.full(dispatched.sum(), np.nan)
    pivotal[sets[single].argmax(axis=1)] = rhs[single]
    profit = np.zeros(len(dispatched))
    profit[dispatched] = core_point(rhs, sets, pivotal, least)
    return profit


def refuse_savings(values: xr.Dataset, objective: xr.DataArray, dispatched: xr.DataArray) -> None:
    """ValueError if the others save by the absence of a participant: no profit of at least 0 is then in the core.

    objective (scenario) J(N), dispatched (scenario, participant)."""
    saving = coalitions.removal_cost(values) - objective.reset_coords(drop=True)
    saving = saving.where(dispatched.reset_coords(drop=True)).transpose("scenario", "participant")
    wrong = saving < -vcg.noise(values, objective).sel(scenario=saving["scenario"].values)
    for s, k in np.argwhere(wrong.values)[:1]:
        raise ValueError(
            f"core-selecting: scenario {saving['scenario'].values[s]}: the others save {-saving.values[s, k]:.6g} without "
            f"'{saving['participant'].values[k]}', who would be paid less than its cost; take lower limits out "
            "(pmin: zero), or core-selecting"
        )
