"""Vehicles of the fleets: identical ones, or ones that differ, drawn from the trip statistics of emobpy."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from sharegrid.options.ev_fleets import EvFleetsMarket, Fleet
from sharegrid.preparation.ev_batteries import reachable
from sharegrid.readers import emobpy

MORNING, AFTERNOON, EVENING = (5, 12), (12, 24), (16, 24)  # hours of the day in which trips begin
NEXT_DAY = 24
MOST_TRIPS = 5  # of the statistics
HOME, ERRANDS = ("home",), ("errands",)
AWAY = ("errands", "escort", "leisure", "shopping", "workplace")
HOURS = {  # where -> (trips that end in the connection, when they begin, trips that end it, when they begin, hours later)
    "home": (HOME, AFTERNOON, AWAY, MORNING, NEXT_DAY),
    "errands": (ERRANDS, AFTERNOON, ERRANDS, MORNING, NEXT_DAY),
    "workplace": (AWAY, MORNING, HOME, EVENING, 0),
}


def identical(fleets: Mapping[str, Fleet]) -> pd.DataFrame:
    """One vehicle of each fleet, in MWh and MW, index and column fleet = its name."""
    rows = {name: _vehicle(fleet) for name, fleet in fleets.items()}
    return pd.DataFrame.from_dict(rows, orient="index").assign(fleet=list(fleets))


def _vehicle(fleet: Fleet) -> dict:
    size = fleet.capacity_kwh / 1000
    energies = ("arrival_energy", "departure_energy", "least_energy")
    same = ("arrival", "departure", "charge_efficiency", "discharge_efficiency", "wear_cost")
    own = {name: getattr(fleet, name) for name in same} | {name: size * getattr(fleet, name) for name in energies}
    return own | {"capacity": size, "power": fleet.power_kw / 1000}


def drawn(options: EvFleetsMarket, statistics: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """`drawn.count` vehicles that differ; the first n of them do not depend on how many are drawn after.

    Fleets by their shares; arrival and departure from the hours of trips to and from the fleet's destination, whole hours
    within the connection; what the day's trips used is missing on arrival, told in whole steps of the capacity. A
    vehicle that cannot be filled in its hours leaves with what full power gives, in whole steps. statistics: the tables
    of emobpy by name.
    """
    random = np.random.Generator(np.random.PCG64(options.seed))
    asked, kind = options.drawn, emobpy.day_kind(options.date)
    uniform = random.random(
        (asked.count, 4 + 2 * MOST_TRIPS)
    )  # a row per vehicle, so that the first ones stay the same
    names = list(options.fleets)
    fleet = _pick(pd.Series([options.fleets[name].share for name in names], index=names), uniform[:, 0])
    table = identical(options.fleets).loc[fleet].reset_index(drop=True)
    for name in names:
        own = (table["fleet"] == name).to_numpy()
        hours = _hours(statistics, kind, asked.fleet[name], uniform[own])
        table.loc[own, ["arrival", "departure"]] = np.stack(hours, axis=1)
    used = asked.consumption / 1000 * _distance(statistics, kind, uniform[:, 4:])
    return _filled(table, used, asked.energy_step)


def _pick(share: pd.Series, uniform: np.ndarray) -> np.ndarray:
    """Labels of `share` drawn by inversion of its distribution."""
    place = np.searchsorted(share.to_numpy().cumsum() / share.sum(), uniform, side="right")
    return share.index.to_numpy()[np.minimum(place, len(share) - 1)]


def _hours(statistics, kind: str, destination: str, uniform: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First hour connected and first hour gone: the end of the trip that arrives, rounded up, and the start of the next."""
    arriving, in_hours, leaving, out_hours, later = HOURS[destination]
    trips = statistics["DepartureDestinationTrip"]
    begin = _pick(emobpy.departure_shares(trips, kind, arriving, in_hours), uniform[:, 1])
    classes = emobpy.trip_classes(statistics["DistanceDurationTrip"])
    minutes = classes["minutes"].to_numpy()[_pick(classes["share"], uniform[:, 2])]
    out = _pick(emobpy.departure_shares(trips, kind, leaving, out_hours), uniform[:, 3])
    return np.ceil(begin + minutes / 60).astype(int), np.floor(out).astype(int) + later


def _distance(statistics, kind: str, uniform: np.ndarray) -> np.ndarray:
    """km of the day (vehicle): the number of trips, and each trip's distance uniform within its class."""
    count = _pick(emobpy.trip_counts(statistics["TripsPerDay"], kind), uniform[:, 0])
    classes = emobpy.trip_classes(statistics["DistanceDurationTrip"])
    place = _pick(classes["share"], uniform[:, :MOST_TRIPS])
    low, high = (classes[name].to_numpy()[place] for name in ("km_from", "km_to"))
    km = low + (high - low) * uniform[:, MOST_TRIPS : 2 * MOST_TRIPS]
    return (km * (np.arange(MOST_TRIPS) < count[:, None])).sum(axis=1)


def _filled(table: pd.DataFrame, used: np.ndarray, step: float) -> pd.DataFrame:
    """The vehicles with the energy of arrival and departure in whole steps of the capacity."""
    unit = step * table["capacity"]
    full = table["departure_energy"]
    arrival = np.maximum(np.floor((full - used) / unit + 1e-9) * unit, table["least_energy"])
    table = table.assign(arrival_energy=arrival)
    within = np.floor((reachable(table) - arrival) / unit + 1e-9) * unit
    return table.assign(departure_energy=np.minimum(full, arrival + within))
