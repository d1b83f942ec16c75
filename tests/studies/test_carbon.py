"""What the study of the fleets' captions say beside the numbers of published_ch7-carbon.csv."""

import numpy as np
import pytest

from whole_study import results, tables

STUDY = "ch7-carbon"
PRICES = [0, 20, 40, 60, 80, 100, 120]


@pytest.fixture(scope="module")
def markets():
    return tables(STUDY)["tab_7_5_3_markets"].set_index("scenario")


@pytest.fixture(scope="module")
def scale():
    return tables(STUDY)["tab_7_5_3_scale"].set_index(["vehicles", "level"])


def test_charging_by_price_raises_emissions_by_half(markets):
    before, after = markets.loc["uncontrolled|0", "emissions_t"], markets.loc["v1g|0"]
    assert after["emissions_low_t"] / before == pytest.approx(1.5, abs=0.05)
    assert after["emissions_high_t"] / before == pytest.approx(1.5, abs=0.05)
    assert markets.loc["v2g|0", "price_factor_correlation"] < -0.5


def test_discharging_is_cheaper_at_every_price_and_emits_less_at_40_and_120_only(markets):
    v1g, v2g = (markets.loc[[f"{strategy}|{price}" for price in PRICES]] for strategy in ("v1g", "v2g"))
    assert (v2g["cost_usd"].values < v1g["cost_usd"].values).all()
    less = v2g["emissions_high_t"].values < v1g["emissions_low_t"].values - 1e-6
    assert [price for price, one in zip(PRICES, less, strict=True) if one] == [40, 120]
    assert float(results(STUDY)["cleared"]["allowances_sold"].sel(scenario=[*v1g.index, *v2g.index]).max()) <= 1e-6


def test_abatement_costs_lie_between_the_carbon_prices_and_start_above_uncontrolled_charging(markets):
    frame = tables(STUDY)["tab_7_5_3_mac"]
    cost = frame["abatement_cost_usd_per_t"]
    assert (cost >= frame["from_usd_per_t"] - 1e-6).all() and (cost <= frame["to_usd_per_t"] + 1e-6).all()
    for _, rows in frame.groupby("strategy"):
        assert rows["abatement_cost_usd_per_t"].is_monotonic_increasing
    lowest = markets.loc[["v1g|0", "v2g|0"], "emissions_low_t"]
    assert lowest["v2g|0"] > lowest["v1g|0"] > markets.loc["uncontrolled|0", "emissions_t"]
    last = frame.groupby("strategy")["emissions_t"].min()
    assert last["v2g"] < last["v1g"]


def test_savings_are_concave_in_the_discharging_power_and_nearly_linear():
    frame = tables(STUDY)["tab_7_5_3_share"]
    saved = np.diff(frame["saving_usd"])
    assert (np.diff(saved) <= 1e-6).all()
    line = frame["v2g_share"] * frame["saving_usd"].iloc[-1]
    assert np.abs(frame["saving_usd"] - line).max() < 0.05 * frame["saving_usd"].iloc[-1]


def test_exact_clusters_need_a_ninth_of_the_work_and_coarser_ones_promise_too_much(scale):
    work = scale["iterations"].loc[10000]
    assert work["individual"] / work["exact"] == pytest.approx(9, abs=1)
    for vehicles, rows in scale.groupby("vehicles"):
        rows = rows.loc[vehicles]
        assert rows["cost_usd"]["exact"] == pytest.approx(rows["cost_usd"]["individual"], rel=1e-9)
        assert rows["cost_usd"]["one"] < rows["cost_usd"]["window"] < rows["cost_usd"]["exact"]
        assert (rows["shortfall_kwh"] >= rows["shortfall_bound_kwh"] - 1e-6).all()
        assert rows["shortfall_bound_kwh"]["one"] > rows["shortfall_bound_kwh"]["window"] > 1
        assert rows["bytes_up"]["exact"] > rows["bytes_up"]["individual"]
        assert rows["messages_up"]["exact"] < rows["messages_up"]["individual"]


def test_the_workplace_fleet_has_allowances_to_spare_and_gains_most():
    frame = tables(STUDY)["tab_7_5_3_fleets"].set_index(["scenario", "fleet"])
    gain = (frame["alone_usd"] - frame["joint_usd"]).unstack()
    assert (gain.loc[["ratio 0.8", "ratio 0.9", "v2g|rising"]].idxmax(axis=1) == "workplace").all()
    assert (gain.loc["ratio 1"].abs() <= 1e-6).all()
    data, cleared = (results(STUDY)[name].sel(scenario="ratio 0.8") for name in ("data", "cleared"))
    spare = (data["allowance"] - cleared["emissions"]).sel(participant=["home", "workplace", "commercial"])
    assert spare[1] > 1 and (spare[[0, 2]] < 0.1).all()


def test_without_a_spread_nothing_is_gained_by_sharing():
    gain = tables(STUDY)["tab_7_5_3_sharing"].set_index("scenario")["gain_usd"]
    assert gain["ratio 1"] == pytest.approx(0, abs=1e-6)
    assert gain["ratio 0.8"] > gain["ratio 0.9"] > 1 and gain[["v1g|rising", "v2g|rising"]].min() > 100


def test_prices_move_charging_to_where_the_marginal_unit_emits_more():
    """The mean emission factor of what V1G charges without a carbon price, against that of uncontrolled charging."""
    data, cleared = (results(STUDY)[name].sel(scenario="v1g|0") for name in ("data", "cleared"))
    charge = cleared["charge"].sum("participant")
    mean = float((charge * data["emission_factor"]).sum() / charge.sum())
    uncontrolled = results(STUDY)["cleared"]["charge"].sel(scenario="uncontrolled|0").sum("participant")
    assert mean > 1.2 * float((uncontrolled * data["emission_factor"]).sum() / uncontrolled.sum())


def test_every_property_holds_in_every_scenario():
    frame = tables(STUDY)["tab_7_5_3_properties"]
    assert (frame["holds_in"] == frame["scenarios"]).all() and (frame["scenarios"] > 50).all()
    cleared = results(STUDY)["cleared"]
    assert float(np.minimum(cleared["charge"], cleared["discharge"]).max()) <= 1e-9


def test_fleets_that_keep_their_batteries_to_themselves_reach_the_optimum_in_two_rounds():
    frame = tables(STUDY)["tab_7_5_3_rounds"]
    assert len(frame) == 4 and frame["converged"].all() and (frame["rounds"] == 2).all()
    assert (frame["certified_gap"] <= 1e-6).all() and (frame["final_gap"] <= 1e-6).all()
