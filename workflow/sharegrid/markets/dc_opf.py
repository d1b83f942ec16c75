"""DC optimal power flow as PGLib defines it: the reference market whose optima are published.

    min  sum_g (c2_g p_g^2 + c1_g p_g + c0_g) + sum_g y_g + the same of the DC lines' flows
    s.t. sum_{g at b} p_g + sum_{l to b} f_l - sum_{l from b} f_l
             + sum_{h to b} ((1 - k_h) q_h - k0_h) - sum_{h from b} q_h = d_b                     [price_b]
         f_l = B_l (theta_from - theta_to - phi_l),   low_l <= f_l <= high_l,   theta_ref = 0
         y_g >= slope_s p_g + intercept_s   for every segment s of a piecewise-linear cost
         Pmin_g <= p_g <= Pmax_g,   qmin_h <= q_h <= qmax_h

p outputs, f branch flows, q DC flows at their start [MW]; theta angles [rad]; y piecewise-linear costs [$/h]; B
susceptances [MW/rad]; phi shifts [rad]; d demand with shunts [MW]; k, k0 losses of DC lines. No lost load: a case can
be infeasible. Sources: Babaeinejadsarookolaee et al., The Power Grid Library, arXiv 1908.02788; Coffrin et al.,
PowerModels, PSCC 2018 (DCPPowerModel); Zimmerman et al., MATPOWER User's Manual, sections 6 and 7.6.3.
"""

import logging
from collections.abc import Iterator
from dataclasses import replace

import linopy
import numpy as np
import xarray as xr

from sharegrid.optimise.dc_rows import at_buses, define_branch_flow
from sharegrid.optimise.highs import NotOptimal, Program, Solved
from sharegrid.optimise.program import SplitModel, new_model
from sharegrid.optimise.quadratic import live
from sharegrid.preparation.dc_opf import of_case

log = logging.getLogger(__name__)

CASE_RESULTS = {
    "objective": ("$/h", "least cost; inf where no feasible point exists"),
    "status": ("1", "optimal or infeasible"),
    "relative_gap": ("1", "certified relative gap of the objective"),
    "buses": ("1", "number of buses in service"),
    "branches": ("1", "number of branches in service"),
    "generators": ("1", "number of generators in service"),
}
ELEMENT_RESULTS = {
    "price": ("$/MWh", "locational marginal price: cost of one more MW of demand"),
    "dispatch": ("MW", "output of the generator"),
    "flow": ("MW", "flow from from_bus to to_bus"),
    "dcline_flow": ("MW", "flow at the start of the DC line"),
}


def build(data: xr.Dataset) -> linopy.Model:
    """The model of one case (sharegrid.preparation.dc_opf.of_case), without the constant costs; see constant_cost."""
    model = new_model()
    model.add_variables(lower=data["p_min"], upper=data["p_max"], name="output")
    model.add_variables(lower=data["flow_min"], upper=data["flow_max"], name="flow")
    free = xr.where(data["reference"] == 1, 0.0, np.inf)
    model.add_variables(lower=-free, upper=free, name="angle")
    if _count(data, "dcline"):
        model.add_variables(lower=data["dcline_p_min"], upper=data["dcline_p_max"], name="dcline_flow")
    define_branch_flow(model, data)
    define_nodal_balance(model, data)
    model.add_objective(sum(_costs(model, data)))
    return model


def _costs(model: linopy.Model, data: xr.Dataset) -> Iterator:
    """The parts of the cost, $/h."""
    for variable, prefix in (("output", ""), ("dcline_flow", "dcline_")):
        if variable in model.variables:
            yield polynomial_cost(model, data, variable, prefix)
        if _count(data, f"{prefix}segment"):
            yield define_segment_cost(model, data, variable, prefix)


def constant_cost(data: xr.Dataset) -> float:
    """sum c0, $/h; linopy keeps no constant in an objective."""
    lines = data["dcline_cost_constant"].sum() if _count(data, "dcline") else 0.0
    return float(data["cost_constant"].sum() + lines)


def polynomial_cost(model: linopy.Model, data: xr.Dataset, variable: str, prefix: str):
    """sum (c2 x^2 + c1 x), $/h, of outputs or DC flows x [MW]."""
    x, quadratic = model.variables[variable], data[f"{prefix}cost_quadratic"]
    cost = (data[f"{prefix}cost_linear"] * x).sum()
    return cost + (quadratic * (x * x)).sum() if quadratic.any() else cost


