"""Price methods between a cloud and edges: the same optimum, the same whatever the partition, and what they tell."""

import time

import numpy as np
import pytest

from cloud_edge import data, results
from sharegrid.coordination import exchange_admm, first_order, lmos
from sharegrid.coordination.device_responses import Loads, Reductions
from sharegrid.coordination.dual_newton import BracketedNewton, DualNewton, exact_price, newton
from sharegrid.coordination.edge_programs import LoadProgram, ReductionProgram, of_population
from sharegrid.coordination.exchange_admm import ExchangeAdmm
from sharegrid.coordination.first_order import FirstOrder
from sharegrid.coordination.rounds import run
from sharegrid.preparation import device_draws
from sharegrid.stages import clear

MAKERS = {
    "lmos": lambda program: newton(program, 1e-6),
    "gradient": lambda program: FirstOrder(program, 1e-6, "gradient", 1.0),
    "subgradient": lambda program: FirstOrder(program, 1e-6, "subgradient", 4.0),
    "nesterov": lambda program: FirstOrder(program, 1e-6, "nesterov", 1.0),
    "restart": lambda program: FirstOrder(program, 1e-6, "restart", 1.0),
    "admm": lambda program: ExchangeAdmm(program, 1e-6, 1.0),
}


def reductions(users: int, seed: int = 42, share: float = 0.4, edges: int = 1) -> ReductionProgram:
    devices = Reductions(*device_draws.reductions(users, seed))
    return ReductionProgram(devices, share * float(devices.limit.sum()), 10.0, edges)


def loads(users: int, kind: str, edges: int = 1) -> LoadProgram:
    drawn = device_draws.loads(users, 7, kind == "tight")
    return LoadProgram(Loads(drawn.discomfort, drawn.wanted, drawn.limit), *device_draws.supply(users, kind), edges)


