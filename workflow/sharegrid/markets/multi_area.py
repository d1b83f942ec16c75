"""Energy and reserve of several areas, coupled by VSC-HVDC ties (chapter 4.1 and 4.2a).

    min  sum_t { sum_g [ sum_b c_gb x_gbt + q_g p_gt^2 + c_gk r_gkt ] + V sum_n s_nt + R sum_ak u_akt },  p_gt = sum_b x_gbt
    s.t. sum_{g at n} p_gt + sum_{w at n} w_wt + s_nt + inflow_nt - sent_nt + delivered_nt = D_nt         [lam_nt]
         f_lt = B_l (theta_from - theta_to),   |f_lt| <= F_l
         p_gt + r_g,up,t <= pmax_g,   p_gt - r_g,down,t >= pmin_g,   0 <= r_gkt <= ramp10_g,   |p_gt - p_g,t-1| <= ramp_g
         sum_{g in a} r_gkt + u_akt >= rho_dk D_at + rho_wk sum_{w in a} w_wt + rho_tk delivered_at       [mu_akt]
         d_kt <= f_kt - (slope_kj f_kt - credit_kj) for every tangent j of the losses,   0 <= f_kt <= cap_k
         0 <= x_gbt <= width_gb,   0 <= w_wt <= W_wt,   0 <= s_nt <= D_nt,   u_akt >= 0

p output, r reserve (k: up, down), w renewable power, s lost load, u missing reserve, f power sent into a tie and d delivered
by it, in either direction [MW]; theta angles [rad]; c offers [$/MWh, $/MW per h]; q [$/MW^2h]; V, R penalties; rho shares.
Periods last an hour. Sources: J. Wang, H. Zhong et al., IEEE Trans. Sustainable Energy 11(1), 2020 (its formulas are not
public: our reading); losses of VSC stations: J. Beerten, S. Cole, R. Belmans, IEEE Trans. Power Systems 27(2):821-829, 2012.
"""

from collections.abc import Mapping

import linopy
import numpy as np
import xarray as xr

from sharegrid.markets.area_reports import report  # noqa: F401 - called by the stage clear
from sharegrid.markets.converters import add_converters, define_converter_region, rating_price
from sharegrid.markets.multi_area_settlement import ENDS, settlement, weight
from sharegrid.optimise.dc_rows import define_branch_flow, gathered
from sharegrid.optimise.program import new_model
from sharegrid.readers.network import components

COUNTERFACTUAL = {name: ("primal", name) for name in ("sent", "delivered", "shortfall")}
LOST_LOAD = "shed"
BURNT = 1e-6  # MW that a tie may lose beyond its loss curve
ROUNDED = 1e-4  # MW, in a mixed-integer optimum, whose integers are so by 1e-6 of the capacity


def build(data: xr.Dataset) -> linopy.Model:
    """The model of all scenarios of `data`; see the module for the formulas."""
    model = new_model()
    add_supply(model, data)
    add_reserve(model, data)
    add_shortfall(model, data)
    add_ties(model, data)
    if data.sizes["branch"]:
        add_flows(model, data)
        define_branch_flow(model, data.assign(shift=xr.zeros_like(data["susceptance"])))
    define_nodal_balance(model, data)
    define_headroom(model, data, output_of(model))
    define_ramps(model, data)
    define_reserve_requirement(model, data)
    define_tie_losses(model, data)
    define_one_way(model, data)
    define_loss_segments(model, data)
    if "converter_rating" in data:
        add_converters(model, data)
        define_converter_region(model, data)
    model.add_objective(energy_cost(model, data) + reserve_cost(model, data) + shortage_cost(model, data))
    return model


def owners(data: xr.Dataset) -> dict[str, xr.DataArray]:
    """Who owns which variable: units their output, reserve and lower limit, plants their power; ties belong to nobody."""
    owned = dict.fromkeys(("block_output", "reserve"), data["owner"])
    if keeps_minimum(data):
        owned["online"] = data["owner"]
    return owned | {"renewable_output": data["renewable_owner"]}


