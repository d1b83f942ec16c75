"""The data of the community: who owns what, profiles, tariff, feeder and the rights to its limits."""

from datetime import date
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from communities import DAYS, community
from sharegrid.options.community import CommunityMarket
from sharegrid.planning import separate_schedules
from sharegrid.preparation import community_users, network_rights, tariff
from sharegrid.preparation.feeder import feeder
from sharegrid.preparation.inputs import Inputs
from sharegrid.readers import simbench
from sharegrid.sweeps import Variant
from spot import RESOURCES

SHARES = [0, 0.2, 0.4, 0.6, 0.8, 1]
PROFILES = RESOURCES / "households/simbench_load_profiles_2016_15min.csv.gz"


@pytest.fixture(scope="module")
def base():
    return community()


@pytest.mark.parametrize("device", ["pv", "battery", "flexible"])
def test_owners_are_nested_and_as_many_as_their_share(device):
    owners = [community_users.owns(device, share, 32, 32) for share in SHARES]
    assert [int(who.sum()) for who in owners] == [round(32 * share) for share in SHARES]
    for few, more in pairwise(owners):
        assert (few <= more).all()


def test_the_rules_of_ownership_in_words():
    """User j owns PV if (7 j) mod 32 is below the rounded number of owners, a battery if (11 j + 5) mod 32 is, flexible
    load if (5 j + 3) mod 32 is."""
    data = community().sel(scenario="base")
    j = np.arange(32)
    assert ((data["pv_available"].max(["day", "time"]) > 0) == ((7 * j) % 32 < 19)).all()
    assert ((data["battery_energy"] > 0) == ((11 * j + 5) % 32 < 10)).all()
    assert ((data["flexible_power"] > 0) == ((5 * j + 3) % 32 < 13)).all()


def test_an_hour_of_a_user_from_the_raw_profiles(base):
    """User 27 takes the third load column; its hour is the mean of four values of its day by the clock."""
    raw = pd.read_csv(PROFILES)
    four = raw[raw["time"].isin([f"13.07.2016 14:{minute}" for minute in ("00", "15", "30", "45")])]
    peak = 120.0  # kW, at bus 29
    one = base.sel(scenario="base", participant="27", day="2016-07-13", time=14)
    assert float(one["peak_load"]) == peak
    moved = 0.1 if (5 * 27 + 3) % 32 < 13 else 0.0
    assert float(one["load"]) == pytest.approx((1 - moved) * peak * four.iloc[:, 1 + 27 % 25].mean())


def test_pv_is_sized_by_the_peak_load(base):
    raw = pd.read_csv(RESOURCES / "households/simbench_pv_wind_profiles_2016_15min.csv.gz")
    day = raw[raw["time"].str.startswith("13.04.2016")]
    one = base.sel(scenario="base", participant="2", day="2016-04-13")
    assert float(one["peak_load"]) == 120.0
    assert float(one["pv_available"].sum()) == pytest.approx(2.5 * 120 * day["PV3"].sum() / 4)


def test_moved_energy_is_taken_from_the_load(base):
    none = community(flexible_share=0).sel(scenario="base")
    one = base.sel(scenario="base")
    total = one["load"].sum("time") + one["flexible_energy"]
    np.testing.assert_allclose(total, none["load"].sum("time"), rtol=1e-12)
    np.testing.assert_allclose(one["flexible_power"], one["flexible_energy"].max("day") / 4)
    assert float(none["flexible_energy"].max()) == 0
    assert float(one["flexible_energy"].sum()) == pytest.approx(float(none["load"].where(
        one["flexible_power"] > 0, 0).sum()) * 0.1)  # fmt: skip


def test_prices_follow_season_and_weekday(base):
    buy = base["price_buy"]
    assert buy.sel(day="2016-01-13").values[[0, 7, 11, 16, 17, 19]].tolist() == [
        0.087,
        0.182,
        0.122,
        0.122,
        0.182,
        0.087,
    ]
    assert buy.sel(day="2016-07-13").values[[6, 7, 11, 17, 23]].tolist() == [0.087, 0.122, 0.182, 0.122, 0.087]
    table = pd.read_csv(RESOURCES / "parameters/tariffs_tou.csv")
    saturday = tariff.prices(tariff.rows(table, "ontario_tou", "tou.csv"), "ontario_tou", [date(2016, 1, 16)], [7])
    assert (saturday == 0.087).all()
    overnight = tariff.prices(tariff.rows(table, "ontario_ulo", "tou.csv"), "ontario_ulo", [date(2016, 1, 13)], [7])
    assert np.unique(overnight).tolist() == [0.028, 0.122, 0.286]


