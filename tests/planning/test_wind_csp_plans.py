"""Separate offers, ranges over all optimal schedules, and undominated optima of a joint offer."""

import numpy as np
import pytest

import offering
from communities import community
from sharegrid.markets import wind_csp
from sharegrid.optimise import coalitions
from sharegrid.optimise.clear import clear, split_model
from sharegrid.optimise.highs import LiveProgram
from sharegrid.planning import contribution_ranges, risk_frontier, separate_offers
from sharegrid.stages import plan

BASE = ["summer", "winter"]


@pytest.fixture(scope="module")
def results():
    return {"data": offering.cases(), "cleared": offering.cleared()}


def test_separate_offers_have_the_values_of_the_members_alone(results):
    found = separate_offers.plan(results, scenarios=[*BASE, "csp3"])
    alone = -coalitions.alone_cost(offering.valued(), results["data"]).sel(scenario=[*BASE, "csp3"])
    np.testing.assert_allclose(found["separate_value"], alone, rtol=1e-8)
    missing = found["separate_offer"].isnull().all("time")
    np.testing.assert_array_equal(missing, ~coalitions.taking_part(results["data"]).sel(scenario=[*BASE, "csp3"]))


def test_separate_offer_is_that_of_a_market_with_one_member(results):
    found = separate_offers.plan(results, scenarios=["summer"]).isel(scenario=0)
    one = clear(wind_csp, offering.real(csp={}, csp_count=0, wind={"W2": offering.CONFIG["wind"]["W2"]})).isel(
        scenario=0
    )
    np.testing.assert_allclose(found["separate_offer"].sel(participant="W2"), one["offer"], atol=1e-6)
    imbalance = (one["surplus"] + one["shortage"]).mean("outcome")
    np.testing.assert_allclose(found["separate_imbalance"].sel(participant="W2"), imbalance, atol=1e-6)


def test_ranges_hold_the_optimum_that_was_cleared(results):
    scenarios = [*BASE, "summer|rho2", "winter|beta1"]
    found = contribution_ranges.plan(results, scenarios=scenarios)
    part = results["cleared"]["contribution_balancing"].sel(scenario=scenarios)
    assert (found["balancing_low"] <= part + 1e-6).all() and (part <= found["balancing_high"] + 1e-6).all()


def _twins(seed: int):
    """A market with two equal solar plants and one wind farm: who of the two balances is open."""
    same = {"heat_available": np.random.default_rng(seed).uniform(0, 200, (1, 1, 4, 3))}
    equal = {"capacity": [100.0, 120.0, 120.0], "variable_cost": 2.0, "startup_heat": 0.0}
    sizes = {"storage_limit": 200.0, "initial_storage": 30.0, "charge_limit": 90.0, "discharge_limit": 80.0}
    return offering.made_up(seed, wind=1, **same, **equal, **sizes)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_split_between_equal_plants_is_open_their_payoff_is_not(seed):
    data = _twins(seed)
    found = contribution_ranges.plan({"data": data}, scenarios=["s"]).isel(scenario=0)
    low, high = (found[f"balancing_{side}"].values for side in ("low", "high"))
    assert low[1] == pytest.approx(low[2], abs=1e-5) and high[1] == pytest.approx(high[2], abs=1e-5)
    assert high[1] - low[1] > 1
    cleared = clear(wind_csp, data).isel(scenario=0)
    payoff = (cleared["price_revenue"] - cleared["reported_cost"]).values
    assert payoff[1] == pytest.approx(payoff[2], rel=1e-7)


