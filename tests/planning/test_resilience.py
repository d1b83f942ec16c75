"""Solar power and storage against outages: closed form against programs, thresholds, random nights, simulated outages."""

import logging

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy.optimize import linprog

from sharegrid import plugins
from sharegrid.config import ConfigError, _check_options
from sharegrid.options.solar_storage import SolarStorageMarket
from sharegrid.planning import resilience_night, resilience_plan, resilience_simulation
from sharegrid.planning.resilience_plan import FIELDS, Household
from sharegrid.planning.resilience_simulation import exponential, of_storm
from sharegrid.preparation import solar_storage as preparation
from sharegrid.schema import check
from sharegrid.stages import clear, prepare
from spot import RESOURCES

MARKET = {"market": "solar-storage", "scenarios": {"base": {"label": "n{outage_days}", "outage_days": [0, 0.5, 2, 8]},
          "outside": {"label": "outside", "feed_in": [0.24]}, "alone": {"label": "alone", "devices": ["pv"]}}}  # fmt: skip
BASE = {"days": 365, "outage_days": 2, "voll": 5, "day_load": 12, "night_load": 10, "pv_yield": 4, "price_day": 0.2,
        "price_night": 0.25, "feed_in": 0.05, "efficiency": 0.9, "pv_cost": 150, "storage_cost": 80, "pv_limit": 10}  # fmt: skip
RANDOM = {"days": st.just(365.0), "outage_days": st.floats(0, 15), "voll": st.floats(0, 40), "day_load": st.floats(1, 30),
          "night_load": st.floats(1, 30), "pv_yield": st.floats(1, 6), "price_day": st.floats(0.05, 0.5),
          "price_night": st.floats(0.05, 0.5), "feed_in": st.floats(0, 0.3), "efficiency": st.floats(0.5, 1),
          "pv_cost": st.floats(20, 500), "storage_cost": st.floats(5, 200), "pv_limit": st.floats(0.5, 30)}  # fmt: skip


def made(**changes) -> Household:
    return Household(**{name: np.array(float(value)) for name, value in (BASE | changes).items()})


def optimum(one: Household) -> float:
    """Net value by a program written by hand: s, B, u, q, u', q'."""
    p = {name: float(getattr(one, name)) for name in FIELDS}
    normal, back, lost = p["days"] - p["outage_days"], 1 / p["efficiency"], p["outage_days"] * p["voll"]
    sent = normal * p["feed_in"]
    gain = [sent * p["pv_yield"] - p["pv_cost"], -p["storage_cost"], normal * p["price_day"] - sent,
            normal * p["price_night"] - sent * back, lost, lost]  # fmt: skip
    rows = [
        [-p["pv_yield"], 0, 1, back, 0, 0],
        [-p["pv_yield"], 0, 0, 0, 1, back],
        [0, -1, 0, 1, 0, 0],
        [0, -1, 0, 0, 0, 1],
    ]
    day, night = (0, p["day_load"]), (0, p["night_load"])
    bounds = [(0, p["pv_limit"]), (0, None), day, night, day, night]
    return -linprog(-np.array(gain), A_ub=rows, b_ub=np.zeros(4), bounds=bounds).fun


@pytest.fixture(scope="module")
def data():
    return prepare.prepare(MARKET, RESOURCES)


@given(values=st.fixed_dictionaries(RANDOM))
@settings(max_examples=300, deadline=None)
def test_closed_form_is_the_optimum_inside_its_condition(values):
    one = made(**values)
    assume(bool(one.valid))
    best = optimum(one)
    assert one.net(*one.best()).item() == pytest.approx(best, rel=1e-7, abs=1e-6)


def test_closed_form_fails_outside_its_condition_only():
    """Of seeded draws of the same ranges: none that meets the condition differs from the program, some others do."""
    rng, wrong = np.random.default_rng(1), {True: 0, False: 0}
    low = dict(zip(BASE, (365, 0, 0, 1, 1, 1, 0.05, 0.05, 0, 0.5, 20, 5, 0.5), strict=True))
    high = dict(zip(BASE, (365, 15, 40, 30, 30, 6, 0.5, 0.5, 0.3, 1, 500, 200, 30), strict=True))
    count = {True: 0, False: 0}
    for _ in range(500):
        one = made(**{name: rng.uniform(low[name], high[name]) for name in BASE})
        differs = optimum(one) - one.net(*one.best()).item() > 1e-6
        wrong[bool(one.valid)] += differs
        count[bool(one.valid)] += 1
    assert wrong[True] == 0 < wrong[False] and min(count.values()) > 100


