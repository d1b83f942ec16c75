"""Demand response before the schedule: the bilevel program whose lower level is the N-1 secure dispatch
(chapter 7.3.2).

    max_{d, x, T}  T
    s.t. sum_b c_b d_b <= budget,   0 <= d <= D
         sum_g x_g = T,   0 <= x_g <= P_g - p_g (units of the source)
         -F_r <= S_r (C p - (L - d) + C x - k T) <= F_r
         p minimises  sum_g c_g p_g  s.t.  sum_g p_g = sum_b (L_b - d_b)                          [lambda]
                                           -F_r <= S_r (C p - (L - d)) <= F_r                     [mu+, mu-]
                                           0 <= p_g <= P_g                                        [a-, a+]

p dispatch, d demand response, x transfer on top, T transfer [MW]; r a line intact or after an outage, S_r its flow per
MW injected; k participation factors of the sink. Optimistic: of several cheapest dispatches the best for T. The lower
level is replaced by its optimality conditions, complementarity by binaries:

    c_g - lambda + S_g'(mu+ - mu-) + a+_g - a-_g = 0
    mu+ <= M z+,  F - S(.) <= 2 F (1 - z+),   mu- <= M z-,  F + S(.) <= 2 F (1 - z-),   z+ + z- <= 1
    a+ <= M y+,  P - p <= P (1 - y+),         a- <= M y-,  p <= P (1 - y-)

2 F and P bound the slacks; that M bounds the prices cannot be known beforehand (Pineda and Morales, arXiv 1809.10448),
so M is raised until T stays and the dispatch is checked against the lower level solved anew. Without the conditions of
the lower level the program is the high-point relaxation, whose T is an upper bound. Source of the form: Wang, Fang,
Zhao and Chen, Energies 8(12):13344-13360, 2015.
"""

from dataclasses import dataclass, replace

import linopy
import numpy as np
import scipy.sparse as sp
import xarray as xr

from sharegrid.markets.transfer_capability import KEPT, Base, bases, injected, without_security
from sharegrid.optimise.clear import solve_named, solve_priced
from sharegrid.optimise.contingencies import Rows, solve_secured
from sharegrid.optimise.highs import LiveProgram, Program
from sharegrid.optimise.program import SplitModel, new_model

MOST_ROWS = 200  # lines and states; a row needs two binaries
PRICES = {
    "price_up": "limit",
    "price_down": "limit",
    "above": "capacity",
    "below": "capacity",
}  # and what they are prices of
LOWER_LEVEL = ("balance", "base_up", "base_down")  # rows of the dispatch
UPPER_LEVEL = ("budget", "transfer_balance", "transfer_up", "transfer_down", "unit_room")
UNITS_ONLY = 1e-6  # MW
CHEAPEST = 1e-4  # $/h that a base schedule may cost above the cheapest one


def numbers(base: Base, data: xr.Dataset) -> xr.Dataset:
    """What the program of one scenario needs; its rows are those of the scenario's own limits.

    base: of the only scenario of `data`. flow per MW of_unit (row, unit), of_site (row, site) and of_sink (scenario,
    row); at_zero (scenario, row), the flow with neither p nor d, limit (scenario, row) and load (scenario) in MW;
    room_of (scenario, unit), capacity of the source's units; capacity, cost (unit), price, reduction_limit, budget.
    ValueError as _check_suitable.
    """
    _check_suitable(base)
    line, state = _rows(base)
    rows, bus = Rows(line, state, np.ones(len(line))), base.data.indexes["bus"]
    by_bus, site = base.security.sensitivity(rows), bus.get_indexer(data["site_bus"].values)
    unit = base.data["unit"].values
    arrays = {
        "of_unit": (("row", "unit"), by_bus[:, bus.get_indexer(base.data["unit_bus"].values)]),
        "of_site": (("row", "site"), by_bus[:, site[site >= 0]]),
        "of_sink": (("scenario", "row"), [by_bus @ base.share]),
        "at_zero": (("scenario", "row"), [base.security.flows(-base.data["net_load"].values)[line, state]]),
        "limit": (("scenario", "row"), [base.security.limit[line, state]]),
        "load": ("scenario", [base.data["net_load"].values.sum()]),
        "in_source": (("scenario", "unit"), [np.isin(unit, base.data["source_unit"].values)]),
        "capacity": ("unit", base.data["unit_capacity"].values),
        "cost": ("unit", base.data["unit_cost"].values),
        "price": ("site", data["site_price"].values[site >= 0]),
        "reduction_limit": (("scenario", "site"), data["reduction_limit"].values[:, site >= 0]),
        "budget": ("scenario", data["budget"].values),
    }
    labels = {"scenario": data["scenario"].values, "unit": unit, "site": data["site"].values[site >= 0]}
    made = xr.Dataset(arrays, labels)
    return made.assign(room_of=made["capacity"] * made["in_source"])


