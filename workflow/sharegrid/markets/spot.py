"""The electricity spot market on a DC network (chapters 2.3.1 and 3.2.1); a copper plate is one bus without branches.

    min  sum_gk b_gk x_gk + sum_g c_g p_g^2 + V sum_b s_b
    s.t. sum_{g at b, k} x_gk + s_b + sum_{l to b} f_l - sum_{l from b} f_l = d_b        [price_b]
         f_l = B_l (theta_from - theta_to - phi_l),   -F_l <= f_l <= F_l,   theta_ref = 0
         0 <= x_gk <= w_gk,   0 <= s_b <= max(d_b, 0)

x accepted offers, s lost load, f flows [MW]; theta angles [rad]; b offer prices, V value of lost load [$/MWh];
c [$/MW^2h]; B susceptances [MW/rad]; phi phase shifts [rad]; F limits [MW]. Sources: Schweppe, Caramanis, Tabors and
Bohn, Spot Pricing of Electricity, 1988; Hogan, J. Regulatory Economics 4:211-242, 1992.
"""

import linopy
import numpy as np
import xarray as xr

from sharegrid.optimise.dc_rows import at_buses, define_branch_flow
from sharegrid.optimise.program import new_model

# what a counterfactual keeps: name in values.nc -> (kind, family of the model)
COUNTERFACTUAL = {"price": ("dual", "nodal_balance"), "shed": ("primal", "lost_load")}
LOST_LOAD = "lost_load"


def build(data: xr.Dataset) -> linopy.Model:
    """The model of all scenarios of `data` (dims scenario, bus, branch, generator, block)."""
    model = new_model()
    add_accepted_offers(model, data)
    add_lost_load(model, data)
    if data.sizes["branch"]:
        add_flows(model, data)
        define_branch_flow(model, data)
    define_nodal_balance(model, data)
    model.add_objective(offer_cost(model, data) + lost_load_cost(model, data))
    return model


def owners(data: xr.Dataset) -> dict[str, xr.DataArray]:
    """Who owns which variable: every accepted offer belongs to the owner of its generator."""
    owned = {"accepted": data["owner"]}
    return owned | ({"must_run": data["owner"]} if "must_run" in data else {})


def add_accepted_offers(model: linopy.Model, data: xr.Dataset) -> None:
    """0 <= x_gk <= w_gk (scenario, generator, block) MW, and the forced part of must-run units, fixed."""
    width = data["offer_quantity"]
    model.add_variables(lower=xr.zeros_like(width), upper=width, name="accepted")
    if "must_run" in data:
        forced = data["must_run"].broadcast_like(data["voll"]).transpose("scenario", "generator")
        model.add_variables(lower=forced, upper=forced, name="must_run")


def add_lost_load(model: linopy.Model, data: xr.Dataset) -> None:
    """0 <= s_b <= max(d_b, 0) (scenario, bus) MW: a negative demand is a fixed injection and cannot be spilled."""
    most = data["demand"].clip(min=0)
    model.add_variables(lower=xr.zeros_like(most), upper=most, name="lost_load")


def add_flows(model: linopy.Model, data: xr.Dataset) -> None:
    """-F_l <= f_l <= F_l (scenario, branch) MW and theta_b (scenario, bus) rad with theta = 0 at the reference."""
    limit = data["line_limit"]
    model.add_variables(lower=-limit, upper=limit, name="flow")
    free = xr.where(data["bus"] == data["reference_bus"], 0.0, np.inf).broadcast_like(data["demand"])
    free = free.transpose("scenario", "bus")
    model.add_variables(lower=-free, upper=free, name="angle")


def define_nodal_balance(model: linopy.Model, data: xr.Dataset) -> None:
    """sum_{g at b, k} x_gk + s_b + sum_{l to b} f_l - sum_{l from b} f_l = d_b (scenario, bus) MW.

    Its dual is the price of one more MW of demand, $/MWh.
    """
    at_bus = data["generator_bus"]
    supply = at_buses((1 * model.variables["accepted"]).sum("block"), at_bus, data)
    if "must_run" in model.variables:
        supply = supply + at_buses(1 * model.variables["must_run"], at_bus, data)
    balance = supply + 1 * model.variables["lost_load"]
    if "flow" in model.variables:
        flow = 1 * model.variables["flow"]
        balance = balance + at_buses(flow, data["to_bus"], data)
        balance = balance - at_buses(flow, data["from_bus"], data)
    model.add_constraints(balance == data["demand"], name="nodal_balance")