def define_segment_cost(model: linopy.Model, data: xr.Dataset, variable: str, prefix: str):
    """y >= slope_s x + intercept_s (segment) $/h; returns sum y, the piecewise-linear cost of the x [MW]."""
    unit, slope = data[f"{prefix}segment_of"], data[f"{prefix}segment_slope"]
    dim = model.variables[variable].dims[0]
    labels = np.unique(unit.values)
    y = model.add_variables(coords=[(dim, labels)], name=f"{variable}_cost")
    at_segment = [(1 * one.sel({dim: unit})).drop_vars(dim) for one in (y, model.variables[variable])]
    rows = at_segment[0] - slope * at_segment[1] >= data[f"{prefix}segment_intercept"]
    model.add_constraints(rows, name=f"{variable}_segment_cost")
    return (1 * y).sum()


def define_nodal_balance(model: linopy.Model, data: xr.Dataset) -> None:
    """sum p + sum f in - sum f out + sum (1 - k) q in - sum q out = d_b + sum k0 in (bus) MW.

    Its dual is the price of one more MW of demand, $/MWh.
    """
    flow = 1 * model.variables["flow"]
    terms = [("generator_bus", 1 * model.variables["output"]), ("to_bus", flow), ("from_bus", -flow)]
    demand = data["demand"]
    if _count(data, "dcline"):
        sent = 1 * model.variables["dcline_flow"]
        terms += [("dcline_to", (1 - data["dcline_loss_linear"]) * sent), ("dcline_from", -sent)]
        lost = data["dcline_loss_constant"].groupby(data["dcline_to"].rename("bus")).sum()
        demand = demand + lost.reindex(bus=demand["bus"], fill_value=0.0)
    supply = sum(at_buses(expression, data[bus_of], data) for bus_of, expression in terms)
    model.add_constraints(supply == demand, name="nodal_balance")


def _count(data: xr.Dataset, dim: str) -> int:
    return data.sizes.get(dim, 0)


def clear(data: xr.Dataset) -> xr.Dataset:
    """Optimum of every case: objective, status, relative_gap and sizes (case); price(bus), dispatch(generator),
    flow(branch) [, dcline_flow(dcline)].

    A case without feasible point has status `infeasible`, objective inf and NaN elsewhere. NotOptimal for any other
    status that is not optimal.
    """
    names = [str(name) for name in data["case"].values]
    results = [_clear_case(of_case(data, name), name) for name in names]
    sizes = {
        f"{dim}es" if dim != "generator" else "generators": f"{dim}_case" for dim in ("bus", "branch", "generator")
    }
    by_case = {key: [result[key] for result in results] for key in ("objective", "status", "relative_gap")}
    by_case |= {key: [int((data[of].values == name).sum()) for name in names] for key, of in sizes.items()}
    cleared = xr.Dataset(
        {key: ("case", values, _attrs(CASE_RESULTS[key])) for key, values in by_case.items()}, {"case": data["case"]}
    )
    for key, about in ELEMENT_RESULTS.items():
        if key in results[0]:
            values = np.concatenate([result[key].values for result in results])  # cases lie behind each other
            cleared[key] = (results[0][key].dims, values, _attrs(about))
    return cleared.assign_coords({dim: data[dim] for dim in cleared.dims})


def _attrs(about: tuple[str, str]) -> dict[str, str]:
    return {"units": about[0], "long_name": about[1]}


def _clear_case(data: xr.Dataset, name: str) -> dict:
    """Results of one case by name."""
    solved, split = None, None
    if not (data["flow_min"] > data["flow_max"]).any():
        split = SplitModel(build(data), {}, [])
        solved = _solve(replace(split.program(0), constant=constant_cost(data)), name)
    feasible = solved is not None
    log.info("case %s: %s", name, f"{solved.objective:.10g} $/h" if feasible else "infeasible")
    families = {"price": "demand", "dispatch": "p_min", "flow": "flow_min", "dcline_flow": "dcline_p_min"}
    elements = {key: xr.full_like(data[like], np.nan) for key, like in families.items() if like in data}
    if feasible:
        elements["price"] = split.constraints["nodal_balance"].read(solved.row_dual)
        for key, variable in (("dispatch", "output"), ("flow", "flow"), ("dcline_flow", "dcline_flow")):
            if variable in split.variables:
                elements[key] = split.variables[variable].read(solved.x)
    return elements | {
        "status": "optimal" if feasible else "infeasible",
        "objective": solved.objective if feasible else np.inf,
        "relative_gap": solved.gap if feasible else np.nan,
    }


def _solve(program: Program, name: str) -> Solved | None:
    """The optimum, None if there is no feasible point."""
    try:
        return live(program, f"case {name}").solve()
    except NotOptimal as error:
        if error.status != "infeasible":
            raise
        return None