def shared_variables(data: xr.Dataset) -> list[str]:
    """The variables that are left to a coordinator: with the power sent into the ties fixed, the areas fall apart."""
    return ["sent"]


def within(data: xr.Dataset, areas: list[str]) -> xr.Dataset:
    """The data with only those ties in service that have both ends in `areas`."""
    inside = data["tie_from_area"].isin(areas) & data["tie_to_area"].isin(areas)
    closed = {name: data[name] * inside for name in ("tie_capacity", "constant_loss")}
    return data.assign({name: array.transpose(*data[name].dims) for name, array in closed.items()})


def keeps_minimum(data: xr.Dataset) -> bool:
    """Whether some unit has a lower limit, which it takes with it when it leaves."""
    return bool((data["p_min"] > 0).any())


def over_time(array: xr.DataArray, data: xr.Dataset) -> xr.DataArray:
    """The array with the dims (scenario, ..., time); the states of a market that has some stand before its own dims."""
    periods = data["demand"].isel(bus=0, drop=True)
    array = array.broadcast_like(periods).transpose(*(dim for dim in periods.dims if dim != "time"), ..., "time")
    return xr.DataArray(
        array.values, {dim: array[dim].values for dim in array.dims}
    )  # linopy orders dims as coordinates


def add_supply(model: linopy.Model, data: xr.Dataset) -> None:
    """0 <= x_gbt <= width (scenario, generator, block, time), 0 <= w <= W (scenario, renewable, time), 0 <= s <= max(D, 0)
    (scenario, bus, time), all MW."""
    limits = {
        "block_output": over_time(data["block_quantity"], data),
        "renewable_output": data["available"],
        "shed": data["demand"].clip(min=0),
    }
    for name, most in limits.items():
        model.add_variables(lower=xr.zeros_like(most), upper=most, name=name)
    if keeps_minimum(data):
        one = xr.ones_like(data["reserve_limit"])
        model.add_variables(lower=one, upper=one, name="online")


def add_reserve(model: linopy.Model, data: xr.Dataset) -> None:
    """0 <= r_gkt <= ramp10_g (scenario, generator, direction, time) MW."""
    limit = over_time(data["reserve_limit"].broadcast_like(data["reserve_offer"]), data)
    model.add_variables(lower=xr.zeros_like(limit), upper=limit, name="reserve")


def add_shortfall(model: linopy.Model, data: xr.Dataset) -> None:
    """u_akt >= 0 (scenario, area, direction, time) MW."""
    nothing = xr.zeros_like(over_time(0 * data["load_requirement"] * data["area"].notnull(), data))
    model.add_variables(lower=nothing.transpose("scenario", "area", "direction", "time"), name="shortfall")


def add_ties(model: linopy.Model, data: xr.Dataset) -> None:
    """0 <= f_kt <= cap_k and d_kt >= 0 (scenario, tie, way, time), MW."""
    ways = xr.DataArray(np.ones(len(ENDS)), {"way": list(ENDS)}, "way")
    most = over_time(data["tie_capacity"] * ways, data)
    model.add_variables(lower=xr.zeros_like(most), upper=most, name="sent")
    model.add_variables(lower=xr.zeros_like(most), name="delivered")


def add_flows(model: linopy.Model, data: xr.Dataset) -> None:
    """-F_l <= f_lt <= F_l (scenario, branch, time) MW, theta (scenario, bus, time) rad, 0 at the first bus of what AC
    branches connect."""
    limit = over_time(data["line_limit"], data)
    model.add_variables(lower=-limit, upper=limit, name="flow")
    zone = components(data["bus"].values, data["from_bus"].values, data["to_bus"].values)
    free = np.full(len(zone), np.inf)
    free[np.unique(zone, return_index=True)[1]] = 0.0
    angle = over_time(xr.DataArray(free, {"bus": data["bus"].values}, "bus"), data)
    model.add_variables(lower=-angle, upper=angle, name="angle")


