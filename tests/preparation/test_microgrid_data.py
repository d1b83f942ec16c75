"""Data of the microgrids, from another market and the tables of RTS-GMLC, and every refusal."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from pydantic import ValidationError

import ancillary
import microgrids
from sharegrid.options.microgrid import MicrogridMarket
from sharegrid.preparation.inputs import Inputs
from sharegrid.stages.prepare import prepare
from spot import RESOURCES

SERIES = RESOURCES / "timeseries/rts_gmlc"
DAYS = ["2020-01-13", "2020-07-09"]
OTHERS = {"prices_of": "other", "weeks": {"week": {"days": DAYS}}}


def with_days(cleared: xr.Dataset | None = None, **changes) -> xr.Dataset:
    own = ancillary.days_cleared() if cleared is None else cleared
    return prepare(microgrids.TOY | OTHERS | changes, RESOURCES, {"cleared_of_other": own})


def on_days(name: str) -> list[pd.DataFrame]:
    table = pd.read_csv(SERIES / f"{name}.csv.gz")
    return [table[(table["Month"] == int(day[5:7])) & (table["Day"] == int(day[8:]))] for day in DAYS]


def test_prices_are_those_of_the_market_and_products_their_mean():
    data, cleared = with_days().isel(scenario=0), ancillary.days_cleared()
    for k, day in enumerate(DAYS):
        np.testing.assert_array_equal(data["price_energy"].isel(outcome=k), cleared["price"].sel(scenario=day))
    mean = cleared["product_price"].sel(scenario=DAYS).mean("scenario")
    np.testing.assert_allclose(data["price_product"], mean.transpose("product", "time"), rtol=1e-12)
    np.testing.assert_allclose(data["probability"], 0.5)


def test_profiles_are_means_of_the_days_of_the_area():
    data = with_days().isel(scenario=0).sel(participant="north")
    load = np.mean([day["1"].to_numpy() for day in on_days("DAY_AHEAD_regional_Load")], axis=0)
    np.testing.assert_allclose(data["load"], 6 * load / load.max())
    year = pd.read_csv(SERIES / "DAY_AHEAD_rtpv.csv.gz")
    plants = [column for column in year if column.startswith("1")]
    pv = np.mean([day[plants].sum(axis=1).to_numpy() for day in on_days("DAY_AHEAD_rtpv")], axis=0)
    np.testing.assert_allclose(data["pv"], 2 * pv / year[plants].sum(axis=1).max())
    np.testing.assert_allclose(data["deviation"].sel(source="pv"), 0.25 * data["pv"])
    np.testing.assert_allclose(data["deviation"].sel(source="load"), 0.05 * data["load"])


def test_profiles_weigh_the_days_as_prices_do():
    weights = [0.9, 0.1]
    data = with_days(weeks={"week": {"days": DAYS, "probabilities": weights}}).isel(scenario=0).sel(participant="north")
    load = np.average([day["1"].to_numpy() for day in on_days("DAY_AHEAD_regional_Load")], axis=0, weights=weights)
    np.testing.assert_allclose(data["load"], 6 * load / load.max())
    year = pd.read_csv(SERIES / "DAY_AHEAD_rtpv.csv.gz")
    plants = [column for column in year if column.startswith("1")]
    days = [day[plants].sum(axis=1).to_numpy() for day in on_days("DAY_AHEAD_rtpv")]
    expected = np.average(days, axis=0, weights=weights)
    np.testing.assert_allclose(data["pv"], 2 * expected / year[plants].sum(axis=1).max())


@pytest.mark.parametrize(("what", "series"), [("load", "regional_Load"), ("pv", "rtpv")])
def test_a_profile_that_is_never_above_zero_is_refused(what, series, monkeypatch):
    read = Inputs.table

    def dark(self, path):
        table = read(self, path)
        keys = ("Year", "Month", "Day", "Period")
        return table.assign(**{one: 0.0 for one in table if one not in keys}) if series in path else table

    monkeypatch.setattr(Inputs, "table", dark)
    with pytest.raises(ValueError, match=rf"DAY_AHEAD_{series}.csv.gz: {what} of area '1' is never above 0 MW"):
        with_days()


def test_who_is_not_in_the_pool_brings_nothing_and_sizes_follow_the_scenario():
    data = microgrids.swept("battery_mwh", [0, 6])
    assert (data["taking_part"] == [1, 1, 0]).all()
    brought = ("load", "pv", "deviation", "unit_capacity", "unit_minimum", "battery_energy", "curtailable")
    for name in brought:
        assert not data[name].sel(participant="west").any(), name
    here = data.sel(scenario="6", participant="south")
    found = [float(here[name]) for name in ("battery_energy", "battery_power", "battery_initial")]
    assert found == [6, 3, 3]
    assert not data["battery_power"].sel(scenario="0").any()
    assert float(data["unit_capacity"].sel(scenario="6", participant="south")) == 0
    offered = microgrids.swept("products", ["E", "E+FRP"])["offered"].values.tolist()
    assert offered == [[0, 0, 0, 0, 0], [0, 0, 0, 1, 1]]


def test_a_market_without_the_day_and_an_unknown_area_are_refused():
    with pytest.raises(ValueError, match="the study other has no scenario '2020-07-09'; it has 2020-01-13"):
        with_days(ancillary.days_cleared().sel(scenario=["2020-01-13"]))
    with pytest.raises(ValueError, match="there is no column of area '9'"):
        with_days(area="9")
    with pytest.raises(ValueError, match="the cleared market of other is not here"):
        prepare(microgrids.TOY | OTHERS, RESOURCES)


def week(**changes) -> dict:
    return {"weeks": {"week": microgrids.TOY["weeks"]["week"] | changes}}


def north(**changes) -> dict:
    own = microgrids.TOY["microgrids"]
    return {"microgrids": own | {"north": own["north"] | changes}}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (week(probabilities=[0.5, 0.3, 0.3]), "probabilities: their sum is 1.1; it must be 1"),
        (week(probabilities=[0.5, 0.5]), "probabilities: 2 numbers for 3 outcomes"),
        (week(probabilities=[1.5, -0.5, 0]), "probabilities"),
        (week(load=[1, 2]), "load: 2 hours; the first outcome has 6"),
        (week(products={"FRX": [1] * 6}), "products.FRX"),
        (week(products={"FRU": [-1] * 6}), "products.FRU"),
        (week(days=["2020-01-13"]), "give either days, or the numbers energy, load and pv"),
        ({"gamma": 2.5}, "gamma 2.5: there are 2 sources of deviations only"),
        ({"gamma": -1}, "gamma"),
        ({"scenarios": {"s": {"label": "s", "gamma": [3]}}}, "scenarios.s.gamma 3: there are 2 sources"),
        (north(unit=microgrids.UNIT | {"minimum_mw": 4}), "minimum_mw 4 is above capacity_mw 3"),
        (north(battery=microgrids.BATTERY | {"initial_share": 1.2}), "initial_share 1.2: the stored energy must be between"),
        (north(battery=microgrids.BATTERY | {"initial_share": -0.1}), "initial_share -0.1: the stored energy"),
        (north(battery=microgrids.BATTERY | {"energy_mwh": -1}), "energy_mwh"),
        (north(load_mw=-1), "load_mw"),
        ({"missing_margin_cost": -1}, "missing_margin_cost"),
        ({"product_sets": {"all": ["regU", "ramping"]}}, "product_sets.all.1"),
        ({"products": "nothing"}, "products: there is no 'nothing'; known: E, E"),
        ({"pools": {"both": ["north", "nowhere"], "all": ["north"]}}, "pools.both: name microgrids, each once"),
        ({"pool": "none"}, "pool: there is no 'none'; known: both"),
        ({"week": "may"}, "week: there is no 'may'; known: week"),
        ({"weeks": {"week": {"days": ["2020-01-13"]}}}, "prices_of: weeks of days need the study"),
        ({"held_hours": {"spin": -1}}, "held_hours.spin"),
    ],
)  # fmt: skip
def test_options_that_make_no_sense_are_refused(changes, words):
    with pytest.raises(ValidationError, match=words):
        MicrogridMarket.model_validate(microgrids.TOY | changes)


def test_weeks_of_other_lengths_are_refused():
    own = microgrids.TOY["weeks"]["week"]
    fewer = own | {"energy": own["energy"][:2], "probabilities": None}
    with pytest.raises(ValueError, match=r"weeks.short: other hours or outcomes than week"):
        microgrids.made(weeks={"week": own, "short": fewer})


def test_a_study_whose_prices_are_taken_is_named_only_if_days_are():
    assert MicrogridMarket.model_validate(microgrids.TOY).studies == []
    assert MicrogridMarket.model_validate(microgrids.TOY | OTHERS).studies == ["other"]
