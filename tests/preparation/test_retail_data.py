"""The retail market's data: users from formulas, series, lists and tables, against independent sums; refusals."""

from copy import deepcopy
from math import pi, sin

import numpy as np
import pandas as pd
import pytest

from retail import COMMUNITIES, RESOURCES, TARIFF, retail_market
from sharegrid import schema
from sharegrid.options.retail import RetailMarket, Tariff
from sharegrid.preparation.inputs import Inputs
from sharegrid.preparation.retail import _prices, prepare
from sharegrid.readers import rts_gmlc

SERIES = RESOURCES / "timeseries/rts_gmlc"


def test_toy_users_follow_the_formula():
    net_load = retail_market()["net_load"].sel(scenario="toy")
    for i in range(1, 7):
        for t in range(24):
            load = (0.6 + 0.1 * i) * (1 + 0.5 * sin(2 * pi * (t - 13 + 0.5 * i) / 24))
            pv = 0.9 * i * max(0.0, sin(pi * (t - 6) / 12)) if i % 2 == 0 else 0.0
            assert net_load.sel(participant=str(i), time=t).item() == pytest.approx(load - pv, abs=1e-12)


@pytest.mark.parametrize(("day", "month"), [("2020-07-15", 7), ("2020-01-15", 1)])
def test_users_of_rts_have_their_days(day, month):
    load, pv = (pd.read_csv(SERIES / f"DAY_AHEAD_{name}.csv.gz") for name in ("regional_Load", "rtpv"))
    first = load.index[(load["Month"] == month) & (load["Day"] == 15)][0]
    assert load.loc[first, "Period"] == pv.loc[first, "Period"] == 1
    shape = load["1"].values[first : first + 24] / load["1"].values[first : first + 24].mean()
    scenarios = {"days": {"label": "one", "day": [day], "pv_kw": [8]}}
    net_load = retail_market(scenarios, "rts")["net_load"].isel(scenario=0)
    for i in range(1, 21):
        own = [(1.0 + 0.1 * i) * shape[(t - i % 4) % 24] for t in range(24)]
        if i in (3, 6, 9, 12, 15, 18):
            site = pv.iloc[:, 3 + i].values
            own -= 8 * site[first : first + 24] / site.max()
        np.testing.assert_allclose(net_load.sel(participant=str(i)), own, rtol=1e-12, atol=1e-12)


def test_tariff_of_the_study():
    data = retail_market()
    hours = [0.18 if 8 <= t < 22 else 0.09 for t in range(24)]
    for whose in ("tariff", "grid"):
        assert data[f"{whose}_buy"].values[0].tolist() == hours
        assert data[f"{whose}_feed_in"].values[0].tolist() == [0.05] * 24


def test_peak_hours_may_pass_midnight():
    tariff = Tariff(buy=0.3, off_peak=0.1, peak_hours=(22, 2), feed_in=0.0)
    assert np.flatnonzero(_prices("grid", tariff, 24)["grid_buy"][1] == 0.3).tolist() == [0, 1, 22, 23]


def test_communities_of_several_sizes_share_one_dataset():
    scenarios = {"all": {"label": "{community}", "community": ["flexible", "toy", "rts"]}}
    data = retail_market(scenarios)
    assert schema.check(data, "data") is data
    assert data["participant"].values.tolist() == [str(k) for k in range(1, 21)]
    assert data["taking_part"].sum("participant").values.tolist() == [4, 6, 20]
    outside = data["net_load"].where(data["taking_part"] == 0, 0.0)
    assert (outside == 0).all()
    late = data.sel(scenario="flexible").isel(time=slice(1, None))
    for name in ("net_load", "flexible_capacity", "tariff_buy", "grid_feed_in"):
        assert (late[name] == 0).all()
    assert data["flexible_quadratic"].sel(scenario="flexible").values[:4].tolist() == [0.02, 0.03, 0.015, 0.05]
    assert data["day"].values.tolist() == ["", "", "2020-07-15"]
    assert data["pv_kw"].isnull().values.tolist() == [True, True, False]
    assert "flexible_capacity" not in retail_market()


