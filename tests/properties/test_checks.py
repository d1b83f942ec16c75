"""The property checks: right on payments that are known, and they notice what is wrong."""

import numpy as np
import pytest
import xarray as xr

from one_node import PJM, Case, datasets, deviations, paid
from sharegrid.mechanisms import core_selecting, lmp, pay_as_bid, vcg
from sharegrid.properties import best_responses, checks, complements, entry, market_properties

PAYS = {"lmp": lmp.pay, "pay-as-bid": pay_as_bid.pay, "vcg": vcg.pay, "core-selecting": core_selecting.pay}
MULTIPLIERS = [0.45, 0.8, 0.9, 1.1, 1.25, 1.6, 2.1, 3.2]


@pytest.fixture(scope="module")
def market():
    base = Case("D900", *PJM, 900.0)
    distorted = Case("D900~a", *PJM, 900.0, price_factor={0: 1.55, 2: 1.4}, distortion="a")
    reports = [report for unit in range(5) for report in deviations(base, unit, MULTIPLIERS, (1.0, 0.5))]
    reports += [report for unit in range(5) for report in deviations(distorted, unit, MULTIPLIERS)]
    data, cleared, values = datasets([base, distorted, *reports])
    return data, cleared, values, paid(data, cleared, values, PAYS)


def changed(payments: xr.Dataset, amount: float, participant: str) -> xr.Dataset:
    """Payments and profits of one participant changed by an amount in every scenario and mechanism."""
    who = amount * (payments["participant"] == participant)
    return payments.assign(payment=payments["payment"] + who, profit=payments["profit"] + who)


def test_who_tells_the_truth(market):
    truthful = checks.truthful(market[0])
    assert bool(truthful.sel(scenario="D900").all())
    np.testing.assert_array_equal(truthful.sel(scenario="D900~a"), [False, True, False, True, True])
    np.testing.assert_array_equal(truthful.sel(scenario="D900|2|x1.6|q1"), [True, False, True, True, True])


def test_without_offers_only_the_deviator_is_not_truthful(market):
    data = market[0].drop_vars(["offer_price", "offer_quantity"])
    np.testing.assert_array_equal(checks.truthful(data).sel(scenario="D900|2|x1.6|q1"), [True, False, True, True, True])


def test_welfare(market):
    data, cleared, _, _ = market
    result = checks.check_welfare(data, cleared)
    known = result["residual"].dropna("scenario")["scenario"].values.tolist()
    assert "D900" in known and "D900~a" not in known and "D900|2|x1.6|q1" not in known
    assert bool(result["passed"].sel(scenario="D900"))
    worse = checks.check_welfare(data, cleared.assign(true_cost=cleared["true_cost"] + 1))
    assert not bool(worse["passed"].sel(scenario="D900"))
    assert float(worse["residual"].sel(scenario="D900")) == pytest.approx(5)


def test_individual_rationality(market):
    data, cleared, _, payments = market
    result = checks.check_individual_rationality(data, cleared, payments)
    assert bool(result["passed"].all())
    poorer = checks.check_individual_rationality(data, cleared, changed(payments, -700, "1"))
    assert not bool(poorer["passed"].sel(scenario="D900").any())
    assert float(poorer["residual"].sel(scenario="D900", mechanism="vcg")) == pytest.approx(-60)


def test_incentives(market):
    data, cleared, _, payments = market
    result = checks.check_incentives(data, cleared, payments)
    base = result.sel(scenario="D900")
    assert bool(base["passed"].sel(mechanism="vcg")) and float(base["residual"].sel(mechanism="lmp")) >= 270
    assert not bool(base["passed"].sel(mechanism="lmp") | base["passed"].sel(mechanism="pay-as-bid"))
    # truthful units against distorted others count as well; the distorted units themselves do not
    assert bool(result["passed"].sel(scenario="D900~a", mechanism="vcg"))
    assert np.isnan(result["residual"].sel(scenario="D900|2|x1.6|q1")).all()


def test_gain_of_the_marginal_unit_at_the_uniform_price(market):
    data, _, _, payments = market
    gain = checks.misreport_gain(data, payments).sel(scenario="D900|3|x1.1|q1")
    assert float(gain.sel(mechanism="lmp")) == pytest.approx(270)
    assert float(gain.sel(mechanism="vcg")) == pytest.approx(0)


def test_no_gain_is_told_where_the_base_is_not_truthful_for_the_deviator(market):
    data, _, _, payments = market
    gain = checks.misreport_gain(data, payments).sel(mechanism="vcg")
    assert np.isnan(gain.sel(scenario="D900~a|1|x1.6|q1")) and not np.isnan(gain.sel(scenario="D900~a|2|x1.6|q1"))


