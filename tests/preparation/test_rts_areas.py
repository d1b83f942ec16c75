"""The RTS-GMLC system of three areas against plain reading of the raw tables, and the errors of tables that are wrong."""

import dataclasses
import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sharegrid.options.multi_area import MultiAreaMarket
from sharegrid.preparation.inputs import Inputs
from sharegrid.preparation.rts_areas import system
from sharegrid.readers import rts_units

RESOURCES = Path(__file__).parents[2] / "resources"
NETWORK, SERIES = "networks/rts_gmlc", "timeseries/rts_gmlc"
DAYS = {"wind": "2020-01-07", "load": "2020-07-27"}
CALENDAR = ["Year", "Month", "Day"]
RENEWABLE = ("wind", "pv", "rtpv", "hydro")


@dataclasses.dataclass(frozen=True)
class Changed(Inputs):
    """The raw files with other contents in one of them."""

    path: str = ""
    change: object = None

    def table(self, path):
        table = super().table(path)
        return self.change(table) if path == self.path else table


def options() -> MultiAreaMarket:
    section = {"market": "multi-area", "hours": 24, "rts": {"days": DAYS}, "day": "wind"}
    return MultiAreaMarket.model_validate(section | {"scenarios": {"base": {"label": "{day}"}}})


def of(day: str, path: str = "", change=None):
    return system(options(), datetime.date.fromisoformat(DAYS[day]), Changed(RESOURCES, path=path, change=change))


def raw(name: str) -> pd.DataFrame:
    return pd.read_csv(RESOURCES / NETWORK / f"{name}.csv")


def series(name: str) -> pd.DataFrame:
    """Hourly values by date."""
    table = pd.read_csv(RESOURCES / SERIES / f"DAY_AHEAD_{name}.csv.gz")
    table.index = pd.to_datetime(table[CALENDAR])
    return table.drop(columns=[*CALENDAR, "Period"])


@pytest.fixture(scope="module", params=DAYS)
def day(request):
    return request.param


@pytest.fixture(scope="module")
def found(day):
    return of(day)


def test_days_have_the_most_wind_and_the_most_load():
    assert f"{series('wind').sum(axis=1).resample('D').sum().idxmax():%Y-%m-%d}" == DAYS["wind"]
    load = series("regional_Load").sum(axis=1)
    assert f"{load.resample('D').sum().idxmax():%Y-%m-%d}" == DAYS["load"]
    assert f"{load.idxmax():%Y-%m-%d}" == "2020-08-26", "the hour of the peak is on another day"


def test_loads_sum_to_the_regional_series(found, day):
    regional = series("regional_Load").loc[DAYS[day]]
    assert found.area == ["1", "2", "3"] and found.load.shape == (73, 24)
    for area in found.area:
        here = found.load[found.bus_area == area]
        np.testing.assert_allclose(here.sum(axis=0), regional[area], rtol=1e-12)
        peaks = raw("bus").query(f"Area == {area}")["MW Load"].to_numpy()
        np.testing.assert_allclose(here.mean(axis=1) / here.mean(axis=1).sum(), peaks / peaks.sum(), atol=1e-12)


def test_ties_are_what_connects_the_areas(found):
    ties, branches = found.ties, found.branches
    rows = zip(ties.label, ties.from_bus, ties.to_bus, ties.capacity, strict=True)
    assert list(rows) == [
        ("AB1", "107", "203", 175),
        ("AB2", "113", "215", 500),
        ("AB3", "123", "217", 500),
        ("CA-1", "325", "121", 500),
        ("CB-1", "318", "223", 500),
        ("DC1", "113", "316", 100),
    ]
    assert (ties.linear == 0.02).all() and not ties.constant.any() and not ties.quadratic.any()
    assert len(branches.label) == 120 - 5 == len(raw("branch")) - 5
    assert (found.area_of(branches.from_bus) == found.area_of(branches.to_bus)).all()


