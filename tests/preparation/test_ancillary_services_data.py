"""Data of the market for energy and ancillary services, against plain reading of the tables, and every refusal."""

import datetime

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

import ancillary
from sharegrid.options.ancillary_services import AncillaryServicesMarket
from sharegrid.readers.rts_forecasts import average_cost
from spot import RESOURCES

SERIES = RESOURCES / "timeseries/rts_gmlc"
DAY = datetime.date(2020, 1, 13)
KEYS = ["Year", "Month", "Day"]


def raw(name: str) -> pd.DataFrame:
    return pd.read_csv(SERIES / f"{name}.csv.gz")


def on_day(name: str) -> pd.DataFrame:
    table = raw(name)
    return table[(table["Month"] == DAY.month) & (table["Day"] == DAY.day)].drop(columns=KEYS)


@pytest.fixture(scope="module")
def day():
    return ancillary.days().sel(scenario=DAY.isoformat())


def test_demand_is_load_less_hydro_power_of_the_area(day):
    hydro, load = on_day("DAY_AHEAD_hydro"), on_day("DAY_AHEAD_regional_Load")
    for area in "123":
        plants = [column for column in hydro if column.startswith(area)]
        expected = load[area].to_numpy() - hydro[plants].sum(axis=1).to_numpy()
        np.testing.assert_allclose(day["demand"].sel(load=f"load_{area}"), expected)


def test_renewable_power_is_one_unit_that_sells_only_ramping_down(day):
    expected = sum(
        on_day(f"DAY_AHEAD_{name}").drop(columns="Period").sum(axis=1).to_numpy() for name in ("wind", "pv", "rtpv")
    )
    np.testing.assert_allclose(day["available"].sel(unit="res"), expected)
    assert day["offered"].sel(unit="res").values.tolist() == [0, 0, 0, 0, 1]
    assert float(day["block_price"].sel(unit="res").max()) == 0


def test_the_cheapest_units_are_committed(day):
    units = pd.read_csv(RESOURCES / "networks/rts_gmlc/gen.csv")
    units = units[units["Fuel"].isin(["Oil", "Coal", "NG", "Nuclear"])]
    order = sorted(zip(average_cost(units), units["GEN UID"], units["PMax MW"], units["Ramp Rate MW/Min"], strict=True))
    needed = day["demand"].sum("load") - day["available"].sel(unit="res")
    held = day["requirement"].sel(product=["regU", "spin"]).sum(("load", "product"))
    need, total, expected = 1.08 * float((np.maximum(needed, 0) + held).max()), 0.0, []
    for cost, name, capacity, ramp in order:
        expected.append((name, cost, capacity, ramp))
        total += capacity
        if total >= need:
            break
    on = [name for name in day["unit"].values[:-1] if float(day["taking_part"].sel(participant=name)) == 1]
    assert on == [name for name, *_ in expected]
    for name, cost, capacity, ramp in expected:
        unit = day.sel(unit=name)
        assert float(unit["block_price"].max()) == pytest.approx(cost)
        assert (unit["available"] == capacity).all()
        assert [float(unit[f"ramp_{k}"]) for k in (5, 10, 60)] == pytest.approx([5 * ramp, 10 * ramp, 60 * ramp])


def test_regulation_and_spinning_reserve_are_those_of_the_tables(day):
    total = day["requirement"].sum("load")
    wide = on_day("DAY_AHEAD_regional_Reg_Up").to_numpy()[0]
    np.testing.assert_allclose(total.sel(product="regU"), wide)
    np.testing.assert_allclose(total.sel(product="regD"), on_day("DAY_AHEAD_regional_Reg_Down").to_numpy()[0])
    spin = sum(on_day(f"DAY_AHEAD_regional_Spin_Up_R{k}")[f"Spin_Up_R{k}"].to_numpy() for k in (1, 2, 3))
    np.testing.assert_allclose(total.sel(product="spin"), spin)


def test_ramping_is_a_quantile_of_the_change_of_the_forecast_error(day):
    def net(kind: str) -> np.ndarray:
        parts = {name: raw(f"{kind}_{name}").drop(columns=[*KEYS, "Period"]).sum(axis=1).to_numpy()
                 for name in ("regional_Load", "wind", "pv", "rtpv")}  # fmt: skip
        return parts["regional_Load"] - parts["wind"] - parts["pv"] - parts["rtpv"]

    error = net("REAL_TIME_HOURLY_MEAN") - net("DAY_AHEAD")
    hour = np.arange(len(error)) % 24
    for k in range(24):
        error[hour == k] -= error[hour == k].mean()
    change, total = np.diff(error), day["requirement"].sum("load")
    for k in (0, 7, 16, 23):
        own = np.sort(change[hour[:-1] == k])
        for name, share, sign in (("FRU", 0.975, 1), ("FRD", 0.025, -1)):
            place = share * (len(own) - 1)
            low = int(place)
            expected = sign * (own[low] + (place - low) * (own[low + 1] - own[low]))
            assert float(total.sel(product=name, time=k)) == pytest.approx(expected), (name, k)


