"""Vehicles -> virtual batteries: the sums of their power, energy, arriving and leaving energy, by group.

A group whose members are connected in the same hours and are scaled copies of each other is exact: member i takes its
part capacity_i / sum capacity of everything. Any other group is an outer approximation: each member's schedule adds up to
one of the group, but not every schedule of the group can be taken apart.
"""

import numpy as np
import pandas as pd
import xarray as xr

COLUMNS = ("fleet", "arrival", "departure", "capacity", "power", "arrival_energy", "departure_energy", "least_energy",
           "charge_efficiency", "discharge_efficiency", "wear_cost")  # fmt: skip
ROUNDING = 1e-9  # relative to the capacity
HOURLY = ("participant", "time")


def checked(table: pd.DataFrame) -> pd.DataFrame:
    """The vehicles, if each can make its trip; ValueError names the fleet, the vehicle (index) and the cure.

    Columns: COLUMNS; hours, MWh and MW; energies on arrival and departure, and the least one while connected.
    """
    hours = table["departure"] - table["arrival"]
    rules = (
        ((table[["capacity", "power"]] > 0).all(axis=1), "capacity and power must be above 0"),
        (hours > 0, "departure is not after arrival; add 24 to an hour of the next day"),
        (table["least_energy"] >= 0, "least_energy is negative"),
        (_within(table, "arrival_energy"), "arrival_energy is outside least_energy and capacity"),
        (_within(table, "departure_energy"), "departure_energy is outside least_energy and capacity"),
        (table["departure_energy"] >= table["arrival_energy"], "departure_energy is below arrival_energy; raise it"),
        (table["departure_energy"] <= reachable(table) + ROUNDING * table["capacity"],
         "departure_energy is out of reach at full power; lower it, or stay longer"),
    )  # fmt: skip
    for holds, what in rules:
        if not holds.all():
            first = holds.idxmin()
            raise ValueError(f"vehicles: fleet '{table['fleet'][first]}', vehicle {first}: {what}")
    return table


def _within(table: pd.DataFrame, name: str) -> pd.Series:
    room = ROUNDING * table["capacity"]
    return (table[name] >= table["least_energy"] - room) & (table[name] <= table["capacity"] + room)


def reachable(table: pd.DataFrame) -> pd.Series:
    """Energy on departure after charging at full power, in MWh; the capacity is not looked at."""
    hours = table["departure"] - table["arrival"]
    return table["arrival_energy"] + table["charge_efficiency"] * table["power"] * hours


def proportions(table: pd.DataFrame) -> pd.Series:
    """The same label for vehicles that are scaled copies of each other and connected in the same hours."""
    size = table["capacity"]
    own = [table[name] for name in ("arrival", "departure", "charge_efficiency", "discharge_efficiency", "wear_cost")]
    scaled = [(table[name] / size).round(9) for name in ("power", "arrival_energy", "departure_energy", "least_energy")]
    return pd.Series(
        [" ".join(f"{value:.10g}" for value in row) for row in zip(*own, *scaled, strict=True)], table.index
    )


def batteries(table: pd.DataFrame, group: pd.Series, hours: int, discharge: float = 1.0) -> xr.Dataset:
    """The virtual battery of each group (participant = label of `group`, in the order of first appearance).

    charge_high, discharge_high MW; energy_low, energy_high, energy_arriving, energy_leaving MWh (participant, time); the
    efficiencies [1] and wear_cost $/MWh (participant), where members differ the best ones, as an outer approximation
    must. `discharge`: discharging relative to charging power. A vehicle has its departure energy at the end of its last
    hour; a column `count` multiplies rows.
    """
    number, labels = pd.factorize(group)
    count = table["count"].to_numpy(float) if "count" in table else np.ones(len(table))
    time = np.arange(hours)
    arrival, departure = (table[name].to_numpy()[:, None] for name in ("arrival", "departure"))
    here, last = (arrival <= time) & (time < departure), time == departure - 1
    size, least, end = (table[name].to_numpy()[:, None] for name in ("capacity", "least_energy", "departure_energy"))
    power, start = (table[name].to_numpy()[:, None] for name in ("power", "arrival_energy"))
    by_vehicle = {
        "charge_high": power * here,
        "discharge_high": discharge * power * here,
        "energy_low": np.where(last, end, least * here),
        "energy_high": np.where(last, end, size * here),
        "energy_arriving": start * (time == arrival),
        "energy_leaving": end * (time == departure),
    }
    summed = {name: (HOURLY, _sum(values * count[:, None], number, len(labels))) for name, values in by_vehicle.items()}
    best = {name: ("participant", table.groupby(number)[name].agg(how).to_numpy(float)) for name, how in
            (("charge_efficiency", "max"), ("discharge_efficiency", "max"), ("wear_cost", "min"))}  # fmt: skip
    return xr.Dataset(summed | best, {"participant": [str(label) for label in labels], "time": time})


def _sum(values: np.ndarray, number: np.ndarray, groups: int) -> np.ndarray:
    total = np.zeros((groups, values.shape[1]))
    np.add.at(total, number, values)
    return total


def uncontrolled(table: pd.DataFrame, hours: int) -> np.ndarray:
    """Charging power (vehicle, time) in MW: full from arrival until the departure energy is reached."""
    done = np.arange(hours) - table["arrival"].to_numpy()[:, None]  # full hours since arrival
    missing = (table["departure_energy"] - table["arrival_energy"]) / table["charge_efficiency"]
    power = table["power"].to_numpy()[:, None]
    left = missing.clip(lower=0).to_numpy()[:, None] - power * done
    return np.where(done >= 0, np.clip(left, 0, power), 0.0)
