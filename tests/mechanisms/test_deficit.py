"""Sharing the revenue inadequacy of VCG: exact balance, individual rationality and incentives under every rule."""

import numpy as np
import pytest
import xarray as xr

import spot
from one_node import PJM, Case, datasets, deviations, paid
from sharegrid.mechanisms import core_selecting, deficit, lmp, vcg
from sharegrid.properties import checks

RULES = ["energy", "lmp_proportional", "beneficiary", "generator_scaling", "mixed"]
LOAD_SIDE = RULES[:3]
PAYS = {"lmp": lmp.pay, "vcg": vcg.pay}


def settle(data, request="removals", **options):
    """cleared, payments and the allocation of a spot market."""
    cleared, values = spot.cleared(data), spot.valued(data, request)
    payments = paid(data, cleared, values, PAYS)
    return cleared, payments, deficit.allocate(data, cleared, values, payments, **{"rules": RULES} | options)


@pytest.fixture(scope="module")
def case30():
    data = spot.spot_market("case30", limits=["none", 1, 0.85, 0.76, 0.72])
    return data, *settle(data)


@pytest.fixture(scope="module")
def case118():
    data = spot.spot_market("case118", limits=[0.7, 0.4])
    return data, *settle(data)


def balance(cleared, shared, ftr_share=0.0) -> xr.DataArray:
    """Money in less money out, relative to the load payment."""
    collected = cleared["load_payment"] + shared["load_charge"].sum("bus")
    paid_out = shared["adjusted_payment"].sum("participant") + ftr_share * cleared["congestion_rent"]
    return (collected - paid_out - shared["operator_surplus"]) / cleared["load_payment"]


def test_case118_numbers(case118):
    _, cleared, payments, shared = case118
    at = {"scenario": "0.7"}
    assert float(payments["premium"].sel(at).sum()) == pytest.approx(5915.2, abs=0.1)
    assert float(cleared["congestion_rent"].sel(at)) == pytest.approx(3190.839, abs=1e-3)
    assert float(shared["allocated_deficit"].sel(at)) == pytest.approx(2724.356, abs=1e-3)
    assert float(shared["alpha"].sel(at)) == pytest.approx(0.539431, abs=1e-6)
    assert float(shared["uniform_adder"].sel(at)) == pytest.approx(0.642234, abs=1e-6)


@pytest.mark.parametrize("market", ["case30", "case118"])
def test_money_balances_exactly_and_nobody_loses(market, request):
    _, cleared, payments, shared = request.getfixturevalue(market)
    assert float(np.abs(balance(cleared, shared)).max()) < 1e-9
    missing = payments["revenue_inadequacy"] > 0
    assert float(np.abs(shared["operator_surplus"].where(missing)).max()) < 1e-6
    assert float((shared["adjusted_payment"] - cleared["reported_cost"]).min()) >= -1e-6
    np.testing.assert_allclose(
        shared["load_charge"].sum("bus").where(missing).sel(deficit_rule=LOAD_SIDE),
        payments["revenue_inadequacy"].where(missing).expand_dims(deficit_rule=3, axis=1),
    )


@pytest.mark.parametrize("market", ["case30", "case118"])
def test_load_side_rules_leave_generators_their_vcg_payment(market, request):
    _, _, payments, shared = request.getfixturevalue(market)
    pivotal = payments["payment"].sel(mechanism="vcg", drop=True)
    for rule in LOAD_SIDE:
        np.testing.assert_array_equal(shared["adjusted_payment"].sel(deficit_rule=rule, drop=True), pivotal)


def test_generator_rules_stay_between_the_price_and_vcg(case30):
    _, cleared, payments, shared = case30
    pivotal, price = payments["payment"].sel(mechanism="vcg", drop=True), cleared["price_revenue"]
    scaled = shared["adjusted_payment"].sel(deficit_rule="generator_scaling", drop=True)
    assert float((scaled - price).min()) >= -1e-9 and float((pivotal - scaled).min()) >= -1e-9
    np.testing.assert_allclose(scaled.sum("participant"), cleared["load_payment"])
    mixed = shared["load_charge"].sel(deficit_rule="mixed").sum("bus")
    np.testing.assert_allclose(mixed, 0.5 * payments["revenue_inadequacy"])


def test_formulas_on_the_76_percent_network(case30):
    _, cleared, payments, shared = case30
    here, money = cleared.sel(scenario="0.76"), shared["load_charge"].sel(scenario="0.76")
    served, total = here["served"], float(payments["revenue_inadequacy"].sel(scenario="0.76"))
    np.testing.assert_allclose(money.sel(deficit_rule="energy"), total * served / served.sum())
    weight = here["price"] * served
    np.testing.assert_allclose(money.sel(deficit_rule="lmp_proportional"), total * weight / weight.sum())


