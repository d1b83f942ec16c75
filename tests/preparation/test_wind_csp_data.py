"""The data of the joint offer, against plain reading of the raw tables, and the errors of options that make no sense."""

import datetime

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import offering
from sharegrid.preparation.wind_csp import checked
from sharegrid.readers import rts_forecasts as rts

SERIES = offering.RESOURCES / "timeseries/rts_gmlc"
WINTER = datetime.date(2020, 1, 15)
SUMMER = datetime.date(2020, 7, 9)


def raw(name: str) -> pd.DataFrame:
    """A raw series with the date and the hour as index."""
    table = pd.read_csv(SERIES / f"{name}.csv.gz")
    table.index = pd.MultiIndex.from_arrays([pd.to_datetime(table[["Year", "Month", "Day"]]), table["Period"] - 1])
    return table.drop(columns=["Year", "Month", "Day", "Period"])


def at(table: pd.DataFrame, day: datetime.date, unit: str) -> np.ndarray:
    return table.loc[pd.Timestamp(day), unit].to_numpy()


@pytest.fixture(scope="module")
def units():
    return pd.read_csv(offering.RESOURCES / "networks/rts_gmlc/gen.csv")


def test_cost_of_a_unit_by_hand(units):
    chosen = units.set_index("GEN UID").loc[["101_CT_1", "121_NUCLEAR_1"]].reset_index()
    heat = (0.4 * 13114 + 0.2 * 9456 + 0.2 * 9476 + 0.2 * 10352) / 1000
    found = rts.average_cost(chosen)
    assert found[0] == pytest.approx(heat * 10.3494, rel=1e-12)
    assert found[1] == pytest.approx(0.99 * 10000 / 1000 * 0.81035, rel=1e-12)


def test_a_missing_segment_is_passed_over(units):
    gap = units[units["GEN UID"] == "101_CT_1"].assign(Output_pct_2=np.nan, HR_incr_2=np.nan)
    assert rts.average_cost(gap)[0] == pytest.approx((0.4 * 13114 + 0.2 * 9456 + 0.4 * 10352) / 1000 * 10.3494)


FLEET = pd.DataFrame(
    {
        "GEN UID": ["b", "a", "c", "sun"],
        "Fuel": ["Coal", "NG", "Oil", "Solar"],
        "PMax MW": [10.0, 10.0, 10.0, 99.0],
        "VOM": 0.0,
        "Fuel Price $/MMBTU": [2.0, 2.0, 5.0, 0.0],
        "Output_pct_0": 1.0,
        "HR_avg_0": 10000.0,
    }
).assign(**{f"{name}_{k}": np.nan for name in ("Output_pct", "HR_incr") for k in (1, 2, 3, 4)})


def test_price_is_the_cost_of_the_first_unit_that_serves_the_net_load():
    net_load = np.array([-5.0, 0.0, 0.1, 20.0, 20.1, 30.0])
    assert rts.merit_order_price(FLEET, net_load).tolist() == [0.0, 0.0, 20.0, 20.0, 50.0, 50.0]
    with pytest.raises(ValueError, match="30.5 MW is above the 30 MW of all thermal units"):
        rts.merit_order_price(FLEET, np.array([30.5]))


def test_winter_price_against_a_loop_over_the_units(units):
    load = raw("DAY_AHEAD_regional_Load").loc[pd.Timestamp(WINTER)].sum(axis=1)
    for name in ("wind", "pv", "rtpv", "hydro"):
        load = load - raw(f"DAY_AHEAD_{name}").loc[pd.Timestamp(WINTER)].sum(axis=1)
    fleet = units[units["Fuel"].isin(["Oil", "Coal", "NG", "Nuclear"])]
    costs = sorted(zip(rts.average_cost(fleet), fleet["GEN UID"], fleet["PMax MW"], strict=True))
    expected = []
    for net in load:
        served = 0.0
        for cost, _, capacity in costs:
            served += capacity
            if served >= net:
                expected.append(cost)
                break
    found = offering.real(day="winter")["price_da"].isel(scenario=0)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_summer_price_is_that_of_the_bus():
    table = pd.read_csv(SERIES / "PLEXOS_DA_solution_price_allTX.csv.gz", index_col="time")
    rows = table.loc["2020-07-09 00:00:00":"2020-07-09 23:00:00", "212"]
    np.testing.assert_array_equal(offering.real()["price_da"].isel(scenario=0), rows)