@given(values=st.fixed_dictionaries(RANDOM))
def test_an_optimum_lies_among_five_points_where_the_roof_allows_them(values):
    one = made(**values)
    day = one.day_load / one.pv_yield
    both = day + one.night_load / (one.efficiency * one.pv_yield)
    assume(bool(one.valid) and one.pv_limit >= both)
    points = [(0, 0), (day, 0), (both, one.night_load), (one.pv_limit, 0), (one.pv_limit, one.night_load)]
    best = max(one.net(*point).item() for point in points)
    assert one.net(*one.best()).item() == pytest.approx(best, rel=1e-9, abs=1e-9)


@given(values=st.fixed_dictionaries(RANDOM), step=st.floats(0.01, 5))
def test_rarer_outages_need_a_higher_value_of_lost_load(values, step):
    one = made(**values | {"pv_limit": 100.0})
    sells = one.feed_in_value * one.pv_yield >= one.pv_cost
    paid = one.storage_cost + one.pv_cost / (one.efficiency * one.pv_yield) - one.days * one.price_night
    assume(one.outage_days > 0.01 and not sells)
    assert one.threshold - one.price_night == pytest.approx(paid / one.outage_days, rel=1e-9, abs=1e-9)
    rarer = made(**values | {"outage_days": values["outage_days"] + step})
    assume(paid > 0.01 and rarer.feed_in_value * rarer.pv_yield < rarer.pv_cost)
    assert rarer.threshold < one.threshold


def test_storage_begins_at_the_threshold():
    edge = made().threshold.item()
    assert edge == pytest.approx(15.458333, abs=5e-7)
    assert made(voll=edge - 1e-6).best()[1] == 0 and made(voll=edge + 1e-6).best()[1] == 10


def test_the_market_is_the_program_by_hand(data):
    cleared = clear.clear(data, {"market": "solar-storage"})
    for k, name in enumerate(data["scenario"].values):
        values = {field: float(data[field].values[k]) for field in FIELDS}
        if name != "alone":
            assert -cleared["objective"].values[k] == pytest.approx(optimum(made(**values)), rel=1e-9)
    assert cleared["storage_size"].sel(scenario="alone") == 0
    net = cleared["reliability_value"] + cleared["economic_value"] - cleared["investment_cost"]
    np.testing.assert_allclose(net, -cleared["objective"], rtol=1e-9)
    rent = (cleared["price_revenue"] - cleared["reported_cost"]).sum("participant")
    np.testing.assert_allclose(rent, net, rtol=1e-9)
    seller = (cleared["price_revenue"] - cleared["reported_cost"]).sel(participant=["pv", "storage"], scenario="n2")
    np.testing.assert_allclose(seller, 0, atol=1e-6)


def test_scenarios_outside_the_condition_are_planned_by_program_and_named(data, caplog):
    with caplog.at_level(logging.WARNING):
        found = check(resilience_plan.plan({"data": data}), "own")
    assert "outside the condition of the closed form, planned by linear program: outside" in caplog.text
    assert found["scenario"].values.tolist() == ["n0", "n0.5", "n2", "n8", "outside"]
    assert found["plan_closed"].values.tolist() == [1, 1, 1, 1, 0]
    np.testing.assert_allclose(found["plan_net"], found["program_net"], rtol=1e-9)
    assert found["closed_net"].sel(scenario="outside") < found["program_net"].sel(scenario="outside") - 100
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        resilience_plan.plan({"data": data}, scenarios=["n2"])
    assert not caplog.text


def test_storage_for_random_nights_is_the_best_of_all():
    """R5: no other storage has a larger expected value, by direct integration."""
    one, nights = made(outage_days=6, voll=12), resilience_night.uniform_nights(4, 16)

    def value(storage):
        return one.night_value * np.minimum(storage, nights).mean() - one.night_cost * storage

    best = np.quantile(nights, 1 - one.night_cost / one.night_value)
    assert best == pytest.approx(7.391969, abs=1e-6)
    assert all(value(best) >= value(best + change) - 1e-9 for change in (-3, -0.5, -0.05, 0.05, 0.5, 3))