def _rows(base: Base) -> tuple[np.ndarray, np.ndarray]:
    """Line and state with a limit, without lines after their own outage, which carry nothing."""
    line, state = np.nonzero(np.isfinite(base.security.limit))
    own = np.append([-1], base.security.outage_lines)[state] == line
    return line[~own], state[~own]


def _check_suitable(base: Base) -> None:
    """ValueError without contingencies, and for a system whose dispatch is not that of units alone, or too large for
    binaries."""
    one = base.data
    if str(one["contingencies"].item()) == "none":
        raise ValueError(f"{base.label}: contingencies is none, but the schedule is the N-1 secure dispatch, so the "
                         "lower level would be another; use n-1")  # fmt: skip
    at_bus = np.bincount(
        one.indexes["bus"].get_indexer(one["unit_bus"].values), one["base_output"].values, one.sizes["bus"]
    )
    if np.abs(at_bus - one["net_load"].values - base.injection).max() > UNITS_ONLY:
        raise ValueError(f"{base.label}: wind, photovoltaic power or lost load is dispatched; the bilevel program "
                         "needs a system whose units alone serve the load")  # fmt: skip
    if (count := len(_rows(base)[0])) > MOST_ROWS:
        raise ValueError(f"{base.label}: {count} lines and states; the bilevel program is for at most {MOST_ROWS}, as "
                         "rows that are left out would make it wrong")  # fmt: skip


@dataclass(frozen=True)
class Point:
    """An optimum: transfer T in MW, reduction d (site) and output p (unit) in MW, the certificate in $/h: what the
    dispatch costs above the cheapest one, the largest multiplier in $/MWh, simplex iterations."""

    transfer: float
    reduction: np.ndarray
    output: np.ndarray
    certificate: float
    largest_price: float
    iterations: int


