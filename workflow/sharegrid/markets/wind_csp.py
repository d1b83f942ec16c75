"""Joint day-ahead offer of wind farms and concentrating solar plants under imbalance settlement (chapter 5.2).

    max  (1 - b) sum_s pi_s R_s + b [ z - 1/(1-a) sum_s pi_s h_s ],    h_s >= z - R_s,  h_s >= 0
    s.t. R_s = sum_t [ l_t P_t + l+_ts d+_ts - l-_ts d-_ts ] - sum_jt c_j pc_jts                       [q_s]
         P_t + d+_ts - d-_ts = sum_i pw_its + sum_j pc_jts                                              [y_ts]
         0 <= P_t <= sum_i K_i                                                                          [kappa_t]
         pc_jts / eta_j = qf_jts - qc_jts + qd_jts - g_j v_jt,   qc_jts <= qf_jts
         e_jts = (1 - r_j) e_j,t-1,s + etac_j qc_jts - qd_jts / etad_j,   e_j,-1 = e0_j <= e_j,T-1,s
         p_j u_jt <= pc_jts <= K_j u_jt,   v_jt >= u_jt - u_j,t-1,   u_j,-1 = 0

P day-ahead offer, d+ surplus, d- shortage, pw wind power, pc solar power [MW]; qf field heat, qc charge, qd discharge
[MWth]; e stored heat [MWhth]; u on/off, v start (the same in all outcomes); R profit of an outcome, z value at risk,
h shortfall [$]; pi probability, b risk weight, a level; l, l+, l- day-ahead, surplus and shortage price [$/MWh]. Hours
are the time step, so MW and MWh agree. Solved as a minimisation of the negative.

What a member brings is a variable that it owns, with bounds that hold the data: closed to zero, it is absent, and
nothing else changes. All rows are homogeneous, so nobody can do without it and the value of nobody is 0. The rows of the
risk are in markets/risk.py. Source: Y. Wu, J. Wang, H. Zhong et al., IEEE Trans. Sustainable Energy 2020.
"""

import linopy
import xarray as xr

from sharegrid.markets.risk import add_risk, conditional_value_at_risk, define_shortfall, negative_profit_measure
from sharegrid.optimise.program import new_model

COUNTERFACTUAL: dict[str, tuple[str, str]] = {}  # of a coalition only the value is asked
LOST_LOAD = None
FLOW = ("scenario", "csp", "time", "outcome")
SCALED = {  # data that a participant brings, by the dim that holds its label
    "participant": ("capacity",),
    "wind": ("wind_available",),
    "csp": ("heat_available", "storage_limit", "initial_storage", "charge_limit", "discharge_limit", "minimum_power",
            "startup_heat"),
}  # fmt: skip


def build(data: xr.Dataset) -> linopy.Model:
    """The model of all scenarios of `data` (dims scenario, wind, csp, participant, time, outcome)."""
    model = new_model()
    add_offer(model, data)
    add_wind_power(model, data)
    add_solar_plants(model, data)
    add_commitment(model, data)
    add_risk(model, data)
    define_profit(model, data)
    define_power_balance(model, data)
    define_offer_limit(model, data)
    define_heat_balance(model, data)
    define_charge_from_field(model, data)
    define_storage_balance(model, data)
    define_final_storage(model, data)
    define_output_limits(model, data)
    define_starts(model, data)
    define_shortfall(model, data)
    model.add_objective(negative_profit_measure(model, data))
    return model


def owners(data: xr.Dataset) -> dict[str, xr.DataArray]:
    """Who owns which variable: plants own theirs and their capacity; offer, imbalances and risk belong to nobody."""
    plant = ("solar_power", "field_heat", "charge", "discharge", "storage", "initial_storage", "committed", "start")
    label = {dim: data[dim].astype(object).reset_coords(drop=True) for dim in ("participant", "wind", "csp")}
    return {"capacity": label["participant"], "wind_power": label["wind"]} | dict.fromkeys(plant, label["csp"])


def add_offer(model: linopy.Model, data: xr.Dataset) -> None:
    """P_t >= 0 (scenario, time); d+_ts, d-_ts >= 0 (scenario, time, outcome); K_i fixed (scenario, participant), MW."""
    zero, capacity = xr.zeros_like(data["price_da"]), data["capacity"]
    model.add_variables(lower=zero, name="offer")
    for name in ("surplus", "shortage"):
        model.add_variables(lower=xr.zeros_like(data["price_surplus"]), name=name)
    model.add_variables(lower=capacity, upper=capacity, name="capacity")


def add_wind_power(model: linopy.Model, data: xr.Dataset) -> None:
    """0 <= pw_its <= available (scenario, wind, time, outcome) MW: curtailment is free."""
    available = data["wind_available"]
    model.add_variables(lower=xr.zeros_like(available), upper=available, name="wind_power")


