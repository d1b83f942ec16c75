"""Demand response before the schedule: against a grid of it, the certificate, and bounds on both sides."""

from functools import cache
from itertools import product

import numpy as np
import pytest
import xarray as xr

import transfers
from sharegrid.markets import transfer_bilevel
from sharegrid.markets.transfer_bilevel import Bilevel
from sharegrid.optimise.highs import NotOptimal
from sharegrid.planning.transfer_bilevel import check_order, plan
from sharegrid.stages import plan as stage

BUDGETS = [0, 500, 1000, 1500, 2000, 2500]
AT = {"reduction_at": ["everywhere"], "reduction_level": [0.2]}


@cache
def data(name: str = "case5 3->4"):
    """One transfer of five buses with several budgets, and without demand response."""
    return transfers.prepared({
        "none": {"label": "none", "transfer": [name]},
        "budgets": {"label": "{budget}", "transfer": [name], "budget": BUDGETS} | AT,
    })  # fmt: skip


@cache
def planned(name: str = "case5 3->4"):
    """The plan of all budgets."""
    return plan({"data": data(name)}, scenarios=[str(budget) for budget in BUDGETS])


def sequential(cuts: list[tuple[float, ...]], name: str) -> np.ndarray:
    """T (cut) after the operator answers each cut of load at the buses 2, 3, 4 with its cheapest secure dispatch, by
    two separate markets; a cut is an hour of its own."""
    systems, hours = {"case5": transfers.CASE5}, list(range(len(cuts)))
    scenarios = {"x": {"label": "{hour}", "hour": hours}}
    less = transfers.prepare.prepare(
        transfers.DISPATCH | {"systems": systems, "scenarios": scenarios}, transfers.RESOURCES
    )
    less["load"].loc[{"bus": ["case5:2", "case5:3", "case5:4"]}] -= np.array(cuts)
    schedules = transfers.clear.clear(less, {"market": "secure-dispatch"})
    return transfers.transfer(
        transfers.prepared({"x": {"label": "{hour}", "transfer": [name], "hour": hours}}, schedules)
    )


def test_the_transfer_is_the_measured_one_and_the_relaxation_far_above():
    one = planned().sel(scenario="1000")
    assert one["bilevel_transfer"].item() == pytest.approx(96.465, abs=5e-4)
    assert one["bilevel_upper"].item() == pytest.approx(336.853, abs=5e-4)
    assert one["bilevel_gap"].item() <= 1e-6
    assert planned().sel(scenario="0")["bilevel_transfer"].item() == pytest.approx(63.131, abs=5e-4)


@pytest.mark.parametrize("name", ["case5 3->4", "case5 4->3"])
def test_no_point_of_a_grid_of_demand_response_is_better_and_the_best_is_reached(name):
    """Budget 1000 $/h at 30 $/MWh: 33.3 MW over three buses."""
    best = planned(name).sel(scenario="1000")
    price, budget = 30.0, 1000.0
    grid = [cut for cut in product(np.linspace(0, 100 / 3, 4), repeat=3) if price * sum(cut) <= budget + 1e-9]
    *found, own = sequential([*grid, tuple(best["bilevel_reduction"].values)], name)
    assert len(grid) == 20 and max(found) == pytest.approx(best["bilevel_transfer"].item(), abs=1e-5)
    assert own == pytest.approx(best["bilevel_transfer"].item(), abs=1e-5)


@pytest.mark.parametrize("name", ["case5 3->4", "case5 4->3"])
def test_sequential_is_below_bilevel_below_the_relaxation_and_a_budget_never_hurts(name):
    base = transfers.cleared(data(name))["transfer_mw"].sel(scenario="none").item()
    lower, upper = planned(name)["bilevel_transfer"].values, planned(name)["bilevel_upper"].values
    assert (base <= lower + 1e-6).all() and (lower <= upper + 1e-6).all()
    assert (np.diff(lower) >= -1e-6).all() and (np.diff(upper) >= -1e-6).all()


def test_the_cheapest_demand_response_that_reaches_the_transfer_is_reported():
    """Above 2160 $/h the sink has no more; what is left of the budget is not spent."""
    cost = planned()["bilevel_cost"].values
    np.testing.assert_allclose(cost, [0, 500, 1000, 1500, 2000, 2160], atol=1e-3)


def test_m_is_raised_until_the_transfer_has_stayed_twice():
    one = planned().sel(scenario="1000")
    tried = one["bound"].dropna("step")
    assert tried.values.tolist() == [100, 1000, 10000]
    assert np.ptp(one["bound_transfer"].dropna("step").values) <= 1e-6
    assert (one["bound_gap"].dropna("step") <= 1e-6).all()
    assert (one["bound_price"].dropna("step") < 100).all()


def test_an_m_that_is_too_small_has_no_dispatch_and_is_raised():
    program = Bilevel(data().sel(scenario=["1000"]))
    with pytest.raises(NotOptimal, match="infeasible"):
        program.solve(1.0)
    one = plan({"data": data()}, scenarios=["1000"], dual_bound=1.0).isel(scenario=0)
    assert np.isnan(one["bound_transfer"].values[0]) and one["bound"].values[0] == 1
    assert one["bilevel_transfer"].item() == pytest.approx(96.465, abs=5e-4)