def test_faults_of_a_tariff_are_named():
    table = pd.read_csv(RESOURCES / "parameters/tariffs_tou.csv")
    with pytest.raises(ValueError, match="no tariff 'ontario'; known: .*ontario_tou"):
        tariff.rows(table, "ontario", "tou.csv")
    gap = table[~((table["season"] == "winter") & (table["hour_from"] == 11))]
    with pytest.raises(ValueError, match="winter weekday: hour 11 has 0 prices"):
        tariff.prices(tariff.rows(gap, "ontario_tou", "tou.csv"), "ontario_tou", [date(2016, 1, 13)], [])
    with pytest.raises(ValueError, match=r"tou\.csv: column unit is missing"):
        tariff.rows(table.drop(columns="unit"), "ontario_tou", "tou.csv")
    mixed = table.assign(unit=np.where(table.index == 1, "CNY/kWh", table["unit"]))
    with pytest.raises(ValueError, match=r"tou\.csv: tariff 'ontario_tou': column unit: CAD/kWh and CNY/kWh"):
        tariff.rows(mixed, "ontario_tou", "tou.csv")
    with pytest.raises(ValueError, match=r"tou\.csv: tariff 'ontario_tou': column price: not a number"):
        tariff.rows(table.assign(price=np.nan), "ontario_tou", "tou.csv")
    with pytest.raises(ValueError, match=r"price_sell: 0\.1 is above the lowest price of energy from the grid, 0\.087"):
        community(tariff={"price_sell": 0.1})


def test_days_of_the_study_are_checked():
    with pytest.raises(ValueError, match=r"days: the weights sum to 0\.75, not to 1"):
        community(days={"2016-01-13": 0.75})
    with pytest.raises(ValueError, match="has no day 2016-03-27"):
        community(days={"2016-03-27": 1.0})  # the clock changes: an hour is missing
    with pytest.raises(ValueError, match="has no day 2017-01-13; it has 2016-01-01 to 2016-12-31"):
        community(days={"2017-01-13": 1.0})


def test_profiles_of_whole_days_only():
    profile = simbench.read(PROFILES)["profile"]
    assert profile.shape == (364, 24, 25)
    assert {"2016-03-27", "2016-10-30"}.isdisjoint(profile["day"].values)
    assert profile["series"].values[0] == "G0-A"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text.replace("01.01.2016 00:15", "noon"), "column time, row 2: `noon` is not like"),
        (lambda text: text.replace(",2\n", ",\n", 1), "column b, row 1: no number"),
        (lambda text: text.replace("time,", "hour,"), "column time is missing"),
        (lambda text: "\n".join(text.split("\n")[:50]) + "\n", "no day has its 96 quarters of an hour in order"),
    ],
)
def test_faults_of_a_profile_are_named(tmp_path, change, message):
    stamps = pd.date_range("2016-01-01", periods=96, freq="15min").strftime("%d.%m.%Y %H:%M")
    text = "time,a,b\n" + "".join(f"{stamp},1,2\n" for stamp in stamps)
    path = tmp_path / "profiles.csv"
    path.write_text(text)
    assert simbench.read(path)["profile"].shape == (1, 24, 2)
    path.write_text(change(text))
    with pytest.raises(ValueError, match=message):
        simbench.read(path)


def test_who_does_not_take_part_brings_nothing():
    data = community({"ten": {"label": "ten", "users": [10]}, "base": {"label": "base"}}).sel(scenario="ten")
    assert data["taking_part"].values.tolist() == [1] * 10 + [0] * 22
    out = data.isel(participant=slice(10, None))
    for name in ("load", "pv_available", "battery_energy", "battery_power", "flexible_energy", "flexible_power"):
        assert float(out[name].max()) == 0


def test_beyond_the_feeder_users_are_copies():
    data, base = community(users=40).sel(scenario="base"), community().sel(scenario="base")
    for name in ("load", "pv_available", "battery_energy", "flexible_power", "peak_load", "user_bus"):
        np.testing.assert_array_equal(data[name].isel(participant=slice(32, 40)), base[name].isel(participant=slice(8)))