def test_budget_balance(market):
    _, cleared, _, payments = market
    result = checks.check_budget_balance(cleared, payments).sel(scenario="D900")
    np.testing.assert_allclose(result["residual"], [0, 15190, -2600, -2600])
    np.testing.assert_array_equal(result["passed"], [True, True, False, False])
    np.testing.assert_array_equal(result["strong"], [True, False, False, False])


def test_core(market):
    _, cleared, values, payments = market
    result = checks.check_core(cleared, values, payments)
    assert bool(result["passed"].all())
    greedy = checks.check_core(cleared, values, changed(payments, 1, "5")).sel(scenario="D900", mechanism="vcg")
    assert float(greedy["residual"]) == pytest.approx(-1) and not bool(greedy["passed"])
    partial = values.assign(core_complete=0 * values["core_complete"])
    assert not bool(checks.check_core(cleared, partial, payments)["passed"].any())


def test_market_properties_gathers_all(market):
    result = market_properties.check(*market)
    for name in ("welfare", "individual_rationality", "incentive", "budget_balance", "core"):
        assert {f"{name}_residual", f"{name}_passed"} <= set(result)
        assert result[f"{name}_passed"].dtype == bool
        assert {"units", "long_name"} <= set(result[f"{name}_residual"].attrs)
    few = market_properties.check(*market[:2], market[2].sel(scenario=["D900"]), market[3])
    assert (
        np.isnan(few["core_residual"].sel(scenario="D900~a")).all()
        and not few["core_passed"].sel(scenario="D900~a").any()
    )


def test_best_responses(market):
    result = best_responses.check(*market, families=["misreport"])
    best = result.sel(scenario="D900", participant="3")
    # all unit 3 wants at the uniform price is to stay just below unit 4's 40 $/MWh
    assert float(best["best_multiplier"].sel(mechanism="lmp")) == 1.25
    assert float(best["best_gain"].sel(mechanism="lmp")) == pytest.approx(675)
    np.testing.assert_array_equal(result["best_multiplier"].sel(scenario="D900", mechanism="vcg"), 1.0)
    np.testing.assert_array_equal(result["best_gain"].sel(scenario="D900", mechanism="vcg"), 0.0)
    assert np.isnan(result["best_gain"].sel(scenario="D900|3|x1.1|q1")).all()


def test_unknown_profits_give_no_best_response(market):
    data, cleared, values, payments = market
    unknown = payments.where(payments["mechanism"] != "core-selecting")
    best = best_responses.check(data, cleared, values, unknown, families=["misreport"]).sel(scenario="D900")
    assert np.isnan(best["best_gain"].sel(mechanism="core-selecting")).all()
    assert not np.isnan(best["best_gain"].sel(mechanism="vcg")).any()


def test_no_complements_on_one_node(market):
    result = complements.check(*market, scenarios=["D900"], count=4)
    assert result.sizes["complement"] == 4
    assert float(result["complement_gap"].min()) >= -1e-9
    assert np.all(np.diff(result["complement_gap"]) >= 0)
    joint = result["complement_joint_saving"] - result["complement_first_saving"] - result["complement_second_saving"]
    np.testing.assert_allclose(joint, result["complement_gap"])


def test_complements_need_pairs(market):
    data, cleared, values, payments = market
    removals = values.isel(coalition=(values["member"].sum("participant") >= 4).values)
    with pytest.raises(KeyError, match="ask for coalitions: pairs"):
        complements.check(data, cleared, removals, payments, scenarios=["D900"])


def test_entry_compares_with_the_market_that_has_the_entrant():
    full = Case("full", *PJM, 500.0, family="variants")
    without = Case("without 1", *PJM, 500.0, family="entry", quantity_factor={0: 0.0})
    data, cleared, values = datasets([full, without])
    payments = paid(data, cleared, values, PAYS)
    result = entry.check(data, cleared, values, payments).sel(scenario="without 1")
    total = payments["payment"].sel(mechanism="vcg").sum("participant")
    change = float(total.sel(scenario="full") - total.sel(scenario="without 1"))
    assert float(result["entry_payment_change"]) == pytest.approx(change) and change < 0
    assert float(result["entry_lost_load"]) == 0
    assert float(result["entry_cost_change"]) <= 0
    with pytest.raises(ValueError, match="needs one scenario of the family 'cases'"):
        entry.check(data, cleared, values, payments, full="cases")
