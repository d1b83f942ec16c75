"""The check of prices: it accepts optimal ones, finds wrong ones, and tells which are unique."""

import numpy as np
import pytest

import ancillary


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", ["uncertainty", "total"])
def test_optimal_prices_support_every_schedule(seed, kind):
    """It would raise if its own program of the system had another cost."""
    data = ancillary.random_system(seed, frp_requirement=kind)
    cleared = ancillary.cleared_of(data)
    found = ancillary.paid(data, cleared, ["base"])
    assert found["prices_support"].item() == 1
    price = np.concatenate([cleared["price"].values[:, None], cleared["product_price"].values], axis=1)
    assert (found["price_fall"].values <= price + 1e-6).all() and (price <= found["price_rise"].values + 1e-6).all()


def test_real_days_are_supported_by_unique_prices():
    found = ancillary.paid(ancillary.days(), ancillary.days_cleared(), ["days"])
    assert (found["prices_support"] == 1).all()
    assert (found["price_unique"].sel(scenario=["2020-01-13", "2020-07-09"]) == 1).all()
    assert found["price_unique"].sel(scenario="2020-07-09|causer").isnull().all()


def test_a_wrong_price_is_found():
    data = ancillary.made(ancillary.TOY).sel(scenario=["energy"])
    cleared = ancillary.cleared_of(data)
    wrong = cleared.assign(price=cleared["price"] + 5.0)
    for name in ("price", "product_price"):
        wrong[name].attrs = cleared[name].attrs
    found = ancillary.paid(data, wrong, [])
    assert float(found["deviation_gain"].max()) > 1 and found["prices_support"].item() == 0


def test_a_price_between_two_costs_is_not_unique():
    units = {"A": {"blocks": [[100, 20]], "ramp_60_mw": 600}, "B": {"blocks": [[100, 50]], "ramp_60_mw": 600}}
    data = ancillary.numbered(units, [100, 80, 100])
    found = ancillary.paid(data, ancillary.cleared_of(data), ["base"]).sel(scenario="base", good="energy")
    assert found["price_unique"].values.tolist() == [0, 1, 0]
    np.testing.assert_allclose(found["price_fall"], 20, atol=1e-6)
    np.testing.assert_allclose(found["price_rise"], [50, 20, 50], atol=1e-6)


def test_another_optimum_and_an_unknown_family_are_errors():
    data = ancillary.made(ancillary.TOY).sel(scenario=["energy"])
    cleared = ancillary.cleared_of(data)
    with pytest.raises(ValueError, match="no family 'base'; the study has energy"):
        ancillary.paid(data, cleared, ["base"])
    other = cleared.assign(objective=cleared["objective"] * 1.01)
    with pytest.raises(RuntimeError, match="scenario energy, small changes: the cost is"):
        ancillary.paid(data, other, ["energy"])