def test_loads_share_requirements_by_energy_or_by_error():
    data = ancillary.days()
    share = data["requirement"] / data["requirement"].sum("load")
    energy = (data["demand"] / data["demand"].sum("load")).expand_dims(product=data["product"].values)
    energy = energy.transpose(*share.dims)
    np.testing.assert_allclose(share.sel(scenario="2020-07-09"), energy.sel(scenario="2020-07-09"))
    causer = share.sel(scenario="2020-07-09|causer")
    np.testing.assert_allclose(causer.sel(product="regU"), energy.sel(scenario="2020-07-09", product="regU"))
    assert not np.allclose(causer.sel(product="FRU"), energy.sel(scenario="2020-07-09", product="FRU"), atol=0.1)


def faulty(**changes) -> dict:
    return ancillary.TOY | changes


def system(**changes) -> dict:
    return ancillary.TOY["system"] | changes


def unit(**changes) -> dict:
    return {"A": ancillary.TOY["system"]["units"]["A"] | changes}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (faulty(bids={"regX": 1}), "bids.regX"),
        (faulty(bids={"FRU": -1}), "bids.FRU"),
        (faulty(penalties={"FRU": -247}), "penalties.FRU"),
        (faulty(voll=-3000), "voll"),
        (faulty(quantile=0.4), "quantile"),
        (faulty(system=system(units=unit(minimum_mw=130))), "minimum_mw 130 is above the 120 MW of its blocks"),
        (faulty(system=system(units=unit(blocks=[[50, 30], [50, 20]]))), r"blocks: prices \[30.0, 20.0\] fall"),
        (faulty(system=system(units=unit(products=["spinning"]))), "products.0"),
        (faulty(system=system(requirements={"spin": [1, 2]})), "requirements.spin: 2 hours; the first load has 4"),
        (faulty(system=system(errors={"city": 1})), "errors: one number for each of city, mill"),
        (faulty(system=system(errors=None)), "allocation causer-pays: give system.errors"),
        (faulty(system=system(loads={"A": [1, 2, 3, 4]})), "errors: one number for each of A"),
        (faulty(day="2020-01-13"), "a system that is given by numbers has no day"),
        ({"market": ancillary.MARKET, "scenarios": {"s": {"label": "s"}}}, "scenarios.s.day: give the days"),
        (faulty(scenarios={"s": {"label": "s", "fru_factor": [-1]}}), "fru_factor"),
    ],
)
def test_options_that_make_no_sense_are_refused(options, words):
    with pytest.raises(ValidationError, match=words):
        AncillaryServicesMarket.model_validate(options)


def test_a_name_that_stands_twice_is_refused():
    twice = system(loads={"A": [1, 2, 3, 4], "mill": [1, 2, 3, 4]}, errors={"A": 1, "mill": 1})
    with pytest.raises(ValidationError, match="'A' stands twice"):
        AncillaryServicesMarket.model_validate(faulty(system=twice))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"voll": 43},
            r"voll 43 \$/MWh is below the 44 \$/MWh that unit B bids for energy.*raise voll or lower the bid",
        ),
        (
            {"penalties": {"spin": 1.5}},
            r"penalties.spin 1.5 \$/MW is below the 2 \$/MW of bids.spin that unit A .*raise",
        ),
        (
            {"bids": {"FRD": 200}},
            r"penalties.FRD 152 \$/MW is below the 200 \$/MW of bids.FRD that unit A .*lower bids.FRD",
        ),
    ],
)
def test_a_penalty_below_a_bid_is_refused(changes, words):
    with pytest.raises(ValueError, match=words):
        ancillary.made(faulty(**changes))


def test_a_penalty_at_the_bid_and_of_what_nobody_offers_is_taken():
    only = {"A": {"blocks": [[300, 20]], "ramp_60_mw": 60, "products": ["regU"]}}
    ancillary.made(faulty(voll=20, penalties={"regU": 4, "spin": 1}, system=system(units=only)))


def test_a_voll_below_the_dearest_committed_unit_of_the_day_is_refused():
    with pytest.raises(ValueError, match=r"voll 20 \$/MWh is below the .* \$/MWh that unit .* bids for energy"):
        ancillary.made(ancillary.DAYS | {"voll": 20})


def test_days_and_capacity_that_the_tables_do_not_have_are_refused():
    with pytest.raises(ValueError, match=r"2021-01-13: 0 rows instead of"):
        ancillary.made(ancillary.DAYS | {"scenarios": {"s": {"label": "s", "day": ["2021-01-13"]}}})
    with pytest.raises(ValueError, match=r"commitment_margin: .* MW are needed, all thermal units have"):
        ancillary.made(ancillary.DAYS | {"commitment_margin": 9})