def test_the_multipliers_satisfy_the_conditions_of_the_lower_level():
    """Stationarity and complementarity of the solved point, by the arrays of the program."""
    program = Bilevel(data().sel(scenario=["1000"]))
    point, n = program.solve(1e3), program.numbers.isel(scenario=0)
    flow = n["of_unit"].values @ point.output + n["of_site"].values @ point.reduction + n["at_zero"].values
    assert (np.abs(flow) <= n["limit"].values + 1e-6).all()
    assert point.output.sum() + point.reduction.sum() == pytest.approx(n["load"].item())
    assert point.certificate <= 1e-6 and 0 < point.largest_price < 1e3


def test_the_certificate_sees_a_dispatch_out_of_merit():
    program = Bilevel(data().sel(scenario=["1000"]))
    point, cost = program.solve(1e3), program.numbers["cost"].values
    assert program.least_cost(point.reduction) == pytest.approx(cost @ point.output, abs=1e-6)
    worse = point.output + np.array([-1.0, 0, 1.0, 0, 0])
    assert cost @ worse > program.least_cost(point.reduction) + 1


def test_systems_whose_units_do_not_serve_the_load_alone_are_refused():
    """Wind is dispatched in RTS-GMLC."""
    rts = transfers.prepared({"x": {"label": "x", "transfer": ["2->1"]} | transfers.HOURS})
    with pytest.raises(ValueError, match="scenario x: wind, photovoltaic power or lost load is dispatched"):
        Bilevel(rts)


def of_case5(system: dict | None = None, **family):
    """Scenarios of case5 3->4 by the fields of `family`, with a system other than CASE5."""
    schedules = transfers.dispatch(systems={"case5": system or transfers.CASE5}, scenarios={"x": {"label": "x"}})
    label = " ".join(f"{{{name}}}" for name in family)
    return transfers.prepared({"x": {"label": label, "transfer": ["case5 3->4"]} | AT | family}, schedules)


def test_every_scenario_has_the_rows_of_its_own_limits():
    """Two scenarios give what each gives alone, in either order; 100 MW of 1-2 has no limit in one of them."""
    one = of_case5(reduction_level=[0.1])
    free = one.assign(limit=one["limit"].copy(), emergency_limit=one["emergency_limit"].copy())
    for name in ("limit", "emergency_limit"):
        free[name].loc[{"branch": "case5:1-2"}] = np.inf
    both = xr.concat([one, free.assign_coords(scenario=["free"])], "scenario", data_vars="minimal", coords="minimal",
                     compat="override")  # fmt: skip
    names = both["scenario"].values.tolist()
    alone = [plan({"data": both}, scenarios=[name]) for name in names]
    for order in (names, names[::-1]):
        found = plan({"data": both}, scenarios=order).sel(scenario=names)
        for name in ("bilevel_transfer", "bilevel_upper"):
            assert found[name].values.tolist() == [own[name].item() for own in alone]
    rows = [Bilevel(both.sel(scenario=[name])).numbers.sizes["row"] for name in names]
    assert rows[0] > rows[1]


def test_scenarios_without_contingencies_are_refused():
    found = of_case5(contingencies=["n-1", "none"])
    for order in (["n-1", "none"], ["none", "n-1"]):
        with pytest.raises(
            ValueError, match="scenario none: contingencies is none, but .* lower level would be another; use n-1"
        ):
            plan({"data": found}, scenarios=order)


def test_contract_schedules_are_refused():
    """40 MW from the unit of bus 3 to that of bus 4."""
    output = transfers.dispatch(systems={"case5": transfers.CASE5}, scenarios={"x": {"label": "x"}})["output"].values[0]
    contract = {f"g{k + 1}": float(mw) for k, mw in enumerate(output + np.array([0, 0, -40.0, 40.0, 0]))}
    found = of_case5(transfers.CASE5 | {"schedule": contract}, reduction_level=[0.1])
    with pytest.raises(
        ValueError, match=r"scenario 0\.1: the base schedule costs 4\d\d\.\d+ \$/h more than the cheapest secure"
    ):
        plan({"data": found}, scenarios=["0.1"])


def test_a_transfer_outside_of_its_bounds_is_an_error():
    check_order("x", 1.0, 1.0, 1.0)
    for transfer in (0.9, 2.1):
        with pytest.raises(
            RuntimeError, match="scenario x: T of .* MW is not between 1.000000 MW without demand response and 2"
        ):
            check_order("x", 1.0, transfer, 2.0)


def test_sequential_is_the_transfer_of_the_market_without_demand_response():
    base = transfers.cleared(data())["transfer_mw"].sel(scenario="none").item()
    assert Bilevel(data().sel(scenario=["1000"])).sequential() == pytest.approx(base, abs=1e-6)


def test_too_many_rows_are_refused(monkeypatch):
    monkeypatch.setattr(transfer_bilevel, "MOST_ROWS", 35)
    with pytest.raises(ValueError, match="36 lines and states; the bilevel program is for at most 35"):
        Bilevel(data().sel(scenario=["1000"]))


def test_the_plan_names_what_it_cannot_do():
    with pytest.raises(ValueError, match="no scenario 'x'; known: none, 0, 500"):
        plan({"data": data()}, scenarios=["x"])
    with pytest.raises(ValueError, match="dual_bound is 0; it must be above 0"):
        plan({"data": data()}, scenarios=["0"], dual_bound=0.0)
    with pytest.raises(ValueError, match="is for the market transfer-capability"):
        plan({"data": data().assign_attrs(market="spot")}, scenarios=["0"])


def test_the_stage_keeps_the_contract():
    made = stage.plan({"data": data()}, {"methods": {"transfer-bilevel": {"scenarios": ["1000"]}}})
    assert made["bilevel_transfer"].attrs["units"] == "MW"
