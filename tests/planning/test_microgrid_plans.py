"""Margins out of sample and the frontier of the bid."""

import numpy as np
import pytest

import microgrids
import offering
from sharegrid.planning import bid_frontier, robust_bids

BUDGETS = ["gamma0", "gamma1", "gamma2"]


@pytest.fixture(scope="module")
def plan():
    return microgrids.results()["plan"]


def test_no_deviation_is_violated_with_the_budget_of_all_sources(plan):
    found = plan.sel({"method": "robust-bids", "scenario": BUDGETS})
    for name in ("violated_hours", "violated_days", "largest_violation"):
        assert (np.diff(found[name].values) <= 1e-9).all(), name
        assert found[name].values[0] > 0.1 and found[name].values[-1] == 0, name


def test_the_largest_margin_is_at_least_what_was_planned(plan):
    cleared = microgrids.results()["cleared"].sel(scenario=BUDGETS)
    planned = (cleared["unit_margin"] + cleared["battery_margin"]).sum("participant")
    largest = plan["largest_margin"].sel({"method": "robust-bids", "scenario": BUDGETS}).transpose(*planned.dims)
    assert (largest >= planned - 1e-6).all()
    assert (largest >= cleared["worst_deviation"] - 1e-6).all()


def test_violations_are_those_of_a_loop_over_the_draws(plan):
    data = microgrids.results()["data"].sel(scenario="gamma1")
    margin = plan["largest_margin"].sel({"method": "robust-bids", "scenario": "gamma1"})
    hours, days, largest = robust_bids.violations(data, margin, 50, 7)
    draws = np.random.Generator(np.random.PCG64(7)).uniform(-1, 1, (50, data.sizes["source"], data.sizes["time"]))
    deviation = data["deviation"].sum("participant")
    count, hit, most = 0, 0, 0.0
    for draw in draws:
        violated = False
        for t in range(data.sizes["time"]):
            need = sum(
                draw[r, t] * float(deviation.sel(source=name)[t]) for r, name in enumerate(data["source"].values)
            )
            for s in data["outcome"].values:
                way = "up" if need > 0 else "down"
                beyond = abs(need) - float(margin.sel(direction=way, outcome=s)[t])
                count, violated, most = count + (beyond > 1e-6), violated or beyond > 1e-6, max(most, beyond)
        hit += violated
    assert hours == pytest.approx(100 * count / (50 * data.sizes["time"] * data.sizes["outcome"]))
    assert days == pytest.approx(100 * hit / 50) and largest == pytest.approx(most)


def test_the_frontier_is_undominated_and_as_good_as_the_optimum(plan):
    data, cleared = (microgrids.results()[name] for name in ("data", "cleared"))
    here = data["scenario"].values[data["family"].values == "risk"]
    profit, tail = (
        plan[f"frontier_{name}"].sel({"method": "bid-frontier", "scenario": here})
        for name in ("expected_profit", "cvar")
    )
    weight = data["beta"].sel(scenario=here)
    mix = (1 - weight) * profit + weight * tail
    np.testing.assert_allclose(mix, -cleared["objective"].sel(scenario=here), atol=1e-5)
    both = profit + tail
    assert (both >= (cleared["expected_profit"] + cleared["cvar"]).sel(scenario=here) - 1e-5).all()
    for bid in ("curve", "quantity"):
        own = [f"{bid} {beta}" for beta in ("0", "0.5", "1")]
        assert (np.diff(profit.sel(scenario=own)) <= 1e-5).all() and (np.diff(tail.sel(scenario=own)) >= -1e-5).all()


@pytest.mark.parametrize(("method", "name"), [(robust_bids, "robust-bids"), (bid_frontier, "bid-frontier")])
def test_other_markets_and_unknown_families_are_refused(method, name):
    with pytest.raises(ValueError, match=f"{name} serves the market microgrid only, not 'wind-csp'"):
        method.plan({"data": offering.cases()}, families=["base"])
    with pytest.raises(ValueError, match="families: no 'base'; the study has products, budget, risk, pool"):
        method.plan(microgrids.results(), families=["base"])


def test_no_sample_is_refused():
    with pytest.raises(ValueError, match="samples 0: draw one at least"):
        robust_bids.plan(microgrids.results(), families=["budget"], samples=0)