def test_the_factor_multiplies_the_surplus_of_the_seller_only():
    scenarios = {"own": {"label": "x{surplus_factor}", "seller": ["6"], "surplus_factor": [1, 0.25]}}
    whole, part = retail_market(scenarios)["net_load"].values
    assert (whole[5] < 0).any() and (whole[5] > 0).any()
    np.testing.assert_array_equal(part[5], np.where(whole[5] < 0, 0.25 * whole[5], whole[5]))
    np.testing.assert_array_equal(np.delete(part, 5, axis=0), np.delete(whole, 5, axis=0))


def test_labels_name_the_swept_fields():
    scenarios = {"days": {"label": "{community} {day} {pv_kw} kW", "day": ["2020-07-15"], "pv_kw": [2, 8.5]}}
    data = retail_market(scenarios, "rts")
    assert data["scenario"].values.tolist() == ["rts 2020-07-15 2 kW", "rts 2020-07-15 8.5 kW"]


def table_market(tmp_path, frame: pd.DataFrame):
    """A market whose users come from a table in a folder of their own."""
    (tmp_path / "sources.yaml").write_text("files: []\n", encoding="utf-8")
    frame.to_csv(tmp_path / "own.csv", index=False)
    own = {"users": {"table": "own.csv"}, "tariff": TARIFF}
    given = {"market": "retail", "communities": {"own": own}, "community": "own"}
    options = RetailMarket.model_validate(given | {"scenarios": {"cases": {"label": "own"}}})
    assert options.raw_files(tmp_path) == ["own.csv"]
    return prepare(options, Inputs(tmp_path))


OWN = pd.DataFrame(
    {"user": ["b", "a", "a", "b"], "time": [1, 0, 1, 0], "load_kwh": [1.5, 2, 0, 1], "generation_kwh": [0, 0.5, 3, 0]}
)


def test_users_of_a_table(tmp_path):
    data = table_market(tmp_path, OWN)
    assert data["participant"].values.tolist() == ["b", "a"]
    assert data["net_load"].values[0].tolist() == [[1, 1.5], [1.5, -3]]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.drop(columns="load_kwh"), r"own\.csv: column load_kwh is missing"),
        (
            lambda t: t.assign(load_kwh=[1, np.nan, 2, 2]),
            r"own\.csv: load_kwh, row 2, user 'a': not a number from 0 up",
        ),
        (lambda t: t.assign(generation_kwh=[1, 1, 2, -2]), r"own\.csv: generation_kwh, row 4, user 'b': not a number"),
        (lambda t: t.assign(time=[1, 0, 0, 0]), r"own\.csv: user 'a' stands twice at time 0; names must be unique"),
        (lambda t: t.assign(time=[2, 0, 2, 0]), r"own\.csv: time: the hours are 0, 1 \.\.\. without gaps, not 0 to 2"),
        (lambda t: t.iloc[:3], r"own\.csv: user 'b' has no row at time 0; add it"),
        (lambda t: t.iloc[:0], r"users: there is no user or no hour"),
    ],
)
def test_faults_of_a_table_are_named(tmp_path, change, words):
    with pytest.raises(ValueError, match=words):
        table_market(tmp_path, change(OWN.copy()))


