"""Tables of a community against its Datasets and against bills computed apart."""

import numpy as np
import pytest

from communities import MARKET, cleared, community, valued
from sharegrid import plugins
from sharegrid.planning import separate_schedules
from sharegrid.stages.pay import pay
from sharegrid.stages.prepare import prepare
from sharegrid.tables import (
    community_classes,
    community_costs,
    community_scenarios,
    tested_properties,
)
from spot import RESOURCES
from whole_study import study

ALLOCATIONS = (
    "scenario, method, sum_cad_per_day, deficit_cad_per_day, max_excess_cad_per_day, individually_rational, in_core,"
    " coalitions_tested, superadditivity_violations"
)
FAMILIES = {"base": {"label": "base"}, "pv": {"label": "pv {pv_share}", "pv_share": [0, 1]}}
COLUMNS = {
    "tab_5_5_2_costs": "user, alone_cad_per_day, shared_cad_per_day, saving_cad_per_day, scr_percent",
    "tab_5_5_2_classes": "owns, users, saving_cad_per_day, saving_per_user_cad_per_day, percent",
    "tab_5_5_2_methods": ALLOCATIONS,
    "tab_5_5_2_network": ALLOCATIONS,
    "tab_5_5_2_scenarios": "scenario, family, users, pv_share, battery_share, flexible_share, network, network_rights,"
    " alone_cad_per_day, shared_cad_per_day, saving_cad_per_day, import_kwh, export_kwh, largest_import_kw, voltage_min,"
    " voltage_max, network_rent_cad_per_day",
    "tab_5_5_2_properties": "property, scenarios, holds_in, largest_residual, unit",
}
MECHANISMS = {"owen": {}, "sharing-contribution": {"contribution": "price"}}


@pytest.fixture(scope="module")
def results():
    data = community(FAMILIES, users=12)
    result, values = cleared(data), valued(data, "alone")
    config = MARKET | {"mechanisms": MECHANISMS, "deficit": None, "checks": {"community-properties": {}}}
    return {"data": data, "cleared": result, "values": values, "payments": pay(data, result, values, config)}


@pytest.fixture(scope="module")
def separate(results):
    return separate_schedules.plan(results, scenarios=["base", "pv 1"])


@pytest.fixture(scope="module")
def shown():
    """The tables of the study as it presents them."""
    return study("ch5-der-energy").params("present")


@pytest.mark.parametrize("stem", COLUMNS)
def test_columns(results, shown, stem):
    item = shown["tables"][stem]
    here = {"scenario": "base", "scenarios": ["base"], "families": ["base", "pv"]}
    options = {name: here.get(name, value) for name, value in item["options"].items()}
    frame = plugins.load("tables", item["kind"])(results, **options)
    assert ", ".join(frame.columns) == COLUMNS[stem]
    assert len(frame)


def test_the_study_shows_these_tables_of_its_own_scenarios(shown):
    assert set(shown["tables"]) == set(COLUMNS)
    data = prepare(study("ch5-der-energy").params("prepare"), RESOURCES)
    for item in [*shown["tables"].values(), *shown["figures"].values()]:
        asked = [item["options"].get("scenario"), *item["options"].get("scenarios", [])]
        assert set(filter(None, asked)) <= set(data["scenario"].values.tolist())
        assert set(item["options"].get("families", [])) <= set(data["family"].values.tolist())


def test_costs(results, separate):
    frame = community_costs.table(results, scenario="base")
    money = ["alone_cad_per_day", "shared_cad_per_day", "saving_cad_per_day"]
    assert frame["user"].tolist() == [str(k) for k in range(12)]
    np.testing.assert_allclose(frame[money[0]], separate["separate_cost"].sel(scenario="base"), atol=1e-6)
    assert frame[money[1]].sum() == pytest.approx(float(results["cleared"]["objective"][0]), abs=1e-4)
    np.testing.assert_allclose(frame[money[0]] - frame[money[1]], frame[money[2]], atol=2e-6)
    assert frame["scr_percent"].sum() == pytest.approx(100, abs=1e-4)
    assert (frame["scr_percent"] >= 0).all()


def test_the_rate_is_that_of_the_mechanism(results):
    """SCR by the internal price shares the saving as the internal price itself does."""
    rate = 100 * results["payments"]["scr"].sel(scenario="base").values
    np.testing.assert_allclose(community_costs.table(results)["scr_percent"], rate, atol=1e-5)
    by_rate = community_costs.table(results, mechanism="sharing-contribution")
    np.testing.assert_allclose(
        by_rate["saving_cad_per_day"], community_costs.table(results)["saving_cad_per_day"], atol=2e-6
    )


