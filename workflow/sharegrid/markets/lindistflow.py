"""Limits of a radial network on the community: voltages by LinDistFlow without losses, and the exchange with the grid.

    V_b = 1 - sum_i ( a_bi (ch_i + flex_i - dis_i - pv_i) + l_bi load_i m_i )        squared voltage at bus b [p.u.]
    1 - V_b <= sum_i drop_right_ib m_i + drop_common_b,      V_b - 1 <= sum_i rise_right_ib m_i + rise_common_b
    g+ <= sum_i import_right_i m_i + import_common,          g- <= sum_i export_right_i m_i + export_common

a_bi = 2 R_bi, l_bi = 2 (R_bi + X_bi q_i / p_i) per kW, R_bi and X_bi the impedance that the paths to bus b and to user i
have in common; PV, batteries and flexible load have unit power factor. The rights of the members add up; a common part that
every coalition has in full does not (section 5.0). Source: Baran and Wu, IEEE Trans. Power Delivery 4(2):1401-1407, 1989.
"""

import linopy
import numpy as np
import xarray as xr

CONTROLLED = {"charge": 1, "flexible_load": 1, "discharge": -1, "pv": -1}  # variable -> sign as a withdrawal
VOLTAGE = {"drop": 1, "rise": -1}  # limit -> sign of the fall of the squared voltage
EXCHANGE = {"import": "grid_import", "export": "grid_export"}
LIMITS = (*VOLTAGE, *EXCHANGE)


def has_limits(data: xr.Dataset) -> bool:
    """Whether the network's limits bind in some scenario."""
    return any(bool(np.isfinite(data[f"{name}_common"]).any()) for name in LIMITS)


def define_limits(model: linopy.Model, data: xr.Dataset) -> None:
    """The limits of the voltages (scenario, bus, day, time) in squared p.u. and of the exchange (scenario, day, time) kW.

    Each as: use - rights of the members <= common part.
    """
    fall = voltage_fall(model, data)
    for name, sign in VOLTAGE.items():
        _define_limit(model, data, name, sign * fall)
    for name, variable in EXCHANGE.items():
        _define_limit(model, data, name, 1 * model.variables[variable])


def _define_limit(model: linopy.Model, data: xr.Dataset, name: str, use) -> None:
    rights = (data[f"{name}_right"] * model.variables["member"]).sum("participant")
    model.add_constraints(use - rights <= data[f"{name}_common"], name=f"{name}_limit")


def voltage_fall(model: linopy.Model, data: xr.Dataset):
    """1 - V_b (scenario, bus, day, time): how far the squared voltage is below that of the root, p.u."""
    brought = data["load_drop_per_kw"] * data["load"]
    fall = (brought * model.variables["member"]).sum("participant")
    for name, sign in CONTROLLED.items():
        if name in model.variables:
            fall = fall + (sign * data["drop_per_kw"] * model.variables[name]).sum("participant").fillna(0)
    return fall


def withdrawal(primal: xr.Dataset) -> xr.DataArray:
    """ch + flex - dis - pv (scenario, participant, day, time) kW: what a user controls, drawn from the network."""
    return sum(sign * primal[name] for name, sign in CONTROLLED.items() if name in primal) + xr.DataArray(0.0)


def voltage(data: xr.Dataset, drawn: xr.DataArray) -> xr.DataArray:
    """Voltage (scenario, bus, day, time) in p.u. of a schedule, `drawn` as withdrawal gives it."""
    fall = xr.dot(data["drop_per_kw"], drawn, dim="participant")
    fall = fall + xr.dot(data["load_drop_per_kw"], data["load"], dim="participant")
    return np.sqrt((1 - fall).clip(min=0)).transpose("scenario", "bus", "day", "time")


def payments(data: xr.Dataset, drawn: xr.DataArray, dual: xr.Dataset) -> xr.DataArray:
    """sum over the limits of y (use_i - right_i) (scenario, participant), y <= 0 the dual: what a user gets for the rights
    that it brings less what it pays for its use of the limits, in the money of the data."""
    brought = sum(_over_rows(dual, name, data[f"{name}_right"]) for name in LIMITS)
    return (used(data, drawn, dual) - brought).transpose("scenario", "participant")


def used(data: xr.Dataset, drawn: xr.DataArray, dual: xr.Dataset) -> xr.DataArray:
    """sum_bdt y_bdt (a_bi drawn_idt + l_bi load_idt) (scenario, participant), in the money of the data, <= 0 where the
    user's power stands in the way of others."""
    per_fall = sum(sign * dual[f"{name}_limit"] for name, sign in VOLTAGE.items())
    of_drawn = (xr.dot(data["drop_per_kw"], per_fall, dim="bus") * drawn).sum(["day", "time"])
    return of_drawn + (xr.dot(data["load_drop_per_kw"], per_fall, dim="bus") * data["load"]).sum(["day", "time"])


def rent(data: xr.Dataset, dual: xr.Dataset) -> xr.DataArray:
    """-sum y common (scenario): the value of the parts of the limits that every coalition has and nobody brings."""
    common = {name: data[f"{name}_common"] for name in LIMITS}
    parts = [_over_rows(dual, name, common[name].where(np.isfinite(common[name]), 0.0)) for name in LIMITS]
    return 0.0 - sum(parts)


def _over_rows(dual: xr.Dataset, name: str, of_row: xr.DataArray) -> xr.DataArray:
    """sum over the rows of a limit of its dual times `of_row`, which is the same in all hours."""
    per_row = dual[f"{name}_limit"].sum(["day", "time"])
    product = per_row * of_row
    return product.sum("bus") if "bus" in product.dims else product
