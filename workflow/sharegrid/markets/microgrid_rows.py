"""What a microgrid's unit and battery can do at once: run, hold products, keep margins (chapter 7.2.3).

Up: regU, spin, FRU and the upward margin; down: regD, FRD and the downward margin. Names of variables as in
markets/microgrid.py; dims scenario, participant, product, direction, time, outcome.
"""

import linopy
import xarray as xr

from sharegrid.markets.ramping_rows import define_deliverability

UP, DOWN = ("regU", "spin", "FRU"), ("regD", "FRD")
FLOW = ("scenario", "participant", "time", "outcome")
BY_DIRECTION = {"up": UP, "down": DOWN}


def products_of(model: linopy.Model, resource: str, products: tuple[str, ...]):
    """Sum of some products held by the `unit` or the `battery` (scenario, participant, time, outcome) MW."""
    return (1 * model.variables[f"{resource}_product"].sel(product=list(products))).sum("product")


def room_of(model: linopy.Model, resource: str, direction: str):
    """Products and margin in one direction (scenario, participant, time, outcome) MW."""
    margin = model.variables[f"{resource}_margin"].sel(direction=direction)
    return products_of(model, resource, BY_DIRECTION[direction]) + (1 * margin).drop_vars("direction")


def _times(model: linopy.Model, data: xr.Dataset, limit: str):
    """A limit times what the owner brings (scenario, participant, time, outcome): 0 where the owner is absent."""
    by_hour = data[limit].expand_dims(time=data["time"].values, outcome=data["outcome"].values).transpose(*FLOW)
    return by_hour.reset_coords(drop=True) * model.variables["member"]


def define_unit(model: linopy.Model, data: xr.Dataset) -> None:
    """g + up <= P m,  g - dn >= p m,  up <= R10 m,  dn <= R10 m (scenario, participant, time, outcome) MW.

    And the rows of markets/ramping_rows.py for FRU and FRD.
    """
    power, up, down = model.variables["unit_power"], room_of(model, "unit", "up"), room_of(model, "unit", "down")
    largest, least = _times(model, data, "unit_capacity"), _times(model, data, "unit_minimum")
    ten = _times(model, data, "ramp_10")
    model.add_constraints(power + up - largest <= 0, name="unit_room_above")
    model.add_constraints(power - down - least >= 0, name="unit_room_below")
    model.add_constraints(up - ten <= 0, name="unit_ramp_up")
    model.add_constraints(down - ten <= 0, name="unit_ramp_down")
    ramping = (products_of(model, "unit", (name,)) for name in ("FRU", "FRD"))
    always = xr.ones_like(data["alpha"]).reset_coords(drop=True)
    define_deliverability(model, 1 * power, *ramping, largest, least, _times(model, data, "ramp_60"), always)


def define_battery_power(model: linopy.Model, data: xr.Dataset) -> None:
    """dis - ch + up <= P m,  ch - dis + dn <= P m (scenario, participant, time, outcome) MW."""
    of, limit = model.variables, _times(model, data, "battery_power")
    out = of["discharge"] - of["charge"]
    model.add_constraints(out + room_of(model, "battery", "up") - limit <= 0, name="battery_room_above")
    model.add_constraints(room_of(model, "battery", "down") - out - limit <= 0, name="battery_room_below")


def define_battery_energy(model: linopy.Model, data: xr.Dataset) -> None:
    """e_t >= (sum_k H_k a_k + 1 h margin) / eta_d up,  e_t + eta_c (...) <= E m down, MWh.

    H_k: hours for which the battery can deliver the product.
    """
    stored = model.variables["stored"]
    taken = _reciprocal(data["discharge_efficiency"]) * energy_of_room(model, data, "up")
    added = data["charge_efficiency"].reset_coords(drop=True) * energy_of_room(model, data, "down")
    size = _times(model, data, "battery_energy")
    model.add_constraints(stored - taken >= 0, name="stored_energy_above")
    model.add_constraints(stored + added - size <= 0, name="stored_energy_below")


def energy_of_room(model: linopy.Model, data: xr.Dataset, direction: str):
    """Energy at the terminals behind products and margin of the battery (scenario, participant, time, outcome) MWh."""
    products = model.variables["battery_product"].sel(product=list(BY_DIRECTION[direction]))
    hours = data["held_hours"].sel(product=list(BY_DIRECTION[direction]))
    margin = model.variables["battery_margin"].sel(direction=direction)
    return (hours * products).sum("product") + (1 * margin).drop_vars("direction")


def define_storage(model: linopy.Model, data: xr.Dataset) -> None:
    """e_t - e_{t-1} - eta_c ch + dis / eta_d = 0, e0 m before the first hour, e_{T-1} >= e0 m (.., outcome) MWh."""
    of = model.variables
    charged = data["charge_efficiency"].reset_coords(drop=True) * of["charge"]
    gained = of["stored"] - charged + _reciprocal(data["discharge_efficiency"]) * of["discharge"]
    first, later = data["time"].values[:1], data["time"].values[1:]
    before = (1 * of["stored"]).shift(time=1).sel(time=later)
    start = _times(model, data, "battery_initial")
    model.add_constraints(gained.sel(time=later) - before == 0, name="storage_balance")
    model.add_constraints(gained.sel(time=first) - start.sel(time=first) == 0, name="first_storage_balance")
    last = data["time"].values[-1:]
    model.add_constraints(of["stored"].sel(time=last) - start.sel(time=last) >= 0, name="final_storage")


def define_one_way(model: linopy.Model, data: xr.Dataset) -> None:
    """ch - P z <= 0,  dis + P z - P m <= 0 with z integer in 0..1 (scenario, participant, time, outcome), where asked.

    A battery that burns energy by charging and discharging at once gains only at negative prices, or by the room that
    it makes.
    """
    if not (data["one_way"] == 1).any():
        return
    of, power = model.variables, data["battery_power"].reset_coords(drop=True)
    asked = (data["one_way"] == 1).reset_coords(drop=True)
    most = (xr.zeros_like(of["charge"].lower) + asked).transpose(*FLOW)
    charging = model.add_variables(lower=xr.zeros_like(most), upper=most, integer=True, name="charging")
    free = xr.where(asked, 0.0, float("inf"))
    model.add_constraints(of["charge"] - power * charging <= free, name="charges_only")
    limit = _times(model, data, "battery_power")
    model.add_constraints(of["discharge"] + power * charging - limit <= free, name="discharges_only")


def _reciprocal(efficiency: xr.DataArray) -> xr.DataArray:
    return (1 / efficiency).reset_coords(drop=True)