def test_wind_is_the_forecast_with_errors_of_other_days_without_their_mean():
    data = offering.real(error_days=2).isel(scenario=0)
    ahead, actual = raw("DAY_AHEAD_wind"), raw("REAL_TIME_HOURLY_MEAN_wind")
    days = [SUMMER + datetime.timedelta(days=k) for k in (-2, -1, 1, 2)]
    for farm, unit, scale, most in (("W1", "309_WIND_1", 1.0, 148.3), ("W2", "122_WIND_1", 150 / 713.5, 713.5)):
        errors = np.array([at(actual, day, unit) - at(ahead, day, unit) for day in days])
        for t in range(24):
            for s in range(4):
                moved = at(ahead, SUMMER, unit)[t] + errors[s, t] - errors[:, t].mean()
                expected = scale * min(max(moved, 0.0), most)
                assert float(data["wind_available"].sel(wind=farm).values[t, s]) == pytest.approx(expected, abs=1e-9)


def test_errors_have_no_mean_in_any_hour():
    ahead, actual = (pd.read_csv(SERIES / f"{name}_wind.csv.gz") for name in ("DAY_AHEAD", "REAL_TIME_HOURLY_MEAN"))
    errors = rts.forecast_errors(ahead, actual, "309_WIND_1", rts.error_days(WINTER, 10))
    assert errors.shape == (24, 20)
    np.testing.assert_allclose(errors.mean(axis=1), 0, atol=1e-9)
    assert np.abs(errors).max() > 10


def test_error_days_are_around_the_day_and_leave_it_out():
    assert [str(day) for day in rts.error_days(SUMMER, 2)] == ["2020-07-07", "2020-07-08", "2020-07-10", "2020-07-11"]


def test_heat_is_the_forecast_scaled_by_photovoltaic_energy():
    data = offering.real(error_days=2, day="winter").isel(scenario=0)
    ahead, actual = raw("DAY_AHEAD_pv"), raw("REAL_TIME_HOURLY_MEAN_pv")
    days = [WINTER + datetime.timedelta(days=k) for k in (-2, -1, 1, 2)]
    ratio = np.array([at(actual, day, "215_PV_1").sum() / at(ahead, day, "215_PV_1").sum() for day in days])
    ratio = np.minimum(np.maximum(ratio, 0.7), 1.3)
    heat = at(raw("DAY_AHEAD_Natural_Inflow"), WINTER, "212_CSP_1")
    for plant, capacity in (("C1", 200), ("C2", 100)):
        expected = capacity / 200 * np.outer(heat, ratio / ratio.mean())
        np.testing.assert_allclose(data["heat_available"].sel(csp=plant), expected, rtol=1e-12)
        np.testing.assert_allclose(data["heat_available"].sel(csp=plant).mean("outcome"), capacity / 200 * heat)


def test_parameters_follow_the_scenario():
    families = {
        "base": {"label": "base"},
        "on-off": {"label": "on-off", "commitment": ["integer"]},
        "more": {"label": "{rho_minus} {beta} {storage_hours} {csp_count}", "rho_minus": [1.5], "beta": [1],
                 "storage_hours": [9], "csp_count": [1]},
    }  # fmt: skip
    data = offering.real(families)
    assert data["scenario"].values.tolist() == ["base", "on-off", "1.5 1 9 1"]
    base, switched, more = (data.isel(scenario=k) for k in range(3))
    assert base["storage_limit"].values == pytest.approx([6 * 200 / 0.95, 3 * 100 / 0.95, 0])
    assert base["charge_limit"].values == pytest.approx([200 / 0.95, 100 / 0.95, 0])
    assert not base["minimum_power"].any() and not base["startup_heat"].any()
    assert switched["minimum_power"].values == pytest.approx([30, 15, 0])
    assert switched["startup_heat"].values == pytest.approx([40, 20, 0])
    assert more["storage_limit"].values == pytest.approx([9 * 200 / 0.95, 0, 0])
    assert more["taking_part"].values.tolist() == [1, 1, 1, 0, 0]
    assert more["capacity"].values == pytest.approx([148.3, 150, 200, 0, 0])
    assert not more["heat_available"].sel(csp=["C2", "C3"]).any()
    np.testing.assert_allclose(more["price_shortage"], 1.5 * more["price_da"].broadcast_like(more["price_shortage"]))
    np.testing.assert_allclose(more["price_surplus"], 0.5 * more["price_da"].broadcast_like(more["price_surplus"]))
    assert float(more["beta"]) == 1 and float(base["beta"]) == 0.25
    assert np.isnan(base["storage_hours"]) and float(more["storage_hours"]) == 9


