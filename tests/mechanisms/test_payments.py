"""Payments on the five PJM units without a network: the numbers of chapter 2.4, found there by hand."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from one_node import PJM, Case, datasets, deviations, paid
from sharegrid.mechanisms import core_selecting, lmp, pay_as_bid, vcg
from sharegrid.optimise import coalitions

ALL = {"lmp": lmp.pay, "pay-as-bid": pay_as_bid.pay, "vcg": vcg.pay, "core-selecting": core_selecting.pay}


def case(demand: float, **fields) -> Case:
    return Case(fields.pop("label", f"D{demand:g}"), *PJM, demand, **fields)


@pytest.fixture(scope="module")
def payments():
    return paid(*datasets([case(900), case(1000)]), ALL)


def test_published_payments_of_the_five_units(payments):
    vcg_profit = payments["profit"].sel(mechanism="vcg")
    np.testing.assert_allclose(vcg_profit.sel(scenario="D900"), [640, 2550, 900, 0, 13700])
    np.testing.assert_allclose(vcg_profit.sel(scenario="D1000"), [640, 2550, 1900, 0, 81900])
    total = payments["payment"].sum("participant")
    np.testing.assert_allclose(total.sel(mechanism="vcg"), [29600, 101800])
    np.testing.assert_allclose(total.sel(mechanism="lmp"), [27000, 30000])
    np.testing.assert_allclose(total.sel(mechanism="pay-as-bid"), [11810, 14810])


def test_premium_and_revenue_inadequacy_are_vcg_less_the_uniform_price(payments):
    np.testing.assert_allclose(payments["premium"].sel(scenario="D900"), [0, 0, 900, 0, 1700])
    np.testing.assert_allclose(payments["revenue_inadequacy"], [2600, 71800])


def test_on_one_node_core_selecting_is_vcg(payments):
    difference = payments["payment"].sel(mechanism="core-selecting") - payments["payment"].sel(mechanism="vcg")
    assert float(np.abs(difference).max()) < 1e-9


@pytest.mark.parametrize("voll, payment", [(100, 24900), (1000, 87900), (10000, 717900)])
def test_pivotal_unit_is_paid_in_proportion_to_voll(voll, payment):
    result = vcg.pay(*datasets([case(1000, voll=voll)]))
    assert float(result["payment"].sel(participant="5").item()) == pytest.approx(payment)


@pytest.mark.parametrize("demand, profit", [(1000, 11900), (1450, -2800), (1500, -4800)])
def test_curtailed_counterfactual_breaks_individual_rationality(demand, profit):
    payments = paid(*datasets([case(demand, n1_rule="curtailed")]), {"vcg": vcg.pay})
    assert float(payments["profit"].sel(participant="5").item()) == pytest.approx(profit)


def test_curtailed_counterfactual_is_truthful_until_profits_are_floored_at_zero():
    base = case(1450, n1_rule="curtailed")
    reports = [
        report for factor in (0.45, 0.8, 1.1, 2.1, 3.2, 7) for report in deviations(base, 4, [factor], (1.0, 0.5))
    ]
    payments = paid(*datasets([base, *reports]), {"vcg": vcg.pay})
    profit = payments["profit"].sel(participant="5", mechanism="vcg")
    gain = profit[1:] - profit[0]
    assert float(gain.max()) <= 1e-6
    # floored: the unit is paid its reported cost at least, so it gains by reporting a higher one
    cleared = datasets([base, *reports])[1]
    floored = np.maximum(payments["payment"].sel(mechanism="vcg"), cleared["reported_cost"]) - cleared["true_cost"]
    floored = floored.sel(participant="5")
    assert float((floored[1:] - floored[0]).max()) > 1000


def test_backstop_is_a_lower_price_of_lost_load_in_both_problems():
    same = [vcg.pay(*datasets([case(1000, voll=300, n1_rule=rule)]))["payment"].values for rule in ("voll", "backstop")]
    np.testing.assert_array_equal(*same)


def test_deviator_takes_its_removal_cost_from_the_base():
    base = case(900)
    reports = deviations(base, 2, [0.45, 1.1])
    data, cleared, values = datasets([base, *reports])
    known = vcg.pay(data, cleared, values)["payment"]
    from_base = vcg.pay(data, cleared, values.sel(scenario=["D900"]))["payment"]
    np.testing.assert_allclose(from_base.sel(participant="3"), known.sel(participant="3"))
    others = from_base.sel(scenario="D900|3|x1.1|q1").drop_sel(participant="3")
    # units that are dispatched were not valued there; unit 4 is not dispatched, so its payment is known
    np.testing.assert_array_equal(np.isnan(others), [True, True, False, True])


def test_a_scenario_of_its_own_is_valued_in_itself():
    truth, cartel = case(900), case(900, label="cartel", price_factor={2: 100 / 30, 3: 101 / 40})
    payments = paid(*datasets([truth, cartel]), {"vcg": vcg.pay})
    assert float(payments["payment"].sel(scenario="cartel").sum().item()) == pytest.approx(90260)
    assert float(payments["profit"].sel(scenario="cartel", participant="3").item()) == pytest.approx(6390)


def test_who_is_not_dispatched_gets_nothing_even_if_its_removal_was_not_valued():
    everybody_and_unit_5 = coalitions.removals(5)[[0, 5]]
    payment = vcg.pay(*datasets([case(500)], absent=everybody_and_unit_5))["payment"]
    np.testing.assert_allclose(payment.sel(scenario="D500"), [0, 0, 0, 0, 11810])


@pytest.mark.parametrize("mechanism", [vcg, core_selecting])
def test_must_run_is_refused(mechanism):
    data, cleared, values = datasets([case(900)])
    data["must_run"] = "generator", np.array([0.0, 10.0, 0.0, 0.0, 0.0])
    with pytest.raises(ValueError, match="VCG needs 0 in every feasible set; use pmin: zero"):
        mechanism.pay(data, cleared, values)


def test_missing_values_are_an_error_that_names_the_cure():
    data, cleared, values = datasets([case(900)])
    with pytest.raises(ValueError, match="give the study a value: stage"):
        vcg.pay(data, cleared, None)
    with pytest.raises(ValueError, match="coalitions: core"):
        core_selecting.pay(data, cleared, values.assign(core_complete=0 * values["core_complete"]))


def test_a_market_without_blocks_or_networks_is_paid_too():
    """Any market: only the neutral variables of cleared and values are read."""
    data, cleared, values = datasets([case(900)])
    data = data[["voll"]].assign_coords({name: data[name] for name in ("participant", "base", "deviator")})
    neutral = ["output", "reported_cost", "true_cost", "price_revenue", "objective", "load_payment"]
    payments = paid(data, cleared[neutral], values[["cost", "member", "core_complete", "lost_load"]], ALL)
    np.testing.assert_allclose(
        payments["payment"].sum("participant").sel(scenario="D900"), [27000, 11810, 29600, 29600]
    )


def test_buyers_count_as_dispatched():
    """A participant with negative output (it takes power) is paid what it saves, not skipped."""
    data, cleared, values = datasets([case(900)])
    cleared["output"] = xr.where(cleared["participant"] == "1", -40.0, cleared["output"])
    assert float(vcg.pay(data, cleared, values)["payment"].sel(participant="1").item()) != 0


def test_paying_loads_neither_the_modelling_layer_nor_pyplot():
    code = (
        "import sys\n"
        "import sharegrid.mechanisms.deficit, sharegrid.properties.market_properties\n"
        "import sharegrid.properties.wholesale_challenges, sharegrid.properties.wholesale_propositions\n"
        "import sharegrid.properties.best_responses, sharegrid.properties.complements, sharegrid.properties.entry\n"
        "import sharegrid.mechanisms.core_selecting, sharegrid.mechanisms.lmp, sharegrid.mechanisms.pay_as_bid\n"
        "sys.exit(any(name in sys.modules for name in ('linopy', 'matplotlib.pyplot')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_splitting_a_unit_on_one_node_does_not_pay():
    quantity, price = PJM
    whole = {
        demand: paid(*datasets([case(demand)]), {"vcg": vcg.pay})["profit"][..., 4].item() for demand in (900, 1000)
    }
    halves = np.vstack([quantity[:4], [[300.0], [300.0]]]), np.vstack([price, price[4:]])
    for demand, profit in whole.items():
        split = replace(case(demand), quantity=halves[0], price=halves[1])
        both = paid(*datasets([split]), {"vcg": vcg.pay})["profit"].isel(participant=[4, 5]).sum().item()
        assert both == pytest.approx(12000)
        assert both < profit
