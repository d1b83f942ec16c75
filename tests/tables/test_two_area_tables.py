"""Tables of strategic offers, misreports and sweeps of areas: their columns, and their numbers against the Datasets."""

import linopy
import numpy as np
import pytest

import multi_area
import two_areas
from sharegrid.markets import multi_area as market
from sharegrid.tables import area_misreport, area_strategic, area_sweep
from whole_study import results as whole
from whole_study import study

A2 = two_areas.UNITS
COLUMNS = {
    "strategic": "multiplier, export_mw, true_cost, profit_A2, vcg_profit_A2, vcg_alone_A2, reserve_price_A2",
    "toy": "multiplier, export_mw, true_cost, profit_G3, vcg_profit_G3, reserve_price_A2",
    "misreport": "base, unit, area, energy_bid, reserve_bid, p_mw, r_up_mw, lmp_profit, vcg_profit, lmp_gain, vcg_gain",
    "ties": "tie_capacity_mw, cost, import_mw, export_mw, curtailed_mw, shed_mw, price_A1, price_A2, reserve_price_A1,"
    " reserve_price_A2, tie_rent, revenue_inadequacy, vcg_profit_A1, vcg_profit_A2",
    "hours": "ramp, cost, import_mwh, export_mwh, curtailed_mwh, shed_mwh, price_A1, price_A2, reserve_price_A1,"
    " reserve_price_A2, tie_rent, revenue_inadequacy, vcg_profit_A1, vcg_profit_A2",
}


@pytest.fixture(scope="module")
def results():
    return two_areas.results()


@pytest.fixture(scope="module")
def tables(results):
    joint = {"truth": ["base"], "families": ["strategic"]}
    return {
        "strategic": area_strategic.table(results, **joint, alone=["reserve-bids"]),
        "toy": area_strategic.table(two_areas.toy(), **joint),
        "misreport": area_misreport.table(results, families=["reserve-bids", "energy-bids"]),
        "ties": area_sweep.table(results, families=["ties"], over="tie_capacity_mw"),
        "hours": area_sweep.table(results, families=["ramps"], over="ramp", study=two_areas.USED),
    }


@pytest.mark.parametrize("name", COLUMNS)
def test_columns(tables, name):
    assert ", ".join(tables[name].columns) == COLUMNS[name]
    assert len(tables[name]) and not tables[name].isna().any(axis=None)


def test_joint_offers_pay_and_single_ones_do_not(results, tables):
    frame, payments = tables["strategic"].set_index("multiplier"), results["payments"]
    assert frame.index.tolist() == [1, 5]
    joint = payments["profit"].sel(scenario="A2|reserve5", participant=A2).sum("participant")
    assert frame.loc[5, "profit_A2"] == pytest.approx(joint.sel(mechanism="lmp").item(), abs=1e-6)
    assert frame.loc[5, "vcg_profit_A2"] == pytest.approx(joint.sel(mechanism="vcg").item(), abs=1e-6)
    alone = [payments["profit"].sel(scenario=f"{unit}|reserve5", mechanism="vcg", participant=unit) for unit in A2]
    assert frame.loc[5, "vcg_alone_A2"] == pytest.approx(sum(map(float, alone)), abs=1e-6)
    assert frame.loc[1, "vcg_alone_A2"] == frame.loc[1, "vcg_profit_A2"], "nobody misreports"
    assert frame.loc[5, "vcg_alone_A2"] < frame.loc[1, "vcg_profit_A2"] < frame.loc[5, "vcg_profit_A2"]
    assert frame.loc[5, "export_mw"] < frame.loc[1, "export_mw"] == pytest.approx(120)


