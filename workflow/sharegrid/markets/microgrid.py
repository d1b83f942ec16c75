"""Microgrids that bid in the markets for energy and ancillary services as price takers (chapters 7.2.2 and 7.2.3).

    max  (1 - b) sum_s pi_s R_s + b CVaR_a(R)                                                        (markets/risk.py)
    s.t. R_s = sum_t l_ts P_ts + sum_kt mu_kt A_kt - sum_it [ c g + w (ch + dis) + v d ]_its - M sum_dt y_dts    [q_s]
         P_ts = sum_i ( g + dis - ch + d + pv - load )_its                                                  [lam_ts]
         A_kt <= sum_i ( ag + ab )_ikts                                                                     [eta_kts]
         sum_i ( mg + mb )_idts + y_dts >= G th_t + sum_r q_rt,   d: up, down                               [rho_dts]
         th_t + q_rt >= sum_i dev_irt                                                                      [del_rt]
         P_ts' >= P_ts where l_ts' >= l_ts (a curve), P the same in all outcomes (a quantity)
         the rows of markets/microgrid_rows.py: unit, battery, ramping, stored energy

P net sale by outcome, A products sold before the outcome is known, g unit, ch, dis battery, d curtailed load, a
products and m margins of unit and battery, y missing margin [MW]; R profit less the cost of missing margins [$], which
the read-out keeps apart; l, mu prices, c, w, v costs, M cost of a missing margin. The budget holds in each hour alone,
with the scheduled stored energy: deviations that last are not covered. The right-hand side of the margin is the dual of
max { z dev : 0 <= z <= 1, sum z <= G }, the largest deviation with the budget G (D. Bertsimas, M. Sim, Operations
Research 52(1):35-53, 2004). What an owner brings is a variable that it owns or a multiple of its membership: all rows
are homogeneous, so payments at the duals share the value and are in the core (G. Owen, 1975).
Source of the bid: J. Wang, H. Zhong et al., Applied Energy 205:294-303, 2017 (abstract only: our reading).
"""

from collections.abc import Mapping

import linopy
import numpy as np
import xarray as xr

from sharegrid.markets import microgrid_rows as rows
from sharegrid.markets import risk
from sharegrid.markets.microgrid_settlement import read_out, report
from sharegrid.optimise.program import new_model

__all__ = ["COUNTERFACTUAL", "LOST_LOAD", "build", "exact", "inexact", "owners", "read_out", "report", "scaled"]
COUNTERFACTUAL = {name: ("primal", name) for name in ("charge", "discharge")}
LOST_LOAD = None
AT_ONCE = 1e-6  # MW of charge and discharge at once
SAME_PRICE = 1e-6  # $/MWh
OWNED = ("member", "unit_power", "charge", "discharge", "stored", "curtailed", "unit_product", "battery_product",
         "unit_margin", "battery_margin")  # fmt: skip
BROUGHT = ("load", "pv", "deviation", "curtailable", "unit_capacity", "unit_minimum", "ramp_10", "ramp_60",
           "battery_energy", "battery_power", "battery_initial")  # fmt: skip


def build(data: xr.Dataset) -> linopy.Model:
    """The model of all scenarios of `data`; see the module for the formulas."""
    model = new_model()
    add_bids(model, data)
    add_resources(model, data)
    add_deviations(model, data)
    risk.add_risk(model, data)
    define_profit(model, data)
    define_power_balance(model, data)
    define_products(model, data)
    define_margins(model, data)
    define_curve(model, data)
    rows.define_unit(model, data)
    rows.define_battery_power(model, data)
    rows.define_battery_energy(model, data)
    rows.define_storage(model, data)
    rows.define_one_way(model, data)
    risk.define_shortfall(model, data)
    model.add_objective(risk.negative_profit_measure(model, data))
    return model


def owners(data: xr.Dataset) -> dict[str, xr.DataArray]:
    """Who owns which variable: everything but bids, budget and risk belongs to the microgrids."""
    owner = data["participant"].astype(object).reset_coords(drop=True)
    binary = ("charging",) if (data["one_way"] == 1).any() else ()
    return dict.fromkeys((*OWNED, *binary), owner)