def offer_cost(model: linopy.Model, data: xr.Dataset):
    """sum_gk b_gk x_gk + sum_g c_g p_g^2, $/h; the forced part of must-run units at its own cost."""
    accepted = model.variables["accepted"]
    cost = (data["offer_price"] * accepted).sum()
    if "offer_quadratic" in data:
        cost = cost + (data["offer_quadratic"] * (accepted * accepted)).sum()
    if "must_run" in model.variables:
        average = (data["must_run_cost"] / data["must_run"].where(data["must_run"] != 0)).fillna(0)
        cost = cost + (average * model.variables["must_run"]).sum()
    return cost


def lost_load_cost(model: linopy.Model, data: xr.Dataset):
    """V sum_b s_b, $/h."""
    return (data["voll"] * model.variables["lost_load"]).sum()


def scaled(data: xr.Dataset, participant: str, factor: float) -> xr.Dataset:
    """The data with the offers of a participant `factor` times as large: widths times, quadratic costs by the factor."""
    own = xr.where((data["owner"] == participant).reset_coords(drop=True), factor, 1.0)
    changed = {"offer_quantity": data["offer_quantity"] * own}
    if "offer_quadratic" in data:
        changed["offer_quadratic"] = data["offer_quadratic"] / own
    return data.assign(changed)


def read_out(data: xr.Dataset, primal: xr.Dataset, dual: xr.Dataset, reduced_cost: xr.Dataset) -> xr.Dataset:
    """Cleared quantities and prices, and what each participant supplies, reports, costs and earns at these prices.

    primal and reduced_cost by variable, dual by constraint family; dims as in build, with the scenario.
    """
    accepted, shed, price = primal["accepted"], primal["lost_load"], dual["nodal_balance"]
    forced = primal.get("must_run", 0.0)
    dispatch = accepted.sum("block") + forced
    reported = (data["offer_price"] * accepted).sum("block") + _forced_cost(data)
    if "offer_quadratic" in data:
        reported = reported + (data["offer_quadratic"] * accepted**2).sum("block")
    at_generator = price.sel(bus=data["generator_bus"]).drop_vars("bus")
    by_generator = {
        "output": dispatch,
        "reported_cost": reported,
        "true_cost": true_cost(data, accepted.sum("block")) + _forced_cost(data),
        "price_revenue": at_generator * dispatch,
    }
    cleared = xr.Dataset({name: _by_owner(values, data) for name, values in by_generator.items()})
    cleared = cleared.assign(dispatch=dispatch, block_dispatch=accepted, shed=shed, price=price)
    cleared["flow"] = primal["flow"] if "flow" in primal else xr.zeros_like(data["line_limit"])
    cleared["line_multiplier"] = -reduced_cost["flow"] if "flow" in primal else xr.zeros_like(data["line_limit"])
    return _settlement(cleared, data)


def _settlement(cleared: xr.Dataset, data: xr.Dataset) -> xr.Dataset:
    """Load payment Lambda = sum price served, congestion rent = Lambda - sum price dispatch, lost load."""
    served = data["demand"] - cleared["shed"]
    load_payment = (cleared["price"] * served).sum("bus")
    rent = load_payment - cleared["price_revenue"].sum("participant")
    lost = cleared["shed"].sum("bus")
    return cleared.assign(served=served, load_payment=load_payment, congestion_rent=rent, lost_load=lost)


def _forced_cost(data: xr.Dataset):
    return data.get("must_run_cost", 0.0)


def _by_owner(values: xr.DataArray, data: xr.Dataset) -> xr.DataArray:
    """Sum over the generators of each participant (scenario, participant)."""
    total = values.groupby(data["owner"].rename("participant")).sum()
    return total.reindex(participant=data["participant"].values, fill_value=0.0).transpose("scenario", "participant")


def true_cost(data: xr.Dataset, output: xr.DataArray) -> xr.DataArray:
    """Cost (scenario, generator) in $/h of an output in MW at the true offers, cheapest blocks first."""
    width = data["cost_quantity"]
    below = width.cumsum("block") - width
    used = np.minimum((output - below).clip(min=0), width)
    return (data["cost_price"] * used).sum("block") + data["cost_quadratic"] * output**2