def night_data(**changes):
    scenarios = {"night": {"label": "night", "outage_days": [6], "voll": [12]}}
    return prepare.prepare(MARKET | {"scenarios": scenarios} | changes, RESOURCES)


def test_measured_nights_are_those_of_the_series():
    data = night_data()
    nights = resilience_night.measured_nights(data)
    assert len(nights) == 366 and 0 < nights.min() < nights.max() < 22 * 2
    found = check(resilience_night.plan({"data": data}, scenarios=["night"]), "own").isel(scenario=0)
    below = (nights <= found["night_storage"].item() + 1e-9).mean()
    assert below == pytest.approx(found["night_fractile"].item(), abs=1 / 366)


def test_no_storage_where_nights_are_not_worth_it():
    data = night_data(storage_cost=500)
    found = resilience_night.plan({"data": data}, scenarios=["night"], load="uniform", low=4, high=16).isel(scenario=0)
    assert (
        found["night_storage"] == 0 == found["night_gain"] and found["night_fractile"] == 0 and found["night_pv"] == 3
    )


@pytest.mark.parametrize("roof", [2, 3, 4, 5, 10])
def test_the_roof_limits_the_storage_for_random_nights(roof, caplog):
    """No pair of sizes under the roof has a larger expected value, by direct search."""
    with caplog.at_level(logging.WARNING):
        found = resilience_night.plan(
            {"data": night_data(pv_limit=roof)}, scenarios=["night"], load="uniform", low=4, high=16
        ).isel(scenario=0)
    pv, storage = found["night_pv"].item(), found["night_storage"].item()
    assert 0 <= pv <= roof and storage <= max(0.9 * (4 * pv - 12), 0) + 1e-9
    assert ("the roof limits the storage in night" in caplog.text) == (roof < 5.053325)
    one = made(outage_days=6, voll=12, pv_limit=roof)

    def value(pv, storage):
        day = min(4 * pv, 12.0)
        covered = min(storage, 0.9 * (4 * pv - day), 16)
        served = covered - max(covered - 4, 0) ** 2 / 24  # E[min(covered, L)] of L uniform from 4 to 16
        earned = one.day_value * day + one.night_value * served + one.feed_in_value * (4 * pv - day)
        return earned - one.pv_cost * pv - one.storage_cost * storage

    best = max(value(s, b) for s in np.linspace(0, roof, 41) for b in np.linspace(0, 16, 65))
    assert value(pv, storage) >= best - 1e-6
    gain = found["night_gain"].item()
    assert gain == pytest.approx(value(pv, storage) - value(min(3, roof), 0), rel=2e-5)


@pytest.mark.parametrize(
    ("changes", "options", "said"),
    [({}, {"load": "uniform", "low": 5, "high": 5}, "0 <= low < high is needed"),
     ({}, {"low": 4}, "low 4, high 0: the ends of a uniform load; set load: uniform"),
     ({}, {"load": "measured", "high": 16}, "set load: uniform or drop them"),
     ({"storage_cost": 5}, {}, "'night' is outside the condition of the closed form; plan it with resilience-plan"),
     ({"feed_in": 0.24, "pv_cost": 400}, {}, "outside the condition of the closed form"),
     ({"feed_in": 0.15}, {}, "pays by what it sends to the grid alone"), ({"pv_cost": 2000}, {}, "does not pay by day")],
)  # fmt: skip
def test_nights_for_which_the_fractile_is_not_meant_are_refused(changes, options, said):
    with pytest.raises(ValueError, match=said):
        resilience_night.plan({"data": night_data(**changes)}, scenarios=["night"], **options)


def one_by_one(data: xr.Dataset, pv: float, storage: float, starts, hours) -> np.ndarray:
    """Energy served in each outage, hour by hour in plain Python."""
    made_, load, eta = data["hourly_yield"].values, data["hourly_load"].values, 0.9
    served = []
    for start, duration in zip(starts, hours, strict=True):
        level, total = storage, 0.0
        for k in range(duration):
            t = (start + k) % len(load)
            direct = min(pv * made_[t], load[t])
            level += min(eta * (pv * made_[t] - direct), storage - level)
            taken = min(load[t] - direct, level)
            level, total = level - taken, total + direct + taken
        served.append(total)
    return np.array(served)


