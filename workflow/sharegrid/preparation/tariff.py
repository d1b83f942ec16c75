"""Time-of-use tariffs: a table of periods -> prices by day and hour."""

from datetime import date

import numpy as np
import pandas as pd

HOURS = 24
COLUMNS = ("tariff", "season", "day_type", "hour_from", "hour_to", "price", "unit")
WEEKEND = 5  # the first day of the weekend, counted from Monday = 0


def rows(table: pd.DataFrame, name: str, file: str) -> pd.DataFrame:
    """The periods of one tariff of a table with COLUMNS.

    ValueError names the file and a missing column, an unknown tariff, or a tariff whose prices are no numbers or have
    different units.
    """
    missing = [column for column in COLUMNS if column not in table]
    if missing:
        raise ValueError(f"{file}: column {missing[0]} is missing; restore the header or the file")
    own = table[table["tariff"] == name]
    if own.empty:
        known = ", ".join(sorted(set(table["tariff"])))
        raise ValueError(f"prepare.tariff.name: no tariff '{name}'; known: {known}")
    if pd.to_numeric(own["price"], errors="coerce").isna().any():
        raise ValueError(f"{file}: tariff '{name}': column price: not a number; enter it")
    units = sorted(set(own["unit"].astype(str)))
    if len(units) > 1:
        raise ValueError(
            f"{file}: tariff '{name}': column unit: {' and '.join(units)}; give all its prices in one unit"
        )
    return own


def prices(own: pd.DataFrame, name: str, days: list[date], summer_months: list[int]) -> np.ndarray:
    """Price (day, time) in the tariff's money per kWh on these days; public holidays count as the weekday that they are.

    own: the tariff's rows: season (summer, winter, all), day_type (weekday, weekend_holiday, all), hour_from, hour_to,
    price. Raises ValueError for an hour with no price or with two.
    """
    return np.array([_of_day(own, name, day, "summer" if day.month in summer_months else "winter") for day in days])


def _of_day(table: pd.DataFrame, name: str, day: date, season: str) -> np.ndarray:
    kind = "weekend_holiday" if day.weekday() >= WEEKEND else "weekday"
    here = table[table["season"].isin([season, "all"]) & table["day_type"].isin([kind, "all"])]
    hour = np.arange(HOURS)
    covers = (here["hour_from"].to_numpy()[:, None] <= hour) & (hour < here["hour_to"].to_numpy()[:, None])
    wrong = np.flatnonzero(covers.sum(axis=0) != 1)
    if len(wrong):
        count = covers[:, wrong[0]].sum()
        raise ValueError(f"tariff '{name}': {season} {kind}: hour {wrong[0]} has {count} prices; it needs exactly one")
    return here["price"].to_numpy()[covers.argmax(axis=0)]
