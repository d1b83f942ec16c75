"""Core constraints on demand against all subsets, and the spec's numbers on the 30- and 118-bus networks."""

import numpy as np
import pytest

import spot
from sharegrid.markets import spot as market
from sharegrid.mechanisms import core_selecting, vcg
from sharegrid.optimise import coalitions, core


def core_payment(data, request: str):
    values = spot.valued(data, request)
    return core_selecting.pay(data, spot.cleared(data), values)["payment"], values


def core_profit(data, request: str):
    payment, values = core_payment(data, request)
    return (payment - spot.cleared(data)["reported_cost"]).sum("participant").values, values


def test_case30_equals_brute_force_over_all_subsets():
    data = spot.spot_market("case30", limits=["none", 1, 0.85, 0.76, 0.74, 0.72])
    on_demand, generated = core_payment(data, "core")
    brute, everything = core_payment(data, "all")
    np.testing.assert_allclose(on_demand, brute, atol=1e-4)
    assert generated.sizes["coalition"] < everything.sizes["coalition"] == 64
    # what was generated are values of the engine like any other
    common = generated["cost"].sel(scenario="0.72").dropna("coalition")
    np.testing.assert_allclose(
        common, everything["cost"].sel(scenario="0.72", coalition=common["coalition"]), rtol=1e-9
    )


def test_case30_best_core_total_is_below_vcg():
    data = spot.spot_market("case30", limits=[0.72])
    total, values = core_profit(data, "core")
    assert total[0] == pytest.approx(8431.67, abs=0.01)
    saving = coalitions.removal_cost(values) - values["cost"].sel(coalition="all", drop=True)
    assert float(saving.sum()) == pytest.approx(10273.49, abs=0.01)


def test_case118_core_totals():
    data = spot.spot_market("case118", limits=[1, 0.7])
    total, values = core_profit(data, "core")
    np.testing.assert_allclose(total, [43527.690, 42672.550], atol=1e-3)
    payment = vcg.pay(data, spot.cleared(data), values)["payment"] - spot.cleared(data)["reported_cost"]
    np.testing.assert_allclose(payment.sum("participant"), [43527.690, 42837.135], atol=1e-3)


def test_units_of_one_owner_leave_together():
    """Owners of several units: the separation closes all columns of an owner."""
    owners = {"west": ["0", "1"], "north": ["2"], "east": ["3", "4"], "south": ["5"]}
    data = spot.spot_market("case30", limits=[0.73, 0.72], participants=owners)
    np.testing.assert_allclose(core_payment(data, "core")[0], core_payment(data, "all")[0], atol=1e-4)


def test_the_set_found_objects_most():
    """The mixed-integer program against the enumeration of all sets, at profits outside the core."""
    data = spot.spot_market("case30", limits=[0.72])
    values = spot.valued(data, "all")
    saving = (values["cost"] - values["cost"].sel(coalition="all")).values[0]
    absent = coalitions.absent(values)
    pivotal = np.array([saving[(absent.sum(axis=1) == 1) & absent[:, k]][0] for k in range(6)])
    objection = core.Objection(core.split_model(market, data), np.arange(6), values["cost"].sel(coalition="all").item())
    for factor in (0.4, 0.8, 1.0, 1.3):
        excess = absent @ (factor * pivotal) - saving
        found = objection.find(factor * pivotal)
        assert excess[(absent == found).all(axis=1)][0] == pytest.approx(excess.max(), abs=1e-5)


def test_quadratic_offers_are_refused():
    data = spot.spot_market("case30", limits=[0.72], bid_mode="quadratic")
    with pytest.raises(ValueError, match="bid_mode: blocks"):
        spot.valued(data, "core")


def test_incomplete_values_leave_the_core_empty_cells():
    """A scenario whose core constraints were not asked for is NaN, next to one where they were."""
    data = spot.spot_market("case30", limits=[0.76, 0.72])
    requests = [{"scenarios": ["0.76"], "coalitions": "removals"}, {"scenarios": ["0.72"], "coalitions": "core"}]
    values = spot.value(data, {"market": "spot", "backend": "warm", "requests": requests, "compare": None})
    payment = core_selecting.pay(data, spot.cleared(data), values)["payment"]
    assert np.isnan(payment.sel(scenario="0.76")).all() and not np.isnan(payment.sel(scenario="0.72")).any()