def test_simulation_is_that_of_single_hours(data):
    options = {"scenario": "n2", "sizes": [(3, 0), (3, 10), (8, 4)], "storm": [0.3, 1], "mean_hours": [30], "draws": 60}
    found = check(resilience_simulation.plan({"data": data}, seed=5, **options), "own").sel(
        duration="exponential, 30 h"
    )
    rng = np.random.default_rng(5)
    starts = rng.integers(0, 8784, 60)
    hours = np.maximum(1, np.ceil(rng.exponential(30, 60))).astype(int)
    events = 24 * 2 * (1 - np.exp(-1 / 30))
    for j, (pv, storage) in enumerate(options["sizes"]):
        for i, storm in enumerate(options["storm"]):
            served, at = one_by_one(data, storm * pv, storage, starts, hours), {"storm_factor": i, "plan_size": j}
            assert found["simulated_value"][at].item() == pytest.approx(events * 5 * served.mean(), rel=1e-9)
            error = events * 5 * served.std(ddof=1) / np.sqrt(60)
            assert found["simulated_error"][at].item() == pytest.approx(error, rel=1e-9)
    assert (found["simulated_share"] > 0).all() and (found["simulated_share"] < 1).all()
    assert found["simple_value"].values.tolist() == pytest.approx([120, 120, 10 * (12 + 4)])


def test_more_sun_and_more_storage_never_serve_less(data):
    options = {
        "scenario": "n2",
        "sizes": [(3, 0), (3, 5), (3, 10), (6, 10)],
        "storm": [0.1, 0.5, 1],
        "mean_hours": [24],
    }
    value = resilience_simulation.plan({"data": data}, draws=300, seed=1, **options)["simulated_value"]
    assert (value.diff("storm_factor") >= 0).all() and (value.diff("plan_size") >= 0).all()


@pytest.mark.parametrize("mean", [0.2, 5.0, 48.0])
def test_rounded_durations_have_their_mean(mean):
    drawn = exponential(mean).sample(np.random.default_rng(1), 200_000)
    assert drawn.min() == 1
    assert drawn.mean() == pytest.approx(exponential(mean).mean, abs=4 * drawn.std() / np.sqrt(200_000) + 1e-12)


def test_durations_of_storms_follow_the_reports(data):
    for name in data["storm"].values:
        days, share = (data[of].sel(storm=name).values for of in ("restoration_days", "still_out"))
        storm = of_storm(days, share)
        drawn = storm.sample(np.random.default_rng(1), 200_000)
        assert drawn.min() >= 1 and drawn.mean() == pytest.approx(storm.mean, abs=4 * drawn.std() / np.sqrt(200_000))
        for day, out in zip(days[np.isfinite(days)], share[np.isfinite(days)], strict=True):
            assert (drawn > 24 * day).mean() == pytest.approx(out, abs=0.006)


def test_reports_out_of_order_are_refused():
    for days, share in (
        ([0, 2, 1], [1, 0.5, 0.2]),
        ([0, 1, 2], [1, 0.2, 0.5]),
        ([1, 2], [1, 0.5]),
        ([0, 1], [0.9, 0.1]),
    ):
        with pytest.raises(ValueError, match="days rising, shares falling"):
            of_storm(np.array(days, float), np.array(share, float))


def test_public_statistics_are_those_of_the_files(data):
    raw = pd.read_csv(RESOURCES / "parameters/outage_saidi_us.csv")
    major = (raw["saidi_with_med_min"] - raw["saidi_without_med_min"]).mean()
    assert (
        resilience_simulation.public_outage_days(data) == pytest.approx(major / 1440) == pytest.approx(0.1588, abs=5e-5)
    )
    sandy = data.sel(storm="Sandy 2012")
    assert sandy["restoration_days"].dropna("report").values.tolist() == [0, 3, 4, 5, 6, 8]
    assert sandy["still_out"].values[1] == pytest.approx(4.4 / 8.48)
    maria = data.sel(storm="Maria 2017")["still_out"].dropna("report").values
    np.testing.assert_allclose(maria, [1, 0.75, 0.45, 0])
    assert data["widespread_events"] == pytest.approx(67.9)
    assert data["public_voll"].values.tolist() == [5, 35.685]


def test_the_series_have_the_household_s_energy(data):
    assert data["hourly_load"].sum() == pytest.approx(366 * 22) and data["hourly_yield"].sum() == pytest.approx(366 * 4)
    raw = pd.read_csv(RESOURCES / "timeseries/rts_gmlc/DAY_AHEAD_regional_Load.csv.gz")
    total = raw[["1", "2", "3"]].sum(axis=1)
    np.testing.assert_allclose(data["hourly_load"] / data["hourly_load"].mean(), total / total.mean(), rtol=1e-12)


