"""Fleets of electric vehicles that bid in energy and carbon markets behind one carbon account (chapter 7.4.3).

    max  (1 - b) sum_s pi_s R_s + b CVaR_a(R)                                           (markets/risk.py)
    s.t. R_s = -sum_t l_ts n_t - sum_it w_i (ch_it + dis_it) - sum_k c+_ks q+_k + c-_s q-              [q_s]
         sum_k q+_k - q- - sum_it f_t (ch_it - x dis_it) + sum_i a_i = 0                               [lambda]
         0 <= q+_k <= sum_i r_ik  (all steps k but the last),   q- >= 0                                [kappa_k]
         e_it = e_i,t-1 + etac_i ch_it - dis_it / etad_i + in_it - out_it
         c_it <= ch_it <= C_it,   0 <= dis_it <= D_it,   e_it <= e <= E_it,   ch_it / C_it + dis_it / D_it <= 1

n net charging sum_i (ch_it - dis_it), ch and dis charging and discharging of fleet i [MW], e its energy at the end of the
hour, in and out the energy of vehicles that arrive and leave at the start of the hour [MWh]; l energy price, w wear
[$/MWh]; q+ and q- allowances bought, by steps of a ladder, and sold [t], at c+ and c- [$/t]; f emission factor [t/MWh],
x 1 if discharging earns it; a allowances of the fleet, r its part of a step [t]; R profit of an outcome. Hours are the time
step. Bids hold in all outcomes: prices are known after them. Allowances do too, as with c- <= c+ in every outcome the
least that settles the emissions is best in all of them.

A fleet owns its allowances, its part of the ladder's steps, and the energy of its vehicles on arrival and departure, all
variables with equal bounds, so a closed fleet leaves homogeneous rows, nobody costs 0 and the payment at the prices is in
the core (Owen, Math. Programming 9:358-370, 1975). What is gained together is the netting of the fleets' allowances.

A fleet's vehicles are alike and either charge or discharge in an hour; the last row is what is left of that in a linear
program. It is exact wherever burning energy earns nothing. Where it does, as emissions that are paid for or discharging
without credit make it at a negative carbon price, the exact model decides with integers which of the two a fleet does in
each hour; prices are then those of these decisions, and the payment at them is not promised to be in the core.
"""

from collections.abc import Mapping

import linopy
import numpy as np
import xarray as xr

from sharegrid.markets.risk import add_risk, conditional_value_at_risk, define_shortfall, negative_profit_measure
from sharegrid.optimise.program import new_model

COUNTERFACTUAL = {name: ("primal", name) for name in ("charge", "discharge")}
LOST_LOAD = None
AT_ONCE = 1e-6  # of charging and discharging at once, relative to the largest charging power, at least 1 MW
ROUNDED = 1e-5  # the same of a mixed-integer optimum, whose integers are so by 1e-6
HOURLY = ("scenario", "participant", "time")
BATTERY = {"charge": ("charge_low", "charge_high"), "discharge": (None, "discharge_high"),
           "energy": ("energy_low", "energy_high")}  # fmt: skip
MOVED = ("energy_arriving", "energy_leaving")
BROUGHT = (
    "allowance",
    "step_right",
    *MOVED,
    "charge_low",
    "charge_high",
    "discharge_high",
    "energy_low",
    "energy_high",
)


def build(data: xr.Dataset) -> linopy.Model:
    """The model of all scenarios of `data` (dims scenario, participant, time, outcome, step)."""
    data, model = data.reset_coords(), new_model()  # swept fields would travel through every expression
    add_batteries(model, data)
    add_allowances(model, data)
    add_risk(model, data)
    define_energy_balance(model, data)
    define_shared_hour(model, data)
    define_carbon_position(model, data)
    define_steps(model, data)
    define_profit(model, data)
    define_shortfall(model, data)
    define_one_way(model, data)
    model.add_objective(negative_profit_measure(model, data))
    return model


def owners(data: xr.Dataset) -> dict[str, xr.DataArray]:
    """Who owns which variable: batteries, allowances and rights are the fleets'; what is traded and the risk are nobody's."""
    fleet = data["participant"].astype(object).reset_coords(drop=True)
    rights = ("step_right",) if data.sizes["step"] > 1 else ()
    moved = (name for name in MOVED if bool((data[name] > 0).any()))
    binary = ("charging",) if decides(data) else ()
    return dict.fromkeys((*BATTERY, *moved, "allowance", *rights, *binary), fleet)


