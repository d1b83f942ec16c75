"""SimBench profiles (`time` and one column per series, every 15 minutes) -> hourly means.

Meinecke et al., SimBench - A Benchmark Dataset of Electric Power Systems, Energies 13(12):3290, 2020.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

QUARTERS = 4  # values per hour
HOURS = 24


def read(path: str | Path) -> xr.Dataset:
    """profile (day, time, series) in per unit: the mean of each hour's four values, these clipped at 0.

    day: ISO date; time: hour of the day by the clock, 0 to 23; series: the columns in the order of the file, without
    `_pload`. The stamps are local time, so the two days on which the clock changes have 23 and 25 hours: they are left
    out. Raises ValueError with file, column, row and cure.
    """
    path = Path(path)
    try:
        table = pd.read_csv(path)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise ValueError(f"{path.name}: not a CSV table with one header row: {error}; restore the file") from error
    days, rows = _whole_days(table, path.name)
    series = [column for column in table if column != "time"]
    values = table[series].apply(pd.to_numeric, errors="coerce").to_numpy(dtype=float)
    if np.isnan(values).any():
        row, column = np.argwhere(np.isnan(values))[0]
        raise ValueError(f"{path.name}: column {series[column]}, row {row + 1}: no number; enter it")
    hourly = values.clip(min=0)[rows].reshape(len(days), HOURS, QUARTERS, len(series)).mean(axis=2)
    coords = {"day": days, "time": np.arange(HOURS), "series": [name.removesuffix("_pload") for name in series]}
    attrs = {"units": "p.u.", "long_name": "hourly mean of the profile"}
    return xr.Dataset({"profile": (("day", "time", "series"), hourly, attrs)}, coords)


def _whole_days(table: pd.DataFrame, name: str) -> tuple[list[str], np.ndarray]:
    """Days with each quarter of an hour once, and the rows of these days; ValueError for a stamp out of order."""
    if "time" not in table:
        raise ValueError(f"{name}: column time is missing; restore the header or the file")
    stamp = pd.to_datetime(table["time"], format="%d.%m.%Y %H:%M", errors="coerce")
    if stamp.isna().any():
        row = int(stamp.isna().argmax()) + 1
        raise ValueError(
            f"{name}: column time, row {row}: `{table['time'].iloc[row - 1]}` is not like 31.12.2016 23:45"
        )
    quarter = (stamp.dt.hour * 60 + stamp.dt.minute).to_numpy() / 15
    rows, days = [], []
    for day, where in stamp.groupby(stamp.dt.strftime("%Y-%m-%d")).indices.items():
        if np.array_equal(quarter[where], np.arange(HOURS * QUARTERS)):
            days.append(day)
            rows.append(where)
    if not days:
        raise ValueError(f"{name}: column time: no day has its {HOURS * QUARTERS} quarters of an hour in order")
    return days, np.concatenate(rows)