class Without:
    """Inputs with a table of their own."""

    def __init__(self, table):
        self._table = table

    def table(self, path):
        return self._table


def test_series_with_holes_are_refused():
    raw = pd.read_csv(RESOURCES / "timeseries/rts_gmlc/DAY_AHEAD_regional_Load.csv.gz")
    options = SolarStorageMarket.model_validate(MARKET)
    hole = raw.copy()
    hole.loc[5, ["1", "2", "3"]] = np.nan
    for table in (raw.iloc[:-1], hole):
        with pytest.raises(ValueError, match=r"DAY_AHEAD_regional_Load.csv.gz: \d+ hours; whole days of values"):
            preparation.hourly(options, Without(table), "regional_Load")


WRONG = [
    ({"efficiency": 0.0}, "efficiency"),
    ({"efficiency": 1.2}, "efficiency"),
    ({"pv_cost": 0.0}, "pv_cost"),
    ({"pv_yield": 0.0}, "pv_yield"),
    ({"voll": -1.0}, "voll"),
    ({"storage_cost": float("inf")}, "storage_cost"),
    ({"scenarios": {"many": {"label": "many", "outage_days": [400]}}}, "outage_days 400: the year has 365 days"),
    ({"scenarios": {"few": {"label": "few", "outage_days": [-1]}}}, "outage_days"),
]


@pytest.mark.parametrize(("changed", "said"), WRONG)
def test_wrong_options_are_named(changed, said):
    with pytest.raises(ValidationError, match=said):
        SolarStorageMarket.model_validate(MARKET | changed)


@pytest.mark.parametrize(
    ("changed", "said"),
    [({"storm": [0.0]}, "storm"), ({"storm": [1.5]}, "storm"), ({"mean_hours": [0]}, "mean_hours"), ({"sizes": []}, "sizes"),
     ({"sizes": [[-1, 0]]}, "sizes"), ({"draws": 1}, "draws"), ({"seed": -1}, "seed"), ({"mean_hours": [8785]}, "mean_hours"),
     ({"mean_hours": [float("inf")]}, "mean_hours"), ({"mean_hours": [float("nan")]}, "mean_hours"),
     ({"sizes": [[float("inf"), 0]]}, "sizes"), ({"sizes": [[3, float("inf")]]}, "sizes"),
     ({"sizes": [[3, float("nan")]]}, "sizes"), ({"storm": [float("nan")]}, "storm")],
)  # fmt: skip
def test_options_are_checked_when_the_study_is_read(changed, said):
    good = {"scenario": "n2", "sizes": [[3, 0]], "storm": [1], "mean_hours": [24]}
    allowed = plugins.options(plugins.module_of("planning", "resilience-simulation"), "plan")
    _check_options(good, allowed, "study")
    with pytest.raises(ConfigError, match=said):
        _check_options(good | changed, allowed, "study")


def test_unknown_scenarios_and_markets_are_refused(data):
    good = {"sizes": [(3, 0)], "storm": [1], "mean_hours": [24], "draws": 10}
    with pytest.raises(ValueError, match="no scenario 'alone' with both devices"):
        resilience_plan.plan({"data": data}, scenarios=["alone"])
    with pytest.raises(ValueError, match="resilience-simulation: scenarios: no scenario 'n9'"):
        resilience_simulation.plan({"data": data}, scenario="n9", **good)
    for changed, said in (
        (
            {"sizes": [(3, 0), (3.0001, 0)]},
            "sizes: two of them read alike to three digits; leave one out of 3 kW, 0 kWh",
        ),
        ({"storm": [0.3, 1, 0.3]}, "storm: two of them read alike; leave one out of 0.3; 1.0; 0.3"),
        (
            {"mean_hours": [24, 24.0000001]},
            "mean_hours: two of them read alike to six digits; leave one out of exponential",
        ),
    ):
        with pytest.raises(ValueError, match=said):
            resilience_simulation.plan({"data": data}, scenario="n2", **good | changed)
    with pytest.raises(ValueError, match="no 'pv_yield'; use a study of the market solar-storage"):
        resilience_plan.plan({"data": data.drop_vars("pv_yield")})