def test_classes(results):
    frame, users = community_classes.table(results), community_costs.table(results)
    assert frame["users"].sum() == 12
    assert frame["saving_cad_per_day"].sum() == pytest.approx(users["saving_cad_per_day"].sum(), abs=1e-4)
    pv, battery = (
        np.array([rule(j) for j in range(12)]) for rule in (lambda j: 7 * j % 32 < 19, lambda j: (11 * j + 5) % 32 < 10)
    )
    for name, who in (
        ("none", ~pv & ~battery),
        ("PV", pv & ~battery),
        ("battery", ~pv & battery),
        ("PV and battery", pv & battery),
    ):
        row = frame[frame["owns"] == name]
        assert row["users"].item() == who.sum()
        assert row["saving_cad_per_day"].item() == pytest.approx(users["saving_cad_per_day"][who].sum(), abs=1e-4)


def test_scenarios(results, separate):
    frame = community_scenarios.table(results, families=["base", "pv"]).set_index("scenario")
    assert frame.index.tolist() == ["base", "pv 0", "pv 1"]
    np.testing.assert_allclose(frame["shared_cad_per_day"], results["cleared"]["objective"], atol=1e-6)
    alone = separate["separate_cost"].sum("participant")
    np.testing.assert_allclose(frame.loc[["base", "pv 1"], "alone_cad_per_day"], alone, atol=1e-5)
    weight, hours = results["data"]["day_weight"], ["day", "time"]
    net = (weight * results["cleared"]["net_export"]).sum([*hours, "participant"])
    np.testing.assert_allclose(frame["export_kwh"] - frame["import_kwh"], net, rtol=1e-9)
    assert frame.loc["pv 0", "export_kwh"] == 0 < frame.loc["pv 1", "export_kwh"]
    share, saving = community_scenarios.savings(results, "pv", "pv_share")
    assert share.tolist() == [0, 1]
    np.testing.assert_allclose(saving, frame.loc[["pv 0", "pv 1"], "saving_cad_per_day"], atol=1e-5)


def test_users_that_were_not_valued_alone_leave_gaps(results):
    some = results | {"values": results["values"].sel(scenario=["base"])}
    frame = community_scenarios.table(some, families=["base", "pv"])
    assert frame["saving_cad_per_day"].isna().tolist() == [False, True, True]


def test_properties(results):
    frame = tested_properties.table(results, of="community")
    assert frame["scenarios"].tolist() == frame["holds_in"].tolist() == [3] * 6
    assert (frame["largest_residual"] == frame["largest_residual"].round(6)).all()  # no rounding noise
    assert (frame["largest_residual"] < 1e-6).all()


def test_schedules_without_sharing(results, separate):
    """Users alone: their bills are those of their own import and export, which no neighbour takes."""
    data = results["data"]
    priced = data["price_buy"] * separate["separate_import"] - data["price_sell"] * separate["separate_export"]
    bill = (data["day_weight"] * priced).sum(["day", "time"])
    np.testing.assert_allclose(bill, separate["separate_cost"], atol=1e-7)
    peak = separate["separate_import"].sel(time=[17, 18, 19, 20]).max(["day", "time"])
    np.testing.assert_allclose(separate["separate_peak"], peak)


def test_the_published_exchange_without_sharing():
    """1841 kWh/day are sold and 20899 bought by the thirty-two users alone, whose peaks sum to 1777 kW at 1 per kW."""
    data = community({"base": {"label": "base"}, "one": {"label": "one", "capacity_price": [1]}})
    found, weight = separate_schedules.plan({"data": data}, scenarios=["base", "one"]), data["day_weight"]
    for name, kwh in (("export", 1841), ("import", 20899)):
        total = (weight * found[f"separate_{name}"]).sum(["participant", "day", "time"])
        assert float(total.sel(scenario="base")) == pytest.approx(kwh, abs=0.5)
    assert float(found["separate_peak"].sel(scenario="one").sum()) == pytest.approx(1777, abs=0.5)


def test_an_unknown_scenario_is_named(results):
    with pytest.raises(ValueError, match="option scenario: no 'bas'; did you mean 'base'"):
        community_costs.table(results, scenario="bas")
