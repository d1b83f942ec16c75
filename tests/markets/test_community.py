"""The community's program against one written by hand, its prices against small changes, its game against theorems."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.optimize import linprog

from communities import DAYS, MARKET, cleared, community, game, hours_with, valued
from sharegrid.games import core
from sharegrid.games.table import superadditivity
from sharegrid.markets import community as market
from sharegrid.optimise import coalitions
from sharegrid.optimise.clear import split_model
from sharegrid.properties import community_properties
from sharegrid.stages.clear import clear
from spot import RESOURCES

TIGHT = {"rel": 1e-9, "abs": 1e-7}
BROUGHT = ("load", "pv_available", "battery_energy", "battery_power", "flexible_energy", "flexible_power", "peak_load")


@pytest.fixture(scope="module")
def base():
    return community({"base": {"label": "base"}, "ten": {"label": "ten", "users": [10]}})


@pytest.fixture(scope="module")
def result(base):
    return cleared(base)


@pytest.fixture(scope="module")
def alone(base):
    return coalitions.alone_cost(valued(base, "alone"), base)


def raw_user(j: int) -> dict:
    """load, pv (day, hour) kW, battery and flexible energy of user j, straight from the raw files."""
    peak = pd.read_csv(RESOURCES / "networks/facts/case33bw_bus.csv").query("pd_kw > 0")["pd_kw"].to_numpy()[j]
    days = []
    for name, column in (("load", None), ("pv_wind", f"PV{1 + j % 8}")):
        raw = pd.read_csv(RESOURCES / f"households/simbench_{name}_profiles_2016_15min.csv.gz")
        series = raw[column] if column else raw.iloc[:, 1 + j % 25]
        dates = [f"{day[8:]}.{day[5:7]}.{day[:4]}" for day in DAYS]
        days.append([series[raw["time"].str.startswith(d)].to_numpy().reshape(24, 4).mean(axis=1) for d in dates])
    load, pv = peak * np.array(days[0]), 2.5 * peak * np.array(days[1]) * ((7 * j) % 32 < 19)
    battery = peak if (11 * j + 5) % 32 < 10 else 0.0
    share = 0.1 if (5 * j + 3) % 32 < 13 else 0.0
    return {"load": (1 - share) * load, "pv": pv, "battery": battery, "moved": share * load.sum(axis=1)}


def bill_by_hand(j: int) -> float:
    """Least bill of user j alone, day by day: columns buy, sell, PV, charge, discharge, level, flexible; 24 of each."""
    user, total, eye, zero = raw_user(j), 0.0, np.eye(24), np.zeros((24, 24))
    tariff = {False: [0.087] * 7 + [0.182] * 4 + [0.122] * 6 + [0.182] * 2 + [0.087] * 5,
              True: [0.087] * 7 + [0.122] * 4 + [0.182] * 6 + [0.122] * 2 + [0.087] * 5}  # fmt: skip
    power = user["moved"].max() / 4
    window = np.where((np.arange(24) >= 8) & (np.arange(24) <= 21), power, 0.0)
    for d, (day, weight) in enumerate(DAYS.items()):
        buy = np.array(tariff[day[5:7] == "07"])
        cost = np.concatenate([buy, np.full(24, -0.05), np.zeros(5 * 24)])
        balance = np.hstack([eye, -eye, eye, -eye, eye, zero, -eye])
        level = np.hstack([zero, zero, zero, -0.95 * eye, eye / 0.95, eye - np.roll(eye, -1, axis=1), zero])
        energy = np.concatenate([np.zeros(6 * 24), np.ones(24)])[None]
        upper = np.concatenate([np.full(48, np.inf), user["pv"][d], np.full(48, user["battery"] / 2),
                                np.full(24, user["battery"]), window])  # fmt: skip
        found = linprog(cost, A_eq=np.vstack([balance, level, energy]),
                        b_eq=np.concatenate([user["load"][d], np.zeros(24), user["moved"][[d]]]),
                        bounds=np.column_stack([np.zeros(len(upper)), upper]))  # fmt: skip
        total += weight * found.fun
    return total


@pytest.mark.parametrize("user", [0, 1, 2, 3, 4, 8, 20])
def test_a_user_alone_pays_what_a_program_written_by_hand_says(alone, user):
    """All devices; PV and flexible load; PV; a battery; nothing; flexible load; all devices, and more sold than bought."""
    assert float(alone.sel(scenario="base", participant=str(user))) == pytest.approx(bill_by_hand(user), **TIGHT)


def test_warm_values_equal_models_built_anew(base):
    some = base.sel(scenario=["ten"])
    request = {"samples": 12, "largest": 9, "seed": 5}
    fast, slow = (valued(some, "random", backend, **request) for backend in ("warm", "rebuild"))
    np.testing.assert_allclose(fast["cost"], slow["cost"], rtol=1e-9)


def test_warm_values_equal_models_built_anew_with_a_capacity_price_and_rights():
    """Six users and all but one of them: charged for capacity, behind shares of a limit, behind a limit in full."""
    limit = {"network": ["limits"], "capacity_price": [5]}
    families = {
        "capacity": {"label": "capacity", "capacity_price": [5]},
        "shares": limit | {"label": "shares", "interface_kw": [400]},
        "shared": limit | {"label": "shared", "network_rights": ["shared"], "interface_kw": [300]},
    }
    data = community(families, users=6, battery_share=1)
    fast, slow = (valued(data, "removals", backend)["cost"] for backend in ("warm", "rebuild"))
    assert fast.sizes == {"scenario": 3, "coalition": 7} and bool(fast.notnull().all())
    np.testing.assert_allclose(fast, slow, rtol=1e-9, atol=1e-9)
    assert float(fast.sel(scenario="shares", coalition="all")) > float(fast.sel(scenario="capacity", coalition="all"))


def test_first_ten_are_a_community_of_their_own(result):
    own = cleared(community(users=10))
    assert float(result["objective"].sel(scenario="ten")) == pytest.approx(float(own["objective"][0]), **TIGHT)
    assert float(np.abs(result["price_revenue"].sel(scenario="ten").values[10:]).max()) == 0


def test_columns_exist_only_for_what_users_own(base):
    program = split_model(market, base.sel(scenario=["base"])).program(0)
    pv = int((base["pv_available"].sel(scenario="base") > 0).sum())
    hours = 72
    assert program.matrix.shape[0] == hours + 10 * hours + 13 * 3  # balance, batteries, flexible load
    assert program.matrix.shape[1] == 2 * hours + 32 + pv + 3 * 10 * hours + 13 * 3 * 14
    assert not program.row_lower.any() and not program.row_upper.any()  # so that the members' parts add up


def test_one_more_kw_of_load_costs_the_price(base, result):
    """Where the community imports, the price is unique: J rises by w_d p with one more kWh, and falls by it with one less."""
    here = result.sel(scenario="ten")
    one = base.sel(scenario=["ten"])
    hours = hours_with(here["grid_import"])
    for day, hour in hours[:: len(hours) // 5]:
        for kw in (1.0, -1.0):
            load = one["load"].copy()
            load[0, 1, day, hour] += kw
            changed = float(clear(one.assign(load=load), MARKET)["objective"][0] - here["objective"])
            expected = kw * float(one["day_weight"][day] * here["price"][day, hour])
            assert changed == pytest.approx(expected, abs=1e-8)


def test_where_the_community_balances_itself_the_price_is_between_its_slopes():
    """With PV everywhere there are hours without exchange: one more kWh costs at least the price, one less saves at most it."""
    data = community(users=12, pv_share=1, battery_share=0.6)
    one = cleared(data).isel(scenario=0)
    idle = np.argwhere((one["grid_import"] + one["grid_export"]).transpose("day", "time").values < 1e-7)
    assert len(idle)
    for day, hour in idle[:3]:
        weight, price = float(data["day_weight"][day]), float(one["price"][day, hour])
        slopes = []
        for kw in (1e-3, -1e-3):
            load = data["load"].copy()
            load[0, 0, day, hour] += kw
            slopes.append(float(cleared(data.assign(load=load))["objective"][0] - one["objective"]) / kw / weight)
        assert slopes[1] - 1e-6 <= price <= slopes[0] + 1e-6
        assert 0.05 - 1e-9 <= price <= float(data["price_buy"][day, hour]) + 1e-9


def test_bills_sum_to_the_cost_and_nobody_pays_more_than_alone(base, result, alone):
    for name in ("base", "ten"):
        bills = -result["price_revenue"].sel(scenario=name)
        assert float(bills.sum()) == pytest.approx(float(result["objective"].sel(scenario=name)), **TIGHT)
        takes_part = base["taking_part"].sel(scenario=name) == 1
        assert float((alone.sel(scenario=name) - bills).where(takes_part).min()) >= -1e-7


def test_users_without_pv_and_battery_save_nothing(base, result, alone):
    """The community imports whenever prices could part, so what they buy costs them what it cost before."""
    one = base.sel(scenario="base")
    plain = ((one["pv_available"].max(["day", "time"]) == 0) & (one["battery_energy"] == 0)).values
    saving = (alone + result["price_revenue"]).sel(scenario="base").values
    assert plain.sum() == 8
    np.testing.assert_allclose(saving[plain], 0, atol=1e-7)
    assert saving[~plain].sum() == pytest.approx(saving.sum(), abs=1e-6)


def test_identical_users_save_nothing(base):
    data = base.sel(scenario=["base"]).isel(participant=slice(6)).copy()
    for name in BROUGHT:
        data[name] = xr.ones_like(data[name]) * data[name].isel(participant=2, drop=True)
    values = valued(data, "alone")
    alone = coalitions.alone_cost(values, data).values.ravel()
    together = float(values["cost"].sel(coalition="all").item())
    assert np.ptp(alone) < 1e-9
    assert together == pytest.approx(alone.sum(), **TIGHT)
    np.testing.assert_allclose(-cleared(data)["price_revenue"].values.ravel(), alone, rtol=1e-7)


def test_revenue_at_the_price_is_in_the_core(base, result):
    """The random coalitions of the large community, every coalition of the small one. Its game is superadditive."""
    values = valued(base.sel(scenario=["base"]), "random", samples=300, largest=12, seed=3)
    present = values["member"].values.astype(float)
    revenue = result["price_revenue"].sel(scenario="base").values
    excess = -values["cost"].values[0] - present @ revenue
    assert len(excess) > 250 and excess.max() <= 1e-6
    ten = base.sel(scenario=["ten"]).isel(participant=slice(10))
    found = game(ten, "ten")
    assert core.max_excess(found, result["price_revenue"].sel(scenario="ten").values[:10])[0] <= 1e-6
    assert superadditivity(found).violations == 0


def test_everybody_twice_as_large_costs_twice_as_much(base, result):
    one = base.sel(scenario=["ten"])
    for user in one["participant"].values[:10]:
        one = market.scaled(one, user, 2.0)
    assert float(cleared(one)["objective"][0]) == pytest.approx(
        2 * float(result["objective"].sel(scenario="ten")), **TIGHT
    )


def test_traded_energy_is_what_users_do_not_trade_with_the_grid(base, result):
    """All of it at the full band is what netting saves at the given schedules: separate meters would buy and sell it."""
    one, here = base.sel(scenario="base"), result.sel(scenario="base")
    own = here["net_export"]
    separate = (one["price_buy"] * (-own).clip(min=0) - one["price_sell"] * own.clip(min=0)).sum("participant")
    joint = one["price_buy"] * here["grid_import"] - one["price_sell"] * here["grid_export"]
    gain = float((one["day_weight"] * (separate - joint)).sum())
    assert gain > 1
    assert float(here["traded_energy_value"].sum()) == pytest.approx(gain, rel=1e-9)


@pytest.fixture(scope="module")
def priced():
    family = {"label": "{capacity_price}", "capacity_price": [0, 1, 5, 20]}
    return community({"capacity": family}, users=10)


def test_capacity_payments_sum_to_the_charge(priced):
    result = cleared(priced)
    charge = priced["capacity_price"].values / 30
    np.testing.assert_allclose(priced["capacity_charge"], charge)
    peak = result["charged_peak"].values
    np.testing.assert_allclose(result["capacity_price_signal"].sum(["day", "time"]), charge, atol=1e-9)
    np.testing.assert_allclose(result["capacity_payment"].sum("participant"), -charge * peak, atol=1e-7)
    np.testing.assert_allclose(result["price_revenue"].sum("participant"), -result["objective"], rtol=1e-9)
    in_peak = result["grid_import"].sel(time=[17, 18, 19, 20]).max(["day", "time"]).values
    np.testing.assert_allclose(peak, in_peak)
    assert (np.diff(peak) <= 1e-7).all() and peak[-1] < peak[0] - 10
    slopes = np.diff(result["objective"].values) / np.diff(charge)  # a concave cost whose slope is the peak
    assert (slopes <= peak[:-1] + 1e-6).all() and (slopes >= peak[1:] - 1e-6).all()


def test_price_band_with_a_capacity_price(priced):
    result = cleared(priced)
    high = priced["price_buy"] + result["capacity_price_signal"] / priced["day_weight"]
    assert bool((result["price"] <= high + 1e-9).all()) and bool((result["price"] >= priced["price_sell"] - 1e-9).all())
    importing = result["grid_import"] > 1e-6
    assert float(np.abs(result["price"] - high).where(importing).max()) <= 1e-9
    assert float((result["price"] - priced["price_buy"]).max()) > 0.01  # above the tariff, where capacity is scarce


def test_the_mean_charge_is_an_hourly_surcharge():
    """A charge on the mean import raises the price of buying in each peak hour of each day alike."""
    family = {"base": {"label": "base", "capacity_price": [6]}}
    data = community(family, users=10, capacity_charge="mean")
    result = cleared(data).isel(scenario=0)
    mean = float(result["grid_import"].sel(time=[17, 18, 19, 20]).mean())
    assert float(result["charged_peak"]) == pytest.approx(mean)
    energy = (data["day_weight"] * (data["price_buy"] * result["grid_import"]
                                    - data["price_sell"] * result["grid_export"])).sum()  # fmt: skip
    assert float(result["objective"]) == pytest.approx(float(energy) + 0.2 * mean, **TIGHT)
    assert float(result["capacity_payment"].sum()) == pytest.approx(-0.2 * mean, **TIGHT)
    hour = data["time"].isin([17, 18, 19, 20])
    surcharged = data.assign(price_buy=data["price_buy"] + hour * 0.2 / 12 / data["day_weight"],
                             capacity_charge=xr.zeros_like(data["capacity_charge"]))  # fmt: skip
    assert float(cleared(surcharged)["objective"][0]) == pytest.approx(float(result["objective"]), **TIGHT)


def test_the_mean_charge_counts_where_the_community_balances_itself():
    """In hours without exchange the next kW would be charged, so the price may be above that of the grid there."""
    family = {"base": {"label": "base", "capacity_price": [6]}}
    hours = list(range(11, 19))
    data = community(family, users=12, battery_share=0.6, capacity_charge="mean", peak_hours=hours)
    result = cleared(data)
    idle = (result["grid_import"] + result["grid_export"] < 1e-7) & (data["peak_hour"] == 1)
    assert float((result["price"] - data["price_buy"]).where(idle).max()) > 0.01
    found = community_properties.check(data, result, None, None)
    assert bool((found["community_passed"] == 1).all())
    np.testing.assert_allclose(result["capacity_payment"].sum("participant"), -0.2 * result["charged_peak"], atol=1e-7)


def test_results_are_described_by_the_contract(result):
    units = {
        name: result[name].attrs["units"] for name in ("price", "price_revenue", "capacity_price_signal", "voltage")
    }
    assert units == {
        "price": "CAD/kWh",
        "price_revenue": "CAD/day",
        "capacity_price_signal": "CAD/day/kW",
        "voltage": "p.u.",
    }
    names = [result[name].attrs["long_name"] for name in result.data_vars]
    assert len(set(names)) == len(names)