def test_branches_are_read_with_their_tap_ratios(found):
    table = raw("branch").set_index("UID").loc[found.branches.label]
    np.testing.assert_array_equal(found.branches.limit, table["Cont Rating"])
    tap = table["Tr Ratio"].where(table["Tr Ratio"] != 0, 1)
    np.testing.assert_allclose(found.branches.susceptance, 100 / (table["X"] * tap))
    assert ((tap != 1).sum(), len(tap)) == (15, 115)


def test_thermal_units_are_those_of_the_table(found):
    units, table = found.units, raw("gen").set_index("GEN UID")
    assert len(units.label) == 73
    table = table.loc[units.label]
    assert table["Unit Type"].value_counts().to_dict() == {"CT": 39, "STEAM": 23, "CC": 10, "NUCLEAR": 1}
    area = found.area_of(units.bus)
    assert {name: units.number[area == name].tolist() for name in "123"} == {
        "1": list(range(1, 25)), "2": list(range(1, 24)), "3": list(range(1, 27)),
    }  # fmt: skip
    np.testing.assert_array_equal(units.ten_minutes, np.minimum(table["PMax MW"], 10 * table["Ramp Rate MW/Min"]))
    np.testing.assert_array_equal(units.hourly, np.minimum(table["PMax MW"], 60 * table["Ramp Rate MW/Min"]))
    np.testing.assert_array_equal(units.capacity, table["PMax MW"])


def test_offers_are_convex_and_reach_the_capacity(found):
    units = found.units
    assert (np.diff(units.price, axis=1) >= 0).all() and (units.width >= 0).all()
    np.testing.assert_allclose(units.width.sum(axis=1), units.capacity, rtol=1e-12)
    counts = (units.width > 0).sum(axis=1)
    assert np.bincount(counts).tolist() == [0, 46, 19, 8], "units with one, two and three blocks"


def test_hulls_are_below_the_points_and_touch_both_ends():
    for name, unit in rts_units.thermal_units(raw("gen"), "gen.csv").iterrows():
        output, cost = rts_units.cost_points(unit, "gen.csv")
        width, price = rts_units.convex_blocks(output, cost)
        assert (np.diff(price) > 0).all(), name
        corner, below = np.append(0, width.cumsum()), np.append(0, (width * price).cumsum())
        hull = np.interp(output, corner, below)
        assert (hull <= cost * (1 + 1e-12)).all(), name
        assert hull[-1] == pytest.approx(cost[-1], rel=1e-12) and output[0] == cost[0] == 0
        touched = np.isclose(hull, cost, rtol=1e-12, atol=1e-9)
        assert all(np.abs(output[touched] - one).min() < 1e-9 for one in corner), "corners are points of the curve"


def test_cost_of_a_unit_by_hand(found):
    """123_STEAM_2, whose heat rates are its own: from 0 to its first two points one block, then two more."""
    unit = found.units.label.tolist().index("123_STEAM_2")
    rate = np.array([(0.4 * 10967 + 0.2 * 9191) / 0.6, 10865, 15627])
    fuel = 2.11399 / 1000
    np.testing.assert_allclose(found.units.width[unit], [93, 31, 31])
    np.testing.assert_allclose(found.units.price[unit], rate * fuel, rtol=1e-12)
    full = (0.6 * rate[0] + 0.2 * rate[1] + 0.2 * rate[2]) * fuel
    np.testing.assert_allclose(found.units.reserve_cost[unit], [0.25 * full, 0.1 * full], rtol=1e-12)


def test_curves_that_are_not_convex_become_one_block():
    assert rts_units.convex_blocks(np.array([0.0, 8, 20]), np.array([0.0, 100, 160]))[1] == pytest.approx([8])
    width, price = rts_units.convex_blocks(np.array([0.0, 4, 8, 12, 20]), np.array([0.0, 5, 8, 20, 40]))
    assert width.tolist() == [8, 12] and price == pytest.approx([1, 32 / 12])
    width, _ = rts_units.convex_blocks(np.array([0.0, 1, 2, 3]), np.array([0.0, 2, 4, 6]))
    assert width.tolist() == [3], "equal slopes are one block"


