"""The data of secure dispatch and transfers: what they hold, and every fault of the options by name."""

import numpy as np
import pytest

import transfers
from sharegrid.options.secure_dispatch import SecureDispatchMarket
from sharegrid.preparation.inputs import Inputs
from sharegrid.stages import prepare
from transfers import CASE5, CASE118, area, bus


def dispatch_data(system: dict, **options):
    """Data of one system, called "file"."""
    config = transfers.DISPATCH | {"systems": {"file": system}, "system": "file", "scenarios": {"x": {"label": "x"}}}
    return prepare.prepare(config | options, transfers.RESOURCES)


def transfer_data(transfer: dict, **options):
    """Data of one transfer of the shared schedules."""
    config = {"transfers": {"t": transfer}, "transfer": "t"} | options
    return transfers.prepared({"x": {"label": "x"}}, **config)


def test_rts_loads_are_spread_by_the_peak_loads_and_renewables_are_at_their_buses():
    data = transfers.dispatched().sel(schedule="2020-07-15 17")
    one = data.isel(bus=data["bus_system"].values == "rts")
    inputs = Inputs(transfers.RESOURCES)
    regions = inputs.table("timeseries/rts_gmlc/DAY_AHEAD_regional_Load.csv.gz")
    row = regions[(regions.Month == 7) & (regions.Day == 15) & (regions.Period == 18)].iloc[0]
    for name in "123":
        assert one["load"].values[one["bus_area"] == name].sum() == pytest.approx(row[name])
    within = one["load"].values[one["bus_area"] == "1"] / one["load_weight"].values[one["bus_area"] == "1"].clip(1e-9)
    assert np.ptp(within[one["load_weight"].values[one["bus_area"] == "1"] > 0]) == pytest.approx(0, abs=1e-12)
    for series, variable in (("wind", "available"), ("hydro", "must_take")):
        table = inputs.table(f"timeseries/rts_gmlc/DAY_AHEAD_{series}.csv.gz")
        total = table[(table.Month == 7) & (table.Day == 15) & (table.Period == 18)].iloc[0, 4:].sum()
        assert one[variable].values.sum() >= total - 1e-9


def test_rts_costs_rise_by_a_thousandth_from_unit_to_unit_and_limits_are_those_of_the_table():
    data = transfers.dispatched()
    equal = data["unit_cost"].sel(unit=["rts:101_CT_1", "rts:101_CT_2"]).values
    assert np.diff(equal).item() == pytest.approx(1e-3)
    here, table = (
        data["branch_system"].values == "rts",
        Inputs(transfers.RESOURCES).table("networks/rts_gmlc/branch.csv"),
    )
    one = data.sel(schedule="2020-07-15 4")
    np.testing.assert_array_equal(one["limit"].values[here], table["Cont Rating"])
    np.testing.assert_array_equal(one["emergency_limit"].values[here], table["LTE Rating"])
    assert not one["limit"].values[~here].any()


def test_an_emergency_factor_multiplies_the_normal_limits_and_a_renewable_factor_the_wind():
    hour = {"system": ["rts"], "date": ["2020-07-15"], "hour": [4]}
    config = transfers.DISPATCH | {"scenarios": {
        "a": {"label": "a"} | hour,
        "b": {"label": "b", "emergency_factor": [1.1], "renewable_factor": [2.0]} | hour,
    }}  # fmt: skip
    data = prepare.prepare(config, transfers.RESOURCES)
    a, b = (data.sel(schedule=name) for name in "ab")
    np.testing.assert_allclose(b["emergency_limit"], 1.1 * b["limit"])
    np.testing.assert_allclose(b["available"], 2 * a["available"])
    np.testing.assert_array_equal(b["must_take"], a["must_take"])


def test_areas_of_the_118_bus_system_are_those_of_the_bus_numbers():
    data = dispatch_data(CASE118)
    area_of = dict(zip(data["bus"].values.tolist(), data["bus_area"].values.tolist(), strict=True))
    assert [area_of[f"file:{k}"] for k in (1, 32, 33, 81, 82, 112, 113, 116, 117, 118)] == list("1122331212")
    np.testing.assert_allclose(data["emergency_limit"], 1.25 * data["limit"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"limits_mw": [1, 2]}, r"prepare\.systems\.file\.limits_mw: 2 limits for 6 branches"),
        ({"areas": {"A": ["1-3"]}}, r"systems\.file\.areas: bus 4 is in no area"),
        ({"areas": {"A": ["1-5"], "B": ["5"]}}, r"areas\.B: bus 5 is in area 'A' already"),
        ({"areas": {"A": ["7"]}}, r"areas\.A: no bus '7'; list numbers of the file"),
        ({"outages": ["1-9"]}, r"systems\.file\.outages: no branch '1-9'; known: 1-2"),
        ({"schedule": {"g9": 1}}, r"systems\.file\.schedule: no unit 'g9'; known: g1"),
        ({"schedule": {"g1": 41}}, r"systems\.file\.schedule\.g1: 41 MW is above its capacity of 40 MW"),
    ],
)
def test_faults_of_a_system_are_named(changes, message):
    with pytest.raises(ValueError, match=message):
        dispatch_data(CASE5 | changes)