@pytest.mark.parametrize("seed", [1, 2])
def test_ranges_against_programs_with_the_objective_held(seed):
    """The plain reference: the least and largest part subject to a cost that is the optimal one."""
    data = _twins(seed)
    found = contribution_ranges.plan({"data": data}, scenarios=["s"]).isel(scenario=0)
    cleared, split = clear(wind_csp, data).isel(scenario=0), split_model(wind_csp, data)
    worth = cleared["price_internal"] - data["price_da"].isel(scenario=0) * cleared["risk_probability"]
    program, objective = split.program(0), float(cleared["objective"])
    columns = np.arange(len(program.cost))
    for variable, dim in (("wind_power", "wind"), ("solar_power", "csp")):
        for name in data[dim].values:
            cost = np.zeros(len(columns))
            position = split.variables[variable].position.sel({dim: name})
            cost[position.transpose("time", "outcome").values] = worth.transpose("time", "outcome").values
            for sign, side in ((1, "low"), (-1, "high")):
                engine = LiveProgram(program)
                engine.add_rows(program.cost[None], [-np.inf], [objective + 1e-7])
                engine.set_costs(columns, sign * cost)
                end = sign * engine.solve().objective
                assert end == pytest.approx(float(found[f"balancing_{side}"].sel(participant=name)), abs=1e-3)


def test_the_order_of_dims_does_not_matter(results):
    """Data that were read from a file may have another one."""
    turned = {name: one.transpose(..., "time", "csp", "wind", "scenario", missing_dims="ignore")
              for name, one in results.items()}  # fmt: skip
    for method in (contribution_ranges, risk_frontier, separate_offers):
        found, expected = (method.plan(one, scenarios=BASE) for one in (turned, results))
        for name in expected:
            other = found[name].transpose(*expected[name].dims)
            np.testing.assert_allclose(other, expected[name], rtol=1e-7, atol=1e-5)


def test_frontier_points_are_optimal_and_undominated(results):
    scenarios = [f"{day}{weight}" for day in BASE for weight in ("|beta0", "", "|beta1")]
    found = risk_frontier.plan(results, scenarios=scenarios)
    here, weight = results["cleared"].sel(scenario=scenarios), results["data"]["beta"].sel(scenario=scenarios)
    profit, tail = found["frontier_expected_profit"], found["frontier_cvar"]
    np.testing.assert_allclose((1 - weight) * profit + weight * tail, -here["objective"], rtol=1e-8)
    assert (profit + tail >= here["expected_profit"] + here["cvar"] - 1e-4).all()
    for k in (0, 3):
        assert (np.diff(profit.values[k : k + 3]) <= 1e-4).all() and (np.diff(tail.values[k : k + 3]) >= -1e-4).all()
    ends = {"scenario": [f"{day}|beta1" for day in BASE]}
    assert (profit.sel(ends) > here["expected_profit"].sel(ends) + 1).any(), "the optimum is not unique"


def test_the_stage_puts_the_plans_side_by_side(results):
    methods = {"separate-offers": {"scenarios": BASE}, "contribution-ranges": {"scenarios": ["summer"]}}
    found = plan.plan(results, {"methods": methods})
    assert found["method"].values.tolist() == list(methods)
    assert found["separate_offer"].sel({"method": "contribution-ranges"}).isnull().all()
    assert found["balancing_low"].sel({"method": "contribution-ranges", "scenario": "summer"}).notnull().all()


@pytest.mark.parametrize("method", [contribution_ranges, risk_frontier])
def test_on_off_decisions_have_no_range(results, method):
    with pytest.raises(ValueError, match="commitment 'integer' have no set of optimal schedules; leave them out"):
        method.plan(results, scenarios=["summer|on-off"])


@pytest.mark.parametrize("method", [separate_offers, contribution_ranges, risk_frontier])
def test_another_market_is_refused(method):
    data = community(users=3)
    name = method.__name__.split(".")[-1].replace("_", "-")
    with pytest.raises(ValueError, match=f"plan.methods: {name} serves the market wind-csp only, not 'community'"):
        method.plan({"data": data}, scenarios=data["scenario"].values.tolist())


@pytest.mark.parametrize("method", [separate_offers, contribution_ranges, risk_frontier])
def test_an_unknown_scenario_is_named(results, method):
    with pytest.raises(ValueError, match="plan: scenarios: no 'spring'; the study has summer, winter,"):
        method.plan(results, scenarios=["spring"])