class Bilevel:
    """The program of the only scenario of `data`, whose base schedule is the cheapest secure dispatch without demand
    response.

    ValueError as numbers, and for another base schedule; NotOptimal as the solver.
    """

    def __init__(self, data: xr.Dataset):
        (self._base,) = bases(data)
        self.numbers = numbers(self._base, data)
        self._data, self._split = data, SplitModel(build_program(self.numbers), {}, [])
        self._check_cheapest()

    def _check_cheapest(self) -> None:
        """ValueError for a contract schedule: the operator of the lower level would not have dispatched it."""
        cost = float(self.numbers["cost"].values @ self._base.data["base_output"].values)
        if (above := cost - self.least_cost(np.zeros(self.numbers.sizes["site"]))) > CHEAPEST:
            raise ValueError(f"{self._base.label}: the base schedule costs {above:.6g} $/h more than the cheapest "
                             "secure dispatch, which is the lower level; take out `schedule` of the system, or the "
                             "scenario")  # fmt: skip

    def sequential(self) -> float:
        """T in MW on top of the base schedule without demand response, by the market's own program and its rows."""
        none = self._data.assign(reduction_limit=xr.zeros_like(self._data["reduction_limit"]))
        split, (base,) = SplitModel(without_security(none), {}, []), bases(none)
        program = LiveProgram(split.program(0), base.label)
        return -solve_secured(program, base.security, injected(base, split), base.injection)[0].objective

    def relaxation(self) -> float:
        """T in MW of the high-point relaxation, an upper bound."""
        program = self._only(replace(self._split.program(0), integer=None), LOWER_LEVEL + UPPER_LEVEL)
        return -self._live(program, "relaxation").objective

    def solve(self, dual_bound: float) -> Point:
        """The optimum with M = `dual_bound` in $/MWh, with the cheapest demand response that reaches T.

        NotOptimal if M is so small that no dispatch satisfies its conditions.
        """
        program, of = self._with_bound(self._split.program(0), dual_bound), self._split.variables
        solved = solve_priced(program, self._split, self._base.label)
        prices = max(of[name].pick(solved.x).max(initial=0.0) for name in PRICES)
        transfer, spent = of["transfer_mw"].position.item(), np.zeros(len(program.cost))
        spent[of["reduction"].position.values] = self.numbers["price"].values
        lower = program.lower.copy()
        lower[transfer] = -solved.objective - KEPT
        cheapest = solve_priced(replace(program, lower=lower, cost=spent), self._split, self._base.label)
        reduction, output = (of[name].pick(cheapest.x) for name in ("reduction", "output"))
        gap = abs(float(self.numbers["cost"].values @ output) - self.least_cost(reduction))
        return Point(-solved.objective, reduction, output, gap, float(prices), solved.iterations)

    def least_cost(self, reduction: np.ndarray) -> float:
        """Cost in $/h of the cheapest secure dispatch with this demand response (site)."""
        program, of = replace(self._split.program(0), integer=None), self._split.variables
        cost, lower, upper = np.zeros(len(program.cost)), program.lower.copy(), program.upper.copy()
        cost[of["output"].position.values] = self.numbers["cost"].values
        place = of["reduction"].position.values
        lower[place] = upper[place] = reduction
        program = self._only(replace(program, cost=cost, lower=lower, upper=upper), LOWER_LEVEL)
        return self._live(program, "dispatch").objective

    def _live(self, program: Program, what: str):
        return solve_named(LiveProgram(program, f"{self._base.label}, {what}"), self._split, cold=True)

    def _only(self, program: Program, families: tuple[str, ...]) -> Program:
        """The program with the rows of some families; the others have no limit."""
        kept = np.zeros(self._split.row_count, bool)
        for name in families:
            kept[self._split.constraints[name].position.values] = True
        free = np.where(kept, 0.0, np.inf)
        return replace(program, row_lower=program.row_lower - free, row_upper=program.row_upper + free)

    def _with_bound(self, program: Program, dual_bound: float) -> Program:
        """The program, which is built with M = 1, with another M: at the binaries, and as the bound of the
        multipliers."""
        entries, upper = sp.coo_matrix(program.matrix), program.upper.copy()
        for name in PRICES:
            upper[self._split.variables[name].position.values] = dual_bound
            rows, columns = (self._split.constraints[f"{name}_zero"], self._split.variables[f"{name}_binds"])
            here = np.isin(entries.row, rows.position.values) & np.isin(entries.col, columns.position.values)
            entries.data[here] *= dual_bound
        return replace(program, matrix=entries.tocsr(), upper=upper)


def build_program(one: xr.Dataset) -> linopy.Model:
    """The model of one scenario with M = 1."""
    model = new_model()
    add_upper(model, one)
    add_dispatch(model, one)
    define_transfer_limits(model, one)
    add_prices(model, one)
    add_complementarity(model, one)
    model.add_objective(-1 * model.variables["transfer_mw"].sum())
    return model


def add_upper(model: linopy.Model, one: xr.Dataset) -> None:
    """T >= 0, 0 <= d_b <= D_b, sum_b c_b d_b <= budget, 0 <= x_g, sum_g x_g = T (scenario), MW."""
    model.add_variables(lower=xr.zeros_like(one["load"]), name="transfer_mw")
    for name, most in (("reduction", one["reduction_limit"]), ("increase", one["room_of"])):
        model.add_variables(lower=xr.zeros_like(most), upper=most, name=name)
    of = model.variables
    model.add_constraints((one["price"] * of["reduction"]).sum("site") <= one["budget"], name="budget")
    model.add_constraints(of["increase"].sum("unit") - of["transfer_mw"] == 0, name="transfer_balance")


