"""A schedule of several areas and its deployment in outcomes of the renewable power (chapter 4.2b).

    min  sum_t { sum_gk c_gk r_gkt + sum_s pi_s [ sum_gb c_gb x_gbst + q_g p_gst^2 + V sum_n s_nst ] },  p_gst = sum_b x_gbst
    s.t. power balance, lines, ties and their losses as in sharegrid.markets.multi_area, in the schedule s = 0 and in every
         outcome s, with w_0 <= sum_s pi_s W_s in the schedule and w_s <= W_s in the outcome                [lam_nst]
         p_gst - p_g0t = du_gst - dd_gst,   0 <= du_gst <= r_g,up,t,   0 <= dd_gst <= r_g,down,t
         p_g0t + r_g,up,t <= pmax_g,   p_g0t - r_g,down,t >= pmin_g,   0 <= r_gkt <= ramp10_g
         |p_gst - p_gs,t-1| <= ramp_g
         s_nst >= s_n0t,   f_kst = f_k0t where the ties are not redispatched

pi probability, du and dd reserve deployed [MW]; all else as there. The schedule is the multi-area model at no cost: it only
binds outcomes by p, r and f, and by planned shedding, which every outcome then has at its cost: without it the model would
have no solution where the units that are left cannot cover the load. Nobody asks for reserve but the outcomes. Each state,
schedule or outcome, has prices; those of outcomes hold the probability. One more MW in schedule and all outcomes costs
their sum, and a unit earns sum_st lam_nst p_gst, which pays its reserve too.
"""

import linopy
import numpy as np
import xarray as xr

from sharegrid.markets import multi_area
from sharegrid.markets.area_reports import report
from sharegrid.markets.converters import add_converters, define_converter_region
from sharegrid.markets.multi_area import exact, inexact, over_time, within
from sharegrid.markets.multi_area_settlement import settlement, weight
from sharegrid.optimise.dc_rows import define_branch_flow
from sharegrid.optimise.program import new_model

__all__ = ["COUNTERFACTUAL", "LOST_LOAD", "build", "exact", "inexact", "owners", "read_out", "report", "within"]
COUNTERFACTUAL = {name: ("primal", name) for name in ("sent", "delivered")}
LOST_LOAD = "lost_load"
SCHEDULE = "schedule"
QUANTITIES = ("dispatch", "renewable_output", "shed", "flow", "sent", "delivered")
EXPECTED = (*QUANTITIES, "exchange", "area_import", "area_export")
PRICES = ("price", "tie_price", "flow_price")
STAGED = ("price", *QUANTITIES)  # also told by state


def build(data: xr.Dataset) -> linopy.Model:
    """The model of all scenarios of `data`; see the module for the formulas."""
    model, states = new_model(), in_states(data)
    multi_area.add_supply(model, states)
    multi_area.add_reserve(model, data)
    multi_area.add_ties(model, states)
    if data.sizes["branch"]:
        multi_area.add_flows(model, states)
        define_branch_flow(model, states.assign(shift=xr.zeros_like(data["susceptance"])))
    add_deployment(model, data)
    add_lost_load(model, data)
    multi_area.define_nodal_balance(model, states)
    multi_area.define_headroom(model, data, multi_area.output_of(model).sel(state=SCHEDULE, drop=True))
    multi_area.define_ramps(model, states)
    multi_area.define_tie_losses(model, states)
    multi_area.define_one_way(model, states)
    multi_area.define_loss_segments(model, states)
    if "converter_rating" in data:
        add_converters(model, data)  # one set-point for schedule and outcomes
        define_converter_region(model, states)
    define_deployment(model, data)
    define_deployed_reserve(model, data)
    define_planned_shed(model, data)
    define_fixed_ties(model, data)
    define_lost_load(model, states)
    lost = (data["voll"] * model.variables["lost_load"]).sum()
    model.add_objective(multi_area.energy_cost(model, states) + multi_area.reserve_cost(model, data) + lost)
    return model


def in_states(data: xr.Dataset) -> xr.Dataset:
    """The data of the schedule and of each outcome along the dim state: demand (scenario, state, bus, time), available
    (scenario, state, renewable, time), both MW, and state_weight (state), 0 for the schedule, which costs nothing."""
    labels = [SCHEDULE, *data["outcome"].values]
    state = xr.DataArray(np.ones(len(labels)), {"state": labels}, "state")
    of_outcomes = data["outcome_available"].rename(outcome="state")
    power = xr.concat([data["available"].expand_dims(state=[SCHEDULE]), of_outcomes], "state")
    return data.assign(
        demand=(data["demand"] * state).transpose("scenario", "state", "bus", "time"),
        available=power.transpose("scenario", "state", "renewable", "time"),
        state_weight=("state", np.concatenate([[0.0], data["probability"].values])),
    )


def owners(data: xr.Dataset) -> dict[str, xr.DataArray]:
    """As in the multi-area market; units also own what they deploy of their reserve."""
    return multi_area.owners(data) | {"deployment": data["owner"]}


