"""The users of a retail community: load and generation by hour [kWh], from formulas, RTS-GMLC, a list or a table."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from sharegrid.options.retail import ListedUsers, RtsUsers, ToyUsers, Users
from sharegrid.readers import rts_gmlc

COLUMNS = ["user", "time", "load_kwh", "generation_kwh"]


class Households(NamedTuple):
    """Names of the users, their load and generation (user, time) [kWh]."""

    names: list[str]
    load: np.ndarray
    generation: np.ndarray


def households(users: Users, tables: Mapping[str, pd.DataFrame], day: str, pv_kw: float) -> Households:
    """The users of a community on a day (ISO date), with PV of pv_kw [kW] where the size is a choice.

    `tables` holds the raw tables by path. ValueError names file or field, label and cure.
    """
    if users.toy:
        return toy(users.toy)
    if users.rts:
        return rts(users.rts, tables, day, pv_kw)
    return listed(users.listed) if users.listed else tabled(tables[users.table], users.table)


def toy(options: ToyUsers) -> Households:
    """load_it = (l + dl i)(1 + s sin(2 pi (t - h + dh i)/24)), pv_it = dp i max(0, sin(pi (t - r)/d)) for some."""
    number, hour = np.arange(1, options.count + 1)[:, None], np.arange(24)
    angle = 2 * np.pi * (hour - options.load_hour + options.hour_step * number) / 24
    load = (options.load_kwh + options.load_step_kwh * number) * (1 + options.swing * np.sin(angle))
    sun = np.maximum(0, np.sin(np.pi * (hour - options.sunrise) / options.daylight))
    pv = np.where(number % options.pv_every == 0, options.pv_step_kwh * number, 0.0) * sun
    return Households([str(k) for k in number[:, 0]], load, pv)


def rts(options: RtsUsers, tables: Mapping[str, pd.DataFrame], day: str, pv_kw: float) -> Households:
    """load_it = (l + dl i) shape_(t - i mod shifts), pv_it = pv_kw site_it / largest of the year, for every k-th i."""
    number = np.arange(1, options.count + 1)
    profile = rts_gmlc.day_of(tables[options.load_path], day, [options.load_column], options.load_path)
    shape = (profile / profile.mean()).to_numpy()[:, 0]
    load = np.array([np.roll(shape, k % options.shifts) for k in number])
    load *= (options.load_kw + options.load_step_kw * number)[:, None]
    pv = np.zeros_like(load)
    owners = [k for k in number if k % options.pv_every == 0 and k <= options.pv_last]
    sites = _sites(tables[options.pv_path], owners, options.pv_path)
    sun = rts_gmlc.day_of(tables[options.pv_path], day, sites, options.pv_path)
    largest = rts_gmlc.largest_of(tables[options.pv_path], sites, options.pv_path)
    pv[[k - 1 for k in owners]] = pv_kw * (sun / largest).to_numpy().T
    return Households([str(k) for k in number], load, pv)


def _sites(table: pd.DataFrame, owners: list[int], path: str) -> list[str]:
    """The PV site of each owner: the series of that number in the file, from 1."""
    series = rts_gmlc.series_of(table)
    for number in owners:
        if number > len(series):
            raise ValueError(f"{path}: user '{number}' has no site among {len(series)}; lower pv_last")
    return [series[number - 1] for number in owners]


def listed(options: ListedUsers) -> Households:
    """Users as they are written in the study; shorter lists end in zeros."""
    for name in options.generation_kwh:
        if name not in options.load_kwh:
            raise ValueError(f"users.listed.generation_kwh: user '{name}' has no load_kwh; give it one, [0] for none")
    names = list(options.load_kwh)
    lists = [*options.load_kwh.values(), *options.generation_kwh.values()]
    hours = max((len(values) for values in lists), default=0)
    load, generation = (
        np.array([padded(np.array(of.get(name, []), float), hours) for name in names]).reshape(len(names), hours)
        for of in (options.load_kwh, options.generation_kwh)
    )
    return Households(names, load, generation)


def padded(values: np.ndarray, hours: int) -> np.ndarray:
    """`values` (..., time) followed by zeros up to `hours`."""
    return np.concatenate([values, np.zeros((*values.shape[:-1], hours - values.shape[-1]))], axis=-1)


def tabled(table: pd.DataFrame, path: str) -> Households:
    """Users of a table with the columns user, time (0, 1 ... for every user), load_kwh, generation_kwh; any order."""
    for column in COLUMNS:
        if column not in table:
            raise ValueError(f"{path}: column {column} is missing; the columns are {', '.join(COLUMNS)}")
    table = table.assign(user=table["user"].astype(str))
    for column in COLUMNS[1:]:
        table[column] = pd.to_numeric(table[column], errors="coerce")
        wrong = ~(table[column] >= 0) | np.isinf(table[column])
        if wrong.any():
            where = f"row {wrong.to_numpy().argmax() + 1}, user '{table.loc[wrong.idxmax(), 'user']}'"
            raise ValueError(f"{path}: {column}, {where}: not a number from 0 up; enter it")
    twice = table.duplicated(["user", "time"])
    if twice.any():
        user, time = table.loc[twice.idxmax(), ["user", "time"]]
        raise ValueError(f"{path}: user '{user}' stands twice at time {time:g}; names must be unique")
    names, hours = list(dict.fromkeys(table["user"])), sorted(table["time"].unique())
    if hours != list(range(len(hours))):
        raise ValueError(f"{path}: time: the hours are 0, 1 ... without gaps, not {hours[0]:g} to {hours[-1]:g}")
    return Households(names, *(_by_user(table, column, names, path) for column in COLUMNS[2:]))


def _by_user(table: pd.DataFrame, column: str, names: list[str], path: str) -> np.ndarray:
    """(user, time) of a column."""
    wide = table.pivot(index="user", columns="time", values=column).loc[names]
    gap = wide.isna()
    if gap.to_numpy().any():
        user = gap.any(axis=1).idxmax()
        raise ValueError(f"{path}: user '{user}' has no row at time {gap.loc[user].idxmax():g}; add it")
    return wide.to_numpy()
