"""The RTS-GMLC system on one day as three areas; the branches between areas and the DC line are VSC-HVDC ties.

C. Barrows et al., The IEEE Reliability Test System: A Proposed 2019 Update, IEEE Trans. Power Systems 35(1):119-127, 2020.
Which units take part, and that the AC branches between areas become ties, is our choice (chapter 4.5).
"""

import datetime

import numpy as np
import pandas as pd

from sharegrid.options.multi_area import MultiAreaMarket, RtsSystem
from sharegrid.preparation.area_system import Branches, Renewables, System, Ties, Units, reserve_cost
from sharegrid.preparation.inputs import Inputs
from sharegrid.readers import rts_network, rts_units
from sharegrid.readers.rts_forecasts import average_cost
from sharegrid.readers.rts_gmlc import day_of, series_of

RENEWABLE = {"DAY_AHEAD_wind": True, "DAY_AHEAD_pv": True, "DAY_AHEAD_rtpv": True, "DAY_AHEAD_hydro": False}
"""Series of plants without fuel cost, and whether the area holds reserve for their output."""
LOAD = "DAY_AHEAD_regional_Load"
TEN_MINUTES, HOUR = 10.0, 60.0  # min


def system(options: MultiAreaMarket, day: datetime.date, inputs: Inputs) -> System:
    """The system on a day: 24 hours of day-ahead series; buses and areas are their numbers.

    ValueError names the file, the column, the row and the cure.
    """
    rts, date = options.rts, day.isoformat()
    buses = rts_network.buses(*_table(rts, "bus", inputs))
    branches = rts_network.branches(*_table(rts, "branch", inputs), buses.index)
    dc_lines = rts_network.dc_lines(*_table(rts, "dc_branch", inputs), buses.index)
    generators, source = _table(rts, "gen", inputs)
    area = buses["area"]
    between = area[branches["from_bus"]].to_numpy() != area[branches["to_bus"]].to_numpy()
    series = {name: _series(rts, name, date, inputs) for name in (LOAD, *RENEWABLE)}
    return System(
        source=rts.tables,
        area=list(dict.fromkeys(area)),
        bus=buses.index.to_numpy(str),
        bus_area=area.to_numpy(str),
        load=bus_loads(buses, series[LOAD], f"{rts.series}/{LOAD}.csv.gz"),
        branches=_branches(branches[~between]),
        units=_units(rts_units.thermal_units(generators, source), area, options, source),
        renewables=_renewables({name: series[name] for name in RENEWABLE}, generators, area, source),
        ties=_ties(pd.concat([branches[between], dc_lines]), rts.linear_loss),
    )


def _table(rts: RtsSystem, name: str, inputs: Inputs) -> tuple[pd.DataFrame, str]:
    path = f"{rts.tables}/{name}.csv"
    return inputs.table(path), path


def _series(rts: RtsSystem, name: str, date: str, inputs: Inputs) -> pd.DataFrame:
    """Power in MW (time) of every region or plant of a series; ValueError for a negative value."""
    path = f"{rts.series}/{name}.csv.gz"
    table = inputs.table(path)
    hours = day_of(table, date, series_of(table), path)
    for column in hours.columns[(hours < 0).any()]:
        raise ValueError(f"{path}: column '{column}', {date}: {hours[column].min():g}; enter power of 0 or more")
    return hours


def bus_loads(buses: pd.DataFrame, regional: pd.DataFrame, source: str) -> np.ndarray:
    """Loads in MW (bus, time): the load of the area times the share of the bus in the peak loads of its area."""
    if missing := [area for area in buses["area"].unique() if area not in regional]:
        raise ValueError(f"{source}: no column '{missing[0]}', the load of this area; its columns are areas of bus.csv")
    share = buses["peak_load"] / buses.groupby("area")["peak_load"].transform("sum")
    return share.to_numpy()[:, None] * regional[buses["area"]].to_numpy().T


def _branches(table: pd.DataFrame) -> Branches:
    return Branches(
        label=table.index.to_numpy(str),
        from_bus=table["from_bus"].to_numpy(str),
        to_bus=table["to_bus"].to_numpy(str),
        susceptance=table["susceptance"].to_numpy(float),
        limit=table["rating"].to_numpy(float),
    )


def _ties(table: pd.DataFrame, linear_loss: float) -> Ties:
    """VSC-HVDC ties with the ratings of the branches; the loss is that of the power sent only."""
    nothing = np.zeros(len(table))
    return Ties(
        label=table.index.to_numpy(str),
        from_bus=table["from_bus"].to_numpy(str),
        to_bus=table["to_bus"].to_numpy(str),
        capacity=table["rating"].to_numpy(float),
        constant=nothing,
        linear=nothing + linear_loss,
        quadratic=nothing,
        allow_intra=np.zeros(len(table), bool),
    )


def _units(table: pd.DataFrame, area: pd.Series, options: MultiAreaMarket, source: str) -> Units:
    """Thermal units without minimum output; reserve at shares of the average cost at full output."""
    bus = _bus_of(table, area, source)
    capacity, per_minute = table["PMax MW"].to_numpy(float), table["Ramp Rate MW/Min"].to_numpy(float)
    width, price = _blocks(
        [rts_units.convex_blocks(*rts_units.cost_points(unit, source)) for _, unit in table.iterrows()]
    )
    return Units(
        label=table.index.to_numpy(str),
        bus=bus,
        number=pd.Series(area[bus].to_numpy()).groupby(area[bus].to_numpy()).cumcount().to_numpy() + 1,
        capacity=capacity,
        p_min=table["PMin MW"].to_numpy(float),
        width=width,
        price=price,
        quadratic=np.zeros(len(table)),
        reserve_cost=reserve_cost(average_cost(table), options),
        ten_minutes=np.minimum(capacity, TEN_MINUTES * per_minute),
        hourly=np.minimum(capacity, HOUR * per_minute),
    )


def _blocks(found: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """Widths and prices (unit, block); a unit with fewer blocks repeats its last price with width 0."""
    most = max(len(width) for width, _ in found)
    width = np.array([np.pad(width, (0, most - len(width))) for width, _ in found])
    return width, np.array([np.pad(price, (0, most - len(price)), mode="edge") for _, price in found])


def _renewables(series: dict[str, pd.DataFrame], generators: pd.DataFrame, area: pd.Series, source: str) -> Renewables:
    """One plant for every column of the series; its bus is that of the unit with the same name."""
    label = [plant for hours in series.values() for plant in hours]
    known = generators.set_index("GEN UID")
    if missing := [plant for plant in label if plant not in known.index]:
        raise ValueError(f"{source}: column 'GEN UID': no unit '{missing[0]}', which has a series; add its row")
    return Renewables(
        label=np.array(label),
        bus=_bus_of(known.loc[label], area, source),
        available=np.vstack([hours.to_numpy().T for hours in series.values()]),
        needs_reserve=np.repeat([RENEWABLE[name] for name in series], [hours.shape[1] for hours in series.values()]),
    )


def _bus_of(units: pd.DataFrame, area: pd.Series, source: str) -> np.ndarray:
    bus = units["Bus ID"].astype(str).to_numpy(str)
    for where in np.flatnonzero(~np.isin(bus, area.index))[:1]:
        raise ValueError(
            f"{source}: column 'Bus ID', unit '{units.index[where]}': no bus '{bus[where]}'; "
            "name one of the column Bus ID of bus.csv"
        )
    return bus