def test_true_cost_is_that_of_the_dispatch_not_of_the_offers(results, tables):
    frame = tables["strategic"].set_index("multiplier")
    data, here = (results[name].sel(scenario="A2|reserve5") for name in ("data", "cleared"))
    dispatch = here["dispatch"].isel(time=0)
    linear = (data["true_block_price"].isel(block=0) * dispatch).sum() + (data["true_quadratic"] * dispatch**2).sum()
    held = (data["true_reserve_cost"] * here["reserve"].isel(time=0)).sum()
    assert frame.loc[5, "true_cost"] == pytest.approx(float(linear + held), rel=1e-9)
    assert float(here["objective"]) > frame.loc[5, "true_cost"] + 1


def test_offer_that_no_unit_makes_alone_is_empty(results):
    joint = {"truth": ["base"], "families": ["strategic"]}
    frame = area_strategic.table(results, **joint, alone=["energy-bids"]).set_index("multiplier")
    assert np.isnan(frame.loc[5, "vcg_alone_A2"])


def test_single_unit_gains_its_offer_less_its_cost(tables):
    frame = tables["toy"].set_index("multiplier")
    assert frame.index.tolist() == [1, 4, 10]
    assert frame.loc[4, "profit_G3"] == pytest.approx(5 * (20 - 5))
    assert frame.loc[4, "reserve_price_A2"] == pytest.approx(20)
    assert frame["vcg_profit_G3"].tolist() == pytest.approx([175, 175, 0])


def test_gains_are_those_over_the_truth(results, tables):
    frame, base = tables["misreport"], results["payments"]["profit"].sel(scenario="base")
    for unit, rows in frame.groupby("unit", sort=False):
        truth = rows.iloc[0]
        assert (truth["energy_bid"], truth["reserve_bid"]) == (1, 1)
        for short in ("lmp", "vcg"):
            own = base.sel(participant=unit, mechanism=short).item()
            np.testing.assert_allclose(rows[f"{short}_profit"] - rows[f"{short}_gain"], own, atol=3e-6)
    assert len(frame) == 6 + 12 + 2 and set(frame["area"]) == {"A2"}
    row = frame.set_index(["unit", "energy_bid", "reserve_bid"]).loc[("A2:g1", 0.8, 5.0)]
    here = results["payments"]["profit"].sel(scenario="A2:g1|energy0.8|reserve5", participant="A2:g1")
    assert row["vcg_profit"] == pytest.approx(here.sel(mechanism="vcg").item(), abs=1e-6)


def test_no_misreport_of_a_single_unit_gains_under_vcg(tables):
    frame = tables["misreport"]
    assert (frame["vcg_gain"] <= 1e-6).all()
    assert (frame["lmp_gain"] > 1).any(), "at marginal prices some does"


def test_sweep_rises_and_reads_the_market(results, tables):
    frame = tables["ties"].set_index("tie_capacity_mw")
    assert frame.index.tolist() == [0, 40, 80]
    for capacity in (0, 40, 80):
        data, here = (results[name].sel(scenario=f"ties{capacity}") for name in ("data", "cleared"))
        row = frame.loc[capacity]
        assert row["cost"] == pytest.approx(here["objective"].item(), abs=1e-6)
        assert row["import_mw"] == pytest.approx(here["delivered"].sum().item(), abs=1e-6)
        of = data["bus_area"].values == "A2"
        demand, price = data["demand"].values[of], here["price"].values[of]
        assert row["price_A2"] == pytest.approx((demand * price).sum() / demand.sum(), abs=1e-6)
        assert row["reserve_price_A2"] == pytest.approx(
            here["reserve_price"].sel(area="A2", direction="up").item(), abs=1e-6
        )
        profit = results["payments"]["profit"].sel(scenario=f"ties{capacity}", mechanism="vcg", participant=A2)
        assert row["vcg_profit_A2"] == pytest.approx(profit.sum().item(), abs=1e-5)


def test_cost_is_convex_in_the_capacity_and_the_prices_approach(tables):
    frame = tables["ties"]
    first, second = np.diff(frame["cost"])
    assert first < second < 0
    apart = frame["price_A2"] - frame["price_A1"]
    assert (np.diff(apart) < 0).all() and (np.diff(frame["price_A2"]) < 0).all()