def output_of(model: linopy.Model):
    """p_gt = sum_b x_gbt (scenario, generator, time) MW."""
    return (1 * model.variables["block_output"]).sum("block")


def at_bus(expression, where: xr.DataArray, data: xr.Dataset):
    """Sum of an expression over its elements at each bus."""
    return gathered(expression, where, "bus", data["bus"].values)


def standby_loss(data: xr.Dataset) -> xr.DataArray:
    """Half of the constant loss of each tie at both its ends (scenario, bus) MW."""
    array = xr.zeros_like(data["demand"].isel(time=0, drop=True))
    for end in ("tie_from", "tie_to"):
        for k, bus in enumerate(data[end].values):
            array.loc[{"bus": bus}] += data["constant_loss"].isel(tie=k, drop=True) / 2
    return array


def define_nodal_balance(model: linopy.Model, data: xr.Dataset) -> None:
    """units + plants + s_nt + flows in - flows out - sent + delivered = D_nt + standby losses (scenario, bus, time) MW.

    Its dual is the price of one more MW withdrawn, $/MWh; a load also pays for the reserve that its area holds for it.
    """
    of = model.variables
    balance = at_bus(output_of(model), data["generator_bus"], data) + 1 * of["shed"]
    if data.sizes["renewable"]:
        balance = balance + at_bus(1 * of["renewable_output"], data["renewable_bus"], data)
    if "flow" in of:
        balance = (
            balance + at_bus(1 * of["flow"], data["to_bus"], data) - at_bus(1 * of["flow"], data["from_bus"], data)
        )
    for way, (start, end) in ENDS.items() if data.sizes["tie"] else ():
        balance = balance - at_bus(1 * of["sent"].sel(way=way, drop=True), data[start], data)
        balance = balance + at_bus(1 * of["delivered"].sel(way=way, drop=True), data[end], data)
    model.add_constraints(balance == over_time(standby_loss(data), data) + data["demand"], name="nodal_balance")


def define_headroom(model: linopy.Model, data: xr.Dataset, output) -> None:
    """p_gt + r_g,up,t <= pmax_g and p_gt - r_g,down,t - pmin_g online_g >= 0 (scenario, generator, time) MW."""
    reserve, most = model.variables["reserve"], over_time(data["block_quantity"].sum("block"), data)
    up, down = (1 * reserve.sel(direction=name, drop=True) for name in ("up", "down"))
    model.add_constraints(output + up <= most, name="headroom_up")
    least = output - down
    if keeps_minimum(data):
        ones = xr.ones_like(data["time"], dtype=float)
        least = least - (over_time(data["p_min"], data) * (ones * model.variables["online"]))
    model.add_constraints(least >= 0, name="headroom_down")


def define_ramps(model: linopy.Model, data: xr.Dataset) -> None:
    """-ramp_g <= p_gt - p_g,t-1 <= ramp_g (scenario, generator, time from the second hour) MW; none where no limit is below
    the capacity."""
    most, later = data["block_quantity"].sum("block"), data["time"].values[1:]
    if not len(later) or not (data["ramp_limit"] < most).any():
        return
    limit = over_time(np.minimum(data["ramp_limit"], most), data).sel(time=later)
    output = output_of(model)
    change = output.sel(time=later) - output.shift(time=1).sel(time=later)
    model.add_constraints(change <= limit, name="ramp_up")
    model.add_constraints(change >= -limit, name="ramp_down")


