"""Margins out of sample and the frontier of the bid."""

import numpy as np
import pytest
from scipy.optimize import linprog

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


def departure(data, cleared, outcome: int, sign: float) -> float:
    """MWh by which the bid of one outcome is missed, its own linear program of one unit and one battery per microgrid
    that sells no product."""
    here, names, hours = data.sel(outcome=outcome), data["participant"].values, data.sizes["time"]
    own = {name: k for k, name in enumerate(("g", "ch", "dis", "d", "e"))}
    width = 5 * len(names)
    columns = hours * (width + 2)
    bounds, equal, right = [(0.0, None)] * columns, [], []
    less, most = [], []
    needed = sign * here["deviation"].sum(("participant", "source")).values
    fixed = cleared["energy_bid"].sel(outcome=outcome).values - (here["pv"] - here["load"]).sum("participant").values
    for t in range(hours):
        row, start = np.zeros(columns), t * (width + 2)
        row[start + width : start + width + 2] = 1.0, -1.0
        for i, name in enumerate(names):
            one = here.sel(participant=name)
            place = {what: start + 5 * i + k for what, k in own.items()}
            bounds[place["g"]] = (float(one["unit_minimum"]), float(one["unit_capacity"]))
            for what in ("ch", "dis"):
                bounds[place[what]] = (0.0, float(one["battery_power"]))
            bounds[place["d"]] = (0.0, float(one["curtailable"][t]))
            last = float(one["battery_initial"]) if t == hours - 1 else 0.0
            bounds[place["e"]] = (last, float(one["battery_energy"]))
            row[[place[what] for what in ("g", "dis", "d")]], row[place["ch"]] = 1.0, -1.0
            store = np.zeros(columns)
            store[[place["e"], place["ch"], place["dis"]]] = (
                1.0, -float(one["charge_efficiency"]), 1 / float(one["discharge_efficiency"]))  # fmt: skip
            if t:
                store[place["e"] - width - 2] = -1.0
                ramp = np.zeros(columns)
                ramp[[place["g"], place["g"] - width - 2]] = 1.0, -1.0
                less += [ramp, -ramp]
                most += [float(one["ramp_60"])] * 2
            equal.append(store)
            right.append(0.0 if t else float(one["battery_initial"]))
        equal.append(row)
        right.append(fixed[t] + needed[t])
    cost = np.zeros((hours, width + 2))
    cost[:, width:] = 1.0
    found = linprog(cost.ravel(), less, most, equal, right, bounds)
    return found.fun


def test_a_deviation_that_lasts_all_day_is_a_program_of_each_outcome_alone():
    data = microgrids.made(
        {"s": {"label": "s"}}, products="E", gamma=2, pool="all", deviations={"pv": 0.8, "load": 0.4}
    )
    found = robust_bids.plan({"data": data}, families=["s"], samples=10).isel(scenario=0)
    cleared = microgrids.cleared_of(data).isel(scenario=0)
    for name, sign in (("missed_up_day", 1.0), ("missed_down_day", -1.0)):
        alone = [departure(data.isel(scenario=0), cleared, s, sign) for s in data["outcome"].values]
        assert float(found[name]) == pytest.approx(max(alone), abs=1e-6), name
    assert float(found["missed_up_day"]) > 1


def test_deviations_that_are_followed_in_each_hour_may_not_be_for_a_day(plan):
    found = plan.sel({"method": "robust-bids", "scenario": "gamma2"})
    assert found["violated_hours"] == 0 and max(found["missed_up_day"], found["missed_down_day"]) > 0.1


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
