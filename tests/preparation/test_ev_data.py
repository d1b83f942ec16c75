"""The data of the fleets against plain reading of the raw tables, drawn vehicles, and every refusal."""

import re

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

import carbon
from sharegrid.options.ev_fleets import STATISTICS, EvFleetsMarket
from sharegrid.preparation import ev_batteries, ev_vehicles
from sharegrid.preparation.ev_fleets import checked
from sharegrid.readers import emobpy, rts_emissions
from sharegrid.readers import rts_forecasts as rts

SERIES = carbon.RESOURCES / "timeseries/rts_gmlc"
UNITS = pd.read_csv(carbon.RESOURCES / "networks/rts_gmlc/gen.csv")


def raw(name: str) -> np.ndarray:
    """Sum over all columns of a raw series in the first 36 hours from 2020-07-15."""
    table = pd.read_csv(SERIES / f"{name}.csv.gz")
    first = table.index[(table["Month"] == 7) & (table["Day"] == 15)][0]
    return table.drop(columns=["Year", "Month", "Day", "Period"]).iloc[first : first + 36].to_numpy().sum(axis=1)


@pytest.fixture(scope="module")
def net_load():
    load = raw("DAY_AHEAD_regional_Load")
    for name in ("wind", "pv", "rtpv", "hydro"):
        load = load - raw(f"DAY_AHEAD_{name}")
    return load


def emissions_by_loop(net: float) -> float:
    """t/h of the merit order at a net load, unit by unit."""
    fleet = UNITS[UNITS["Fuel"].isin(["Oil", "Coal", "NG", "Nuclear"])]
    total = 0.0
    for cost, _, capacity, vom, fuel, pounds in sorted(
        zip(rts.average_cost(fleet), fleet["GEN UID"], fleet["PMax MW"], fleet["VOM"], fleet["Fuel Price $/MMBTU"],
            fleet["Emissions CO2 Lbs/MMBTU"], strict=True)
    ):  # fmt: skip
        served = min(max(net, 0.0), capacity)
        total += served * (cost - vom) / fuel * pounds * 0.45359237 / 1000
        net -= served
    return total


def test_price_is_that_of_the_bus_on_both_days():
    table = pd.read_csv(SERIES / "PLEXOS_DA_solution_price_allTX.csv.gz", index_col="time")
    rows = table.loc["2020-07-15 00:00:00":"2020-07-16 11:00:00", "101"]
    np.testing.assert_array_equal(carbon.real()["price"].values[0, 0], rows)


def test_factors_are_differences_of_the_emissions_of_the_merit_order(net_load):
    family = {"label": "{factor}", "factor": ["marginal", "average"]}
    marginal, average = carbon.real({"factors": family})["emission_factor"].values
    for t in (0, 10, 11, 18, 35):
        both = emissions_by_loop(net_load[t] + 1), emissions_by_loop(net_load[t] - 1)
        assert marginal[t] == pytest.approx((both[0] - both[1]) / 2, rel=1e-9)
        assert average[t] == pytest.approx(emissions_by_loop(net_load[t]) / net_load[t], rel=1e-12)


def test_prices_and_factors_are_opposed():
    data = carbon.real()
    found = np.corrcoef(data["price"].values[0, 0], data["emission_factor"].values[0])[0, 1]
    assert found == pytest.approx(-0.73, abs=0.005)


def test_there_are_no_emissions_without_a_net_load():
    net = np.array([-5.0, 0.0, 0.5])
    assert rts_emissions.emissions(UNITS, net)[:2].tolist() == [0, 0]
    assert rts_emissions.average_factor(UNITS, net)[:2].tolist() == [0, 0]
    with pytest.raises(ValueError, match="net load of 99999 MW is above the .* MW of all thermal units"):
        rts_emissions.emissions(UNITS, np.array([99999.0]))


def test_a_unit_without_emissions_is_named():
    column = "Emissions CO2 Lbs/MMBTU"
    broken = UNITS.assign(**{column: UNITS[column].where(UNITS["GEN UID"] != "101_CT_1").astype(float)})
    with pytest.raises(ValueError, match="column 'Emissions CO2 Lbs/MMBTU', unit '101_CT_1'"):
        rts_emissions.unit_factors(broken)


def test_allowances_follow_the_vehicles_or_their_energy():
    fixed = carbon.real(allowance_t=30)["allowance"].values[0]
    assert fixed == pytest.approx([18, 7.5, 4.5])
    delivered = np.array([600 * 0.06, 250 * 0.06, 150 * 0.12]) * 0.6
    np.testing.assert_allclose(carbon.real(benchmark=0.5)["allowance"].values[0], 0.5 * delivered)


