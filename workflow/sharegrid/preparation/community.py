"""A feeder, profiles and a study's options -> the data of the community, all scenarios in one Dataset."""

import numpy as np
import pandas as pd
import xarray as xr

from sharegrid import schema
from sharegrid.options.community import CommunityMarket
from sharegrid.preparation import community_users, network_rights, tariff
from sharegrid.preparation.feeder import feeder
from sharegrid.preparation.inputs import Inputs
from sharegrid.preparation.network_rights import DSO
from sharegrid.sweeps import Variant, coordinates, variants

DAYS_PER_MONTH = 30.0
MONEY = {"CAD/kWh": "CAD/day", "CNY/kWh": "CNY/day"}  # unit of a tariff -> money of the data
HOURS = 24


def prepare(options: CommunityMarket, inputs: Inputs) -> xr.Dataset:
    """The community's data: dims scenario, participant, day, time, bus; power in kW, costs per average day.

    User j stands at the j-th bus with load. Copies beyond the feeder's users stand at the same buses. ValueError names
    the field, the label and the cure.
    """
    scenarios = variants(options)
    grid = feeder(inputs.read(options.feeder, "facts"), inputs.table(f"{options.feeder}_bus.csv"), options.feeder)
    grid = grid.isel(bus_of_load=np.flatnonzero(grid["peak_load"].values > 0))
    peak = grid["peak_load"].sel(bus=grid["bus_of_load"]).values
    days = [f"{day:%Y-%m-%d}" for day in options.days]
    profiles = [
        _days(inputs.read(path, "simbench")["profile"], days, path)
        for path in (options.load_profiles, options.pv_profiles)
    ]
    count = max(one.values["users"] for one in scenarios)
    if not len(peak):
        raise ValueError(f"{options.feeder}_bus.csv: column pd_kw: no bus has load, so there are no users; enter loads")
    community_users.check_profiles(*profiles, options.load_profiles, options.pv_profiles)
    community_users.check_ownership(len(peak), options.feeder)
    everybody = community_users.users(peak, count, *profiles, options.devices.pv_kw)
    with_dso = any(network_rights.has_dso(one) for one in scenarios)
    data = _alike(options, inputs, days).merge(_network(grid, count, with_dso), join="exact")
    data = data.merge(coordinates(scenarios), join="exact")
    return schema.described(
        _in_money(data.assign(_by_scenario(data, everybody, scenarios, options)), options, inputs), "data"
    )


def _days(profile: xr.DataArray, days: list[str], path: str) -> xr.DataArray:
    missing = [day for day in days if day not in profile.indexes["day"]]
    if missing:
        first, last = profile["day"].values[[0, -1]]
        raise ValueError(f"prepare.days: {path} has no day {missing[0]}; it has {first} to {last}")
    return profile.sel(day=days)


def _alike(options: CommunityMarket, inputs: Inputs, days: list[str]) -> xr.Dataset:
    """What all scenarios have in common: prices, weights, hours, efficiencies."""
    hour, devices = np.arange(HOURS), options.devices
    buy = tariff.prices(_tariff(options, inputs), options.tariff.name, list(options.days), options.tariff.summer_months)
    if (buy < options.tariff.price_sell).any():
        lowest = buy.min()
        raise ValueError(
            f"prepare.tariff.price_sell: {options.tariff.price_sell:g} is above the lowest price of energy from the grid,"
            f" {lowest:g}; users would buy and sell at once"
        )
    return xr.Dataset(
        {
            "price_buy": (("day", "time"), buy),
            "price_sell": (("day", "time"), np.full_like(buy, options.tariff.price_sell)),
            "day_weight": ("day", np.array(list(options.days.values()))),
            "peak_hour": ("time", np.isin(hour, options.peak_hours).astype("i1")),
            "flexible_hour": ("time", np.isin(hour, devices.flexible_window).astype("i1")),
            "charge_efficiency": ((), devices.charge_efficiency),
            "discharge_efficiency": ((), devices.discharge_efficiency),
        },
        {"day": days, "time": hour},
    )