def test_impedance_common_to_two_paths():
    """Buses 19 and 18 share branch 1-2 only, buses 33 and 18 the branches from 1 to 6."""
    inputs = Inputs(RESOURCES)
    branch = inputs.table("networks/facts/case33bw_branch.csv")
    grid = feeder(
        inputs.read("networks/facts/case33bw", "facts"), inputs.table("networks/facts/case33bw_bus.csv"), "case33bw"
    )
    per_kw = 2 / 1000 / 12.66**2  # 1/(kW ohm): 2 r P / V^2 with P in MW and V in kV
    first = branch.query("status == 1").set_index(["fbus", "tbus"])
    assert float(grid["drop_per_kw"].sel(bus=19, bus_of_load=18)) == pytest.approx(per_kw * first["r_ohm"][1, 2])
    shared = sum(first["x_ohm"][k, k + 1] for k in range(1, 6))
    assert float(grid["drop_per_kvar"].sel(bus=33, bus_of_load=18)) == pytest.approx(per_kw * shared)


def test_a_network_with_a_loop_is_refused():
    inputs = Inputs(RESOURCES)
    network, table = (
        inputs.read("networks/facts/case33bw", "facts"),
        inputs.table("networks/facts/case33bw_bus.csv"),
    )
    ends = network["from_bus"].values.copy(), network["to_bus"].values.copy()
    ends[0][-1], ends[1][-1] = 7, 8  # twice, so bus 33 is cut off
    looped = network.assign(from_bus=("branch", ends[0]), to_bus=("branch", ends[1]))
    with pytest.raises(ValueError, match="not radial"):
        feeder(looped, table, "case33bw")
    with pytest.raises(ValueError, match="31 branches for 33 buses"):
        feeder(network.isel(branch=slice(31)), table, "case33bw")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda bus: bus.drop(columns="qd_kvar"), "column qd_kvar is missing"),
        (lambda bus: bus.drop(columns="vmin_pu"), "column vmin_pu is missing"),
        (lambda bus: bus.assign(pd_kw=bus["pd_kw"].where(bus["bus"] != 6, -60.0)), "column pd_kw, bus 6: below 0"),
        (lambda bus: bus.assign(vmin_pu=bus["vmin_pu"].where(bus["bus"] != 7, 1.2)), "vmin_pu, bus 7: above vmax_pu"),
        (lambda bus: bus.assign(qd_kvar=bus["qd_kvar"].where(bus["bus"] != 8)), "qd_kvar, bus 8: not a number"),
    ],
)
def test_faults_of_the_bus_table_are_named(change, message):
    inputs = Inputs(RESOURCES)
    network, table = (
        inputs.read("networks/facts/case33bw", "facts"),
        inputs.table("networks/facts/case33bw_bus.csv"),
    )
    with pytest.raises(ValueError, match=rf"case33bw_bus\.csv: .*{message}"):
        feeder(network, change(table), "case33bw")


def test_too_few_profiles_are_named():
    inputs = Inputs(RESOURCES)
    load, pv = (
        inputs.read(f"households/simbench_{name}_profiles_2016_15min.csv.gz", "simbench")["profile"]
        for name in ("load", "pv_wind")
    )
    community_users.check_profiles(load, pv, "load.csv", "pv.csv")
    with pytest.raises(ValueError, match=r"load\.csv: 24 profiles; the users take 25"):
        community_users.check_profiles(load.isel(series=slice(24)), pv, "load.csv", "pv.csv")
    with pytest.raises(ValueError, match=r"pv\.csv: column PV3 is missing; it needs PV1 to PV8"):
        community_users.check_profiles(load, pv.drop_sel(series="PV3"), "load.csv", "pv.csv")


def test_a_feeder_on_which_owners_cannot_be_nested_is_named():
    community_users.check_ownership(32, "case")
    with pytest.raises(
        ValueError, match="case has 33 buses with load; the owners of battery are spread with the step 11"
    ):
        community_users.check_ownership(33, "case")
    assert community_users.owns("battery", 0.4, 33, 33).sum() != round(0.4 * 33)  # what the error saves from