def test_a_listed_outage_that_leaves_an_island_needs_leave():
    outages = {"outages": ["1-2", "9-10"]}
    with pytest.raises(
        ValueError, match=r"outages: the loss of branch '9-10' leaves an island; take it out, or set allow_islanding"
    ):
        dispatch_data(CASE118 | outages)
    data = dispatch_data(CASE118 | outages | {"allow_islanding": True})
    assert data["branch"].values[data["outage"] == 1].tolist() == ["file:1-2"]
    assert data["islanding"].sel(branch="file:9-10") == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"limits_mw": [-1, 1, 1, 1, 1, 1]}, "greater than or equal to 0"),
        ({"load_factor": -1}, "greater than or equal to 0"),
        ({"tables": "networks/rts_gmlc"}, "a system is either a network"),
        ({"schedule": {"g1": -5}}, "greater than or equal to 0"),
    ],
)
def test_impossible_options_of_a_system_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        dispatch_data(CASE5 | changes)


def test_unknown_systems_and_missing_days_are_named():
    with pytest.raises(ValueError, match="no system is called 'moon'; known: case5, rts"):
        SecureDispatchMarket.model_validate(transfers.DISPATCH | {"system": "moon"})
    with pytest.raises(ValueError, match=r"prepare\.date: RTS-GMLC needs a day of 2020"):
        prepare.prepare(
            transfers.DISPATCH | {"scenarios": {"x": {"label": "x", "system": ["rts"]}}}, transfers.RESOURCES
        )


def test_quadratic_costs_are_refused(tmp_path):
    text = (
        (transfers.RESOURCES / CASE5["network"]).read_text().replace("0.000000\t  14.000000", "0.010000\t  14.000000")
    )
    (tmp_path / "bent.m").write_text(text)
    (tmp_path / "sources.yaml").write_text("files: []\n")
    options = SecureDispatchMarket.model_validate(
        transfers.DISPATCH | {"systems": {"case5": {"network": "bent.m"}}, "scenarios": {"x": {"label": "x"}}}
    )
    from sharegrid.preparation.secure_dispatch import prepare as prepare_dispatch

    with pytest.raises(ValueError, match=r"bent\.m: cost_quadratic, generator 1: a quadratic cost"):
        prepare_dispatch(options, Inputs(tmp_path))


@pytest.mark.parametrize(
    ("transfer", "message"),
    [
        (bus("3", "3"), r"prepare\.transfers\.t: bus 3 is in the source and in the sink; they must not overlap"),
        (area("1", "1"), r"bus 101 is in the source and in the sink"),
        (area("1", "9"), r"transfers\.t\.sink\.area: no area '9' in rts; known: 1, 2, 3"),
        (bus("3", "44"), r"transfers\.t\.sink\.buses: no bus '44' in case5"),
        (bus("2", "4"), r"transfers\.t\.source: no unit is at these buses"),
        (bus("3", "1"), r"transfers\.t\.sink: no load at these buses"),
        (area("1", "2", "moon"), r"no system 'moon'; known: case5, rts"),
    ],
)
def test_faults_of_a_transfer_are_named(transfer, message):
    providers = transfers.MARKET["providers"] | {"moon": {}}
    with pytest.raises(ValueError, match=message):
        transfer_data(transfer, providers=providers)


def test_participation_factors_must_sum_to_one():
    sink = {"buses": ["2", "4"], "shares": [0.5, 0.4]}
    transfer = {"system": "case5", "source": {"buses": ["3"]}, "sink": sink}
    with pytest.raises(
        ValueError, match=r"transfers\.t\.sink\.shares: they sum to 0\.9; participation factors must sum to 1"
    ):
        transfer_data(transfer)
    sink["shares"] = [0.25, 0.75]
    data = transfer_data(transfer)
    assert data["sink_share"].sel(bus=["case5:2", "case5:4"]).values[0].tolist() == [0.25, 0.75]


@pytest.mark.parametrize(
    ("end", "place", "message"),
    [
        ("sink", {"buses": ["4", "4"], "shares": [0.5, 0.5]}, "buses: bus 4 is listed twice; name each bus once"),
        ("sink", {"buses": ["2", "4", "4"]}, "buses: bus 4 is listed twice"),
        ("source", {"buses": ["3"], "shares": [1.0]}, r"source\.shares: units of the source produce what is best"),
    ],
)
def test_places_that_say_nothing_or_too_much_are_refused(end, place, message):
    """A sink bus that is listed twice lost the first of its shares."""
    with pytest.raises(ValueError, match=message):
        transfer_data(bus("3", "4") | {end: place})