def connected(data: xr.Dataset) -> xr.DataArray:
    """(participant, time), whether the fleet has a vehicle connected in some scenario."""
    return (data["energy_high"] > 0).any("scenario")


def discharges(data: xr.Dataset) -> xr.DataArray:
    """(participant, time), whether the fleet may discharge in some scenario."""
    return (data["discharge_high"] > 0).any("scenario")


def decides(data: xr.Dataset) -> bool:
    """Whether integers decide who charges and who discharges in some scenario."""
    return bool((data["one_way"] == 1).any() and discharges(data).any())


def add_batteries(model: linopy.Model, data: xr.Dataset) -> None:
    """Charging and discharging [MW] and energy [MWh] within their limits while connected; arriving and leaving energy fixed
    (scenario, participant, time)."""
    here = _all_scenarios(connected(data), data)
    labels = {dim: data.indexes[dim] for dim in HOURLY}  # else the order of the dims is that of the data's coordinates
    for name, (low, high) in BATTERY.items():
        upper = data[high].transpose(*HOURLY)
        lower = data[low].transpose(*HOURLY) if low else xr.zeros_like(upper)
        model.add_variables(lower=lower, upper=upper, coords=labels, mask=here, name=name)
    for name in MOVED:
        fixed = data[name].transpose(*HOURLY)
        moves = (fixed > 0).any("scenario")
        if moves.any():
            model.add_variables(lower=fixed, upper=fixed, mask=_all_scenarios(moves, data), name=name)


def _all_scenarios(mask: xr.DataArray, data: xr.Dataset) -> xr.DataArray:
    """A mask (participant, time) in all scenarios: they have the same columns and rows."""
    full = mask.reset_coords(drop=True).expand_dims(scenario=data["scenario"].values)
    return full.transpose(*HOURLY)


def add_allowances(model: linopy.Model, data: xr.Dataset) -> None:
    """q+_k >= 0 (scenario, step), q- >= 0 (scenario); a_i fixed (scenario, participant), r_ik fixed if there are steps, t."""
    price, own = data["carbon_price_buy"].isel(outcome=0, drop=True), data["allowance"]
    model.add_variables(lower=xr.zeros_like(price), name="allowances_bought")
    model.add_variables(lower=xr.zeros_like(price.isel(step=0, drop=True)), name="allowances_sold")
    model.add_variables(lower=own, upper=own, name="allowance")
    if data.sizes["step"] > 1:
        rights = data["step_right"].transpose("scenario", "participant", "step")
        model.add_variables(lower=rights, upper=rights, name="step_right")


def define_energy_balance(model: linopy.Model, data: xr.Dataset) -> None:
    """e_it - e_i,t-1 - etac_i ch_it + dis_it / etad_i - in_it + out_it = 0 (scenario, participant, time) MWh while connected.

    Before a fleet's first hour there is no energy; vehicles that leave take theirs at the start of the next hour.
    """
    of = model.variables
    gained = 1 * of["energy"] - _previous(of["energy"], data) - data["charge_efficiency"] * of["charge"]
    gained = gained + (1 / data["discharge_efficiency"]) * of["discharge"]
    for name, sign in zip(MOVED, (-1, 1), strict=True):
        if name in of:
            gained = gained + (sign * of[name]).fillna(0)
    model.add_constraints(gained == 0, name="energy_balance", mask=_all_scenarios(connected(data), data))


def _previous(energy: linopy.Variable, data: xr.Dataset):
    """e_i,t-1, 0 where the fleet was not connected."""
    return (1 * energy).shift(time=1).fillna(0)


def define_shared_hour(model: linopy.Model, data: xr.Dataset) -> None:
    """ch_it + (C_it / D_it) dis_it - C_it <= 0 (scenario, participant, time) MW where there is discharging: an hour is shared."""
    of, may = model.variables, discharges(data)
    if may.any():
        most, least = data["charge_high"].transpose(*HOURLY), data["discharge_high"].transpose(*HOURLY)
        ratio = (most / least.where(least > 0, np.inf)).fillna(0.0)
        mask = _all_scenarios(may, data)
        model.add_constraints(of["charge"] + ratio * of["discharge"] <= most, name="shared_hour", mask=mask)