def add_bids(model: linopy.Model, data: xr.Dataset) -> None:
    """P_ts free (scenario, time, outcome), 0 <= A_kt (scenario, product, time) MW, 0 of what is not offered."""
    model.add_variables(lower=xr.full_like(data["price_energy"], -np.inf).reset_coords(drop=True), name="energy_bid")
    zero = xr.zeros_like(data["price_product"]).reset_coords(drop=True)
    model.add_variables(lower=zero, upper=_sold(zero, data), name="product_bid")


def add_resources(model: linopy.Model, data: xr.Dataset) -> None:
    """m_i = 1 for who takes part (scenario, participant); g, e >= 0, 0 <= ch, dis <= P, d up to the curtailable load,
    products and margins of unit and battery >= 0 (scenario, participant, [product or direction,] time, outcome) MW,
    MWh."""
    member = data["taking_part"].astype(float).reset_coords(drop=True)
    model.add_variables(lower=member, upper=member, name="member")
    flow = xr.zeros_like(data["load"] * data["probability"]).reset_coords(drop=True).transpose(*rows.FLOW)
    for name in ("unit_power", "stored"):
        model.add_variables(lower=flow, name=name)
    for name, limit in (("charge", "battery_power"), ("discharge", "battery_power"), ("curtailed", "curtailable")):
        most = (flow + data[limit].reset_coords(drop=True)).transpose(*rows.FLOW)
        model.add_variables(lower=flow, upper=most, name=name)
    product = flow.expand_dims(product=data["product"].values).transpose("scenario", "participant", "product", ...)
    margin = flow.expand_dims(direction=data["direction"].values).transpose("scenario", "participant", "direction", ...)
    for resource in ("unit", "battery"):
        model.add_variables(lower=product, upper=_sold(product, data), name=f"{resource}_product")
        model.add_variables(lower=margin, name=f"{resource}_margin")


def _sold(zero: xr.DataArray, data: xr.Dataset) -> xr.DataArray:
    """Upper limits: 0 of products that are not offered, none of others."""
    offered = (data["offered"] == 1).reset_coords(drop=True)
    return xr.where(offered, np.inf, zero).transpose(*zero.dims)


def add_deviations(model: linopy.Model, data: xr.Dataset) -> None:
    """th_t, q_rt >= 0 (scenario, [source,] time) and y_dts >= 0 (scenario, direction, time, outcome) MW."""
    total = data["deviation"].sum("participant").reset_coords(drop=True)
    model.add_variables(lower=xr.zeros_like(total.isel(source=0, drop=True)), name="deviation_price")
    model.add_variables(lower=xr.zeros_like(total), name="deviation_excess")
    missing = (
        xr.zeros_like(data["price_energy"]).reset_coords(drop=True).expand_dims(direction=data["direction"].values)
    )
    model.add_variables(lower=missing.transpose("scenario", "direction", ...), name="missing_margin")


def define_profit(model: linopy.Model, data: xr.Dataset) -> None:
    """R_s - sum_t l_ts P_ts - sum_kt mu_kt A_kt + costs = 0 (scenario, outcome) $; minus its dual is q_s."""
    of, plain = model.variables, data.reset_coords(drop=True)
    sold = (plain["price_energy"] * of["energy_bid"]).sum("time")
    products = (plain["price_product"] * of["product_bid"]).sum(["product", "time"])
    throughput = plain["battery_cost"] * of["charge"] + plain["battery_cost"] * of["discharge"]
    cost = plain["unit_cost"] * of["unit_power"] + throughput + plain["curtailment_cost"] * of["curtailed"]
    missing = (plain["missing_margin_cost"] * of["missing_margin"]).sum(["direction", "time"])
    profit = of["outcome_profit"] - sold - products + cost.sum(["participant", "time"]) + missing
    model.add_constraints(profit == 0, name="profit")


