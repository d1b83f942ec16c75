"""Time series of RTS-GMLC (resources/timeseries/rts_gmlc): tables with the columns Year, Month, Day, Period (1 = 00:00
to 01:00 in hourly tables) and one column per region or plant.

C. Barrows et al., The IEEE Reliability Test System: A Proposed 2019 Update, IEEE TPWRS 35(1):119-127, 2020.
"""

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd

CALENDAR = ["Year", "Month", "Day", "Period"]
HOURS = 24


def series_of(table: pd.DataFrame) -> list[str]:
    """The columns that are time series, in the order of the file."""
    return [column for column in table if column not in CALENDAR]


def day_of(table: pd.DataFrame, day: str, columns: Sequence[str], source: str = "the table") -> pd.DataFrame:
    """The 24 hours of `day` (ISO date): `columns` in their unit, with the index time 0 .. 23.

    `source` is the file that errors name. ValueError for a missing column, a day that the table does not hold whole,
    and a value that is no number.
    """
    missing = [column for column in [*CALENDAR, *columns] if column not in table]
    if missing:
        raise ValueError(f"{source}: no column '{missing[0]}'; the series are {_listed(series_of(table))}")
    when = date.fromisoformat(day)
    rows = table[(table["Year"] == when.year) & (table["Month"] == when.month) & (table["Day"] == when.day)]
    rows = rows.sort_values("Period")
    if not np.array_equal(rows["Period"].to_numpy(), np.arange(1, HOURS + 1)):
        raise ValueError(f"{source}: {day}: {len(rows)} rows instead of the periods 1 to {HOURS}; choose another day")
    hours = rows[list(columns)].apply(pd.to_numeric, errors="coerce").astype(float)
    hours.index = pd.RangeIndex(HOURS, name="time")
    for column in columns:
        if hours[column].isna().any():
            raise ValueError(f"{source}: column '{column}', {day}, hour {hours[column].isna().idxmax()}: not a number")
    return hours


def largest_of(table: pd.DataFrame, columns: Sequence[str], source: str = "the table") -> pd.Series:
    """Largest value of each of `columns` in the whole table; ValueError if it is not positive."""
    largest = table[list(columns)].max()
    for column, value in largest.items():
        if not value > 0:
            raise ValueError(f"{source}: column '{column}' has no positive value, so it has no shape")
    return largest


def _listed(names: Sequence[str], most: int = 8) -> str:
    return ", ".join(map(str, names[:most])) + (", ..." if len(names) > most else "")
