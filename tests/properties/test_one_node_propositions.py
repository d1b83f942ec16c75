"""P1-P9 of chapter 2.4 on thousands of random one-node markets, cleared and valued by a reference of their own."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from one_node import Case, clear, costs, datasets, deviations, paid, random_case
from sharegrid.mechanisms import lmp, vcg
from sharegrid.optimise import coalitions
from sharegrid.properties import checks

MARKETS = 3000
PAYS = {"lmp": lmp.pay, "vcg": vcg.pay}


def cases(count: int, seed: int) -> list[Case]:
    rng = np.random.default_rng(seed)
    return [random_case(rng, f"m{k}") for k in range(count)]


@pytest.fixture(scope="module")
def markets():
    """data, cleared, values, payments of 3000 markets, each a scenario; a third of them sheds load."""
    data, cleared, values = datasets(cases(MARKETS, 7))
    return data, cleared, values, paid(data, cleared, values, PAYS)


def pivotal(payments):
    return payments["payment"].sel(mechanism="vcg", drop=True)


def test_random_markets_cover_the_interesting_cases(markets):
    data, cleared, values, _ = markets
    assert 200 < int((cleared["lost_load"] > 0).sum()) < MARKETS - 200
    lost = vcg.lost_load_without(values) - cleared["lost_load"]
    assert int((lost.max("participant") > 0).sum()) > 500, "no insufficient N-1 capacity"
    assert int((data["offer_price"] < 0).any(["generator", "block"]).sum()) > 300


def test_p1_allocation_is_efficient(markets):
    _, cleared, values, _ = markets
    cost = cleared["true_cost"].sum("participant") + 1000 * cleared["lost_load"]
    np.testing.assert_allclose(cost, values["cost"].sel(coalition="all"), rtol=1e-12, atol=1e-8)


def test_p2_payment_covers_the_cost_and_idle_units_get_nothing(markets):
    _, cleared, _, payments = markets
    assert float((pivotal(payments) - cleared["reported_cost"]).min()) >= -1e-6
    idle = cleared["output"] <= 1e-9
    assert int(idle.sum()) > 1000
    np.testing.assert_array_equal(pivotal(payments).where(idle, 0.0), 0.0)


def test_p4_vcg_pays_at_least_the_price_for_every_optimal_dual(markets):
    _, cleared, _, payments = markets
    assert float((pivotal(payments) - cleared["price_revenue"]).min()) >= -1e-6


def test_p5_loads_pay_too_little_by_what_the_price_misses_without_each_unit(markets):
    """RI >= 0, and 0 iff the price stays an optimal dual: the dual function of each market without i, by hand."""
    data, cleared, _, payments = markets
    inadequacy = payments["revenue_inadequacy"].values
    assert inadequacy.min() >= -1e-6
    missed = np.zeros(MARKETS)
    for k in range(MARKETS):
        price, demand = cleared["price"].values[k, 0], data["demand"].values[k, 0]
        rent = (np.maximum(price - data["offer_price"].values[k], 0) * data["offer_quantity"].values[k]).sum(axis=1)
        dual = price * demand - max(price - 1000, 0) * demand - (rent.sum() - rent)
        missed[k] = (payments["removal_cost"].values[k] - dual).sum()
    np.testing.assert_allclose(inadequacy, missed, rtol=1e-9, atol=1e-6)
    assert (np.abs(inadequacy) < 1e-6).sum() > 10, "the case of equality does not occur"


def test_p6_profits_lie_in_the_core_and_loads_keep_a_surplus(markets):
    data, cleared, values, payments = markets
    few = cleared["scenario"].values[:600]
    here = [dataset.sel(scenario=few) for dataset in (cleared, values, payments)]
    assert float(checks.check_core(*here)["residual"].sel(mechanism="vcg").min()) >= -1e-6
    worth = 1000 * (data["demand"].sum("bus") - cleared["lost_load"])
    assert float((worth - pivotal(payments).sum("participant")).min()) >= -1e-6


def test_p8_payment_is_below_voll(markets):
    _, cleared, _, payments = markets
    assert float((1000 * cleared["output"] - pivotal(payments)).min()) >= -1e-6


def test_p9_payment_is_affine_in_voll_with_the_lost_load_as_slope():
    some = cases(300, 9)
    volls = [60.0, 100.0, 1000.0, 1e5]
    sweep = [replace(case, label=f"{case.label}|{voll}", voll=voll) for case in some for voll in volls]
    _, cleared, values = datasets(sweep)
    payment = pivotal(paid(*datasets(sweep), PAYS)).values.reshape(300, len(volls), -1)
    slope = np.diff(payment, axis=1) / np.diff(volls)[None, :, None]
    lost = (vcg.lost_load_without(values) - cleared["lost_load"]).values.reshape(payment.shape)
    np.testing.assert_allclose(slope, lost[:, 1:], atol=1e-6)
    assert lost.max() > 10


def reports(rng: np.random.Generator, truth: Case) -> list[Case]:
    """The truthful others and three distorted versions of them, and one unit's misreports in each."""
    unit, others = int(rng.integers(len(truth.quantity))), [truth]
    for name in ("a", "b", "c"):
        factors = {k: f for k, f in enumerate(rng.uniform(0.6, 1.6, len(truth.quantity))) if k != unit}
        others.append(replace(truth, label=f"{truth.label}{name}", distortion=name, price_factor=factors))
    moves = rng.uniform(0.4, 3.2, 3)
    return [case for base in others for case in (base, *deviations(base, unit, moves, (1.0, 0.8, 0.5)))]