def define_one_way(model: linopy.Model, data: xr.Dataset) -> None:
    """ch - C z <= 0,  dis + D z - D <= 0 with z integer in 0..1 (scenario, participant, time), where asked and discharging is
    possible. The last rows and columns, so those of the relaxation keep their numbers."""
    if not decides(data):
        return
    of, mask = model.variables, _all_scenarios(discharges(data), data)
    asked = (data["one_way"] == 1).reset_coords(drop=True)
    most, least = data["charge_high"].transpose(*HOURLY), data["discharge_high"].transpose(*HOURLY)
    one, free = xr.ones_like(most), xr.where(asked, 0.0, np.inf)
    charging = model.add_variables(lower=0 * one, upper=one, integer=True, mask=mask, name="charging")
    model.add_constraints(of["charge"] - most * charging <= free * one, name="charges_only", mask=mask)
    model.add_constraints(
        of["discharge"] + least * charging <= (least + free).transpose(*HOURLY), name="discharges_only", mask=mask
    )


def inexact(data: xr.Dataset, solution: Mapping[str, np.ndarray]) -> list[str]:
    """Fleets that charge and discharge at once, with the hour in which they do most and how much.

    data: one scenario; solution: charge and discharge (..., participant, time) MW, NaN where there is none.
    """
    both = np.nan_to_num(np.minimum(solution["charge"], solution["discharge"]))
    both = both.reshape(-1, *both.shape[-2:]).max(axis=0)
    near = ROUNDED if (data["one_way"] == 1).all() else AT_ONCE
    largest = data["charge_high"].transpose("participant", "time", ...).values.reshape(*both.shape, -1).max(axis=(1, 2))
    return [f"{fleet} ({hours.max():.3g} MW at once in hour {hours.argmax()})"
            for fleet, hours, most in zip(data["participant"].values, both, largest, strict=True)
            if hours.max() > near * max(1.0, most)]  # fmt: skip


def exact(data: xr.Dataset) -> xr.Dataset:
    """The data whose model decides whether a fleet charges or discharges in an hour."""
    return data.assign(one_way=xr.ones_like(data["one_way"]))


def net_emissions(model: linopy.Model, data: xr.Dataset):
    """sum_it f_t (ch_it - x dis_it) (scenario) t."""
    of, factor = model.variables, data["emission_factor"]
    emitted = (factor * of["charge"]).sum(["participant", "time"])
    return emitted - ((data["credit_export"].reset_coords(drop=True) * factor) * of["discharge"]).sum(
        ["participant", "time"]
    )


def define_carbon_position(model: linopy.Model, data: xr.Dataset) -> None:
    """sum_k q+_k - q- - emissions + sum_i a_i = 0 (scenario) t; its dual is the internal carbon price lambda."""
    of = model.variables
    settled = of["allowances_bought"].sum("step") - of["allowances_sold"] + of["allowance"].sum("participant")
    model.add_constraints(settled - net_emissions(model, data) == 0, name="carbon_position")


def define_steps(model: linopy.Model, data: xr.Dataset) -> None:
    """q+_k - sum_i r_ik <= 0 (scenario, step) t for all steps but the last; minus its dual is the rent kappa_k."""
    if data.sizes["step"] > 1:
        of, limited = model.variables, data["step"].values[:-1]
        within = of["allowances_bought"] - of["step_right"].sum("participant")
        model.add_constraints(within.sel(step=limited) <= 0, name="steps")


def define_profit(model: linopy.Model, data: xr.Dataset) -> None:
    """R_s + sum_it [l_ts (ch_it - dis_it) + w_i (ch_it + dis_it)] + sum_k c+_ks q+_k - c-_s q- = 0 (scenario, outcome) $.

    Minus its dual is the risk-adjusted probability q_s.
    """
    of, price, hours = model.variables, data["price"], ["participant", "time"]
    charging = (1 * of["charge"]).sum("participant")
    discharging = (1 * of["discharge"]).sum("participant")
    energy = (price * charging).sum("time") - (price * discharging).sum("time")
    wear = (data["wear_cost"] * of["charge"]).sum(hours) + (data["wear_cost"] * of["discharge"]).sum(hours)
    carbon = (data["carbon_price_buy"] * of["allowances_bought"]).sum("step")
    carbon = carbon - data["carbon_price_sell"] * of["allowances_sold"]
    model.add_constraints(of["outcome_profit"] + energy + wear + carbon == 0, name="profit")