def define_power_balance(model: linopy.Model, data: xr.Dataset) -> None:
    """P_ts - sum_i (g + dis - ch + d + (pv - load) m)_its = 0 (scenario, time, outcome) MW; minus its dual: lam_ts."""
    of = model.variables
    own = of["unit_power"] + of["discharge"] - of["charge"] + of["curtailed"]
    fixed = ((data["pv"] - data["load"]).reset_coords(drop=True) * of["member"]).sum("participant")
    model.add_constraints(of["energy_bid"] - own.sum("participant") - fixed == 0, name="power_balance")


def define_products(model: linopy.Model, data: xr.Dataset) -> None:
    """sum_i (ag + ab)_ikts - A_kt >= 0 (scenario, product, time, outcome) MW."""
    of = model.variables
    held = (of["unit_product"] + of["battery_product"]).sum("participant")
    model.add_constraints(held - of["product_bid"] >= 0, name="held_products")


def define_margins(model: linopy.Model, data: xr.Dataset) -> None:
    """sum_i (mg + mb)_idts + y_dts - G th_t - sum_r q_rt >= 0 (scenario, direction, time, outcome) MW.

    th_t + q_rt - sum_i dev_irt m_i >= 0 (scenario, source, time) MW.
    """
    of = model.variables
    budget = data["gamma"].reset_coords(drop=True)
    worst = budget * of["deviation_price"] + of["deviation_excess"].sum("source")
    held = (of["unit_margin"] + of["battery_margin"]).sum("participant") + of["missing_margin"]
    model.add_constraints(held - worst >= 0, name="margin")
    deviation = (data["deviation"].reset_coords(drop=True) * of["member"]).sum("participant")
    model.add_constraints(of["deviation_price"] + of["deviation_excess"] - deviation >= 0, name="deviation")


def define_curve(model: linopy.Model, data: xr.Dataset) -> None:
    """P_ts' - P_ts >= 0 from each outcome to the next dearer one, = 0 where the price is the same, or in all hours
    where the bid is a quantity (scenario, time, step) MW."""
    price = data["price_energy"].transpose("scenario", "time", "outcome").reset_coords(drop=True)
    order = np.argsort(price.values, axis=-1, kind="stable")
    labels = {"scenario": price["scenario"], "time": price["time"], "step": np.arange(order.shape[-1])}
    ranked = xr.DataArray(order, labels, ("scenario", "time", "step"))
    curve = (1 * model.variables["energy_bid"].isel(outcome=ranked)).drop_vars("outcome")
    rise = curve.shift(step=-1).isel(step=slice(None, -1)) - curve.isel(step=slice(None, -1))
    model.add_constraints(rise >= 0, name="curve_rises")
    higher = np.diff(np.take_along_axis(price.values, order, axis=-1), axis=-1) > SAME_PRICE
    may_rise = higher & (data["bid"].values == "curve")[:, None, None]
    limit = xr.DataArray(np.where(may_rise, np.inf, 0.0), labels | {"step": labels["step"][:-1]}, ranked.dims)
    model.add_constraints(rise <= limit, name="curve_is_flat")


def inexact(data: xr.Dataset, solution: Mapping[str, np.ndarray]) -> list[str]:
    """Microgrids whose battery charges and discharges by more than 1e-6 MW at once.

    data: one scenario; solution: charge and discharge (..., participant, time, outcome) MW.
    """
    both = np.minimum(solution["charge"], solution["discharge"]).max(axis=(-1, -2))
    return [str(name) for name in data["participant"].values[(both.reshape(-1, both.shape[-1]) > AT_ONCE).any(axis=0)]]


def exact(data: xr.Dataset) -> xr.Dataset:
    """The data whose model decides whether a battery charges or discharges."""
    return data.assign(one_way=xr.ones_like(data["one_way"]))


def scaled(data: xr.Dataset, participant: str, factor: float) -> xr.Dataset:
    """The data with everything that `participant` brings multiplied by `factor`."""
    own = xr.where(data["participant"] == participant, factor, 1.0).reset_coords(drop=True)
    return data.assign({name: (data[name] * own).transpose(*data[name].dims) for name in BROUGHT})
