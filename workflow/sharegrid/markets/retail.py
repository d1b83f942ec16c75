"""The retail market (chapter 2.5): users behind one agent that trades their net sum with the grid at known prices.

    min  sum_t G_t + sum_it (c_i p_it + q_i p_it^2)
    s.t. X_t - sum_i n_it + sum_i p_it = d_t                      [price_t]
         G_t >= g^b_t X_t,   G_t >= g^s_t X_t,   0 <= p_it <= cap_it,   n_it given

X what the agent buys from the grid, n net loads of the users (what they bring: fixed, and 0 without them), p flexible
output, d net load that belongs to nobody [kWh]; G the agent's grid bill [$]; g^b >= g^s the grid's prices [$/kWh]: the
epigraph of G(X) = g^b max(X, 0) - g^s max(-X, 0), which is convex. Source: J. Wang, H. Zhong et al., Incentive
mechanism for sharing distributed energy resources, J. Mod. Power Syst. Clean Energy 7:837-850, 2019 (our reading).
"""

import linopy
import numpy as np
import xarray as xr

from sharegrid.markets.retail_bills import FLEXIBLE, flexible_cost, outside_option
from sharegrid.optimise.program import new_model

# what a counterfactual keeps: name in values.nc -> (kind, family of the model)
COUNTERFACTUAL = {"grid_bill": ("primal", "grid_bill")}
LOST_LOAD = None
BALANCE = "community_balance"


def build(data: xr.Dataset) -> linopy.Model:
    """The model of all scenarios of `data` (dims scenario, participant, time)."""
    model = new_model()
    add_net_load(model, data)
    add_grid_trade(model, data)
    if FLEXIBLE in data:
        add_flexible_output(model, data)
    define_community_balance(model, data)
    define_grid_bill(model, data)
    model.add_objective(total_cost(model, data))
    return model


def owners(data: xr.Dataset) -> dict[str, xr.DataArray]:
    """Each user owns its net load and its flexible output; the trade with the grid is nobody's."""
    who = data["participant"].astype(str)
    return {"net_load": who} | ({"flexible_output": who} if FLEXIBLE in data else {})


def preferred_dual(data: xr.Dataset) -> tuple[str, xr.DataArray]:
    """Where the community is exactly balanced, every price between the grid's two is a dual: the middle, $/kWh."""
    return BALANCE, (data["grid_buy"] + data["grid_feed_in"]) / 2


def scaled(data: xr.Dataset, participant: str, factor: float) -> xr.Dataset:
    """The data with a user `factor` times as large: net load and capacity times, quadratic cost by the factor."""
    own = xr.where((data["participant"] == participant).reset_coords(drop=True), factor, 1.0)
    changed = {name: data[name] * own for name in ("net_load", FLEXIBLE) if name in data}
    if FLEXIBLE in data:
        changed["flexible_quadratic"] = data["flexible_quadratic"] / own
    return data.assign(changed)


def add_net_load(model: linopy.Model, data: xr.Dataset) -> None:
    """n_it (scenario, participant, time) kWh, fixed: closed to 0 with its user."""
    model.add_variables(lower=data["net_load"], upper=data["net_load"], name="net_load")


def add_grid_trade(model: linopy.Model, data: xr.Dataset) -> None:
    """X_t and G_t (scenario, time) in kWh and $, free."""
    unlimited = xr.full_like(data["base_load"], np.inf)
    for name in ("exchange", "grid_bill"):
        model.add_variables(lower=-unlimited, upper=unlimited, name=name)


def add_flexible_output(model: linopy.Model, data: xr.Dataset) -> None:
    """0 <= p_it <= cap_it (scenario, participant, time) kWh."""
    capacity = data[FLEXIBLE]
    model.add_variables(lower=xr.zeros_like(capacity), upper=capacity, name="flexible_output")


def define_community_balance(model: linopy.Model, data: xr.Dataset) -> None:
    """X_t - sum_i n_it + sum_i p_it = d_t (scenario, time) kWh. Its dual is the price of net load, $/kWh."""
    balance = 1 * model.variables["exchange"] - (1 * model.variables["net_load"]).sum("participant")
    if FLEXIBLE in data:
        balance = balance + (1 * model.variables["flexible_output"]).sum("participant")
    model.add_constraints(balance == data["base_load"], name=BALANCE)


def define_grid_bill(model: linopy.Model, data: xr.Dataset) -> None:
    """G_t - g^b_t X_t >= 0 and G_t - g^s_t X_t >= 0 (scenario, time) $: of the two prices the dearer one holds."""
    bill, exchange = model.variables["grid_bill"], model.variables["exchange"]
    for name, price in (("bought", data["grid_buy"]), ("fed_in", data["grid_feed_in"])):
        model.add_constraints(1 * bill - price * exchange >= 0, name=name)


def total_cost(model: linopy.Model, data: xr.Dataset):
    """sum_t G_t + sum_it (c_i p_it + q_i p_it^2), $."""
    cost = (1 * model.variables["grid_bill"]).sum()
    if FLEXIBLE in data:
        output = model.variables["flexible_output"]
        cost = cost + (data["flexible_linear"] * output).sum() + (data["flexible_quadratic"] * (output * output)).sum()
    return cost


def read_out(data: xr.Dataset, primal: xr.Dataset, dual: xr.Dataset, reduced_cost: xr.Dataset) -> xr.Dataset:
    """Cleared quantities and prices, and what each user delivers, costs, earns at the price and would earn alone.

    primal and reduced_cost by variable, dual by constraint family; dims as in build, with the scenario.
    """
    flexible, price = primal.get("flexible_output", xr.zeros_like(data["net_load"])), dual[BALANCE]
    delivered = flexible - data["net_load"]
    cost = flexible_cost(data, flexible).sum("time")
    alone = outside_option(data)
    return xr.Dataset(
        {
            "output": delivered.sum("time"),
            "reported_cost": cost,
            "true_cost": cost,
            "price_revenue": (price * delivered).sum("time"),
            "active": data["taking_part"],
            "outside_option": alone.sum("time"),
            "outside_option_by_time": alone,
            "exchange": primal["exchange"],
            "grid_bill": primal["grid_bill"],
            "price": price,
            "flexible_output": flexible,
        }
    )
