"""Aggregates of vehicles that differ: what they cost in solver work, how far they are from the truth, and what they promise
that the vehicles cannot keep (chapter 7.4.2).

Levels, from fine to coarse: `individual` each vehicle its own battery; `exact` clusters of vehicles connected in the same
hours that are scaled copies of each other; `window` clusters by hours only; `one` battery for all. The first two have the
same cost. The others are outer approximations: their cost is too low, and the net power of each of their batteries is taken
apart over the vehicles (planning/ev_disaggregation.py). Vehicles that are scaled copies of each other stand as one battery
there, which is exact.
"""

from collections.abc import Mapping
from typing import Annotated

import numpy as np
import pandas as pd
import xarray as xr
from pydantic import Field

from sharegrid.markets import ev_fleets
from sharegrid.optimise.clear import split_model
from sharegrid.optimise.highs import LiveProgram, Program, Solved
from sharegrid.optimise.program import SplitModel
from sharegrid.planning.ev_disaggregation import disaggregated
from sharegrid.planning.ev_schedules import MARKET, one_way
from sharegrid.planning.scenarios import of_scenarios
from sharegrid.preparation import ev_batteries

METHOD = "ev-aggregation"
LEVELS = ("individual", "exact", "window", "one")
KWH = 1000.0  # per MWh
BYTES = 8  # per number
DEVICE = 7  # numbers that describe a vehicle: arrival, departure, capacity, power, three energies
CLUSTER, SCHEDULE = (
    5,
    2,
)  # numbers per hour: limits of power and energy with what moves in and out; charge and discharge
BY_LEVEL = {
    "aggregate_batteries": ("1", "batteries of the linear program"),
    "aggregate_single": ("1", "batteries with one vehicle, whose data are seen outside the edge"),
    "aggregate_columns": ("1", "columns of the linear program"),
    "aggregate_iterations": ("1", "simplex iterations of the linear program"),
    "aggregate_cost": ("money", "least cost"),
    "aggregate_charged": ("MWh", "energy that is charged"),
    "aggregate_shortfall": ("kWh", "energy of the schedule that the vehicles do not follow at best"),
    "aggregate_shortfall_bound": ("kWh", "lower bound of the energy of the schedule that the vehicles cannot follow"),
    "aggregate_messages_up": ("1", "messages to the platform"),
    "aggregate_bytes_up": ("byte", "size of the messages to the platform"),
    "aggregate_messages_down": ("1", "messages from the platform"),
    "aggregate_bytes_down": ("byte", "size of the messages from the platform"),
}
HOURLY = {
    "region_net": ("MW", "net charging of the schedule"),
    "region_net_followed": ("MW", "net charging that the vehicles can follow"),
    "region_energy": ("MWh", "energy of the schedule at the end of the hour"),
    "region_energy_followed": ("MWh", "energy of the vehicles that follow at the end of the hour"),
}
BOUNDS = {
    "region_charge": ("MW", "charging power of all connected vehicles"),
    "region_discharge": ("MW", "discharging power of all connected vehicles"),
    "region_low": ("MWh", "least energy of all connected vehicles"),
    "region_high": ("MWh", "largest energy of all connected vehicles"),
}
REGION = {"region_vehicles": ("1", "number of vehicles of the hourly results")}


def plan(
    results: Mapping[str, xr.Dataset],
    *,
    scenario: str,
    sizes: Annotated[list[Annotated[int, Field(ge=1)]], Field(min_length=1)],
    region: Annotated[int, Field(ge=1)],
) -> xr.Dataset:
    """BY_LEVEL (fleet_size, level) for the first vehicles of the study at the prices of a scenario, HOURLY (level, time) and
    BOUNDS (time) for `region` of them, one of the sizes.

    Allowances and rights are the scenario's, in proportion to the number. ValueError for another market, an unknown
    scenario, a study without drawn vehicles, a size above their number, a region that is no size, and a scenario in which the
    linear program lets vehicles charge and discharge at once.
    """
    data = of_scenarios(results["data"], [scenario], MARKET, METHOD)
    table = vehicles(data)
    if region not in sizes:
        raise ValueError(f"{METHOD}: region {region} is none of the sizes; choose one of {sizes}")
    if max(sizes) > len(table):
        raise ValueError(f"{METHOD}: sizes: {max(sizes)} vehicles; the study draws {len(table)}: raise drawn.count")
    rows, shown = [], None
    for size in sizes:
        levels = _levels(data, table.iloc[:size])
        rows.append([level.numbers() for level in levels])
        shown = _region(levels) if size == region else shown
    by_level = {name: (("fleet_size", "level"), [[one[name] for one in row] for row in rows]) for name in BY_LEVEL}
    found = xr.Dataset(by_level, {"fleet_size": sizes, "level": list(LEVELS)}).merge(shown)
    found = found.assign(region_vehicles=float(region))
    for name, (unit, meaning) in (BY_LEVEL | HOURLY | BOUNDS | REGION).items():
        found[name].attrs = {"units": data.attrs["money"] if unit == "money" else unit, "long_name": meaning}
    return found


def vehicles(data: xr.Dataset) -> pd.DataFrame:
    """The drawn vehicles with the columns of ev_batteries; ValueError if the study has none."""
    if "vehicle" not in data.dims:
        raise ValueError(f"{METHOD}: the study draws no vehicles; add prepare: {{drawn: {{...}}}}")
    columns = {name: data[f"vehicle_{name}"].values for name in ev_batteries.COLUMNS}
    return pd.DataFrame(columns, index=data["vehicle"].values)