def test_hours_of_another_study_are_summed_up(results, tables):
    frame, cleared = tables["hours"].set_index("ramp"), results[f"cleared_of_{two_areas.USED.replace('-', '_')}"]
    for ramp in (0.05, 1):
        total = cleared["delivered"].sel(scenario=f"ramp{ramp:g}").sum().item()
        assert frame.loc[ramp, "import_mwh"] == pytest.approx(total, abs=1e-6)
    assert frame.loc[1, "cost"] <= frame.loc[0.05, "cost"] + 1e-6


def test_profit_of_the_reserve_units_ends_where_reserve_abounds(results):
    profit = results["payments"]["profit"].sel(mechanism="vcg", participant=["A2:g4", "A2:g5"])
    assert (profit.sel(scenario="ramp10_0.05") > 20).all()
    np.testing.assert_allclose(profit.sel(scenario="ramp10_0.5"), 0, atol=1e-6)


def test_toy_settlement_by_hand():
    made = whole("ch4-toy")
    cleared, cost = made["cleared"].sel(scenario="base"), made["values"]["cost"].sel(scenario="base")
    for removed, expected in (("G1", 2125), ("G2", 2675), ("G3", 2030)):
        assert cost.sel(coalition=f"all-{removed}").item() == pytest.approx(expected)
    assert cleared["price"].values.ravel().tolist() == pytest.approx([20, 30])
    assert cleared["area_load_payment"].values.tolist() == pytest.approx([1000, 3600])
    assert cleared["renewable_payment"].item() == pytest.approx(2000)
    assert cleared["tie_rent"].item() == pytest.approx(700)
    assert cleared["tie_price"].item() == pytest.approx(8.75)
    isolated = made["payments"]["profit"].sel(scenario="isolated", mechanism="vcg", participant="G2")
    assert isolated.item() == pytest.approx(20200), "pivotal: its VCG carries the value of lost load"
    assert made["cleared"]["objective"].sel(scenario="isolated").item() == pytest.approx(3800)


def test_toy_core_pays_the_first_and_third_unit_what_both_together_save():
    payments = whole("ch4-toy")["payments"].sel(scenario="base")
    core = payments["profit"].sel(mechanism="core-selecting")
    assert core.sel(participant=["G1", "G3"]).sum().item() == pytest.approx(270)
    assert core.sel(participant="G2").item() == pytest.approx(820)
    assert payments["in_core"].sel(mechanism=["vcg", "core-selecting"]).values.tolist() == [0, 1]


def test_the_relaxed_day_with_slow_ramps_burns_power():
    """166 096 $ is what the day costs when the ties may send both ways at once; no market can do that."""
    section = study("ch4-two-area-day").params("prepare")
    data = multi_area.data(section, {"slow": {"label": "slow", "ramp": [0.02]}})
    model: linopy.Model = market.build(data)
    model.solve(solver_name="highs", io_api="direct", output_flag=False)
    assert model.objective.value == pytest.approx(166096, abs=0.5)
    assert float(model.solution["sent"].min("way").max()) > 1


def test_options_are_checked(results):
    with pytest.raises(ValueError, match="option over: no 'tie_capacity'"):
        area_sweep.table(results, families=["ties"], over="tie_capacity")
    with pytest.raises(ValueError, match="some scenario of base gives no 'tie_capacity_mw'"):
        area_sweep.table(results, families=["base"], over="tie_capacity_mw")
    with pytest.raises(ValueError, match="no results of 'a-day'; add it to `uses`"):
        area_sweep.table(results, families=["ramps"], over="ramp", study="a-day")
    with pytest.raises(ValueError, match="option truth: no 'true'"):
        area_strategic.table(results, truth=["true"], families=["strategic"])
    with pytest.raises(ValueError, match="the bidders are nobody; choose families with one bidder"):
        area_strategic.table(results, truth=["base"], families=["ties"])
    with pytest.raises(ValueError, match="no single unit misreports in strategic"):
        area_misreport.table(results, families=["strategic"])