def test_renewable_plants_are_those_with_a_series(found, day):
    plants, start = found.renewables, 0
    for name in RENEWABLE:
        power = series(name).loc[DAYS[day]]
        here = slice(start, start := start + power.shape[1])
        assert plants.label[here].tolist() == power.columns.tolist()
        np.testing.assert_array_equal(plants.available[here], power.to_numpy().T)
        assert (plants.needs_reserve[here] == (name != "hydro")).all()
    assert start == len(plants.label) == 80
    assert plants.bus.tolist() == [label[:3] for label in plants.label], "names begin with the number of the bus"


def put(row: int, column: str, value) -> object:
    def change(table):
        table = table.astype({column: object})
        table.loc[row, column] = value
        return table

    return change


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("bus", put(0, "MW Load", -5.0), "bus.csv: column 'MW Load', row '101': -5.0; enter a number 0 or more"),
        ("bus", put(1, "Bus ID", 101), "bus.csv: column 'Bus ID': '101' stands twice"),
        ("bus", lambda table: table.assign(**{"MW Load": 0.0}), "no load in area '1'"),
        ("bus", put(0, "Area", 7), "DAY_AHEAD_regional_Load.csv.gz: no column '7', the load of this area"),
        ("branch", put(3, "To Bus", 999), "branch.csv: column 'To Bus', row 'A4': no bus '999'; name one of"),
        ("branch", put(3, "X", 0.0), "branch.csv: column 'X', row 'A4': 0.0; enter a number above 0"),
        ("branch", put(3, "Cont Rating", "?"), r"column 'Cont Rating', row 'A4': \?; enter a number above 0"),
        ("dc_branch", put(0, "MW Load", np.nan), "dc_branch.csv: column 'MW Load', row 'DC1': nan; enter a number"),
        ("dc_branch", lambda table: table.drop(columns="UID"), "dc_branch.csv: no column 'UID'; take the table"),
        ("gen", put(0, "PMax MW", 0), "gen.csv: column 'PMax MW', unit '101_CT_1': 0; enter a number above 0"),
        ("gen", put(0, "VOM", np.nan), "gen.csv: column 'VOM', unit '101_CT_1': nan; enter a number 0 or more"),
        ("gen", put(0, "HR_incr_2", -1.0), "column 'HR_incr_2', unit '101_CT_1': -1.0; enter a number 0 or more"),
        ("gen", put(0, "Output_pct_1", 0.3), "column 'Output_pct_1', unit '101_CT_1': 0.3 is not above the 0.4"),
        ("gen", put(0, "Output_pct_3", 0.9), "column 'Output_pct_3', unit '101_CT_1': the last share is 0.9, not 1"),
        ("gen", put(0, "Bus ID", 999), "column 'Bus ID', unit '101_CT_1': no bus '999'; name one of the column"),
        ("gen", put(1, "GEN UID", "101_CT_1"), "column 'GEN UID': unit '101_CT_1' stands twice"),
        ("gen", lambda table: table[table["GEN UID"] != "309_WIND_1"], "no unit '309_WIND_1', which has a series"),
        ("gen", lambda table: table[table["Unit Type"] == "PV"], "column 'Unit Type': no unit is CT, CC, STEAM"),
        ("gen", lambda table: table.drop(columns="HR_avg_0"), "gen.csv: no column 'HR_avg_0'; take gen.csv"),
    ],
)  # fmt: skip
def test_faults_in_the_tables_are_named(name, change, message):
    with pytest.raises(ValueError, match=message):
        of("wind", f"{NETWORK}/{name}.csv", change)


def test_faults_in_the_series_are_named():
    path = f"{SERIES}/DAY_AHEAD_wind.csv.gz"
    when = "2020-01-07"
    with pytest.raises(ValueError, match=f"DAY_AHEAD_wind.csv.gz: column '309_WIND_1', {when}: -1; enter power"):
        of("wind", path, put(6 * 24 + 3, "309_WIND_1", -1))
    with pytest.raises(ValueError, match=f"DAY_AHEAD_wind.csv.gz: {when}: 23 rows instead of the periods 1 to 24"):
        of("wind", path, lambda table: table.drop(index=6 * 24 + 3))