def groups(table: pd.DataFrame, level: str) -> pd.Series:
    """Label of the battery to which each vehicle belongs at a level."""
    if level == "individual":
        return pd.Series(table.index.astype(str), table.index)
    if level == "exact":
        return ev_batteries.proportions(table)
    if level == "window":
        return table["arrival"].astype(str) + "-" + table["departure"].astype(str)
    return pd.Series("all", table.index)


class Level:
    """The vehicles of `table` as batteries of one level at the prices of `data` (one scenario), and their optimum."""

    def __init__(self, data: xr.Dataset, table: pd.DataFrame, level: str):
        self.name, self._table, self.group = level, table, groups(table, level)
        self.data = market_of(data, table, self.group)
        self.split: SplitModel = split_model(ev_fleets, self.data)
        self.program: Program = self.split.program(0)
        solved: Solved = LiveProgram(self.program, f"{len(table)} vehicles, level {level}").solve()
        self.solved = one_way(self.data, self.split, solved, METHOD)
        self.followed, self.energy_followed, self.shortfall = self.net, self.energy, 0.0
        self.shortfall_bound = 0.0

    def read(self, name: str, x: np.ndarray | None = None) -> np.ndarray:
        """A variable (battery, time) of the optimum, or of `x`."""
        layout = self.split.variables[name]
        return layout.read(self.solved.x if x is None else x).transpose("participant", "time").values

    @property
    def net(self) -> np.ndarray:
        """Net charging (battery, time) MW."""
        return self.read("charge") - self.read("discharge")

    @property
    def energy(self) -> np.ndarray:
        """Energy of all batteries at the end of the hour (time) MWh."""
        return self.read("energy").sum(axis=0)

    def follow(self, fine: "Level") -> None:
        """Take the schedule apart over the batteries of an exact level `fine`, and note what cannot be followed."""
        first = dict(zip(fine.group, self.group, strict=True))
        number = {label: k for k, label in enumerate(self.data["participant"].values)}
        owner = np.array([number[first[label]] for label in fine.data["participant"].values])
        x, deviation, bound = disaggregated(fine.split, fine.program, owner, self.net)
        self.shortfall, self.shortfall_bound = KWH * deviation, KWH * bound
        self.followed = fine.read("charge", x) - fine.read("discharge", x)
        self.energy_followed = fine.read("energy", x).sum(axis=0)

    def numbers(self) -> dict[str, float]:
        """BY_LEVEL of this level."""
        count, hours = self.data.sizes["participant"], self.data.sizes["time"]
        up = DEVICE if self.name == "individual" else CLUSTER * hours
        return {
            "aggregate_batteries": count,
            "aggregate_single": int((self.group.value_counts() == 1).sum()),
            "aggregate_columns": len(self.program.cost),
            "aggregate_iterations": self.solved.iterations,
            "aggregate_cost": self.solved.objective,
            "aggregate_charged": self.read("charge").sum(),
            "aggregate_shortfall": self.shortfall,
            "aggregate_shortfall_bound": self.shortfall_bound,
            "aggregate_messages_up": count,
            "aggregate_bytes_up": BYTES * up * count,
            "aggregate_messages_down": count,
            "aggregate_bytes_down": BYTES * SCHEDULE * hours * count,
        }


def _levels(data: xr.Dataset, table: pd.DataFrame) -> list[Level]:
    levels = {name: Level(data, table, name) for name in LEVELS}
    for name in ("window", "one"):
        levels[name].follow(levels["exact"])
    return list(levels.values())


def market_of(data: xr.Dataset, table: pd.DataFrame, group: pd.Series) -> xr.Dataset:
    """The market's data of one scenario with the batteries of `group` as participants, for vehicles that charge as they like.

    Allowances and rights of the fleets in proportion to the number of vehicles, in equal parts of the batteries.
    """
    strategy = str(data["strategy"].item())
    discharge = float(data["v2g_share"].item()) if strategy == "v2g" else 0.0
    found = ev_batteries.batteries(table, group, data.sizes["time"], discharge)
    part = len(table) / (float(data["number"].item()) * found.sizes["participant"])
    rights = {name: data[name].sum("participant") * part for name in ("allowance", "step_right")}
    kept = data.drop_dims(["participant", "vehicle"])
    hourly = {
        name: array.expand_dims(scenario=data["scenario"].values)
        for name, array in found.items()
        if "time" in array.dims
    }
    own = {name: array for name, array in found.items() if "time" not in array.dims}
    shared = {name: array.expand_dims(participant=found["participant"].values) for name, array in rights.items()}
    low = xr.zeros_like(hourly["charge_high"])
    return kept.assign(hourly | own | shared | {"charge_low": low}).transpose("scenario", "participant", ...)


def _region(levels: list[Level]) -> xr.Dataset:
    """HOURLY and BOUNDS of the vehicles of these levels."""
    by_level = {
        "region_net": [one.net.sum(axis=0) for one in levels],
        "region_net_followed": [one.followed.sum(axis=0) for one in levels],
        "region_energy": [one.energy for one in levels],
        "region_energy_followed": [one.energy_followed for one in levels],
    }
    whole = levels[-1].data.isel(scenario=0, participant=0, drop=True)
    sources = ("charge_high", "discharge_high", "energy_low", "energy_high")
    bounds = {name: ("time", whole[source].values) for name, source in zip(BOUNDS, sources, strict=True)}
    return xr.Dataset({name: (("level", "time"), values) for name, values in by_level.items()} | bounds,
                      {"level": list(LEVELS), "time": whole["time"].values})  # fmt: skip
