"""What the RTS-GMLC tables say about a day ahead: forecast errors of other days, and prices.

C. Barrows et al., The IEEE Reliability Test System: A Proposed 2019 Update, IEEE Trans. Power Systems 35(1):119-127, 2020.
"""

import datetime

import numpy as np
import pandas as pd

from sharegrid.readers.rts_gmlc import HOURS, day_of, series_of

THERMAL = ("Oil", "Coal", "NG", "Nuclear")
SEGMENTS = (1, 2, 3, 4)


def unit_on(table: pd.DataFrame, unit: str, day: datetime.date, source: str) -> np.ndarray:
    """Values (time) of one unit on a day; ValueError names the file (`source`) and what it has."""
    return day_of(table, day.isoformat(), [unit], source)[unit].to_numpy()


def total_on(table: pd.DataFrame, day: datetime.date, source: str) -> np.ndarray:
    """Sum (time) over all units or regions of the table on a day."""
    return day_of(table, day.isoformat(), series_of(table), source).to_numpy().sum(axis=1)


def error_days(day: datetime.date, count: int) -> list[datetime.date]:
    """The `count` days before and after a day: -count ... -1, +1 ... +count."""
    return [day + datetime.timedelta(days=k) for k in range(-count, count + 1) if k]


def forecast_errors(ahead: pd.DataFrame, actual: pd.DataFrame, unit: str, days: list[datetime.date]) -> np.ndarray:
    """Real-time less day-ahead values of a unit in MW (time, day), without their mean in each hour.

    The day-ahead series are biased, so errors are centred; see the README of the data.
    """
    errors = np.stack([np.subtract(*_actual_and_forecast(ahead, actual, unit, one)) for one in days], axis=1)
    return errors - errors.mean(axis=1, keepdims=True)


def energy_ratio(ahead: pd.DataFrame, actual: pd.DataFrame, unit: str, days: list[datetime.date]) -> np.ndarray:
    """Real-time energy of a unit relative to its day-ahead energy on each day [1] (day); ValueError where it has none."""
    ratios = []
    for one in days:
        real, forecast = (series.sum() for series in _actual_and_forecast(ahead, actual, unit, one))
        if forecast <= 0:
            raise ValueError(f"day-ahead series: unit '{unit}' has no energy on {one}; choose another unit")
        ratios.append(real / forecast)
    return np.array(ratios)


def _actual_and_forecast(ahead: pd.DataFrame, actual: pd.DataFrame, unit: str, day: datetime.date) -> list[np.ndarray]:
    return [
        unit_on(table, unit, day, f"{name} series") for table, name in ((actual, "real-time"), (ahead, "day-ahead"))
    ]


def nodal_price(table: pd.DataFrame, day: datetime.date, bus: str, source: str) -> np.ndarray:
    """Price at a bus in the reference run in $/MWh (time); ValueError names the file `source` and the days that it has."""
    rows = table[table["time"].str.startswith(day.isoformat())].sort_values("time")
    if len(rows) != HOURS:
        first, last = table["time"].iloc[[0, -1]].str[:10]
        raise ValueError(
            f"{source}: {day}: the file has the days {first} to {last} only; take these, or the price 'merit-order'"
        )
    if bus not in rows:
        raise ValueError(f"{source}: no bus '{bus}'; see its header")
    return rows[bus].to_numpy(float)


def merit_order_price(units: pd.DataFrame, net_load: np.ndarray) -> np.ndarray:
    """Cost in $/MWh of the last thermal unit that serves the net load in MW (time), 0 where there is none.

    One block per unit, from 0 to its PMax, without commitment and network; ties in the order of the names. ValueError
    for a net load above the capacity.
    """
    fleet = units[units["Fuel"].isin(THERMAL)]
    fleet = fleet.assign(cost=average_cost(fleet)).sort_values(["cost", "GEN UID"])
    capacity = fleet["PMax MW"].cumsum().to_numpy()
    if (net_load > capacity[-1]).any():
        raise ValueError(
            f"the net load of {net_load.max():.10g} MW is above the {capacity[-1]:.10g} MW of all thermal units"
        )
    price = fleet["cost"].to_numpy()[np.searchsorted(capacity, np.maximum(net_load, 0))]
    return np.where(net_load > 0, price, 0.0)


def average_cost(fleet: pd.DataFrame) -> np.ndarray:
    """h c_fuel + c_var at full output in $/MWh (unit).

    h = [o_0 h_0 + sum_k (o_k - o_{k-1}) h_k] / o_last / 1000 in MMBtu/MWh: o_k shares of PMax, h_0 average and h_k
    incremental heat rates in Btu/kWh; segments that a unit does not have are passed over.
    """
    share = fleet["Output_pct_0"].to_numpy(float)
    heat = share * fleet["HR_avg_0"].to_numpy(float)
    for k in SEGMENTS:
        end, rate = fleet[f"Output_pct_{k}"].to_numpy(float), fleet[f"HR_incr_{k}"].to_numpy(float)
        has = ~np.isnan(end) & ~np.isnan(rate)
        heat = np.where(has, heat + (end - share) * rate, heat)
        share = np.where(has, end, share)
    return heat / share / 1000 * fleet["Fuel Price $/MMBTU"].to_numpy(float) + fleet["VOM"].to_numpy(float)