def test_source_and_sink_on_different_islands_are_refused():
    """Without the lines of bus 3 it is an island of its own."""
    schedules = transfers.of_file(CASE5).copy()
    schedules = schedules.isel(branch=[k for k, label in enumerate(schedules["branch"].values) if "3" not in label])
    transfer = bus("3", "4") | {"system": "file"}
    with pytest.raises(
        ValueError, match=r"transfers\.t: bus 4 is on another island; source and sink must be connected"
    ):
        transfers.prepared(
            {"x": {"label": "x"}}, schedules, transfers={"t": transfer}, transfer="t", providers={"file": {}}
        )


def test_a_scenario_without_a_schedule_is_named():
    with pytest.raises(
        ValueError, match=r"scenario 'x': study ch7-secure-dispatch has no schedule of rts with date 2020-07-15, hour 5"
    ):
        transfer_data(area("1", "2"), date="2020-07-15", hour=5)


def test_a_base_schedule_that_sheds_load_is_refused():
    """With all its load the 118-bus system cannot serve 35 MW at bus 15."""
    short = transfers.of_file(CASE118 | {"load_factor": 1.0})
    message = (
        rf"scenario 'x': the base schedule 'file' of study {transfers.STUDY} sheds 35\.218 MW, most at bus 15; lower"
    )
    config = {"transfers": {"t": area("1", "2", "file")}, "transfer": "t", "providers": {"file": {"group": "area"}}}
    with pytest.raises(ValueError, match=message):
        transfers.prepared({"x": {"label": "x"}}, short, **config)
    served = transfers.of_file(CASE118)
    assert transfers.prepared({"x": {"label": "x"}}, served, **config)["source_room"].sum() > 0


def test_emergency_limits_below_the_normal_ones_are_refused():
    family = {"x": {"label": "x", "emergency_factor": [0.9]}}
    for market in (transfers.DISPATCH, transfers.MARKET):
        for changes in ({"emergency_factor": 0.9, "scenarios": {"x": {"label": "x"}}}, {"scenarios": family}):
            with pytest.raises(ValueError, match="greater than or equal to 1"):
                prepare.prepare(market | changes, transfers.RESOURCES, transfers.others())


@pytest.mark.parametrize("value", [40.0, 40.003])
def test_lost_load_must_cost_more_than_every_unit(value):
    """The dearest unit of five buses, the fourth, costs 40 $/MWh and three tie breaks."""
    with pytest.raises(
        ValueError, match=r"prepare\.value_of_lost_load: 40.* is not above the 40\.003 \$/MWh of unit 'file:g4'"
    ):
        dispatch_data(CASE5, value_of_lost_load=value)
    assert dispatch_data(CASE5, value_of_lost_load=40.01)["value_of_lost_load"] == 40.01


def test_a_rating_of_0_in_a_case_file_is_no_limit_and_in_the_options_one_of_0(tmp_path):
    """MATPOWER: rateA = 0 is unlimited; the line 1-2 of five buses has 400 MW in the file."""
    text, rating = (transfers.RESOURCES / CASE5["network"]).read_text(), "0.00712\t 400.0\t 400.0\t 400.0"
    assert text.count(rating) == 1
    (tmp_path / "free.m").write_text(text.replace(rating, "0.00712\t 0.0\t 0.0\t 0.0"))
    (tmp_path / "sources.yaml").write_text("files: []\n")
    config = transfers.DISPATCH | {"systems": {"case5": {"network": "free.m"}}, "scenarios": {"x": {"label": "x"}}}
    one = prepare.prepare(config, tmp_path).isel(schedule=0).sel(branch="case5:1-2")
    assert np.isposinf(one["limit"]) and np.isposinf(one["emergency_limit"])
    assert dispatch_data(CASE5 | {"limits_mw": [0] * 6})["limit"].values.tolist() == [[0] * 6]


def test_voltage_levels_must_be_known():
    with pytest.raises(ValueError, match=r"providers\.case5\.group: the source does not tell voltage levels"):
        transfer_data(bus("3", "4"), providers={"case5": {"group": "voltage"}})


def test_the_capability_is_a_share_of_the_net_load_and_never_negative():
    data = transfer_data(area("1", "2"), date="2020-07-15", hour=17, reduction_level=0.1)
    net = data["net_load"].sel(bus=data["site_bus"].values).values[0].clip(min=0)
    np.testing.assert_allclose(data["reduction_limit"].values[0], 0.1 * net)
    assert data["participant"].values.tolist() == [f"rts:{k}/{v} kV" for k in "123" for v in (138, 230)]
    assert (data["taking_part"] == 1).all()
    sink = transfer_data(area("1", "2"), date="2020-07-15", hour=17, reduction_level=0.1, reduction_at="sink")
    assert sink["participant"].values[sink["taking_part"].values[0] == 1].tolist() == ["rts:2/138 kV", "rts:2/230 kV"]
    assert sink["reduction_limit"].sum() < data["reduction_limit"].sum()
