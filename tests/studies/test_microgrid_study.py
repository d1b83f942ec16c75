"""What the studies of the microgrid and its markets must show beside the numbers of published_ch7-microgrid.csv."""

import numpy as np
import pytest

from whole_study import results, tables


@pytest.fixture(scope="module")
def market():
    return results("ch7-ancillary-services")


def test_ramping_before_the_winter_evening_is_dear_and_regulation_cheap(market):
    january = market["data"]["family"].values == "january"
    mean = market["cleared"]["product_price"].isel(scenario=january).mean("scenario")
    assert float(mean.sel(product="FRU", time=16)) == pytest.approx(142.7, abs=0.05)
    assert float(mean.sel(product="regU", time=16)) == pytest.approx(4.6, abs=0.05)


def test_ramping_is_sold_in_that_hour_only():
    sold = results("ch7-microgrid")["cleared"]["product_bid"].sel(product="FRU")
    january = sold.sel(scenario="january|E+AS+FRP")
    assert float(january.sel(time=16)) == pytest.approx(6.7, abs=0.05)
    assert float(january.drop_sel(time=16).max()) < 1e-6 and float(sold.sel(scenario="july|E+AS+FRP").max()) < 1e-6


def test_all_prices_of_all_days_are_unique_and_support_the_schedules(market):
    weeks = np.isin(market["data"]["family"].values, ["january", "july"])
    assert (market["payments"]["price_unique"].isel(scenario=weeks) == 1).all()
    assert (market["payments"]["prices_support"] == 1).all()


def test_more_ramping_than_the_system_holds_splits_the_prices():
    study = results("ch7-ramping-scarcity")
    required = study["data"]["requirement"].sel(product="FRU", time=1).sum("load").values
    fru = study["cleared"]["product_price"].sel(product="FRU", time=1).values
    assert (fru[required > 69] == pytest.approx(247)) and (fru[required < 69] <= 35 + 1e-9).all()
    split = study["cleared"]["price"].sel(time=[1, 2]).values[required > 69]
    np.testing.assert_allclose(split, np.tile([-192, 291], (len(split), 1)), atol=1e-6)
    assert (study["payments"]["prices_support"] == 1).all()


def test_nothing_is_missing_and_no_battery_burns_energy():
    cleared = results("ch7-microgrid")["cleared"]
    assert float(cleared["missing_margin"].max()) < 1e-6
    assert float(np.minimum(cleared["charge"], cleared["discharge"]).max()) < 1e-6


def test_the_pool_is_worth_more_than_its_members_and_the_internal_prices_are_in_the_core():
    pool = tables("ch7-microgrid")["tab_7_5_1_pool"]
    for _, rows in pool.groupby("scenario"):
        assert rows["owen_usd_per_day"].sum() > rows["stand_alone_usd_per_day"].sum() + 100
        assert (rows["owen_usd_per_day"] >= rows["stand_alone_usd_per_day"]).all()
    core = tables("ch7-microgrid")["tab_7_5_1_core"].set_index(["scenario", "method"])["in_core"]
    assert (core.xs("owen", level="method") == "yes").all()


def test_who_buys_energy_in_every_hour_gains_most_from_the_pool():
    study = results("ch7-microgrid")
    pool = study["data"]["family"].values == "pool"
    found, here = (study[name].isel(scenario=pool).sel(participant="MG3") for name in ("cleared", "data"))
    own = found["unit_power"] + found["discharge"] - found["charge"] + found["curtailed"] + here["pv"] - here["load"]
    assert float(own.max()) < -1 and float(found["unit_power"].max()) > 1
    frame = tables("ch7-microgrid")["tab_7_5_1_pool"]
    gain = frame.assign(gain=frame["owen_usd_per_day"] - frame["stand_alone_usd_per_day"])
    for _, rows in gain.groupby("scenario"):
        assert rows["gain"].idxmax() == rows.index[rows["member"] == "MG3"].item()


def test_no_published_bid_lacks_a_margin_and_none_covers_a_whole_day():
    shown = tables("ch7-microgrid")
    assert not shown["tab_7_5_1_revenue"]["missing_margin_mw"].any()
    robust = shown["tab_7_5_1_robust"]
    assert not robust["missing_margin_mw"].any()
    assert (robust[["missed_up_day_mwh", "missed_down_day_mwh"]].max(axis=1) > 1).all()
