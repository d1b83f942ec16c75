"""Coordinated demand response (section 9.2.2): users who reduce load in one hour (program single), or move it within a day.

    min  sum_i (a_i/2 r_i^2 + b_i r_i) + V s + sum_i (c_i/2 sum_t z_it^2 - V E_i m_i) + sum_t (A/2 y_t^2 + B_t y_t)
    s.t. sum_i r_i + s = R                               [price of reductions]
         y_t - sum_i (d_it m_i + z_it) = 0               [price of load]
         sum_t z_it = 0
         0 <= r_i <= xbar_i,  -d_it <= z_it <= lbar_i - d_it,  m_i = 1,  s >= 0,  0 <= y_t <= sum_i lbar_i

r reduction, R what is asked for, s what is lacking of it; d wanted load, z what is moved, so that x = d + z is the load; y load
of all, supplied at the price A y + B_t [kW; steps are hours]. V is what a kWh costs that is lacking, and what a kWh is worth
that a user gets: E_i = sum_t d_it. A program that a scenario does not have is zeros.

A user who stays away reduces nothing and is not served (m_i, fixed at 1, is its own and closes to 0): the operator, who asks
for R and buys y, is the centre, without whom nothing is worth anything. The price of load paid by users leaves the operator
the rent A/2 y^2. All costs are convex, so payments at the prices are in the core (a competitive equilibrium; Shapley, Shubik,
Int. J. Game Theory 1:111-130, 1971). The program is our reading of J. Wang, H. Zhong et al., Applied Energy 2017.
"""

import linopy
import xarray as xr

from sharegrid.optimise.program import new_model

COUNTERFACTUAL: dict[str, tuple[str, str]] = {}
LOST_LOAD = None


def build(data: xr.Dataset) -> linopy.Model:
    """The model of all scenarios of `data` (dims scenario, participant, time)."""
    model = new_model()
    add_reductions(model, data)
    add_loads(model, data)
    add_supply(model, data)
    define_requirement(model, data)
    define_load_balance(model, data)
    define_energy(model, data)
    model.add_objective(user_cost(model, data) + operator_cost(model, data))
    return model


def owners(data: xr.Dataset) -> dict[str, xr.DataArray]:
    """Users own their reduction, their load and what they are served; the rest is the operator's."""
    return dict.fromkeys(("reduction", "moved", "served"), data["participant"].astype(str))


def add_reductions(model: linopy.Model, data: xr.Dataset) -> None:
    """0 <= r_i <= xbar_i (scenario, participant) kW."""
    limit = data["reduction_limit"]
    model.add_variables(lower=xr.zeros_like(limit), upper=limit, name="reduction")


def add_loads(model: linopy.Model, data: xr.Dataset) -> None:
    """-d_it <= z_it <= lbar_i - d_it (scenario, participant, time) kW; m_i = 1 (scenario, participant) for who takes part."""
    wanted, one = data["wanted_load"], data["taking_part"].astype(float)
    room = (data["load_limit"] - wanted).transpose(*wanted.dims)
    model.add_variables(lower=-wanted, upper=room, name="moved")
    model.add_variables(lower=one, upper=one, name="served")


def add_supply(model: linopy.Model, data: xr.Dataset) -> None:
    """0 <= s <= R (scenario) kW, 0 <= y_t <= sum_i lbar_i (scenario, time) kW."""
    asked, base = data["requirement"], data["supply_base"]
    model.add_variables(lower=xr.zeros_like(asked), upper=asked, name="lacking")
    most = data["load_limit"].sum("participant").broadcast_like(base).transpose(*base.dims)
    model.add_variables(lower=xr.zeros_like(base), upper=most, name="supply")


def define_requirement(model: linopy.Model, data: xr.Dataset) -> None:
    """sum_i r_i + s = R (scenario) kW; its dual is the uniform price of reductions [$/kWh]."""
    reduced = (1 * model.variables["reduction"]).sum("participant")
    model.add_constraints(reduced + model.variables["lacking"] == data["requirement"], name="requirement")


def define_load_balance(model: linopy.Model, data: xr.Dataset) -> None:
    """y_t - sum_i (d_it m_i + z_it) = 0 (scenario, time) kW; its dual is the price of load [$/kWh]."""
    of = model.variables
    load = (data["wanted_load"] * of["served"] + of["moved"]).sum("participant")
    model.add_constraints(1 * of["supply"] - load == 0, name="load_balance")


def define_energy(model: linopy.Model, data: xr.Dataset) -> None:
    """sum_t z_it = 0 (scenario, participant) kWh: load is moved, not left out."""
    model.add_constraints((1 * model.variables["moved"]).sum("time") == 0, name="energy")


def user_cost(model: linopy.Model, data: xr.Dataset):
    """sum_i (a_i/2 r_i^2 + b_i r_i + c_i/2 sum_t z_it^2 - V E_i m_i), $."""
    reduction, moved = model.variables["reduction"], model.variables["moved"]
    worth = data["voll"] * data["wanted_load"].sum("time")
    linear = data["reduction_linear"] * reduction - worth * model.variables["served"]
    quadratic = (data["reduction_quadratic"] / 2) * (reduction * reduction)
    return (linear + quadratic).sum() + ((data["discomfort"] / 2) * (moved * moved)).sum()


def operator_cost(model: linopy.Model, data: xr.Dataset):
    """V s + sum_t (A/2 y_t^2 + B_t y_t), $."""
    supply = model.variables["supply"]
    bought = (data["supply_slope"] / 2) * (supply * supply) + data["supply_base"] * supply
    return bought.sum() + (data["voll"] * model.variables["lacking"]).sum()


def read_out(data: xr.Dataset, primal: xr.Dataset, dual: xr.Dataset, reduced_cost: xr.Dataset) -> xr.Dataset:
    """Reductions, loads and prices, and what each user costs, delivers and is paid at the prices.

    output is the reduction less the energy of the load; reported_cost counts the worth of the energy as a negative cost.
    """
    reduction, load = primal["reduction"], data["wanted_load"] * primal["served"] + primal["moved"]
    asked, price, supply = dual["requirement"], dual["load_balance"], primal["supply"]
    discomfort = (data["discomfort"] / 2 * primal["moved"] ** 2).sum("time")
    own = data["reduction_quadratic"] / 2 * reduction**2 + data["reduction_linear"] * reduction + discomfort
    energy = load.sum("time")
    cost = own - data["voll"] * data["wanted_load"].sum("time")
    bought = (data["supply_slope"] / 2 * supply**2 + data["supply_base"] * supply).sum("time")
    cleared = xr.Dataset(
        {
            "output": reduction - energy,
            "reported_cost": cost,
            "true_cost": cost,
            "price_revenue": asked * reduction - (price * load).sum("time"),
            "active": data["taking_part"],
            "lost_load": primal["lacking"],
            "reduction": reduction,
            "load": load.transpose("scenario", "participant", "time"),
            "supply": supply,
            "price_reduction": asked,
            "price": price,
            "program_cost": own.sum("participant") + bought,
        }
    )
    return cleared.reset_coords(drop=True)


def scaled(data: xr.Dataset, participant: str, factor: float) -> xr.Dataset:
    """The data with a user `factor` times as large: limits and wanted load times, quadratic costs by the factor."""
    own = xr.where((data["participant"] == participant).reset_coords(drop=True), factor, 1.0)
    larger = {name: data[name] * own for name in ("reduction_limit", "load_limit", "wanted_load")}
    flatter = {name: data[name] / own for name in ("reduction_quadratic", "discomfort")}
    return data.assign(larger | flatter)