def test_virtual_batteries_are_sums_of_vehicles():
    data = carbon.real(v2g_share=0.5).isel(scenario=0)
    home = data.sel(participant="home")
    here = np.array([18 <= t < 31 for t in range(36)])
    np.testing.assert_allclose(home["charge_high"], 600 * 0.007 * here)
    np.testing.assert_allclose(home["discharge_high"], 300 * 0.007 * here)
    expected = 0.06 * 600 * here
    np.testing.assert_allclose(home["energy_high"], np.where(np.arange(36) == 30, 0.9, 1) * expected)
    np.testing.assert_allclose(home["energy_low"], np.where(np.arange(36) == 30, 0.9, 0.1) * expected)
    assert home["energy_arriving"].values[18] == pytest.approx(0.3 * 36)
    assert home["energy_leaving"].values[31] == pytest.approx(0.9 * 36)
    assert home["energy_arriving"].sum() == pytest.approx(0.3 * 36)


def test_uncontrolled_charging_is_full_power_until_the_energy_is_reached():
    data = carbon.real(strategy="uncontrolled").isel(scenario=0).sel(participant="workplace")
    power = 250 * 0.007
    expected = np.zeros(36)
    expected[8:13], expected[13] = power, 250 * 0.06 * 0.6 / 0.9 - 5 * power
    np.testing.assert_allclose(data["charge_low"], expected, atol=1e-12)
    np.testing.assert_array_equal(data["charge_low"], data["charge_high"])
    assert not data["discharge_high"].any()


def options(**changes) -> EvFleetsMarket:
    return EvFleetsMarket.model_validate(carbon.CONFIG | {"scenarios": {"base": {"label": "base"}}} | changes)


def statistics() -> dict[str, pd.DataFrame]:
    return {name: pd.read_csv(carbon.RESOURCES / options().statistics_file(name)) for name in STATISTICS}


def drawn(count: int, **changes) -> pd.DataFrame:
    return ev_vehicles.drawn(options(drawn=carbon.DRAWN | {"count": count}, **changes), statistics())


def test_drawn_vehicles_depend_on_the_seed_and_the_first_ones_not_on_their_number():
    many = drawn(500)
    pd.testing.assert_frame_equal(drawn(200), many.iloc[:200])
    assert not drawn(200, seed=1)["arrival"].equals(many["arrival"].iloc[:200])


def test_drawn_vehicles_can_all_make_their_trips():
    table = ev_batteries.checked(drawn(3000))
    share = table["fleet"].value_counts(normalize=True)
    for name, fleet in carbon.FLEETS.items():
        assert share[name] == pytest.approx(fleet["share"], abs=0.03)
    steps = table["arrival_energy"] / table["capacity"] / 0.05
    np.testing.assert_allclose(steps, steps.round(), atol=1e-9)
    assert (table["departure"] <= 36).all() and (table["departure"] > table["arrival"]).all()
    home = table[table["fleet"] == "home"]
    assert home["arrival"].between(12, 27).all() and home["departure"].between(29, 35).all()


def test_drawn_hours_follow_the_statistics():
    """Trips home that begin from 18 to 20 h on a weekday, of those from 12 h on."""
    table = statistics()["DepartureDestinationTrip"]
    share = emobpy.departure_shares(table, "weekdays", ["home"], (12, 24))
    own = table[(table["days"] == "weekdays") & (table["time"] >= 12)].set_index("time")["home"]
    assert share[18.0] == pytest.approx(own[18.0] / own.sum())
    classes = emobpy.trip_classes(statistics()["DistanceDurationTrip"])
    assert classes["share"].sum() == pytest.approx(1) and (classes["km_to"] > classes["km_from"]).all()
    counts = emobpy.trip_counts(statistics()["TripsPerDay"], "weekdays")
    assert counts.index.tolist() == [2, 3, 4, 5] and counts[2] == pytest.approx(
        0.2987 / (0.2987 + 0.0833 + 0.125 + 0.1389)
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: emobpy.departure_shares(t, "weekdays", ["moon"], (0, 24)), "no destination 'moon'"),
        (lambda t: emobpy.departure_shares(t, "monday", ["home"], (0, 24)), "no days 'monday'"),
        (
            lambda t: emobpy.departure_shares(t, "weekdays", ["workplace"], (5, 12)),
            "no trips to workplace from 5 to 12 h",
        ),
    ],
)
def test_statistics_that_are_not_there_are_named(change, words):
    with pytest.raises(ValueError, match=words):
        change(statistics()["DepartureDestinationTrip"])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"departure": 10}, "fleet 'home', vehicle 0: departure is not after arrival"),
        ({"capacity": -1.0}, "capacity and power must be above 0"),
        ({"least_energy": -0.001}, "least_energy is negative"),
        ({"arrival_energy": 0.001}, "arrival_energy is outside least_energy and capacity"),
        ({"arrival_energy": 0.07}, "arrival_energy is outside least_energy and capacity"),
        ({"departure_energy": 0.061}, "departure_energy is outside least_energy and capacity"),
        ({"arrival": 30}, "fleet 'home', vehicle 0: departure_energy is out of reach at full power"),
        ({"departure_energy": 0.01}, "departure_energy is below arrival_energy"),
    ],
)
def test_a_vehicle_that_makes_no_sense_is_named(change, words):
    table = ev_vehicles.identical(options().fleets).reset_index(drop=True)
    table.loc[0, list(change)] = list(change.values())
    with pytest.raises(ValueError, match=words):
        ev_batteries.checked(table)