def changed(**changes) -> dict:
    """The toy community with other entries."""
    return {"toy": deepcopy(COMMUNITIES["toy"]) | changes}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            {"communities": changed(tariff={"buy": 0.18, "off_peak": 0.04, "feed_in": 0.05})},
            r"communities\.toy\.tariff: feed_in is above buy.*hour 0: 0\.05 and 0\.04 \$/kWh",
        ),
        (
            {"communities": changed(grid={"buy": 0.18, "feed_in": 0.05})},
            r"communities\.toy\.grid: buy is above the tariff's.*hour 0: 0\.18 and 0\.09",
        ),
        ({"communities": changed(grid={"buy": 0.08, "feed_in": 0.04})}, r"toy\.grid: feed_in is below the tariff's"),
        ({"communities": changed(grid={"buy": 0.06, "feed_in": 0.07})}, r"toy\.grid: feed_in is above buy"),
        ({"communities": changed(flexible={"7": {"capacity_kwh": 1}})}, r"toy\.flexible: no user '7'; they are 1, 2"),
        ({"communities": changed(flexible={"1": {"capacity_kwh": -1}})}, r"toy\.flexible\.1\.capacity_kwh"),
        ({"communities": changed(tariff={"buy": float("nan"), "feed_in": 0.05})}, r"toy\.tariff\.buy"),
        ({"communities": changed(users={"toy": {}, "table": "own.csv"})}, r"toy\.users\n.*name exactly one"),
        ({"community": "toys"}, r"community: no community 'toys'; known: toy"),
        ({"scenarios": {"a": {"label": "a", "community": ["x"]}}}, r"scenarios\.a\.community: no community 'x'"),
        ({"scenarios": {"a": {"label": "a", "surplus_factor": [0.5]}}}, r"surplus_factor 0\.5 needs a seller"),
        ({"scenarios": {"a": {"label": "a", "seller": ["9"]}}}, r"community 'toy': seller: no user '9'"),
        ({"scenarios": {"a": {"label": "a", "day": ["15 July"]}}}, r"scenarios\.a\.day"),
        ({"scenarios": {"a": {"label": "a", "pv_kw": [-1]}}}, r"scenarios\.a\.pv_kw"),
        ({"scenarios": {"a": {"label": "one", "pv_kw": [1, 2]}}}, r"label 'one' stands twice"),
        (
            {"community": "rts", "day": "2021-07-15"},
            r"regional_Load\.csv\.gz: 2021-07-15: 0 rows instead of the periods",
        ),
    ],
)
def test_what_cannot_be_is_refused(options, words):
    with pytest.raises(ValueError, match=words):
        retail_market(**options)


def test_days_of_a_table_of_rts():
    table = pd.read_csv(SERIES / "DAY_AHEAD_rtpv.csv.gz")
    hours = rts_gmlc.day_of(table.sample(frac=1, random_state=1), "2020-02-29", ["118_RTPV_3"], "rtpv.csv")
    where = (table["Month"] == 2) & (table["Day"] == 29)
    assert hours.index.tolist() == list(range(24))
    assert hours["118_RTPV_3"].tolist() == table.loc[where, "118_RTPV_3"].tolist()
    assert len(rts_gmlc.series_of(table)) == 31
    with pytest.raises(ValueError, match=r"rtpv\.csv: no column '9'; the series are 308_RTPV_1"):
        rts_gmlc.day_of(table, "2020-02-29", ["9"], "rtpv.csv")
    table["308_RTPV_1"] = table["308_RTPV_1"].astype(object).where(~where, "cloud")
    with pytest.raises(ValueError, match=r"rtpv\.csv: column '308_RTPV_1', 2020-02-29, hour 0: not a number"):
        rts_gmlc.day_of(table, "2020-02-29", ["308_RTPV_1"], "rtpv.csv")
    with pytest.raises(ValueError, match=r"rtpv\.csv: column 'dark' has no positive value"):
        rts_gmlc.largest_of(table.assign(dark=0.0), ["dark"], "rtpv.csv")


def test_more_pv_owners_than_sites_are_refused():
    users = {"rts": {"count": 40, "pv_every": 1, "pv_last": 40}}
    with pytest.raises(ValueError, match=r"rtpv\.csv\.gz: user '32' has no site among 31; lower pv_last"):
        retail_market(community="rts", communities={"rts": {"users": users, "tariff": TARIFF}})