def _tariff(options: CommunityMarket, inputs: Inputs) -> pd.DataFrame:
    """The rows of the study's tariff."""
    return tariff.rows(inputs.table(options.tariff.path), options.tariff.name, options.tariff.path)


def _in_money(data: xr.Dataset, options: CommunityMarket, inputs: Inputs) -> xr.Dataset:
    """The data with the units of prices and the market's attributes."""
    unit = _tariff(options, inputs)["unit"].iloc[0]
    if unit not in MONEY:
        raise ValueError(
            f"{options.tariff.path}: tariff '{options.tariff.name}': unit {unit}; known: {', '.join(MONEY)}"
        )
    for name in ("price_buy", "price_sell"):
        data[name].attrs["units"] = unit
    data["capacity_price"].attrs |= {"units": f"{unit.partition('/')[0]}/kW and month", "long_name": "capacity price"}
    return data.assign_attrs(money=MONEY[unit], energy="kWh", capacity_charge=options.capacity_charge)


def _network(grid: xr.Dataset, count: int, with_dso: bool) -> xr.Dataset:
    """Where the participants stand and how their power lowers the voltages; the network owner stands at the root."""
    which = np.arange(count) % grid.sizes["bus_of_load"]
    here = grid.isel(bus_of_load=which)
    peak = grid["peak_load"].sel(bus=here["bus_of_load"]).values
    reactive = grid["reactive_load"].sel(bus=here["bus_of_load"]).values / peak
    drop = here["drop_per_kw"].values
    columns = {
        "user_bus": ("participant", here["bus_of_load"].values),
        "peak_load": ("participant", peak),
        "drop_per_kw": (("bus", "participant"), drop),
        "load_drop_per_kw": (("bus", "participant"), drop + here["drop_per_kvar"].values * reactive),
    }
    network = xr.Dataset(columns, {"participant": [str(k) for k in range(count)], "bus": grid["bus"].values})
    if with_dso:
        owner = xr.zeros_like(network.isel(participant=[0])).assign_coords(participant=[DSO])
        owner["user_bus"] = owner["user_bus"] + grid.attrs["root"]
        network = xr.concat([network, owner], "participant", data_vars="minimal", join="exact")
    return network.assign(voltage_min=grid["voltage_min"], voltage_max=grid["voltage_max"])


def _by_scenario(
    data: xr.Dataset, everybody: community_users.Users, scenarios: list[Variant], options: CommunityMarket
) -> dict[str, tuple]:
    """What differs between scenarios, as (dims, values): what the users bring, rights, the charge for capacity."""
    named = data.assign(drop_at_peak=data["load_drop_per_kw"] * data["peak_load"])
    rows = []
    for one in scenarios:
        brought = community_users.in_scenario(everybody, options.devices, one)
        if DSO in data["participant"].values:
            brought = {name: np.concatenate([values, 0 * values[:1]]) for name, values in brought.items()}
            brought["taking_part"][-1] = network_rights.has_dso(one)
        rights = network_rights.in_scenario(named, brought["taking_part"], one)
        rows.append(brought | rights | {"capacity_charge": one.values["capacity_price"] / DAYS_PER_MONTH})
    dims = _dims()
    return {name: (("scenario", *dims[name]), np.stack([row[name] for row in rows])) for name in dims}


def _dims() -> dict[str, tuple[str, ...]]:
    """Dims of the variables that differ between scenarios, without the scenario."""
    who = ("participant",)
    hourly, bus = (*who, "day", "time"), (*who, "bus")
    return {
        "taking_part": who,
        "load": hourly,
        "pv_available": hourly,
        "battery_energy": who,
        "battery_power": who,
        "flexible_energy": (*who, "day"),
        "flexible_power": who,
        "capacity_charge": (),
        "drop_right": bus,
        "rise_right": bus,
        "import_right": who,
        "export_right": who,
        "drop_common": ("bus",),
        "rise_common": ("bus",),
        "import_common": (),
        "export_common": (),
    }