def read_out(data: xr.Dataset, primal: xr.Dataset, dual: xr.Dataset, reduced_cost: xr.Dataset) -> xr.Dataset:
    """Schedules, allowances, prices, and what each fleet emits, costs and gets at the prices.

    price_revenue: -sum_t (risk-adjusted energy price) net charging - lambda (emissions - allowances) + rent of its part of
    the ladder's steps (Owen). reported_cost: wear. primal and reduced_cost by variable, dual by constraint family.
    """
    charge, discharge = primal["charge"], primal["discharge"]
    net, weight, carbon = charge - discharge, -dual["profit"], dual["carbon_position"]
    emitted = emissions_of(data, charge, discharge)
    rent = -dual["steps"].reindex(step=data["step"].values) if "steps" in dual else _no_rent(data)
    rent = rent.fillna(0.0)
    paid = ((weight * data["price"]).sum("outcome") * net).sum("time") + carbon * (emitted - data["allowance"])
    wear = (data["wear_cost"] * (charge + discharge)).sum("time")
    cleared = xr.Dataset(
        {
            **{name: primal[name] for name in (*BATTERY, "allowances_bought", "allowances_sold")},
            "carbon_price_internal": carbon,
            "step_rent": rent,
            "risk_probability": weight,
            "emissions": emitted,
            "output": -net.sum("time"),
            "reported_cost": wear,
            "true_cost": wear,
            "price_revenue": (rent * data["step_right"]).sum("step") - paid,
            "active": xr.ones_like(wear, dtype="i1"),
        }
    )
    return cleared.assign(_costs(data, primal, net)).reset_coords(drop=True)


def _no_rent(data: xr.Dataset) -> xr.DataArray:
    return xr.zeros_like(data["carbon_price_buy"].isel(outcome=0, drop=True))


def emissions_of(data: xr.Dataset, charge: xr.DataArray, discharge: xr.DataArray) -> xr.DataArray:
    """sum_t f_t (ch_it - x dis_it) (scenario, participant) t."""
    return (data["emission_factor"] * (charge - data["credit_export"] * discharge)).sum("time")


def _costs(data: xr.Dataset, primal: xr.Dataset, net: xr.DataArray) -> dict[str, xr.DataArray]:
    """Expected cost of energy and of allowances, profit by outcome, its mean and conditional value at risk, $."""
    probability, profit = data["probability"], primal["outcome_profit"]
    bought = (data["carbon_price_buy"] * primal["allowances_bought"]).sum("step")
    carbon = bought - data["carbon_price_sell"] * primal["allowances_sold"]
    energy = (data["price"] * net.sum("participant")).sum("time")
    return {
        "energy_cost": (probability * energy).sum("outcome"),
        "carbon_cost": (probability * carbon).sum("outcome"),
        "outcome_profit": profit,
        "expected_profit": (probability * profit).sum("outcome"),
        "cvar": conditional_value_at_risk(profit, probability, data["alpha"]),
    }


def preferred_dual(data: xr.Dataset) -> tuple[str, xr.DataArray]:
    """Where the internal carbon price is not unique: the nearest to the middle of what is paid for one bought and sold."""
    cheapest = data["carbon_price_buy"].isel(step=0, drop=True)
    middle = (cheapest + data["carbon_price_sell"]) / 2
    return "carbon_position", (data["probability"] * middle).sum("outcome").reset_coords(drop=True)


def scaled(data: xr.Dataset, participant: str, factor: float) -> xr.Dataset:
    """The data with everything that `participant` brings multiplied by `factor`."""
    own = xr.where(data["participant"] == participant, factor, 1.0).reset_coords(drop=True)
    return data.assign({name: (data[name] * own).transpose(*data[name].dims) for name in BROUGHT})