def add_solar_plants(model: linopy.Model, data: xr.Dataset) -> None:
    """Power within the capacity [MW], heat flows [MWth] and stored heat [MWhth] within their limits, e0 fixed.

    0 <= pc <= K, 0 <= qf <= available, 0 <= qc, qd <= limit, 0 <= e <= size (scenario, csp, time, outcome).
    """
    heat = data["heat_available"]
    limits = {
        "solar_power": capacity_of_plants(data),
        "field_heat": heat,
        "charge": data["charge_limit"],
        "discharge": data["discharge_limit"],
        "storage": data["storage_limit"],
    }
    for name, limit in limits.items():
        upper = limit.broadcast_like(heat).transpose(*FLOW)
        model.add_variables(lower=xr.zeros_like(upper), upper=upper, name=name)
    start = data["initial_storage"]
    model.add_variables(lower=start, upper=start, name="initial_storage")


def capacity_of_plants(data: xr.Dataset) -> xr.DataArray:
    """K_j (scenario, csp) MW."""
    return data["capacity"].sel(participant=data["csp"].values).rename(participant="csp")


def switched(data: xr.Dataset) -> xr.DataArray:
    """(scenario), whether the power blocks have on/off decisions."""
    return data["commitment"] == "integer"


def add_commitment(model: linopy.Model, data: xr.Dataset) -> None:
    """u_jt integer in 0..1, fixed to 1 where power blocks are not switched; 0 <= v_jt <= 1 (scenario, csp, time).

    v needs not be integer: a start only costs heat, so the rows make it 0 or 1.
    """
    one = xr.ones_like(data["price_da"] * data["storage_limit"]).transpose("scenario", "csp", "time")
    model.add_variables(lower=one.where(~switched(data), 0), upper=one, integer=True, name="committed")
    model.add_variables(lower=xr.zeros_like(one), upper=one, name="start")


def define_profit(model: linopy.Model, data: xr.Dataset) -> None:
    """R_s - sum_t [l_t P_t + l+_ts d+_ts - l-_ts d-_ts] + sum_jt c_j pc_jts = 0 (scenario, outcome) $.

    Minus its dual is the risk-adjusted probability q_s.
    """
    of = model.variables
    sold = (data["price_da"] * of["offer"]).sum("time")
    imbalance = (data["price_surplus"] * of["surplus"] - data["price_shortage"] * of["shortage"]).sum("time")
    cost = (data["variable_cost"] * of["solar_power"]).sum(["csp", "time"])
    model.add_constraints(of["outcome_profit"] - sold - imbalance + cost == 0, name="profit")


def define_power_balance(model: linopy.Model, data: xr.Dataset) -> None:
    """P_t + d+_ts - d-_ts - sum_i pw_its - sum_j pc_jts = 0 (scenario, time, outcome) MW.

    Minus its dual is the internal price y_ts: what one more MW in this hour and outcome is worth.
    """
    of = model.variables
    power = of["wind_power"].sum("wind") + of["solar_power"].sum("csp")
    model.add_constraints(of["offer"] + of["surplus"] - of["shortage"] - power == 0, name="power_balance")


def define_offer_limit(model: linopy.Model, data: xr.Dataset) -> None:
    """P_t - sum_i K_i <= 0 (scenario, time) MW; minus its dual is the capacity price kappa_t."""
    of = model.variables
    model.add_constraints(of["offer"] - of["capacity"].sum("participant") <= 0, name="offer_limit")


def define_heat_balance(model: linopy.Model, data: xr.Dataset) -> None:
    """pc_jts / eta_j - qf_jts + qc_jts - qd_jts + g_j v_jt = 0 (scenario, csp, time, outcome) MWth."""
    of = model.variables
    heat = (1 / data["block_efficiency"]) * of["solar_power"] - of["field_heat"] + of["charge"] - of["discharge"]
    model.add_constraints(heat + data["startup_heat"] * of["start"] == 0, name="heat_balance")


def define_charge_from_field(model: linopy.Model, data: xr.Dataset) -> None:
    """qc_jts - qf_jts <= 0 (scenario, csp, time, outcome) MWth: only the field charges the storage."""
    of = model.variables
    model.add_constraints(of["charge"] - of["field_heat"] <= 0, name="charge_from_field")


def define_storage_balance(model: linopy.Model, data: xr.Dataset) -> None:
    """e_jts - (1 - r_j) e_j,t-1,s - etac_j qc_jts + qd_jts / etad_j = 0 (scenario, csp, time, outcome) MWhth.

    Before the first hour stands the initial storage.
    """
    of, kept = model.variables, 1 - data["storage_loss"]
    flows = data["charge_efficiency"] * of["charge"] - (1 / data["discharge_efficiency"]) * of["discharge"]
    gained = of["storage"] - flows
    first, later = data["time"].values[:1], data["time"].values[1:]
    before = (kept * of["storage"]).shift(time=1).sel(time=later)
    model.add_constraints(gained.sel(time=later) - before == 0, name="storage_balance")
    start = gained.sel(time=first) - kept * of["initial_storage"]
    model.add_constraints(start == 0, name="first_storage_balance")


def define_final_storage(model: linopy.Model, data: xr.Dataset) -> None:
    """e_j,T-1,s - e0_j >= 0 (scenario, csp, outcome) MWhth."""
    of, last = model.variables, data["time"].values[-1]
    model.add_constraints(of["storage"].sel(time=last) - of["initial_storage"] >= 0, name="final_storage")