def fleet(**changes) -> dict:
    return {"fleets": carbon.FLEETS | {"home": carbon.FLEETS["home"] | changes}}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (fleet(departure=18), "departure 18 is not after arrival 18; add 24 to an hour of the next day"),
        (fleet(departure=7), "departure 7 is not after arrival 18"),
        (fleet(departure=37), "fleets.home: departure 37 is after the horizon of 36 hours"),
        (fleet(departure=20), "departure_energy 0.9 is out of reach: 2 h at 7 kW end at 0.51 of the capacity"),
        (fleet(arrival_energy=0.05), "arrival_energy 0.05 is below least_energy 0.1"),
        (fleet(departure_energy=0.2), "departure_energy 0.2 is below arrival_energy 0.3"),
        (fleet(departure_energy=1.2), "less than or equal to 1"),
        (fleet(power_kw=-7), "greater than 0"),
        (fleet(wear_cost=-1), "greater than or equal to 0"),
        (fleet(share=0.5), "fleets: shares sum to 0.9; they must sum to 1"),
        ({"outcomes": {"a": {"probability": 0.5}, "b": {"probability": 0.4}}},
         "outcomes: probabilities sum to 0.9; they must sum to 1"),
        ({"outcomes": {"a": {"probability": 1.5}, "b": {"probability": -0.5}}}, "less than or equal to 1"),
        ({"ladders": {"a": [{"price": 30, "quantity_t": 1}, {"price": 20}]}}, "ladders.a: 20 $/t after 30 $/t: a ladder must be ascending"),
        ({"ladders": {"a": [{"price": 30}, {"price": 40}]}}, "ladders.a: every step but the last needs quantity_t"),
        ({"ladders": {"a": [{"price": 30, "quantity_t": 1}]}}, "ladders.a: every step but the last needs quantity_t"),
        ({"ladders": {"a": [{"price": 30, "quantity_t": -1}, {"price": 40}]}}, "greater than 0"),
        ({"scenarios": {"a": {"label": "{ladder}", "ladder": ["flat", "up"], "carbon_price": [40]}},
          "ladders": {"up": [{"price": 30}]}}, "scenarios.a: carbon_price has no effect beside ladder 'up'"),
        ({"scenarios": {"a": {"label": "{v2g_share}", "v2g_share": [0.5]}}, "strategy": "v1g"},
         "scenarios.a: v2g_share has no effect with strategy 'v1g'"),
        ({"ladder": "steep"}, "no ladder is called 'steep'; known: flat"),
        ({"bus": None}, "energy_price 'nodal' needs bus"),
        ({"allowance_t": -1}, "greater than or equal to 0"),
        ({"carbon_price": float("inf")}, "finite number"),
        ({"alpha": 1}, "less than 1"),
        ({"number": 0}, "greater than or equal to 1"),
        ({"drawn": {"count": 9, "fleet": {"home": "home"}}}, "drawn.fleet: 'commercial' is not in both"),
    ],
)  # fmt: skip
def test_options_that_make_no_sense_are_refused(changes, words):
    with pytest.raises(ValidationError, match=re.escape(words)):
        options(**changes)


@pytest.mark.parametrize(("price", "ratio"), [(40, 1.1), (-20, 0.95)])
def test_allowances_that_sell_for_more_than_they_cost_are_refused(price, ratio):
    with pytest.raises(ValueError, match="carbon_price_sell: is above the price of bought allowances.*scenario base"):
        carbon.real(carbon_price=price, sell_ratio=ratio)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d.assign(probability=d["probability"] * 0.9), "probability: must sum to 1"),
        (lambda d: d.assign(energy_low=d["energy_high"] + 1), "energy_low: is above energy_high"),
        (lambda d: d.assign(charge_low=d["charge_high"] + 1), "charge_low: is above charge_high"),
        (lambda d: d.assign(discharge_high=d["discharge_high"] - 1), "discharge_high: is negative"),
        (
            lambda d: d.assign(allowance=d["allowance"] - 1),
            "allowance: is negative; at scenario base, participant home",
        ),
    ],
)
def test_data_that_make_no_sense_are_named(change, words):
    with pytest.raises(ValueError, match=words):
        checked(change(carbon.real()))


def test_a_day_outside_the_reference_run_is_named():
    path = "timeseries/rts_gmlc/PLEXOS_DA_solution_price_allTX.csv.gz"
    words = f"{path}: 2020-07-19: the file has the days 2020-07-05 to 2020-07-18 only; take these, or the price 'merit-order'"
    with pytest.raises(ValueError, match=words):
        carbon.real(date="2020-07-18")