def test_beneficiary_charges_the_loads_whose_price_a_unit_keeps_down(case118):
    data, cleared, payments, shared = case118
    values = spot.valued(data)
    here = {"scenario": "0.7"}
    served, price = cleared["served"].sel(here), cleared["price"].sel(here)
    weight = np.zeros(served.sizes["bus"])
    for unit in data["participant"].values:  # the definition, unit by unit
        premium = float(payments["premium"].sel(here).sel(participant=unit))
        if premium <= 1e-9:
            continue
        relief = served * np.maximum(values["price_without"].sel(here).sel(participant=unit) - price, 0)
        relief = served if float(relief.sum()) < 1e-9 else relief
        weight += premium * (relief / relief.sum()).values
    expected = float(shared["allocated_deficit"].sel(here)) * weight / weight.sum()
    np.testing.assert_allclose(
        shared["load_charge"].sel(here | {"deficit_rule": "beneficiary"}), expected, rtol=1e-6, atol=1e-9
    )
    adder = shared["load_adder"].sel(here)
    spread = adder.max("bus") / adder.mean("bus")
    assert float(spread.sel(deficit_rule="beneficiary")) > 2 > float(spread.sel(deficit_rule="lmp_proportional"))


def test_surplus_is_kept_or_rebated(case118):
    data, cleared, payments, shared = case118
    at = {"scenario": "0.4"}
    surplus = -float(payments["revenue_inadequacy"].sel(at))
    assert surplus == pytest.approx(55841.248, abs=1e-3)
    np.testing.assert_allclose(shared["operator_surplus"].sel(at), surplus)
    np.testing.assert_array_equal(shared["load_charge"].sel(at), 0.0)
    assert float(shared["alpha"].sel(at)) == 1 and float(shared["uniform_adder"].sel(at)) == 0
    cleared, payments, rebated = settle(data, surplus="rebate")
    assert float(np.abs(rebated["operator_surplus"]).max()) < 1e-6
    adder = rebated["load_adder"].sel(at).isel(deficit_rule=0)
    np.testing.assert_allclose(adder.dropna("bus"), -surplus / float(cleared["served"].sel(at).sum()))


def test_rights_holders_get_their_share_of_the_rent_first(case118):
    data = case118[0]
    cleared, payments, shared = settle(data, ftr_share=0.6)
    assert float(np.abs(balance(cleared, shared, 0.6)).max()) < 1e-9
    at = {"scenario": "0.7"}
    rent, premium = float(cleared["congestion_rent"].sel(at)), float(payments["premium"].sel(at).sum())
    assert float(shared["allocated_deficit"].sel(at)) == pytest.approx(premium - 0.4 * rent)
    assert float(shared["alpha"].sel(at)) == pytest.approx(0.4 * rent / premium)


def test_load_rationality_is_reported_not_promised():
    """A small network whose deficit is dearer than lost load: the flag says so."""
    data, cleared, values = datasets([Case("D1450", *PJM, 1450.0), Case("D500", *PJM, 500.0)])
    payments = paid(data, cleared, values, PAYS)
    shared = deficit.allocate(data, cleared, values, payments, rules=["energy"])
    expected = [40 + payments["revenue_inadequacy"].values[0] / 1450 <= 1000, True]
    np.testing.assert_array_equal(shared["load_individually_rational"].squeeze(), expected)


def rent_becomes(rent: float):
    """The five units at D = 1000 with another congestion rent, as phase shifters can make it."""
    data, cleared, values = datasets([Case("D1000", *PJM, 1000.0)])
    cleared["congestion_rent"] = cleared["congestion_rent"] + rent
    cleared["load_payment"] = cleared["load_payment"] + rent
    payments = paid(data, cleared, values, PAYS)
    return cleared, deficit.allocate(data, cleared, values, payments, rules=RULES)


def test_negative_rent_falls_back_to_the_loads_with_a_warning(caplog):
    cleared, shared = rent_becomes(-500.0)
    assert "negative congestion rent" in caplog.text and "D1000" in caplog.text
    for rule in ("generator_scaling", "mixed"):
        for name in ("load_charge", "adjusted_payment"):
            np.testing.assert_array_equal(shared[name].sel(deficit_rule=rule), shared[name].sel(deficit_rule="energy"))
    assert float(np.abs(balance(cleared, shared)).max()) < 1e-12


def test_positive_rent_is_not_warned_about(caplog):
    rent_becomes(500.0)
    assert not caplog.text


def test_negative_loads_pay_and_get_no_share():
    data, cleared, values = datasets([Case("D1000", *PJM, 1000.0)])
    two = {"bus": [1, 2]}
    cleared = cleared.reindex(two).assign(
        served=(("scenario", "bus"), [[1200.0, -200.0]]), price=(("scenario", "bus"), [[30.0, 30.0]])
    )
    values = values.reindex(two).assign(price_without=values["price_without"].reindex(two, method="ffill"))
    payments = paid(data, cleared, values, PAYS)
    shared = deficit.allocate(data, cleared, values, payments, rules=RULES)
    np.testing.assert_array_equal(shared["load_charge"].sel(bus=2), 0.0)
    assert float(shared["uniform_adder"].item()) == pytest.approx(71800 / 1200)


