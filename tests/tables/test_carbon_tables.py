"""Tables of the fleets: their columns, and their numbers against the Datasets they come from."""

import numpy as np
import pytest

import carbon
from sharegrid.optimise import coalitions
from sharegrid.tables import (
    carbon_abatement,
    carbon_fleets,
    carbon_markets,
    carbon_share,
    carbon_sharing,
    ev_aggregation,
    tested_properties,
)

COLUMNS = {
    "markets": "scenario, strategy, v2g_share, carbon_price, ladder, sell_ratio, allowance_t, energy_usd, carbon_usd, wear_usd,"
    " cost_usd, emissions_t, emissions_low_t, emissions_high_t, energy_first_low_usd, energy_first_high_usd, price_factor_correlation",
    "abatement": "strategy, from_usd_per_t, to_usd_per_t, abated_t, emissions_t, extra_cost_usd, abatement_cost_usd_per_t",
    "share": "scenario, v2g_share, cost_usd, saving_usd, emissions_t",
    "sharing": "scenario, carbon_price, ladder, sell_ratio, alone_usd, joint_usd, gain_usd, internal_carbon_price",
    "fleets": "scenario, fleet, alone_usd, joint_usd, shapley_usd, nucleolus_usd",
    "aggregation": "vehicles, level, batteries, columns, iterations, cost_usd, shortfall_kwh, shortfall_bound_kwh, messages_up,"
    " bytes_up, messages_down, bytes_down, single_vehicle_batteries, error_percent, shortfall_percent, leaves_the_edge",
    "properties": "property, scenarios, holds_in, largest_residual, unit",
}
SWEEP = ["strategies", "carbon"]


@pytest.fixture(scope="module")
def results():
    return carbon.results()


@pytest.fixture(scope="module")
def tables(results):
    return {
        "markets": carbon_markets.table(results, families=[*SWEEP, "share", "sharing"]),
        "abatement": carbon_abatement.table(results, families=SWEEP),
        "share": carbon_share.table(results, families=["share"]),
        "sharing": carbon_sharing.table(results, families=["sharing"]),
        "fleets": carbon_fleets.table(results, scenarios=["ratio 0.8", "ratio 1"]),
        "aggregation": ev_aggregation.table(results),
        "properties": tested_properties.table(results, of="ev"),
    }


@pytest.mark.parametrize("name", COLUMNS)
def test_columns(tables, name):
    assert ", ".join(tables[name].columns) == COLUMNS[name]
    assert len(tables[name])


def test_costs_add_up_to_the_optimum(results, tables):
    frame = tables["markets"].set_index("scenario")
    parts = frame[["energy_usd", "carbon_usd", "wear_usd"]].sum(axis=1)
    np.testing.assert_allclose(parts, frame["cost_usd"], atol=1e-5)
    np.testing.assert_allclose(frame["cost_usd"], results["cleared"]["objective"].sel(scenario=frame.index), atol=1e-5)
    allowances = (frame["emissions_t"] - frame["allowance_t"]).where(frame["sell_ratio"] == 1)
    np.testing.assert_allclose(frame["carbon_usd"][allowances.notna()], 40 * allowances.dropna(), atol=1e-4)


def test_ranges_are_those_of_the_plan_and_empty_where_it_has_none(results, tables):
    frame = tables["markets"].set_index("scenario")
    planned = results["plan"].sel({"method": "ev-schedules"})
    assert frame.loc["v2g 40", "energy_first_high_usd"] == pytest.approx(
        planned["energy_first_cost_high"].sel(scenario="v2g 40").item()
    )
    assert np.isnan(frame.loc["share 0", "emissions_low_t"])
    assert frame.loc["v1g", "emissions_low_t"] < frame.loc["v1g", "emissions_high_t"] - 0.1
    without = {name: one for name, one in results.items() if name != "plan"}
    assert carbon_markets.table(without, families=["share"])["energy_first_low_usd"].isna().all()