def test_a_bus_that_nobody_uses_has_no_shares():
    values = {"network": "limits", "network_rights": "pro_rata", "interface_kw": None}
    data = xr.Dataset(
        {
            "drop_at_peak": (("bus", "participant"), [[0.1, 0.2], [0.0, 0.0]]),
            "peak_load": ("participant", [1.0, 2.0]),
            "voltage_min": ("bus", [0.9, 0.9]),
            "voltage_max": ("bus", [1.1, 1.1]),
        },
        {"bus": [2, 19]},
    )
    with pytest.raises(ValueError, match="scenario lim: network_rights pro_rata: no user's load .* at bus 19"):
        network_rights.in_scenario(data, np.ones(2), Variant("lim", "lim", values))
    shared = network_rights.in_scenario(data, np.ones(2), Variant("lim", "lim", values | {"network_rights": "shared"}))
    assert shared["drop_common"] == pytest.approx([0.19, 0.19])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"interface_kw": 500}, r"interface_kw: has no effect where network is none; set network to limits"),
        ({"network_rights": "shared"}, r"network_rights: has no effect where network is none"),
        ({"scenarios": {"a": {"label": "a", "interface_kw": [500]}}}, r"scenarios\.a\.interface_kw: has no effect"),
        (
            {"scenarios": {"a": {"label": "a", "network_rights": ["pro_rata", "dso_player"]}}},
            r"scenarios\.a\.network_rights",
        ),
        ({"devices": {"flexible_window": []}}, r"flexible_window"),
        ({"devices": {"flexible_window": [8, 9]}}, r"flexible_hours: 4 is more than the 2 hours of flexible_window"),
    ],
)
def test_options_without_effect_or_room_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        CommunityMarket(market="community", **({"days": DAYS, "scenarios": {"a": {"label": "a"}}} | options))


def test_limits_of_one_family_give_the_markets_own_a_meaning():
    families = {"a": {"label": "a"}, "b": {"label": "b", "network": ["limits"]}}
    options = {"market": "community", "days": DAYS, "interface_kw": 500, "network_rights": "shared"}
    assert CommunityMarket(**options, scenarios=families).interface_kw == 500
    assert CommunityMarket(**options, network="limits", scenarios={"a": families["a"]}).interface_kw == 500


def test_separate_schedules_of_an_unknown_scenario(base):
    with pytest.raises(ValueError, match=r"separate-schedules\.scenarios: no 'nope'; known: base"):
        separate_schedules.plan({"data": base}, scenarios=["nope"])


@pytest.mark.parametrize("rights", ["pro_rata", "dso_player"])
def test_rights_sum_to_the_limits(rights):
    family = {"label": "net", "network": ["limits"], "network_rights": [rights], "interface_kw": [3000]}
    data = community({"net": family}).sel(scenario="net")
    np.testing.assert_allclose(data["drop_right"].sum("participant"), 1 - 0.9**2)
    np.testing.assert_allclose(data["rise_right"].sum("participant"), 1.1**2 - 1)
    assert float(data["import_right"].sum()) == pytest.approx(3000)
    assert float(data["drop_common"].max()) == float(data["import_common"]) == 0
    if rights == "dso_player":
        assert data["participant"].values[-1] == "dso"
        assert float(data["import_right"].sel(participant="dso")) == pytest.approx(3000)
    else:
        np.testing.assert_allclose(data["import_right"] / 3000, data["peak_load"] / data["peak_load"].sum())


def test_shared_limits_are_nobodys_and_no_limits_are_infinite():
    family = {"network": ["limits"], "network_rights": ["shared"]}
    data = community({"net": {"label": "net", **family, "interface_kw": [3000]}, "base": {"label": "base"}})
    shared, none = data.sel(scenario="net"), data.sel(scenario="base")
    assert float(shared["import_common"]) == 3000
    np.testing.assert_allclose(shared["drop_common"], 0.19)
    for name in ("drop", "rise", "import", "export"):
        assert float(shared[f"{name}_right"].max()) == 0
        assert np.isinf(none[f"{name}_common"]).all()
    assert np.isinf(community({"net": {"label": "net", **family}})["import_common"]).all()


def test_units_are_those_of_the_tariff(base):
    assert base.attrs["money"] == "CAD/day" and base.attrs["energy"] == "kWh"
    found = {
        name: base[name].attrs["units"] for name in ("price_buy", "price_sell", "capacity_price", "capacity_charge")
    }
    assert found == {
        "price_buy": "CAD/kWh",
        "price_sell": "CAD/kWh",
        "capacity_price": "CAD/kW and month",
        "capacity_charge": "CAD/day/kW",
    }
    assert all({"units", "long_name"} <= set(base[name].attrs) for name in base.variables)