def define_reserve_requirement(model: linopy.Model, data: xr.Dataset) -> None:
    """sum_{g in a} r_gkt + u_akt - rho_tk delivered_at - rho_wk sum_{w in a} w_wt >= rho_dk D_at (scenario, area,
    direction, time) MW, but for areas that nothing asks for reserve, whose dual would be arbitrary.

    Its dual is the price of one more MW of required reserve, $/MW per h; where an area needs none and has none to hold, as
    one that only exports, any price up to R is optimal, and the published one is arbitrary and pays nobody.
    """
    of, areas = model.variables, data["area"].values
    held = gathered(1 * of["reserve"], data["generator_area"], "area", areas) + 1 * of["shortfall"]
    if data.sizes["tie"]:
        held = held - imports(data["import_requirement"] * of["delivered"], data)
    if data.sizes["renewable"]:
        power = data["renewable_requirement"] * data["needs_reserve"] * of["renewable_output"]
        held = held - gathered(power, data["renewable_area"], "area", areas)
    needed = (data["load_requirement"] * area_load(data)).transpose("scenario", "area", "direction", "time")
    model.add_constraints(held >= needed, name="reserve_requirement", mask=asked_for(data).broadcast_like(needed))


def area_load(data: xr.Dataset) -> xr.DataArray:
    """D_at (scenario, area, time) MW."""
    return gathered(data["demand"], data["bus_area"], "area", data["area"].values).transpose("scenario", "area", "time")


def imports(delivered, data: xr.Dataset):
    """Power delivered to each area (scenario, area, time), not net of what it sends, from delivered (tie, way) MW."""
    return _by_area(delivered, {way: end for way, (_, end) in ENDS.items()}, data)


def exports(sent, data: xr.Dataset):
    """Power that each area sends into its ties (scenario, area, time), from sent (tie, way) MW."""
    return _by_area(sent, {way: start for way, (start, _) in ENDS.items()}, data)


def _by_area(values, end_of: dict[str, str], data: xr.Dataset):
    parts = [gathered(values.sel(way=way, drop=True), data[f"{end}_area"], "area", data["area"].values)
             for way, end in end_of.items()]  # fmt: skip
    return parts[0] + parts[1]


def asked_for(data: xr.Dataset) -> xr.DataArray:
    """(area, direction), whether anything can ask the area for reserve in some scenario."""
    areas = data["area"]
    has_load = (area_load(data) > 0).any(["scenario", "time"])
    has_ties = areas.isin(data["tie_from_area"]) | areas.isin(data["tie_to_area"])
    has_plants = areas.isin(data["renewable_area"].values[data["needs_reserve"].values > 0])
    asked = (data["load_requirement"] > 0) & has_load
    asked = asked | ((data["import_requirement"] > 0) & has_ties) | ((data["renewable_requirement"] > 0) & has_plants)
    return asked.transpose("area", "direction").reset_coords(drop=True)


def define_tie_losses(model: linopy.Model, data: xr.Dataset) -> None:
    """d_kt - f_kt + slope_kj f_kt <= credit_kj (scenario, tie, way, time, loss_point), an equation where the loss is linear; not
    below the chord d_kt - f_kt + chord_k f_kt >= 0 otherwise. MW.

    Where the price at an end is negative the relaxation may lose more than the curve says; see `inexact`.
    """
    sent, delivered = model.variables["sent"], model.variables["delivered"]
    if not data.sizes["tie"]:
        return
    lost = data["loss_slope"] * sent
    credit = over_time(data["loss_credit"], data)
    ways = xr.ones_like(sent.labels.isel(scenario=0, tie=0, time=0, drop=True), dtype=float)
    if data.sizes["loss_point"] == 1:
        linear = (delivered - sent + lost).isel(loss_point=0, drop=True)
        model.add_constraints(linear == 0, name="tie_loss")
        return
    model.add_constraints(delivered - sent + lost <= credit * ways, name="tie_loss")
    model.add_constraints(delivered - sent + data["chord_slope"] * sent >= 0, name="tie_chord")