def test_abatement_costs_rise_and_lie_between_the_carbon_prices(results, tables):
    frame = tables["abatement"]
    cost = frame["abatement_cost_usd_per_t"]
    assert (cost >= frame["from_usd_per_t"] - 1e-4).all() and (cost <= frame["to_usd_per_t"] + 1e-4).all()
    for strategy, rows in frame.groupby("strategy"):
        assert rows["abatement_cost_usd_per_t"].is_monotonic_increasing
        low = results["plan"]["emission_low"].sel({"method": "ev-schedules", "scenario": strategy}).item()
        left = tables["markets"].set_index("scenario").loc[f"{strategy} 120", "emissions_t"]
        assert rows["abated_t"].sum() == pytest.approx(low - left, abs=1e-4)
    assert set(frame["strategy"]) == {"v1g", "v2g"}


def test_savings_are_against_the_scenario_without_discharging(results, tables):
    frame = tables["share"]
    assert frame["v2g_share"].is_monotonic_increasing and frame["saving_usd"].iloc[0] == 0
    np.testing.assert_allclose(frame["saving_usd"], frame["cost_usd"].iloc[0] - frame["cost_usd"], atol=1e-5)
    with pytest.raises(ValueError, match="no scenario of strategies has v2g_share 0"):
        carbon_share.table(results, families=["strategies"])


def test_gains_are_costs_alone_less_the_joint_one(results, tables):
    frame = tables["sharing"].set_index("scenario")
    alone = coalitions.alone_cost(results["values"], results["data"]).sum("participant")
    for name in frame.index:
        assert frame.loc[name, "alone_usd"] == pytest.approx(alone.sel(scenario=name).item(), abs=1e-5)
        gain = alone.sel(scenario=name) - results["cleared"]["objective"].sel(scenario=name)
        assert frame.loc[name, "gain_usd"] == pytest.approx(gain.item(), abs=1e-5)


def test_fleets_share_the_joint_cost_under_every_method(results, tables):
    frame = tables["fleets"]
    joint = results["cleared"]["objective"].sel(scenario=["ratio 0.8", "ratio 1"])
    sums = frame.groupby("scenario", sort=False)[["joint_usd", "shapley_usd", "nucleolus_usd"]].sum()
    for name in sums:
        np.testing.assert_allclose(sums[name], joint, atol=1e-4)
    assert (frame["joint_usd"] <= frame["alone_usd"] + 1e-4).all()
    workplace = frame.set_index(["scenario", "fleet"]).loc[("ratio 0.8", "workplace")]
    assert workplace["alone_usd"] - workplace["joint_usd"] == pytest.approx(31.8, abs=0.05), "it sells allowances"
    with pytest.raises(ValueError, match="option mechanisms: no 'owen'"):
        fewer = results | {"payments": results["payments"].sel(mechanism=["shapley"])}
        carbon_fleets.table(fewer, scenarios=["ratio 1"])


def test_aggregates_are_compared_with_the_exact_clusters(results, tables):
    frame = tables["aggregation"].set_index(["vehicles", "level"])
    for size in (60, 200):
        true = frame.loc[(size, "exact"), "cost_usd"]
        for level in ("window", "one"):
            row = frame.loc[(size, level)]
            assert (
                row["error_percent"] == pytest.approx(100 * (1 - row["cost_usd"] / true), abs=1e-4)
                and row["error_percent"] > 0
            )
        assert frame.loc[(size, "individual"), "error_percent"] == pytest.approx(0, abs=1e-6)
        assert frame.loc[(size, "individual"), "leaves_the_edge"] == "devices"
    with pytest.raises(ValueError, match="there are no plan in this study"):
        ev_aggregation.table({name: one for name, one in results.items() if name != "plan"})


def test_every_property_holds(results, tables):
    frame = tables["properties"]
    assert frame["property"].tolist() == results["payments"]["ev_property"].values.tolist()
    assert (frame["holds_in"] == results["data"].sizes["scenario"]).all()


def test_a_carbon_price_that_a_ladder_replaces_is_not_shown():
    family = {"label": "{ladder}", "ladder": ["flat", "rising"]}
    ladders = {"rising": [{"price": 20, "quantity_t": 15}, {"price": 60}]}
    data = carbon.real({"ladder": family}, carbon_price=40, ladders=ladders)
    results = {"data": data, "cleared": carbon.cleared_of(data), "values": carbon.values_of(data)}
    for made in (
        carbon_markets.table(results, families=["ladder"]),
        carbon_sharing.table(results, families=["ladder"]),
    ):
        assert made["ladder"].tolist() == ["flat", "rising"]
        assert made["carbon_price"].iloc[0] == 40 and np.isnan(made["carbon_price"].iloc[1])
