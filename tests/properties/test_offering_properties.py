"""The check of a joint offer: everything holds for what was cleared, and each property fails for what was not."""

import numpy as np
import pytest
import xarray as xr

import offering
from sharegrid.markets import wind_csp
from sharegrid.optimise.clear import clear
from sharegrid.properties import offering_properties
from sharegrid.properties.offering_properties import PROPERTIES

NAMES = list(PROPERTIES)
LIMITED = {"capacity": np.array([30.0, 30.0, 60.0, 60.0])}  # the offer limit binds


def checked(data, cleared):
    return offering_properties.check(data, cleared, None, xr.Dataset())


@pytest.fixture(scope="module")
def limited():
    data = offering.made_up(7, **LIMITED)
    return data, clear(wind_csp, data)


def test_every_property_holds_in_the_cases():
    found = checked(offering.cases(), offering.cleared())
    assert found["offering_passed"].all()
    assert found["offering_property"].values.tolist() == NAMES


@pytest.mark.parametrize("seed", range(20, 26))
@pytest.mark.parametrize(
    "changes", [{}, LIMITED, {"beta": 0.0}, {"beta": 1.0}], ids=["", "limited", "beta 0", "beta 1"]
)
def test_every_property_holds_in_made_up_markets(seed, changes):
    data = offering.made_up(seed, **changes)
    assert checked(data, clear(wind_csp, data))["offering_passed"].all()


def test_the_offer_limit_is_met_and_its_rent_paid(limited):
    data, cleared = limited
    assert float(cleared["capacity_price"].max()) > 1
    at_limit = np.isclose(cleared["offer"], data["capacity"].sum("participant"))
    assert at_limit.any() and not at_limit.all()
    price = cleared["price_internal"].sum("outcome")
    np.testing.assert_allclose(price + cleared["capacity_price"], data["price_da"], rtol=1e-9)


def _raised(name, amount, **where):
    """cleared with one entry of a variable raised."""

    def change(cleared):
        values = cleared[name].copy(deep=True)
        values[{dim: place for dim, place in where.items() if dim in values.dims}] += amount
        return cleared.assign({name: values})

    return change


FAULTS = {
    NAMES[0]: _raised("risk_probability", 0.01, scenario=0, outcome=0),
    NAMES[1]: _raised("price_internal", 0.01, scenario=0, time=1, outcome=0),
    NAMES[2]: _raised("price_internal", 100.0, scenario=0, time=1, outcome=0),
    NAMES[3]: _raised("price_revenue", 1.0, scenario=0, participant=0),
    NAMES[4]: _raised("surplus", 1.0, scenario=0, time=1, outcome=0),
    NAMES[5]: _raised("price_revenue", 1.0, scenario=0, participant=2),
}


@pytest.mark.parametrize("name", NAMES)
def test_each_property_can_fail(name):
    data = offering.made_up(21)
    cleared = clear(wind_csp, data)
    inside = (cleared["offer"] > 1) & (cleared["offer"] < data["capacity"].sum("participant") - 1)
    assert bool(inside.isel(scenario=0, time=1)), "the offer of the changed hour is between its limits"
    found = checked(data, FAULTS[name](cleared))
    assert found["offering_passed"].sel(offering_property=name).item() == 0
    assert found["offering_residual"].sel(offering_property=name).item() > 1e-3


def test_a_sum_of_prices_that_no_hour_tests_is_not_passed():
    data = offering.made_up(21)
    cleared = clear(wind_csp, data)
    limit = data["capacity"].sum("participant")
    found = checked(data, cleared.assign(offer=xr.zeros_like(cleared["offer"]) + limit)).isel(scenario=0)
    assert found["offering_residual"].sel(offering_property=NAMES[1]).isnull()
    assert found["offering_passed"].sel(offering_property=NAMES[1]) == 0
    assert found["offering_residual"].drop_sel(offering_property=NAMES[1]).notnull().all()


def test_offer_shares_add_up_to_the_offer_and_are_zero_without_one():
    cleared = offering.cleared()
    found = checked(offering.cases(), cleared)["offer_share"]
    np.testing.assert_allclose(found.sum("participant"), cleared["offer"], atol=1e-6)
    nothing = cleared["offer"] == 0
    assert nothing.any() and not found.where(nothing, 0.0).any()


def test_settlement_of_an_outcome_by_hand():
    data = offering.made_up(22)
    cleared = clear(wind_csp, data)
    found = checked(data, cleared)
    weight, total = cleared["risk_probability"].values[0], 0.0
    share, power = found["offer_share"].values[0, 1], cleared["power"].values[0, 1]
    for t in range(4):
        imbalance_price = cleared["price_internal"].values[0, t, 2] / weight[2]
        total += data["price_da"].values[0, t] * share[t] + imbalance_price * (power[t, 2] - share[t])
    assert found["settlement_payment"].values[0, 1, 2] == pytest.approx(total, rel=1e-12)


def test_outcomes_without_risk_adjusted_probability_are_unpriced():
    data = offering.cases().sel(scenario=["summer", "summer|beta1"])
    cleared = offering.cleared().sel(scenario=data["scenario"].values)
    unpriced = checked(data, cleared)["settlement_payment"].isnull().all("participant")
    np.testing.assert_array_equal(unpriced, cleared["risk_probability"] < 1e-9)
    assert not unpriced.sel(scenario="summer").any()
    assert unpriced.sel(scenario="summer|beta1").any()


def test_paying_the_imbalance_price_alone_would_not_balance():
    """(y/q) p has the right mean but leaves single outcomes unbalanced: why the offer is split at all."""
    data = offering.made_up(22)
    cleared = clear(wind_csp, data)
    zero = xr.zeros_like(cleared["offer"].expand_dims(participant=data["participant"].values))
    paid = offering_properties.settlement(data, cleared, zero).sum(["participant", "time"])
    earned = (data["price_da"] * cleared["offer"]).sum("time") + (
        data["price_surplus"] * cleared["surplus"] - data["price_shortage"] * cleared["shortage"]
    ).sum("time")
    assert float((cleared["risk_probability"] * (paid - earned)).sum()) == pytest.approx(0, abs=1e-6)
    assert float(np.abs(paid - earned).max()) > 1