def misreport_gains(count: int, seed: int):
    """Gain (scenario, mechanism) of the misreports of `count` markets; profits at the true cost."""
    rng = np.random.default_rng(seed)
    some = [report for case in cases(count, seed) for report in reports(rng, case)]
    units = max(len(case.quantity) for case in some)
    data, cleared, values = datasets(some, coalitions.removals(units))
    payments = paid(data, cleared, values, PAYS)
    # each market has its own true costs, which the data of one market cannot hold: every base is truthful for its deviator
    neutral = data.drop_vars(["offer_price", "offer_quantity", "cost_price", "cost_quantity"])
    return checks.misreport_gain(neutral, payments)


def test_p3_no_misreport_pays_under_vcg_and_p7_some_do_at_the_uniform_price():
    gain = misreport_gains(250, 11)
    assert int(gain.sel(mechanism="vcg").notnull().sum()) == 250 * 4 * 9
    assert float(gain.sel(mechanism="vcg").max()) <= 1e-6
    assert float(gain.sel(mechanism="lmp").max()) > 1


def test_splitting_a_unit_never_pays_on_one_node():
    rng = np.random.default_rng(13)
    for case in cases(400, 13):
        unit, share = int(rng.integers(len(case.quantity))), rng.uniform(0.1, 0.9)
        quantity = np.vstack([case.quantity, (1 - share) * case.quantity[unit]])
        quantity[unit] *= share
        split = replace(case, quantity=quantity, price=np.vstack([case.price, case.price[unit]]))
        parts = [unit, len(case.quantity)]
        assert saving(split, [parts[0]]) + saving(split, [parts[1]]) <= saving(case, [unit]) + 1e-6


def saving(case: Case, absent: list[int]) -> float:
    """J(N without absent) - J(N), $/h."""
    rows = np.zeros((2, len(case.quantity)), bool)
    rows[1, absent] = True
    cost, _ = costs(case.quantity, case.price, case.demand, case.voll, rows)
    return float(cost[1] - cost[0])


def test_entry_on_one_node_never_raises_what_vcg_pays():
    """Where both serve all load; the total is sum u_i + J."""
    rng, met = np.random.default_rng(17), 0
    for case in cases(1500, 17):
        entrant = int(rng.integers(len(case.quantity)))
        before = replace(case, quantity=np.delete(case.quantity, entrant, 0), price=np.delete(case.price, entrant, 0))
        if clear(before)[1] > 0:
            continue
        met += 1
        assert total_payment(case) <= total_payment(before) + 1e-6
    assert met > 500


def total_payment(case: Case) -> float:
    rows = coalitions.removals(len(case.quantity))
    cost, _ = costs(case.quantity, case.price, case.demand, case.voll, rows)
    return float((cost[1:] - cost[0]).sum() + cost[0])


@given(
    st.lists(st.tuples(st.integers(1, 100), st.integers(-20, 60)), min_size=1, max_size=6),
    st.integers(1, 500),
    st.integers(60, 2000),
)
@settings(max_examples=150, deadline=None)
def test_bounds_hold_with_ties_and_at_block_edges(units, demand, voll):
    """Whole numbers make ties, demand at block edges and single sellers: cost <= VCG <= V p, LMP <= VCG, core."""
    quantity, price = (np.array([[float(unit[k])] for unit in units]) for k in (0, 1))
    case = Case("low", quantity, price, float(demand), float(voll), dual=0.0)
    data, cleared, values = datasets([case, replace(case, label="high", dual=1.0)])
    payments = paid(data, cleared, values, PAYS)
    payment = pivotal(payments)
    for least, most in (
        (cleared["reported_cost"], payment),
        (cleared["price_revenue"], payment),
        (payment, voll * cleared["output"]),
    ):
        assert float((most - least).min()) >= -1e-6
    assert float(checks.check_core(cleared, values, payments)["residual"].min()) >= -1e-6