def add_dispatch(model: linopy.Model, one: xr.Dataset) -> None:
    """0 <= p_g <= P_g, sum_g p_g = sum_b (L_b - d_b), -F_r <= S_r (C p - (L - d)) <= F_r, MW."""
    capacity = one["capacity"].broadcast_like(one["room_of"]).transpose("scenario", "unit")
    model.add_variables(lower=xr.zeros_like(capacity), upper=capacity, name="output")
    of = model.variables
    model.add_constraints(of["output"].sum("unit") + of["reduction"].sum("site") == one["load"], name="balance")
    flow = base_flow(model, one)
    model.add_constraints(flow <= one["limit"] - one["at_zero"], name="base_up")
    model.add_constraints(flow >= -one["limit"] - one["at_zero"], name="base_down")


def base_flow(model: linopy.Model, one: xr.Dataset):
    """S_r (C p + d) (scenario, row) MW; with at_zero the flow of the dispatch."""
    of = model.variables
    return (one["of_unit"] * of["output"]).sum("unit") + (one["of_site"] * of["reduction"]).sum("site")


def define_transfer_limits(model: linopy.Model, one: xr.Dataset) -> None:
    """-F_r <= S_r (C p - (L - d) + C x - k T) <= F_r (scenario, row), p_g + x_g <= P_g (scenario, unit), MW."""
    of = model.variables
    flow = base_flow(model, one) + (one["of_unit"] * of["increase"]).sum("unit") - one["of_sink"] * of["transfer_mw"]
    model.add_constraints(flow <= one["limit"] - one["at_zero"], name="transfer_up")
    model.add_constraints(flow >= -one["limit"] - one["at_zero"], name="transfer_down")
    model.add_constraints(of["output"] + of["increase"] <= one["capacity"], name="unit_room")


def add_prices(model: linopy.Model, one: xr.Dataset) -> None:
    """c_g - lambda + S_g'(mu+ - mu-) + a+_g - a-_g = 0 (scenario, unit) $/MWh, multipliers within 0 and M, lambda
    free."""
    model.add_variables(lower=xr.full_like(one["load"], -np.inf), name="energy_price")
    for name, like in PRICES.items():
        zero = _zeros(one, like)
        model.add_variables(lower=zero, upper=zero + 1, name=name)
    of = model.variables
    congestion = (one["of_unit"] * (of["price_up"] - of["price_down"])).sum("row")
    marginal = congestion + of["above"] - of["below"] - of["energy_price"]
    model.add_constraints(marginal == -one["cost"], name="stationarity")


def _zeros(one: xr.Dataset, like: str) -> xr.DataArray:
    return xr.zeros_like(one["limit"] if like == "limit" else one["room_of"])


def add_complementarity(model: linopy.Model, one: xr.Dataset) -> None:
    """A multiplier is 0 unless its row or bound binds: a binary z for each, mu <= M z, slack <= largest
    slack (1 - z)."""
    for name, like in PRICES.items():
        zero = _zeros(one, like)
        model.add_variables(lower=zero, upper=zero + 1, integer=True, name=f"{name}_binds")
        model.add_constraints(model.variables[name] - model.variables[f"{name}_binds"] <= 0, name=f"{name}_zero")
    of, limit, capacity = model.variables, one["limit"], one["capacity"]
    flow = base_flow(model, one)
    model.add_constraints(flow - 2 * limit * of["price_up_binds"] >= -limit - one["at_zero"], name="up_slack")
    model.add_constraints(flow + 2 * limit * of["price_down_binds"] <= limit - one["at_zero"], name="down_slack")
    model.add_constraints(of["price_up_binds"] + of["price_down_binds"] <= 1, name="one_side")
    model.add_constraints(of["output"] - capacity * of["above_binds"] >= 0, name="above_slack")
    model.add_constraints(of["output"] + capacity * of["below_binds"] <= capacity, name="below_slack")