def define_one_way(model: linopy.Model, data: xr.Dataset) -> None:
    """f_kt - cap_k z_kt <= 0 (scenario, tie, way, time), sum over both ways z <= 1, z integer, where one_way is 1; z = 1 else."""
    if not data.sizes["tie"] or not (data["one_way"] == 1).any():
        return
    sent = model.variables["sent"]
    one = xr.ones_like(sent.labels, dtype=float)
    exclusive = (data["one_way"] * one).transpose(*one.dims)
    model.add_variables(lower=one - exclusive, upper=one, integer=True, name="open")
    opened = model.variables["open"]
    model.add_constraints(sent - data["tie_capacity"] * opened <= 0, name="open_way")
    model.add_constraints((1 * opened).sum("way") <= 2 - exclusive.isel(way=0, drop=True), name="one_way")


def define_loss_segments(model: linopy.Model, data: xr.Dataset) -> None:
    """f_kt = sum_j x_jkt,  d_kt = f_kt - sum_j slope_kj x_jkt,  x_jkt <= width_j y_jkt,  x_j-1,kt >= width_j-1 y_jkt, y integer
    (scenario, tie, way, time, loss_point), MW, where one_way is 1; no limit beside the tangents else.

    So the power delivered is on the envelope of the tangents, that is on the relaxation's curve, below the loss itself by
    at most l2 (cap / 2K)^2 MW with K tangents. The incremental form: M. Padberg, Operations Research Letters 27:1-5, 2000.
    """
    if not data.sizes["tie"] or data.sizes["loss_point"] == 1 or not (data["one_way"] == 1).any():
        return
    sent, delivered = model.variables["sent"], model.variables["delivered"]
    shape = xr.ones_like(sent.labels, dtype=float) * xr.ones_like(data["loss_point"], dtype=float)
    width, later = (segment_width(data) * shape).transpose(*shape.dims), data["loss_point"].values[1:]
    exclusive = (data["one_way"] * shape).transpose(*shape.dims).sel(loss_point=later)
    model.add_variables(lower=xr.zeros_like(width), upper=width, name="segment")
    model.add_variables(lower=1 - exclusive, upper=xr.ones_like(exclusive), integer=True, name="reached")
    part, reached = 1 * model.variables["segment"], 1 * model.variables["reached"]
    before = width.shift(loss_point=1).sel(loss_point=later)
    model.add_constraints(part.sum("loss_point") - sent == 0, name="segment_sum")
    model.add_constraints(delivered - sent + (data["loss_slope"] * part).sum("loss_point") == 0, name="segment_loss")
    model.add_constraints(part.sel(loss_point=later) - width.sel(loss_point=later) * reached <= 0, name="segment_order")
    filled = part.shift(loss_point=1).sel(loss_point=later) - before * reached
    model.add_constraints(filled >= before * (exclusive - 1), name="segment_filled")


def segment_width(data: xr.Dataset) -> xr.DataArray:
    """Power over which each tangent is the highest one (scenario, tie, loss_point) MW: neighbours meet where their slopes and
    credits differ alike. The last reaches beyond the capacity, which the power sent keeps."""
    most = 2 * data["tie_capacity"]
    rise, credit = (data[name].diff("loss_point") for name in ("loss_slope", "loss_credit"))
    start = xr.where(rise > 0, credit / rise.where(rise > 0, 1.0), np.inf)
    ends = np.minimum(start.transpose(..., "loss_point"), most).assign_coords(loss_point=data["loss_point"][:-1])
    ends = xr.concat([ends, most.expand_dims(loss_point=data["loss_point"].values[-1:])], "loss_point")
    return ends - ends.shift(loss_point=1, fill_value=0.0)


