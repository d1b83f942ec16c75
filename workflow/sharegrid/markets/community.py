"""The community of users with PV, batteries and flexible load behind one connection to the grid (sections 5.3, 5.4).

    min  sum_d w_d sum_t (pb_dt g+_dt - ps_dt g-_dt) + pc D
    s.t. g+_dt - g-_dt + sum_i e_idt = 0                                                       [mu_dt]
         e_idt = pv_idt + dis_idt - ch_idt - flex_idt - load_idt m_i
         soc_idt = soc_id,t-1 + eta_c ch_idt - dis_idt / eta_d     (the hour before the first is the last)
         sum_t flex_idt = flexible_energy_id m_i
         D >= g+_dt  in the peak hours                                                         [nu_dt]
         0 <= pv <= available, 0 <= ch, dis <= power, 0 <= soc <= energy, 0 <= flex <= flexible power, g+, g-, D >= 0

g+, g- import from and export to the grid, e net export of a user to the community [kW]; D charged peak [kW]; pb, ps
prices of energy, pc the charge for capacity per average day; w_d weights of the days. What a user brings that is no
decision (its load, the energy it must move) is a multiple of its membership m_i, a variable fixed at 1 that it owns: so all
rows have the right-hand side 0 and the members' parts add up, which puts the revenue at the prices mu into the core
(Owen, Math. Programming 9:358-370, 1975). mu_dt / w_d is the internal price, between ps and pb + nu / w_d.
The network is in markets/lindistflow.py.
"""

import linopy
import numpy as np
import xarray as xr

from sharegrid.markets import lindistflow, stand_alone
from sharegrid.optimise.program import new_model

COUNTERFACTUAL: dict[str, tuple[str, str]] = {}
LOST_LOAD = None
HOURLY = ("scenario", "participant", "day", "time")
OWNED = ("member", "pv", "charge", "discharge", "state_of_charge", "flexible_load")


def build(data: xr.Dataset) -> linopy.Model:
    """The model of all scenarios of `data` (dims scenario, participant, day, time, bus).

    ValueError names a user whose share of the network's limits is too small for itself.
    """
    model = new_model()
    add_members(model, data)
    add_pv(model, data)
    add_batteries(model, data)
    add_flexible_load(model, data)
    add_exchange(model, data)
    define_balance(model, data)
    cost = energy_cost(model, data)
    if has_capacity_charge(data):
        cost = cost + capacity_cost(model, data)
    if lindistflow.has_limits(data):
        lindistflow.define_limits(model, data)
    model.add_objective(cost)
    stand_alone.check_shares(model, data, owners(data))
    return model


def owners(data: xr.Dataset) -> dict[str, xr.DataArray]:
    """Who owns which variable: everything but the exchange with the grid and the charged peak belongs to the users."""
    user = data["participant"].astype(str)
    present = {"member": True, "pv": _has_pv(data).any(), "flexible_load": _has_flexible(data).any()}
    present |= dict.fromkeys(("charge", "discharge", "state_of_charge"), _has_battery(data).any())
    return {name: user for name in OWNED if present[name]}


def add_members(model: linopy.Model, data: xr.Dataset) -> None:
    """m_i = 1 (scenario, participant) for who takes part, 0 for others: what a user brings beside its decisions."""
    one = data["taking_part"].astype(float)
    model.add_variables(lower=one, upper=one, name="member")


def add_pv(model: linopy.Model, data: xr.Dataset) -> None:
    """0 <= pv_idt <= available (scenario, participant, day, time) kW; the rest is curtailed."""
    most = data["pv_available"].transpose(*HOURLY)
    _add(model, "pv", most, _has_pv(data))


def add_batteries(model: linopy.Model, data: xr.Dataset) -> None:
    """0 <= ch, dis <= power [kW], 0 <= soc <= energy [kWh] (scenario, participant, day, time), and the storage balance.

    soc_idt - soc_id,t-1 - eta_c ch_idt + dis_idt / eta_d = 0 kWh; each day ends as it began.
    """
    mask = _has_battery(data)
    if not mask.any():
        return
    for name, most in (
        ("charge", "battery_power"),
        ("discharge", "battery_power"),
        ("state_of_charge", "battery_energy"),
    ):
        _add(model, name, _hourly(data[most], data), mask)
    charge, discharge, level = (model.variables[name] for name in ("charge", "discharge", "state_of_charge"))
    stored = float(data["charge_efficiency"]) * charge - (1 / float(data["discharge_efficiency"])) * discharge
    model.add_constraints(1 * level - 1 * level.roll(time=1) - stored == 0, name="storage_balance")


