"""The study ch4-rts, whole: what must hold on both days and along its sweeps."""

import numpy as np
import pytest

from whole_study import results, tables

DAYS = ["windy", "high load"]


@pytest.fixture(scope="module")
def found():
    return results("ch4-rts")


@pytest.fixture(scope="module")
def summary():
    return tables("ch4-rts")["ch4_rts_mechanism"].set_index("scenario")


def test_everything_is_served_and_no_tie_sends_both_ways(found):
    cleared = found["cleared"]
    assert cleared["shed"].max() < 1e-6 and cleared["shortfall"].max() < 1e-6
    assert cleared["sent"].min("way").max() < 1e-6
    assert cleared["price"].min() < -1, "so that sending both ways to burn power is worth checking"


def test_settlement_balances_at_the_marginal_prices(found):
    here = found["cleared"]
    left = here["load_payment"] - here["paid_to_others"] - here["price_revenue"].sum("participant")
    rents = here["tie_rent"].sum("tie") + here["line_rent"].sum("area") + here["shortfall_rent"].sum("area")
    np.testing.assert_allclose(left, rents, atol=1e-6 * float(here["load_payment"].min()))
    assert (rents > 1e3).all()


def test_vcg_pays_every_unit_at_least_its_revenue_at_the_prices(found):
    """Of truthful scenarios: with false offers of several units prices are not those of their true costs."""
    payment = found["payments"]["payment"]
    truthful = found["data"]["scenario"].values[(found["data"]["bidder"] == "").values]
    paid = payment.sel(scenario=truthful)
    assert paid.sizes["participant"] == 73 and paid.notnull().all()
    assert (paid.sel(mechanism="vcg") - paid.sel(mechanism="lmp")).min() > -1e-6
    assert found["payments"]["profit"].sel(scenario=truthful, mechanism="vcg").min() > -1e-6


@pytest.mark.parametrize("day", DAYS)
@pytest.mark.parametrize(("family", "over"), [("ties", "tie_factor"), ("flexibility", "ramp10_factor")])
def test_cost_is_convex_and_falls_in_the_limits(found, summary, day, family, over):
    data = found["data"]
    mine = data["scenario"][(data["day"] == day) & data["family"].isin(["base", family])]
    curve = sorted((float(data[over].sel(scenario=label)), summary.loc[str(label), "cost"]) for label in mine.values)
    factor, cost = np.array(curve).T
    slope = np.diff(cost) / np.diff(factor)
    assert (slope < 0).all() and (np.diff(slope) > -1e-6).all()


@pytest.mark.parametrize("day", DAYS)
def test_dear_reserve_offers_pay_at_marginal_prices_and_stop_the_imports(found, summary, day):
    data, profit = found["data"], found["payments"]["profit"].sel(mechanism="lmp")
    own = data["participant"].values[(data["generator_area"] == "2").values]
    labels = [day, *(f"{day}|bid{factor}" for factor in (2, 5, 10, 20, 40))]
    earned = profit.sel(scenario=labels, participant=own).sum("participant")
    assert (earned[1:] > earned[0]).all() and earned[-1] > 2 * earned[0]
    imported = found["cleared"]["area_import"].sel(scenario=labels, area="2").sum("time")
    assert imported[0] > 1000 and (np.diff(imported) < 1e-6).all() and imported[-1] < 1e-6
    cost = summary.loc[labels, "cost"].to_numpy()
    assert (np.diff(cost) > -1e-6).all() and cost[-1] > 1.01 * cost[0]


def test_ties_cut_the_deficit_though_they_save_less_than_it(found):
    payments = found["payments"].sel(scenario="high load")
    assert 0 < payments["area_benefit"].sum() < payments["revenue_inadequacy"] < payments["isolated_inadequacy"]
    saved = found["cleared"]["objective"].sel(scenario=["high load|ties0", "high load"])
    assert payments["area_benefit"].sum().item() == pytest.approx(float(saved[0] - saved[1]), rel=1e-9)
    shared = payments["area_deficit"].sum("area")
    np.testing.assert_allclose(shared, payments["revenue_inadequacy"], rtol=1e-6)