def ones(data: xr.Dataset) -> xr.DataArray:
    """1 (outcome); times an expression of the schedule it stands beside those of the outcomes."""
    return xr.ones_like(data["probability"])


def outcomes(values):
    """`values` of the outcomes only, along the dim outcome."""
    return values.isel(state=slice(1, None)).rename(state="outcome")


def scheduled(values):
    """`values` of the schedule only."""
    return values.sel(state=SCHEDULE, drop=True)


def add_deployment(model: linopy.Model, data: xr.Dataset) -> None:
    """0 <= du_gst, dd_gst <= ramp10_g (scenario, generator, direction, outcome, time) MW."""
    limit = over_time(data["reserve_limit"].broadcast_like(data["reserve_offer"]), data)
    limit = (limit * ones(data)).transpose("scenario", "generator", "direction", "outcome", "time")
    model.add_variables(lower=xr.zeros_like(limit), upper=limit, name="deployment")


def add_lost_load(model: linopy.Model, data: xr.Dataset) -> None:
    """Expected lost load (scenario) MWh, not negative."""
    nothing = xr.zeros_like(data["one_way"], dtype=float).reset_coords(drop=True)
    model.add_variables(lower=nothing, name="lost_load")


def define_deployment(model: linopy.Model, data: xr.Dataset) -> None:
    """p_gst - p_g0t - du_gst + dd_gst = 0 (scenario, outcome, generator, time) MW."""
    output, used = multi_area.output_of(model), model.variables["deployment"]
    up, down = (1 * used.sel(direction=name, drop=True) for name in ("up", "down"))
    model.add_constraints(outcomes(output) - scheduled(output) * ones(data) - up + down == 0, name="deployment")


def define_deployed_reserve(model: linopy.Model, data: xr.Dataset) -> None:
    """du_gst - r_g,up,t <= 0 and dd_gst - r_g,down,t <= 0 (scenario, outcome, generator, direction, time) MW."""
    of = model.variables
    model.add_constraints(1 * of["deployment"] - 1 * of["reserve"] * ones(data) <= 0, name="deployed_reserve")


def define_planned_shed(model: linopy.Model, data: xr.Dataset) -> None:
    """s_nst - s_n0t >= 0 (scenario, outcome, bus, time) MW: what is planned is shed in every outcome."""
    shed = 1 * model.variables["shed"]
    model.add_constraints(outcomes(shed) - scheduled(shed) * ones(data) >= 0, name="planned_shed")


def define_fixed_ties(model: linopy.Model, data: xr.Dataset) -> None:
    """f_kst - f_k0t = 0 (scenario, outcome, tie, way, time) MW where tie_redispatch is 0; no limit where it is 1."""
    if not data.sizes["tie"]:
        return
    sent = 1 * model.variables["sent"]
    change = outcomes(sent) - scheduled(sent) * ones(data)
    free = (data["tie_redispatch"] == 1).reset_coords(drop=True)
    most = xr.where(free, np.inf, 0.0) * xr.ones_like(outcomes(model.variables["sent"].labels), dtype=float)
    model.add_constraints(change <= most, name="tie_as_scheduled_up")
    model.add_constraints(change >= -most, name="tie_as_scheduled_down")


def define_lost_load(model: linopy.Model, states: xr.Dataset) -> None:
    """lost load - sum_nst pi_s s_nst = 0 (scenario) MWh."""
    expected = (weight(states) * model.variables["shed"]).sum(["state", "bus", "time"])
    model.add_constraints(1 * model.variables["lost_load"] - expected == 0, name="lost_load")


def read_out(data: xr.Dataset, primal: xr.Dataset, dual: xr.Dataset, reduced_cost: xr.Dataset) -> xr.Dataset:
    """Expected quantities, prices of one more MW in schedule and outcomes, the settlement, and all of them by state.

    primal and reduced_cost by variable, dual by constraint family; dims as in build, with the scenario.
    """
    states = in_states(data)
    cleared = multi_area.network_read_out(states, primal, dual, reduced_cost)
    nothing = xr.zeros_like(over_time(0 * data["load_requirement"] * data["area"].notnull(), data))
    cleared = cleared.assign(reserve=primal["reserve"], reserve_price=nothing, shortfall=nothing)
    standby, load = multi_area.standby_loss(states), multi_area.area_load(data)
    settled = settlement(states, cleared, standby, load).drop_vars("block_output")
    return _by_stage(settled, weight(states)).assign(deployment=primal["deployment"]).transpose("scenario", ..., "time")


def _by_stage(settled: xr.Dataset, probability: xr.DataArray) -> xr.Dataset:
    """Expectations of quantities and sums of prices in the place of what differs by state, and that of schedule and outcomes."""
    parts = {}
    for name in STAGED:
        parts[f"scheduled_{name}"] = scheduled(settled[name])
        parts[f"outcome_{name}"] = outcomes(settled[name])
    expected = {name: (probability * settled[name]).sum("state") for name in EXPECTED}
    sums = {
        name: np.abs(settled[name]).sum("state") if name == "flow_price" else settled[name].sum("state")
        for name in PRICES
    }
    return settled.assign(expected | sums | parts).drop_dims("state")