def test_a_market_of_one_kind_of_plant():
    alone = offering.real(csp={}, csp_count=0)
    assert alone["participant"].values.tolist() == ["W1", "W2"]
    assert offering.real(wind={})["participant"].values.tolist() == ["C1", "C2", "C3"]


NOBODY = {"wind": {}, "csp_count": 0}
NONE_JOIN = {"label": "{csp_count}", "csp_count": [2, 0]}


def test_families_may_replace_a_number_of_plants_that_leaves_nobody():
    data = offering.real({"some": {"label": "{csp_count}", "csp_count": [1]}}, **NOBODY)
    assert data["taking_part"].values.tolist() == [[1, 0, 0]]


WINTER_DAY = {"date": "2020-01-15", "price": "nodal", "bus": "212"}
FAULTS = {
    "the file has the days 2020-07-05 to 2020-07-18 only": {"days": {"summer": WINTER_DAY}},
    "no bus '999'": {"days": {"summer": {"date": "2020-07-09", "price": "nodal", "bus": "999"}}},
    "price 'nodal' needs bus": {"days": {"summer": {"date": "2020-07-09", "price": "nodal"}}},
    "instead of the periods 1 to 24": {"days": {"summer": {"date": "2021-07-09"}}},
    "no unit '309_WIND_9'": {"wind": {"W1": {"unit": "309_WIND_9"}}},
    "no column '309_WIND_9'": {"plant": {"heat_unit": "309_WIND_9"}},
    "no day is called 'spring'": {"day": "spring"},
    "csp_count 4: there are 3 solar plants only": {"csp_count": 4},
    "csp_count 0: nobody takes part without wind farms": NOBODY,
    r"scenarios\.some\.csp_count 0: nobody takes part": {"wind": {}, "scenarios": {"some": NONE_JOIN}},
    "every name once": {"wind": {"C1": {"unit": "309_WIND_1"}}},
    "less than or equal to 2": {"rho_minus": 2.5},
    "greater than or equal to 1": {"rho_minus": 0.9},
    "less than 1": {"alpha": 1.0},
    "less than or equal to 1": {"beta": 1.5},
}


@pytest.mark.parametrize("message", FAULTS)
def test_faulty_options_are_named(message):
    with pytest.raises(ValueError, match=message):
        offering.real(**FAULTS[message])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"price_da": -1.0}, r"price_surplus: must not exceed the day-ahead price.*at scenario s, time 0, outcome 1"),
        ({"price_shortage": 0.0}, "price_surplus: must not exceed"),
        ({"probability": 0.5}, "probability: must sum to 1 over the outcomes; at scenario s"),
        ({"initial_storage": 1e4}, "initial_storage: is above storage_limit; at scenario s, csp C0"),
        ({"beta": 1.5}, "beta: must be within 0 and 1"),
        ({"alpha": 1.0}, "alpha: must be at least 0 and below 1"),
    ],
)
def test_data_that_make_no_sense_are_named(changes, message):
    with pytest.raises(ValueError, match=message):
        offering.made_up(1, **changes)


def test_good_data_pass_unchanged():
    data = offering.made_up(1)
    xr.testing.assert_identical(checked(data), data)
