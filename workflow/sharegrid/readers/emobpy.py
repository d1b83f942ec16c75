"""Trip statistics of emobpy (resources/transport/emobpy_*.csv), derived from Mobilitaet in Deutschland.

C. Gaete-Morales, H. Kramer, W.-P. Schill, A. Zerrahn, An open tool for creating battery-electric vehicle time series from
empirical data, emobpy, Scientific Data 8:152, 2021.
"""

import datetime
from collections.abc import Sequence

import numpy as np
import pandas as pd

SATURDAY, SUNDAY = 5, 6  # counted from Monday = 0


def day_kind(day: datetime.date) -> str:
    """weekdays, saturday or sunday: how the tables name the day."""
    return {SATURDAY: "saturday", SUNDAY: "sunday"}.get(day.weekday(), "weekdays")


def departure_shares(
    table: pd.DataFrame, kind: str, destinations: Sequence[str], hours: tuple[float, float]
) -> pd.Series:
    """Share of the trips to some destinations by the half hour in which they begin, within hours [from, to) of the day.

    table: DepartureDestinationTrip, whose column workplace is empty, as emobpy lets commuters follow rules. ValueError
    names a destination or a kind of day that it does not have, and hours without trips.
    """
    if unknown := [name for name in destinations if name not in table]:
        raise ValueError(f"emobpy DepartureDestinationTrip: no destination '{unknown[0]}'; see its header")
    own = table[table["days"] == kind]
    if own.empty:
        raise ValueError(f"emobpy DepartureDestinationTrip: no days '{kind}'; restore the file")
    share = own.set_index("time")[list(destinations)].astype(float).sum(axis=1)
    share = share[(share.index >= hours[0]) & (share.index < hours[1])]
    if not share.sum() > 0:
        raise ValueError(
            f"emobpy DepartureDestinationTrip: no trips to {', '.join(destinations)} from {hours[0]} to {hours[1]} h"
        )
    return share / share.sum()


def trip_classes(table: pd.DataFrame) -> pd.DataFrame:
    """km_from, km_to, minutes (the longest of the class) and share of each class of trips; table: DistanceDurationTrip."""
    joint = table.set_index("km").astype(float)
    km = joint.index.to_numpy(float)
    low = np.concatenate([[0.0], km[:-1]])
    rows = [
        (low[i], km[i], float(column), share)
        for i, values in enumerate(joint.to_numpy())
        for column, share in zip(joint.columns, values, strict=True)
        if share > 0
    ]
    classes = pd.DataFrame(rows, columns=["km_from", "km_to", "minutes", "share"])
    return classes.assign(share=classes["share"] / classes["share"].sum())


def trip_counts(table: pd.DataFrame, kind: str) -> pd.Series:
    """Share of the vehicles by their number of trips on such a day, of those that are used; table: TripsPerDay."""
    share = table.set_index("trip")["weekday" if kind == "weekdays" else "weekend"].astype(float)
    share = share[(share.index > 0) & (share > 0)]
    return share / share.sum()