def define_output_limits(model: linopy.Model, data: xr.Dataset) -> None:
    """pc_jts - p_j u_jt >= 0 and pc_jts - K_j u_jt <= 0 (scenario, csp, time, outcome) MW."""
    of = model.variables
    model.add_constraints(of["solar_power"] - data["minimum_power"] * of["committed"] >= 0, name="least_output")
    model.add_constraints(of["solar_power"] - capacity_of_plants(data) * of["committed"] <= 0, name="largest_output")


def define_starts(model: linopy.Model, data: xr.Dataset) -> None:
    """v_jt - u_jt + u_j,t-1 >= 0 (scenario, csp, time), off before the first hour."""
    of = model.variables
    first, later = data["time"].values[:1], data["time"].values[1:]
    begun = of["start"] - of["committed"]
    before = (1 * of["committed"]).shift(time=1).sel(time=later)
    model.add_constraints(begun.sel(time=later) + before >= 0, name="starts")
    model.add_constraints(begun.sel(time=first) >= 0, name="first_start")


def read_out(data: xr.Dataset, primal: xr.Dataset, dual: xr.Dataset, reduced_cost: xr.Dataset) -> xr.Dataset:
    """Offer, imbalances, plants, prices, and what each participant delivers, costs, earns and contributes.

    price_revenue - reported_cost is the payoff at the internal price (Owen), with the rent of the offer limit; costs are
    means under the risk-adjusted probabilities. primal and reduced_cost by variable, dual by constraint family.
    """
    price, weight, rent = -dual["power_balance"], -dual["profit"], -dual["offer_limit"]
    power = power_of(data, primal)
    cost = (weight * _variable_cost(data) * power.sum("time")).sum("outcome")
    cleared = xr.Dataset(
        {
            "price_internal": price,
            "risk_probability": weight,
            "capacity_price": rent,
            "power": power,
            "output": (data["probability"] * power.sum("time")).sum("outcome"),
            "reported_cost": cost,
            "true_cost": cost,
            "price_revenue": (price * power).sum(["time", "outcome"]) + rent.sum("time") * data["capacity"],
            "active": data["taking_part"],
            "capacity": data["capacity"],
        }
    )
    kept = ("offer", "surplus", "shortage", "field_heat", "charge", "discharge", "storage", "committed")
    cleared = cleared.assign({name: primal[name] for name in kept})
    return cleared.assign(_contributions(data, cleared) | _profit_measures(data, primal)).reset_coords(drop=True)


def power_of(data: xr.Dataset, primal: xr.Dataset) -> xr.DataArray:
    """Output (scenario, participant, time, outcome) MW."""
    parts = [
        primal[name].rename({dim: "participant"}) for name, dim in (("wind_power", "wind"), ("solar_power", "csp"))
    ]
    power = xr.concat(parts, "participant", join="exact").sel(participant=data["participant"].values)
    return power.transpose("scenario", "participant", "time", "outcome")


def _variable_cost(data: xr.Dataset) -> xr.DataArray:
    """c_i (participant) $/MWh, 0 for wind."""
    cost = data["variable_cost"].rename(csp="participant")
    return cost.reindex(participant=data["participant"].values, fill_value=0.0)


def _contributions(data: xr.Dataset, cleared: xr.Dataset) -> dict[str, xr.DataArray]:
    """The two parts of the payoff (scenario, participant) in $: sum l_t q_s p_its - cost + rent of the offer limit, and
    sum (y_ts - l_t q_s) p_its."""
    at_da = data["price_da"] * cleared["risk_probability"]
    earned = (at_da * cleared["power"]).sum(["time", "outcome"])
    rent = cleared["capacity_price"].sum("time") * data["capacity"]
    balancing = ((cleared["price_internal"] - at_da) * cleared["power"]).sum(["time", "outcome"])
    return {"contribution_da": earned - cleared["reported_cost"] + rent, "contribution_balancing": balancing}


def _profit_measures(data: xr.Dataset, primal: xr.Dataset) -> dict[str, xr.DataArray]:
    """Profit by outcome, its mean and conditional value at risk [$], and the expected imbalance [MWh]."""
    profit, probability = primal["outcome_profit"], data["probability"]
    imbalance = (primal["surplus"] + primal["shortage"]).sum("time")
    return {
        "outcome_profit": profit,
        "expected_profit": (probability * profit).sum("outcome"),
        "cvar": conditional_value_at_risk(profit, probability, data["alpha"]),
        "expected_imbalance": (probability * imbalance).sum("outcome"),
    }


def scaled(data: xr.Dataset, participant: str, factor: float) -> xr.Dataset:
    """The data with everything that `participant` brings multiplied by `factor`."""
    own = {
        name: xr.where(data[dim] == participant, factor, 1.0).reset_coords(drop=True)
        for dim, names in SCALED.items()
        for name in names
    }
    changed = {name: (data[name] * factor_of).transpose(*data[name].dims) for name, factor_of in own.items()}
    return data.assign(changed)