def add_flexible_load(model: linopy.Model, data: xr.Dataset) -> None:
    """0 <= flex_idt <= flexible power (scenario, participant, day, time) kW in the allowed hours, and its energy per day.

    sum_t flex_idt - flexible_energy_id m_i = 0 (scenario, participant, day) kWh.
    """
    mask = _has_flexible(data)
    if not mask.any():
        return
    _add(model, "flexible_load", _hourly(data["flexible_power"], data), mask & (data["flexible_hour"] == 1))
    taken = (1 * model.variables["flexible_load"]).sum("time")
    rows = taken - data["flexible_energy"] * model.variables["member"] == 0
    model.add_constraints(rows, name="flexible_energy", mask=_all_scenarios(mask, data).any("time"))


def add_exchange(model: linopy.Model, data: xr.Dataset) -> None:
    """g+_dt, g-_dt >= 0 (scenario, day, time) kW."""
    like = xr.zeros_like(data["price_buy"]).expand_dims(scenario=data["scenario"].values)
    for name in ("grid_import", "grid_export"):
        model.add_variables(lower=like, name=name)


def net_export(model: linopy.Model, data: xr.Dataset):
    """sum_i e_idt (scenario, day, time) kW: PV and discharge less charge, flexible load and load."""
    total = -(data["load"] * model.variables["member"]).sum("participant")
    for name, sign in (("pv", 1), ("discharge", 1), ("charge", -1), ("flexible_load", -1)):
        if name in model.variables:
            total = total + (sign * model.variables[name]).sum("participant").fillna(0)
    return total


def define_balance(model: linopy.Model, data: xr.Dataset) -> None:
    """g+_dt - g-_dt + sum_i e_idt = 0 (scenario, day, time) kW; its dual is w_d times the internal price."""
    exchange = 1 * model.variables["grid_import"] - 1 * model.variables["grid_export"]
    model.add_constraints(exchange + net_export(model, data) == 0, name="balance")


def energy_cost(model: linopy.Model, data: xr.Dataset):
    """sum_d w_d sum_t (pb_dt g+_dt - ps_dt g-_dt) in the money of the data."""
    weight = data["day_weight"]
    bought = weight * data["price_buy"] * model.variables["grid_import"]
    return (bought - weight * data["price_sell"] * model.variables["grid_export"]).sum()


def has_capacity_charge(data: xr.Dataset) -> bool:
    """Whether import in the peak hours is charged in some scenario."""
    return bool((data["capacity_charge"] > 0).any())


def capacity_cost(model: linopy.Model, data: xr.Dataset):
    """pc D (scenario) in the money of the data, with D >= g+_dt in the peak hours of all days, or D their mean.

    The dual of D - g+_dt >= 0 is nu_dt; where D > 0 these sum to pc.
    """
    bought = model.variables["grid_import"]
    if data.attrs["capacity_charge"] == "mean":
        return (mean_charge(data) * bought).sum()
    peak = model.add_variables(lower=xr.zeros_like(data["capacity_charge"]), name="charged_peak")
    charged = (data["peak_hour"] == 1).expand_dims(scenario=data["scenario"].values, day=data["day"].values)
    model.add_constraints(1 * peak - 1 * bought >= 0, name="peak", mask=charged.reset_coords(drop=True))
    return (data["capacity_charge"] * peak).sum()


def mean_charge(data: xr.Dataset) -> xr.DataArray:
    """pc over the number of peak hours (scenario, day, time), 0 in other hours: the charge where D is the mean import."""
    per_hour = data["capacity_charge"] / (data["peak_hour"].sum() * data.sizes["day"])
    return (per_hour * data["peak_hour"]).expand_dims(day=data["day"].values).transpose("scenario", "day", "time")


def read_out(data: xr.Dataset, primal: xr.Dataset, dual: xr.Dataset, reduced_cost: xr.Dataset) -> xr.Dataset:
    """Schedules, internal price, and what each user gets at the prices, which is minus its bill.

    primal and reduced_cost by variable, dual by constraint family; dims as in build, with the scenario.
    """
    drawn = lindistflow.withdrawal(primal).broadcast_like(data["load"]).transpose(*HOURLY)
    exported, mu = -drawn - data["load"], dual["balance"]
    exchange = {name: primal[name] for name in ("grid_import", "grid_export")}
    signal = _capacity_signal(data, primal, dual)
    revenue = {"capacity_payment": (signal * exported).sum(["day", "time"])}
    revenue["network_payment"] = xr.zeros_like(revenue["capacity_payment"])
    rent = xr.zeros_like(data["capacity_charge"])
    if lindistflow.has_limits(data):
        revenue["network_payment"], rent = lindistflow.payments(data, drawn, dual), lindistflow.rent(data, dual)
    nothing = xr.zeros_like(revenue["capacity_payment"])
    cleared = xr.Dataset(revenue | exchange | _schedules(data, primal)).assign(
        output=(data["day_weight"] * exported).sum(["day", "time"]),
        reported_cost=nothing,
        true_cost=nothing,
        price_revenue=(mu * exported).sum(["day", "time"]) + revenue["network_payment"],
        active=data["taking_part"],
        price=mu / data["day_weight"],
        net_export=exported,
        capacity_price_signal=signal,
        charged_peak=charged_peak(data, exchange["grid_import"]),
        network_rent=rent,
        traded_energy_value=traded_energy_value(data, exported),
        voltage=lindistflow.voltage(data, drawn),
    )
    cleared = cleared.drop_attrs().reset_coords(drop=True).assign_coords(data.coords)  # arithmetic keeps wrong units
    cleared["price"].attrs["units"] = data["price_buy"].attrs["units"]
    return cleared


