"""The systems whose transfer capability is asked: a MATPOWER file or the RTS-GMLC tables -> one form.

C. Barrows et al., The IEEE Reliability Test System: A Proposed 2019 Update, IEEE Trans. Power Systems 35(1):119-127,
2020. Which power is must-take, that units have one block from 0 to their capacity at their average cost at full output,
and that the DC line carries nothing is our choice (chapter 7.5.2).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import xarray as xr

from sharegrid.options.secure_dispatch import SecureSystem
from sharegrid.preparation import dc_form
from sharegrid.preparation.inputs import Inputs
from sharegrid.preparation.rts_areas import bus_loads
from sharegrid.readers import rts_network, rts_units
from sharegrid.readers.rts_forecasts import average_cost
from sharegrid.readers.rts_gmlc import day_of, series_of

FACTOR = 1.25  # emergency limit of a case file relative to its normal one, where none is given


@dataclass(frozen=True)
class Power:
    """What the buses take and can bring in one hour, MW (bus): load, must-take power, and what may be curtailed."""

    load: np.ndarray
    must_take: np.ndarray
    available: np.ndarray


@dataclass(frozen=True)
class Grid:
    """One system; arrays by bus, branch or unit, in the order of the source. Labels are text."""

    source: str
    bus: np.ndarray
    area: np.ndarray
    voltage: np.ndarray
    """Voltage level (bus) in kV, NaN if not known."""
    weight: np.ndarray
    """By which load is spread over an area (bus)."""
    branch: np.ndarray
    from_bus: np.ndarray
    to_bus: np.ndarray
    susceptance: np.ndarray
    """MW/rad (branch)."""
    shift: np.ndarray
    """rad (branch)."""
    normal: np.ndarray
    """Limit of the intact network in MW (branch), inf for none."""
    emergency: np.ndarray
    """Limit after an outage in MW (branch), where no factor is given."""
    unit: np.ndarray
    unit_bus: np.ndarray
    capacity: np.ndarray
    """MW (unit)."""
    cost: np.ndarray
    """$/MWh (unit), without tie break."""
    power: Callable[[str, int], Power]
    """Of a day and an hour."""


def grid(system: SecureSystem, name: str, inputs: Inputs) -> Grid:
    """The system of the options; ValueError names file or field, label and cure."""
    found = _from_file(system, inputs) if system.network is not None else _from_tables(system, inputs)
    where = f"prepare.systems.{name}"
    if system.limits_mw is not None:
        if len(system.limits_mw) != len(found.branch):
            raise ValueError(
                f"{where}.limits_mw: {len(system.limits_mw)} limits for {len(found.branch)} branches; "
                "give one per branch"
            )
        limit = np.array(system.limits_mw, dtype=float)
        found = replace(found, normal=limit, emergency=FACTOR * limit)
    return replace(found, area=_areas(system, found, where)) if system.areas else found


def _areas(system: SecureSystem, found: Grid, where: str) -> np.ndarray:
    """Area of each bus by the lists of numbers and ranges of the options."""
    area = np.full(len(found.bus), "", dtype=object)
    for name, entries in system.areas.items():
        for entry in entries:
            here = _in_range(found.bus, entry, f"{where}.areas.{name}")
            if (taken := here & (area != "")).any():
                raise ValueError(
                    f"{where}.areas.{name}: bus {found.bus[taken][0]} is in area '{area[taken][0]}' already"
                )
            area[here] = name
    if (area == "").any():
        raise ValueError(f"{where}.areas: bus {found.bus[area == ''][0]} is in no area; add it to one")
    return area.astype(str)


def _in_range(bus: np.ndarray, entry: str, where: str) -> np.ndarray:
    first, dash, last = entry.partition("-")
    if not dash:
        here = bus == entry
    elif first.isdigit() and last.isdigit() and all(one.isdigit() for one in bus):
        number = bus.astype(int)
        here = (number >= int(first)) & (number <= int(last))
    else:
        here = np.zeros(len(bus), bool)
    if not here.any():
        raise ValueError(f"{where}: no bus '{entry}'; list numbers of the file, or a range such as 1-32")
    return here


def _from_file(system: SecureSystem, inputs: Inputs) -> Grid:
    """A MATPOWER case: linear costs from 0 to Pmax, loads with shunts, the form 1/(x tap) with phase shifts."""
    network = inputs.read(system.network, "matpower")
    _check_file(network, system.network)
    form = dc_form.branches(network, "matpower")
    load = (network["load"] + network["shunt"]).values * system.load_factor
    ends = [network[end].values.astype(str) for end in ("from_bus", "to_bus")]
    nothing = np.zeros(len(load))
    return Grid(
        source=system.network,
        bus=network["bus"].values.astype(str),
        area=network["area"].values.astype(str),
        voltage=np.full(len(load), np.nan),
        weight=load,
        branch=_numbered([f"{start}-{end}" for start, end in zip(*ends, strict=True)]),
        from_bus=ends[0],
        to_bus=ends[1],
        susceptance=form["susceptance"].values,
        shift=form["shift"].values,
        normal=network["rate"].values,
        emergency=FACTOR * network["rate"].values,
        unit=np.array([f"g{k + 1}" for k in range(network.sizes["generator"])]),
        unit_bus=network["generator_bus"].values.astype(str),
        capacity=network["p_max"].values,
        cost=network["cost_linear"].values,
        power=lambda date, hour: Power(load, nothing, nothing),
    )


def _check_file(network: xr.Dataset, path: str) -> None:
    """ValueError for what the linear dispatch cannot have."""
    wrong = {
        "cost_quadratic": ("a quadratic cost", network["cost_quadratic"].values != 0),
        "p_max": ("a negative capacity", network["p_max"].values < 0),
    }
    if "cost_point_mw" in network:
        wrong["cost_point_mw"] = ("a cost by points", ~np.isnan(network["cost_point_mw"].values).all(axis=1))
    for field, (what, units) in wrong.items():
        for unit in np.flatnonzero(units)[:1]:
            raise ValueError(f"{path}: {field}, generator {unit + 1}: {what}; give it a linear cost from 0 to Pmax")
    if "dcline" in network.dims:
        raise ValueError(f"{path}: dcline: a DC line is in service; take it out of service")
    if (load := network["load"] + network["shunt"]).min() < 0:
        raise ValueError(f"{path}: load, bus {load['bus'].values[load.argmin()]}: is negative; make it a generator")


def _numbered(labels: list[str]) -> np.ndarray:
    """Labels with -2, -3 ... behind those that occurred before: parallel branches."""
    seen: dict[str, int] = {}
    found = []
    for label in labels:
        seen[label] = seen.get(label, 0) + 1
        found.append(label if seen[label] == 1 else f"{label}-{seen[label]}")
    return np.array(found)


def _from_tables(system: SecureSystem, inputs: Inputs) -> Grid:
    """RTS-GMLC with its AC branches: X tap, limits Cont Rating and LTE Rating, day-ahead series."""
    path = {name: f"{system.tables}/{name}.csv" for name in ("bus", "branch", "gen")}
    table = {name: inputs.table(file) for name, file in path.items()}
    buses = rts_network.buses(table["bus"], path["bus"])
    branches = rts_network.branches(table["branch"], path["branch"], buses.index)
    units = rts_units.thermal_units(table["gen"], path["gen"])
    return Grid(
        source=system.tables,
        bus=buses.index.to_numpy(str),
        area=buses["area"].to_numpy(str),
        voltage=_column(table["bus"], "BaseKV", path["bus"]),
        weight=buses["peak_load"].to_numpy(float),
        branch=branches.index.to_numpy(str),
        from_bus=branches["from_bus"].to_numpy(str),
        to_bus=branches["to_bus"].to_numpy(str),
        susceptance=branches["susceptance"].to_numpy(float),
        shift=np.zeros(len(branches)),
        normal=branches["rating"].to_numpy(float),
        emergency=_column(table["branch"], "LTE Rating", path["branch"]),
        unit=units.index.to_numpy(str),
        unit_bus=_bus_of(units["Bus ID"], buses.index, path["gen"]),
        capacity=units["PMax MW"].to_numpy(float),
        cost=average_cost(units),
        power=RtsHours(system, buses, table["gen"], path["gen"], inputs).power,
    )


def _column(table: pd.DataFrame, column: str, source: str) -> np.ndarray:
    """A column of positive numbers; ValueError names the file, the column and the row."""
    if column not in table:
        raise ValueError(f"{source}: no column '{column}'; take the table of RTS-GMLC as it is")
    values = pd.to_numeric(table[column], errors="coerce").to_numpy(float)
    for row in np.flatnonzero(~(values > 0))[:1]:
        raise ValueError(
            f"{source}: column '{column}', row '{table.iloc[row, 0]}': {table[column].iloc[row]}; "
            "enter a number above 0"
        )
    return values


def _bus_of(column: pd.Series, known: pd.Index, source: str) -> np.ndarray:
    bus = column.astype(str).to_numpy(str)
    for where in np.flatnonzero(~np.isin(bus, known))[:1]:
        raise ValueError(
            f"{source}: column 'Bus ID', unit '{column.index[where]}': no bus '{bus[where]}'; name one of bus.csv"
        )
    return bus


class RtsHours:
    """Loads and renewable power of RTS-GMLC by bus; every series is read once."""

    def __init__(
        self, system: SecureSystem, buses: pd.DataFrame, generators: pd.DataFrame, source: str, inputs: Inputs
    ):
        self._system, self._buses, self._inputs, self._source = system, buses, inputs, source
        self._bus_of_plant = generators.set_index("GEN UID")["Bus ID"].astype(str)
        self._tables: dict[str, pd.DataFrame] = {}

    def power(self, date: str, hour: int) -> Power:
        """Load by the shares of `MW Load` in the area; hydro and rooftop PV must be taken, wind and PV need not."""
        if not date:
            raise ValueError("prepare.date: RTS-GMLC needs a day of 2020; give date, as 2020-07-15")
        path = self._system.series_file("regional_Load")
        load = bus_loads(self._buses, self._day("regional_Load", date), path)[:, hour] * self._system.load_factor
        must_take = self._at_buses("hydro", date, hour) + self._at_buses("rtpv", date, hour)
        return Power(load, must_take, self._at_buses("wind", date, hour) + self._at_buses("pv", date, hour))

    def _day(self, name: str, date: str) -> pd.DataFrame:
        """Power in MW (time) of every region or plant; ValueError for a negative value."""
        path = self._system.series_file(name)
        if name not in self._tables:
            self._tables[name] = self._inputs.table(path)
        hours = day_of(self._tables[name], date, series_of(self._tables[name]), path)
        for column in hours.columns[(hours < 0).any()]:
            raise ValueError(f"{path}: column '{column}', {date}: {hours[column].min():g}; enter power of 0 or more")
        return hours

    def _at_buses(self, name: str, date: str, hour: int) -> np.ndarray:
        """Power in MW (bus) of all plants of a series."""
        power = self._day(name, date).loc[hour]
        if missing := [plant for plant in power.index if plant not in self._bus_of_plant.index]:
            raise ValueError(
                f"{self._source}: column 'GEN UID': no unit '{missing[0]}', which has a series; add its row"
            )
        bus = self._bus_of_plant[power.index].to_numpy()
        return power.groupby(bus).sum().reindex(self._buses.index, fill_value=0.0).to_numpy(float)
