"""Communities of users and their prices -> the data of the retail market, all scenarios in one Dataset."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from sharegrid.options.retail import Community, RetailMarket, Tariff
from sharegrid.preparation.inputs import Inputs
from sharegrid.preparation.retail_users import Households, households
from sharegrid.sweeps import coordinates, variants

SMALL = 1e-12  # $/kWh; prices that differ by less are equal
ENERGY = ("participant", "time")
# lower and higher price, and what to do if they are the other way round
ORDER = [
    ("tariff_feed_in", "tariff_buy", "tariff: feed_in is above buy; a user would buy to sell"),
    ("grid_feed_in", "grid_buy", "grid: feed_in is above buy; the agent would buy to sell"),
    ("grid_buy", "tariff_buy", "grid: buy is above the tariff's; the agent would lose on what it sells"),
    ("tariff_feed_in", "grid_feed_in", "grid: feed_in is below the tariff's; the agent would lose on what it takes"),
]


def prepare(options: RetailMarket, inputs: Inputs) -> xr.Dataset:
    """The retail market's data: dims scenario, participant, time (hours 0, 1 ... of one day); energy in kWh.

    A community whose users have fewer hours than another's has nothing in the last ones. ValueError names the
    field, the label and the cure.
    """
    tables = {path: inputs.table(path) for path in options.raw_files(inputs.resources)}
    found = variants(options)
    scenarios = [_scenario(options, one.values, tables) for one in found]
    names = list(dict.fromkeys(str(name) for one in scenarios for name in one["participant"].values))
    data = xr.concat(scenarios, "scenario", join="outer", fill_value=0, coords="minimal", compat="override")
    data = data.sel(participant=names).assign_coords(coordinates(found).coords)  # "outer" sorts the names
    data = _without_unused(data, options)
    if not data["flexible_capacity"].any():
        data = data.drop_vars(["flexible_capacity", "flexible_linear", "flexible_quadratic"])
    return data.assign_attrs(money="$/day", energy="kWh")


def _without_unused(data: xr.Dataset, options: RetailMarket) -> xr.Dataset:
    """No day and no size of PV where the users are not made from time series."""
    made = np.array([options.communities[name].users.rts is not None for name in data["community"].values])
    return data.assign_coords(
        day=("scenario", np.where(made, data["day"].values, "")), pv_kw=data["pv_kw"].astype(float).where(made)
    )


def _scenario(options: RetailMarket, values: dict[str, Any], tables: Mapping[str, pd.DataFrame]) -> xr.Dataset:
    """One scenario's data over its own users and hours."""
    name = values["community"]
    community = options.communities[name]
    users = households(community.users, tables, values["day"], values["pv_kw"])
    hours = users.load.shape[1]
    if not users.names or not hours:
        raise ValueError(f"prepare.communities.{name}.users: there is no user or no hour; give at least one of each")
    net_load = _withheld(users, values, f"prepare.scenarios: community '{name}'")
    grid = community.grid or community.tariff
    arrays = {
        "net_load": (ENERGY, net_load),
        "taking_part": ("participant", np.ones(len(users.names), "i1")),
        "base_load": ("time", np.full(hours, float(values["base_load_kwh"]))),
        **_prices("tariff", community.tariff, hours),
        **_prices("grid", grid, hours),
        **_flexible(community, users.names, hours, f"prepare.communities.{name}.flexible"),
    }
    scenario = xr.Dataset(arrays, {"participant": users.names, "time": np.arange(hours)})
    return _checked(scenario, f"prepare.communities.{name}")


def _withheld(users: Households, values: dict[str, Any], where: str) -> np.ndarray:
    """Net load n = load - generation (user, time) kWh, the seller's surplus max(-n, 0) times surplus_factor."""
    net_load, seller, factor = users.load - users.generation, values["seller"], values["surplus_factor"]
    if seller and seller not in users.names:
        raise ValueError(f"{where}: seller: no user '{seller}'; they are {', '.join(users.names)}")
    if not seller and factor != 1:
        raise ValueError(
            f"{where}: surplus_factor {factor:g} needs a seller; name the user whose surplus it multiplies"
        )
    own = np.array([name == seller for name in users.names])[:, None]
    return np.where(own & (net_load < 0), factor * net_load, net_load)


def _prices(whose: str, tariff: Tariff, hours: int) -> dict[str, tuple]:
    """Price of bought and of fed-in electricity by hour, $/kWh."""
    start, end = tariff.peak_hours
    hour = np.arange(hours) % 24
    peak = (hour >= start) & (hour < end) if start <= end else (hour >= start) | (hour < end)
    off_peak = tariff.buy if tariff.off_peak is None else tariff.off_peak
    return {
        f"{whose}_buy": ("time", np.where(peak, tariff.buy, off_peak)),
        f"{whose}_feed_in": ("time", np.full(hours, tariff.feed_in)),
    }


def _flexible(community: Community, names: list[str], hours: int, where: str) -> dict[str, tuple]:
    """Capacity (participant, time) kWh and cost (participant) $/kWh, $/kWh^2 of the flexible resources."""
    for name in community.flexible:
        if name not in names:
            raise ValueError(f"{where}: no user '{name}'; they are {', '.join(names)}")
    owned = [community.flexible.get(name) for name in names]
    capacity, linear, quadratic = (
        np.array([getattr(one, field) if one else 0.0 for one in owned])
        for field in ("capacity_kwh", "linear", "quadratic")
    )
    return {
        "flexible_capacity": (ENERGY, np.repeat(capacity[:, None], hours, axis=1)),
        "flexible_linear": ("participant", linear),
        "flexible_quadratic": ("participant", quadratic),
    }


def _checked(scenario: xr.Dataset, where: str) -> xr.Dataset:
    """The scenario, if its prices are in order; ValueError names field, hour and cure."""
    for low, high, told in ORDER:
        wrong = scenario[low] > scenario[high] + SMALL
        if wrong.any():
            hour = int(wrong.values.argmax())
            prices = f"{float(scenario[low][hour]):g} and {float(scenario[high][hour]):g} $/kWh"
            raise ValueError(f"{where}.{told} (hour {hour}: {prices})")
    return scenario