def inexact(data: xr.Dataset, solution: Mapping[str, np.ndarray]) -> list[str]:
    """Ties that lose more power beyond the losses of what they send on balance than rounding explains, and how much.

    data: one scenario; solution: sent and delivered (..., tie, way, time) MW. A tie may send both ways, or deliver less.
    """
    if not data.sizes["tie"]:
        return []
    sent, delivered = solution["sent"], solution["delivered"]
    leaving = sent - np.flip(delivered, axis=-2)  # at each end; the other one's delivery arrives here
    slope, credit = (data[name].transpose(..., "tie", "loss_point").values.reshape(data.sizes["tie"], -1, 1)
                     for name in ("loss_slope", "loss_credit"))  # fmt: skip
    net = leaving.max(axis=-2).clip(min=0)
    least = (slope * net[..., None, :] - credit).max(axis=-2)
    burnt = (leaving.sum(axis=-2) - least).max(axis=-1).reshape(-1, data.sizes["tie"]).max(axis=0)
    allowed = ROUNDED if (data["one_way"] == 1).all() else BURNT
    return [f"{tie} ({lost:.3g} MW lost beyond its curve)"
            for tie, lost in zip(data["tie"].values, burnt, strict=True) if lost > allowed]  # fmt: skip


def exact(data: xr.Dataset) -> xr.Dataset:
    """The data whose model lets each tie send in one direction at a time, with losses on their curve."""
    return data.assign(one_way=xr.ones_like(data["one_way"]))


def energy_cost(model: linopy.Model, data: xr.Dataset):
    """sum_gbt c_gb x_gbt + q_g x_gbt^2, $; q is 0 where there is more than one block. Of a market with states the expected
    cost."""
    output = model.variables["block_output"]
    cost = (weight(data) * data["block_price"] * output).sum()
    if (data["quadratic_offer"] > 0).any():
        cost = cost + (weight(data) * data["quadratic_offer"] * (output * output)).sum()
    return cost


def reserve_cost(model: linopy.Model, data: xr.Dataset):
    """sum_gkt c_gk r_gkt, $."""
    return (data["reserve_offer"] * model.variables["reserve"]).sum()


def shortage_cost(model: linopy.Model, data: xr.Dataset):
    """V sum_nt s_nt + R sum_akt u_akt, $."""
    lost, missing = model.variables["shed"], model.variables["shortfall"]
    return (data["voll"] * lost).sum() + (data["reserve_penalty"] * missing).sum()


def read_out(data: xr.Dataset, primal: xr.Dataset, dual: xr.Dataset, reduced_cost: xr.Dataset) -> xr.Dataset:
    """Cleared quantities and prices, and the settlement at these prices.

    primal and reduced_cost by variable, dual by constraint family; dims as in build, with the scenario.
    """
    cleared = network_read_out(data, primal, dual, reduced_cost).assign(
        reserve_price=dual["reserve_requirement"], reserve=primal["reserve"], shortfall=primal["shortfall"]
    )
    cleared = cleared.transpose("scenario", ..., "time")
    return settlement(data, cleared, standby_loss(data), area_load(data)).drop_vars("block_output")


def network_read_out(data: xr.Dataset, primal: xr.Dataset, dual: xr.Dataset, reduced_cost: xr.Dataset) -> xr.Dataset:
    """What is known of buses, lines, ties, units and plants; arguments as in read_out."""
    no_flow = over_time(xr.zeros_like(data["line_limit"]), data)
    opened = -dual["open_way"] * primal["open"] if "open_way" in dual else 0.0  # the limit of a way that is open
    cleared = xr.Dataset(
        {
            "price": dual["nodal_balance"],
            "tie_price": (opened - reduced_cost["sent"]).clip(min=0).sum("way") + rating_price(data, dual),
            "flow_price": -reduced_cost["flow"] if "flow" in primal else no_flow,
            "block_output": primal["block_output"],
            "dispatch": primal["block_output"].sum("block"),
            "flow": primal.get("flow", no_flow),
            "exchange": primal["sent"].sel(way="forward", drop=True) - primal["sent"].sel(way="backward", drop=True),
            "area_import": imports(primal["delivered"], data),
            "area_export": exports(primal["sent"], data),
        }
    )
    return cleared.assign({name: primal[name] for name in ("renewable_output", "shed", "sent", "delivered")})