@pytest.mark.parametrize("population", ["single 200", "tight 120"])
@pytest.mark.parametrize("name", MAKERS)
def test_the_partition_into_edges_does_not_matter(population, name):
    ends = {}
    for edges in (1, 7, 100):
        program = of_population(data(), population, edges)
        method = MAKERS[name](program)
        history = run(method, 1000)
        ends[edges] = (len(history.progress), np.array(method.prices), program.all_answers, method.floats_up / edges)
        assert history.progress[-1].done and history.members == edges
    for edges in (7, 100):
        for one, other in zip(ends[1], ends[edges], strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("users", [1, 2, 10, 1000, 100_000])
@pytest.mark.parametrize("share", [0.01, 0.4, 0.97])
def test_lmos_ends_at_the_breakpoint_solution(users, share):
    program = reductions(users, 3, share)
    method = BracketedNewton(program, 1e-6)
    history = run(method, 100)
    assert history.progress[-1].done and len(history.progress) <= 15
    assert method.price == pytest.approx(program.exact_price(), rel=1e-6)


@pytest.mark.parametrize("seed", range(20))
def test_lmos_ends_exactly_on_the_last_piece(seed):
    """Finitely many rounds: at a tolerance of rounding the price is the exact one."""
    program = reductions(50, seed)
    method = BracketedNewton(program, 1e-13)
    assert run(method, 60).progress[-1].done
    np.testing.assert_allclose(method.price, program.exact_price(), rtol=1e-12)


@pytest.mark.parametrize("kind", ["loose", "tight"])
def test_loads_reach_the_central_optimum(kind):
    """The quadratic program of the market is solved by HiGHS and an active set, which share no code with the method."""
    cleared = clear.clear(data().sel(scenario=[kind]), {"market": "demand-response"}).isel(scenario=0)
    for name, make in MAKERS.items():
        program = of_population(data(), f"{kind} 20")
        method = make(program)
        assert run(method, 1000).progress[-1].done, name
        near = 1e-6 if name == "lmos" else 3e-6
        price = cleared["price"].values
        np.testing.assert_allclose(method.prices[-1], price, rtol=0, atol=near * price.max(), err_msg=name)
        size = np.abs(cleared["load"].values).max()
        np.testing.assert_allclose(program.all_answers, cleared["load"], atol=10 * near * size, err_msg=name)
    assert program.cost() == pytest.approx(float(cleared["program_cost"]), rel=1e-6)


def test_reductions_reach_the_central_optimum():
    cleared = clear.clear(data().sel(scenario=["single"]), {"market": "demand-response"}).isel(scenario=0)
    program = of_population(data(), "single 20")
    method = BracketedNewton(program, 1e-6)
    run(method, 50)
    assert method.price.item() == pytest.approx(cleared["price_reduction"].item(), rel=1e-6)
    np.testing.assert_allclose(program.all_answers, cleared["reduction"], atol=1e-6)
    assert program.cost() == pytest.approx(float(cleared["objective"]), rel=1e-6)


@pytest.mark.parametrize("users", [20, 100, 1000])
def test_plain_newton_cycles_and_the_safeguard_ends_it(users):
    safe, plain = (loads(users, "tight") for _ in range(2))
    safe.start, plain.start = np.zeros(24), np.zeros(24)
    assert len(run(DualNewton(safe, 1e-6), 100).progress) == 8
    history = run(DualNewton(plain, 1e-6, safeguarded=False), 400)
    sizes = np.array([one.primal_residual for one in history.progress])
    assert not history.progress[-1].done and sizes[-200:].min() > 0.5
    np.testing.assert_allclose(sizes[-100:-2], sizes[-98:], rtol=1e-3)  # of period two


def test_the_dual_bound_holds_and_rejected_trials_are_rounds():
    program = loads(100, "tight")
    program.start = np.zeros(24)
    method = DualNewton(program, 1e-6)
    history = run(method, 100)
    bounds = np.array([one.lower_bound for one in history.progress])
    costs = np.array([one.objective for one in history.progress])
    assert (bounds <= costs.min() * (1 + 1e-12)).all() and (np.diff(bounds) < 0).any()
    assert len(history.progress) == len(method.prices)
    assert costs[-1] - bounds[-1] <= 1e-9 * costs[-1]


def test_edges_tell_sums_only():
    sizes = {"lmos": (2, 24 + 300 + 1), "gradient": (1, 24), "admm": (1, 24)}
    for name, (one, many) in sizes.items():
        for program, up, down in ((reductions(50, edges=5), one, 1), (loads(50, "tight", 5), many, 24)):
            method = MAKERS[name](program)
            history = run(method, 2)
            assert method.floats_up == 2 * 5 * up
            assert history.floats == [5 * (up + down)] * 2


def test_reported_counts_and_latency():
    found = lmos.coordinate(
        {"data": data()}, populations=["single 200", "tight 120"], edges=10, delay_ms=3, edge_compute_ms=1
    )
    rounds = found["rounds"].values
    np.testing.assert_array_equal(found["floats_up"], rounds * 10 * [2, 325])
    np.testing.assert_array_equal(found["floats_down"], rounds * 10 * [1, 24])
    np.testing.assert_array_equal(found["floats_once"], [20, 0])
    np.testing.assert_array_equal(found["latency_ms"], rounds * (2 * 2 * 3 + 1))
    np.testing.assert_array_equal(found["messages"], rounds * 10)
    assert (found["price_error"] <= 1e-6).all() and (found["converged"] == 1).all()
    program = of_population(data(), "tight 120")
    np.testing.assert_allclose(found["row_price"].sel(run="tight 120"), exact_price(program), rtol=1e-6)
    np.testing.assert_allclose(found["load_by_time"].sel(run="tight 120").sum(), program.devices.energy.sum())
    assert found["load_by_time"].sel(run="single 200").isnull().all()


def test_a_method_that_does_not_end_is_told():
    found = first_order.coordinate(
        {"data": data()}, algorithm="gradient", steps={"tight 120": [4]}, rounds=200, kept_rounds=50
    )
    assert found["converged"].item() == 0 and found["rounds"].item() == 200
    assert found["floats_up"].item() == 200 * 24 and found.sizes["round"] == 50
    assert found["run"].item() == "tight 120|4"


def test_all_methods_agree_on_the_price():
    coordination = results()["coordination"]
    ended = coordination["converged"] == 1
    lost = (coordination["converged"] == 0).sel({"method": "first-order@gradient"})
    assert coordination["run"].values[lost].tolist() == ["tight 120|4", "tight 20|4"]
    assert int((coordination["converged"] == 0).sum()) == 2
    assert (coordination["price_error"].where(ended) <= 1e-4).sum() == ended.sum()
    assert (coordination["price_error"].sel({"method": "lmos"}).dropna("run") <= 1e-6).all()
    assert (np.abs(coordination["final_cost"] / coordination["central_cost"] - 1).where(ended).max()) <= 1e-3


def test_nothing_asked_for_is_nothing_done():
    for make in (MAKERS["lmos"], MAKERS["gradient"]):
        program = reductions(10, share=0.0)
        method = make(program)
        assert run(method, 10).progress[-1].done and not program.all_answers.any()


@pytest.mark.parametrize("name", ["lmos", "gradient", "admm"])
@pytest.mark.parametrize(
    "make", [reductions, lambda users, edges: loads(users, "tight", edges)], ids=["single", "tight"]
)
def test_a_round_of_a_hundred_thousand_users_is_short(make, name):
    """Also with 24 prices and their sensitivities, all edges one after the other."""
    method = MAKERS[name](make(100_000, edges=100))
    heard, times = method.initialise(), []
    for _ in range(8):
        began = time.process_time()
        told = [method.local_solve(edge, message) for edge, message in enumerate(heard)]
        heard, _ = method.update(told)
        times.append(time.process_time() - began)
    assert min(times) < 0.1


@pytest.mark.parametrize(("method", "options", "message"), [
    (lmos, {"populations": ["single 7"]}, "lmos: no population 'single 7'; known: single 20, single 200, loose 20"),
    (lmos, {"populations": []}, "lmos: no populations are named; known: single 20"),
    (lmos, {"populations": ["*"], "edges": 0}, "lmos: edges is 0; it must be at least 1"),
    (lmos, {"populations": ["tight 20"], "edges": 21}, "edges is 21; it must be between 1 and 20, the number of users"),
    (lmos, {"populations": ["*"], "tolerance": 0.0}, "lmos: tolerance is 0; it must be above 0"),
    (lmos, {"populations": ["*"], "delay_ms": -1.0}, "lmos: delay_ms is -1; it must be at least 0"),
    (first_order, {"algorithm": "gradient", "steps": {"*": []}}, "first-order: '\\*' has no values"),
    (first_order, {"algorithm": "gradient", "steps": {"*": [0.0]}}, "first-order: step 0 cannot be"),
    (first_order, {"algorithm": "heavy-ball", "steps": {"*": [1.0]}}, "no algorithm 'heavy-ball'; known: gradient"),
    (exchange_admm, {"rho": {"*": [-1.0]}}, "exchange-admm: rho -1 cannot be"),
    (exchange_admm, {"rho": {"*": [1.0]}, "rounds": 0}, "exchange-admm: rounds is 0"),
])  # fmt: skip
def test_wrong_options_are_named(method, options, message):
    with pytest.raises(ValueError, match=message):
        method.coordinate({"data": data()}, **options)


def test_a_study_without_populations_is_told_what_it_lacks():
    with pytest.raises(ValueError, match="known: none, see prepare.populations"):
        lmos.coordinate({"data": data().drop_dims("population")}, populations=[])


def test_programs_that_cannot_be_are_refused():
    devices = Reductions(*device_draws.reductions(5, 1))
    most = devices.limit.sum()
    with pytest.raises(ValueError, match=rf"requirement is {2 * most:g} kW; .* between 0 and {most:g} kW"):
        ReductionProgram(devices, 2 * most, 10.0)
    drawn = device_draws.loads(5, 7, tight=False)
    with pytest.raises(ValueError, match="slope of the supply's price is 0"):
        LoadProgram(Loads(drawn.discomfort, drawn.wanted, drawn.limit), 0.0, np.ones(24))