def test_without_premiums_nothing_is_shared():
    """Two equal units, each able to serve alone: the price does not move without either."""
    flat = np.array([[100.0], [100.0], [100.0]]), np.array([[20.0], [20.0], [20.0]])
    data, cleared, values = datasets([Case("flat", *flat, 90.0)])
    payments = paid(data, cleared, values, PAYS)
    shared = deficit.allocate(data, cleared, values, payments, rules=RULES)
    assert float(shared["alpha"].item()) == 1
    np.testing.assert_allclose(shared["load_charge"], 0.0, atol=1e-9)


def test_zero_prices_fall_back_to_energy():
    free = np.array([[60.0], [60.0], [60.0]]), np.array([[0.0], [0.0], [10.0]])
    data, cleared, values = datasets([Case("free", *free, 100.0, dual=0.0)])
    payments = paid(data, cleared, values, PAYS)
    assert float(cleared["price"].item()) == 0 and float(payments["revenue_inadequacy"].item()) > 0
    shared = deficit.allocate(data, cleared, values, payments, rules=["energy", "lmp_proportional"])["load_charge"]
    np.testing.assert_array_equal(shared.sel(deficit_rule="energy"), shared.sel(deficit_rule="lmp_proportional"))


def test_unknown_payments_stay_unknown():
    """A misreport whose other participants were not valued: nothing is said about its deficit."""
    base = Case("D900", *PJM, 900.0)
    data, cleared, values = datasets([base, *deviations(base, 2, [1.1])])
    values = values.sel(scenario=["D900"])
    shared = deficit.allocate(data, cleared, values, paid(data, cleared, values, PAYS), rules=RULES)
    missing = shared.sel(scenario="D900|3|x1.1|q1")
    for name in ("load_charge", "operator_surplus", "alpha", "uniform_adder", "allocated_deficit"):
        assert np.isnan(missing[name]).all(), name
    assert not np.isnan(shared.sel(scenario="D900")["load_charge"]).any()


@pytest.mark.parametrize(
    "options, message",
    [
        ({"rules": ["energie"]}, "unknown rule 'energie'"),
        ({"rules": RULES, "ftr_share": 1.5}, "deficit.ftr_share: 1.5"),
        ({"rules": RULES, "load_share": -0.1}, "deficit.load_share: -0.1"),
        ({"rules": RULES, "surplus": "spend"}, "'spend' is neither keep nor rebate"),
    ],
)
def test_wrong_options(options, message):
    data, cleared, values = datasets([Case("D900", *PJM, 900.0)])
    with pytest.raises(ValueError, match=message):
        deficit.allocate(data, cleared, values, paid(data, cleared, values, PAYS), **options)


def test_needs_vcg_and_prices_without():
    data, cleared, values = datasets([Case("D900", *PJM, 900.0)])
    with pytest.raises(ValueError, match="needs the mechanism vcg"):
        deficit.allocate(data, cleared, values, paid(data, cleared, values, {"lmp": lmp.pay}), rules=RULES)
    payments = paid(data, cleared, values, PAYS)
    with pytest.raises(ValueError, match="value the removals"):
        deficit.allocate(data, cleared, values.drop_vars("price_without"), payments, rules=["beneficiary"])


def test_incentives_of_the_rules_under_misreports():
    """Load-side rules keep generators truthful; the others gain at most (1 - alpha) premium, T9 (0.76: alpha 0.0077)."""
    families = {
        "variants": {"label": "{limits}", "limits": [0.8, 0.76]},
        "misreport": {
            "label": "{limits}|{deviator}|x{price}",
            "limits": [0.8, 0.76],
            "misreport": {"base": "{limits}", "price_multiplier": [0.7, 1.1, 1.35, 2.0]},
        },
    }
    data = spot.spot_market("case30", families)
    cleared, values = spot.cleared(data), spot.valued(data, "all")
    payments = paid(data, cleared, values, PAYS | {"core-selecting": core_selecting.pay})
    shared = deficit.allocate(data, cleared, values, payments, rules=RULES)
    rules = shared["adjusted_payment"].rename(deficit_rule="mechanism")
    everything = xr.concat([payments["payment"], rules], "mechanism")
    profit = xr.Dataset({"profit": everything - cleared["true_cost"]})
    gain, known = checks.misreport_gain(data, profit), data["deviator"].values != ""
    truth = profit["profit"].sel(scenario=data["base"].values).assign_coords(scenario=data["scenario"].values)
    truth = truth.where(data["participant"] == data["deviator"]).sum("participant")
    bound = (truth.sel(mechanism="vcg") - truth)[known]
    assert known.sum() == 48 and float((gain[known] - bound).max()) <= 1e-5
    assert float(gain.sel(mechanism=["vcg", *LOAD_SIDE])[known].max()) <= 1e-6
    assert float(gain.sel(mechanism=["lmp", "generator_scaling"])[known].max()) > 1