def _schedules(data: xr.Dataset, primal: xr.Dataset) -> dict[str, xr.DataArray]:
    """Used PV, discharge less charge, and flexible load (scenario, participant, day, time) kW; 0 for who has none."""

    def of(name):
        return primal[name] if name in primal else xr.zeros_like(data["load"])

    return {"pv": of("pv"), "battery_output": of("discharge") - of("charge"), "flexible_load": of("flexible_load")}


def _capacity_signal(data: xr.Dataset, primal: xr.Dataset, dual: xr.Dataset) -> xr.DataArray:
    """nu_dt (scenario, day, time): what one more kW of import in a peak hour costs by the capacity price.

    A charge on the mean counts in hours without exchange too, as the next kW would be charged; not where the community sells.
    """
    if "peak" in dual:
        return dual["peak"]
    return mean_charge(data) * (primal["grid_export"] <= 0)


def charged_peak(data: xr.Dataset, grid_import: xr.DataArray) -> xr.DataArray:
    """The largest, or the mean, import in the peak hours of all days (scenario) kW."""
    charged = grid_import.where(data["peak_hour"] == 1)
    return charged.mean(["day", "time"]) if data.attrs["capacity_charge"] == "mean" else charged.max(["day", "time"])


def traded_energy_value(data: xr.Dataset, exported: xr.DataArray) -> xr.DataArray:
    """sum_dt w_d (pb - ps) / 2 times the energy traded with other users (scenario, participant), in the money of the data.

    In an hour the smaller of all net exports and all net imports is traded; the larger side takes part in proportion.
    """
    out, into = exported.clip(min=0), (-exported).clip(min=0)
    supply, demand = out.sum("participant"), into.sum("participant")
    traded = np.minimum(supply, demand)
    share = traded / supply.where(supply > 0, 1.0) * out + traded / demand.where(demand > 0, 1.0) * into
    half_band = data["day_weight"] * (data["price_buy"] - data["price_sell"]) / 2
    return (half_band * share).sum(["day", "time"])


def preferred_dual(data: xr.Dataset) -> tuple[str, xr.DataArray]:
    """Where mu is not unique: the nearest to w_d times the middle of the band of the internal price."""
    middle = data["day_weight"] * (data["price_buy"] + data["price_sell"]) / 2
    return "balance", middle.expand_dims(scenario=data["scenario"].values)


def scaled(data: xr.Dataset, participant: str, factor: float) -> xr.Dataset:
    """The data with all that a participant brings multiplied by `factor`."""
    own = (data["participant"] == participant).reset_coords(drop=True)
    brought = ("load", "pv_available", "battery_energy", "battery_power", "flexible_energy", "flexible_power")
    rights = ("drop_right", "rise_right", "import_right", "export_right")
    return data.assign({name: data[name] * xr.where(own, factor, 1.0) for name in (*brought, *rights)})


def _add(model: linopy.Model, name: str, upper: xr.DataArray, mask: xr.DataArray) -> None:
    """A variable of the users between 0 and `upper`, only where `mask` (participant [, day, time]) is true."""
    if mask.any():
        model.add_variables(lower=xr.zeros_like(upper), upper=upper, mask=_all_scenarios(mask, upper), name=name)


def _all_scenarios(mask: xr.DataArray, like) -> xr.DataArray:
    """A mask (scenario, participant, day, time): all scenarios have the same columns and rows."""
    sizes = {dim: like[dim] for dim in HOURLY if dim not in mask.dims}
    full = mask.reset_coords(drop=True).expand_dims({dim: values.values for dim, values in sizes.items()})
    return full.transpose(*HOURLY)


def _hourly(values: xr.DataArray, data: xr.Dataset) -> xr.DataArray:
    """(scenario, participant) repeated in every hour of every day."""
    return values.expand_dims(day=data["day"].values, time=data["time"].values).transpose(*HOURLY)


def _has_pv(data: xr.Dataset) -> xr.DataArray:
    return (data["pv_available"] > 0).any("scenario")


def _has_battery(data: xr.Dataset) -> xr.DataArray:
    return (data["battery_power"] > 0).any("scenario")


def _has_flexible(data: xr.Dataset) -> xr.DataArray:
    return (data["flexible_power"] > 0).any("scenario")
