"""The RTS-GMLC series and a study's options -> the data of the joint offer, all scenarios in one Dataset."""

import numpy as np
import pandas as pd
import xarray as xr

from sharegrid import schema
from sharegrid.options.wind_csp import WindCspMarket
from sharegrid.preparation.inputs import Inputs
from sharegrid.preparation.rts_day import RtsDay
from sharegrid.sweeps import Variant, coordinates, variants

FLOW = ("scenario", "csp", "time", "outcome")
PLANT = ("scenario", "csp")
OUTCOME = ("scenario", "time", "outcome")


def prepare(options: WindCspMarket, inputs: Inputs) -> xr.Dataset:
    """The joint offer's data: dims scenario, wind, csp, participant, time, outcome.

    ValueError names file, field, label and cure.
    """
    tables: dict[str, pd.DataFrame] = {}
    days = {name: RtsDay(options, day, inputs, tables) for name, day in options.days.items()}
    found = variants(options)
    outcomes = next(iter(days.values())).outcomes
    data = coordinates(found).assign_coords(
        wind=list(options.wind),
        csp=list(options.csp),
        participant=[*options.wind, *options.csp],
        time=np.arange(24),
        outcome=np.arange(1, len(outcomes) + 1),
        storage_hours=("scenario", [np.nan if (h := one.values["storage_hours"]) is None else h for one in found]),
        csp_count=("scenario", [_count(options, one) for one in found]),
    )
    by_scenario = [_scenario(options, days[one.values["day"]], one) for one in found]
    dims = {name: dim for name, (dim, _) in by_scenario[0].items()}
    stacked = {name: (dim, np.stack([one[name][1] for one in by_scenario])) for name, dim in dims.items()}
    data = data.assign(stacked | _constants(options, len(found), len(outcomes)))
    data.attrs |= {"money": "$/day", "energy": "MWh"}
    return schema.described(checked(data), "data")


def _count(options: WindCspMarket, one: Variant) -> int:
    count = one.values["csp_count"]
    return len(options.csp) if count is None else count


def _scenario(options: WindCspMarket, day: RtsDay, one: Variant) -> dict[str, tuple]:
    """(dims, values) of what differs between scenarios."""
    rho, price = one.values["rho_minus"], np.repeat(day.price[:, None], len(day.outcomes), 1)
    joins = np.arange(len(options.csp)) < _count(options, one)
    capacity = np.array([plant.capacity_mw for plant in options.csp.values()]) * joins
    wind = [day.capacity(farm)[0] for farm in options.wind.values()]
    return {
        "taking_part": (("scenario", "participant"), np.append(np.ones(len(wind), bool), joins).astype("i1")),
        "price_da": (("scenario", "time"), day.price),
        "price_surplus": (OUTCOME, (2 - rho) * price),
        "price_shortage": (OUTCOME, rho * price),
        "capacity": (("scenario", "participant"), np.append(wind, capacity)),
        "wind_available": (("scenario", "wind", "time", "outcome"), _wind(options, day)),
        "heat_available": (FLOW, capacity[:, None, None] * day.heat_per_capacity),
    } | _storage(options, one, capacity)


def _wind(options: WindCspMarket, day: RtsDay) -> np.ndarray:
    """Available power in MW (wind, time, outcome)."""
    power = [day.wind_power(farm) for farm in options.wind.values()]
    return np.array(power).reshape(len(power), 24, len(day.outcomes))


def _storage(options: WindCspMarket, one: Variant, capacity: np.ndarray) -> dict[str, tuple]:
    """Storage and power blocks (scenario, csp); without on/off decisions there is no least output and no start."""
    plant, common = options.plant, one.values["storage_hours"]
    hours = np.array([own.storage_hours if common is None else common for own in options.csp.values()])
    block_heat = capacity / plant.block_efficiency
    switched = one.values["commitment"] == "integer"
    arrays = {
        "storage_limit": hours * block_heat,
        "initial_storage": plant.initial_storage * hours * block_heat,
        "charge_limit": block_heat,
        "discharge_limit": block_heat,
        "minimum_power": plant.minimum_power * capacity * switched,
        "startup_heat": plant.startup_heat * capacity * switched,
    }
    return {name: (PLANT, values) for name, values in arrays.items()}


def _constants(options: WindCspMarket, scenarios: int, outcomes: int) -> dict[str, tuple]:
    """What is the same in all scenarios."""
    plant = options.plant
    names = ("block_efficiency", "charge_efficiency", "discharge_efficiency", "storage_loss", "variable_cost")
    same = {name: ("csp", np.full(len(options.csp), getattr(plant, name))) for name in names}
    return same | {
        "probability": (("scenario", "outcome"), np.full((scenarios, outcomes), 1 / outcomes)),
        "alpha": ("scenario", np.full(scenarios, options.alpha)),
    }


def checked(data: xr.Dataset) -> xr.Dataset:
    """The data, if they make sense; ValueError names the variable, the label and the cure."""
    total = data["probability"].sum("outcome")
    _require(data, np.abs(total - 1) <= 1e-9, "probability", "must sum to 1 over the outcomes")
    ordered = (data["price_surplus"] <= data["price_da"]) & (data["price_da"] <= data["price_shortage"])
    _require(data, ordered, "price_surplus", "must not exceed the day-ahead price, nor that the shortage price: "
             "offers would have no limit (a negative day-ahead price?)")  # fmt: skip
    _require(data, data["initial_storage"] <= data["storage_limit"], "initial_storage", "is above storage_limit")
    _require(data, (data["beta"] >= 0) & (data["beta"] <= 1), "beta", "must be within 0 and 1")
    _require(data, (data["alpha"] >= 0) & (data["alpha"] < 1), "alpha", "must be at least 0 and below 1")
    return data


def _require(data: xr.Dataset, holds: xr.DataArray, name: str, what: str) -> None:
    for place in np.argwhere(~holds.values)[:1]:
        labels = ", ".join(f"{dim} {holds[dim].values[k]}" for dim, k in zip(holds.dims, place, strict=True))
        raise ValueError(f"data: {name}: {what}; at {labels}")
