"""Methods with copies of the shared columns: steps against their optimality conditions, bounds, and measured rounds."""

import numpy as np
import pytest

from area_programs import VOLL, random_areas
from areas_agreed import results
from sharegrid.coordination import accelerated_gradient, consensus_admm, subgradient
from sharegrid.coordination.area_values import AreaValue
from sharegrid.coordination.consensus import AGREED, Consensus, Copy
from sharegrid.coordination.consensus_admm import ConsensusAdmm
from sharegrid.coordination.dual_prices import DualPrices
from sharegrid.coordination.rounds import run
from sharegrid.coordination.shared_columns import split_at
from sharegrid.coordination.shared_markets import SharedMarket
from sharegrid.optimise.quadratic import live
from sharegrid.schema import check


def market(seed: int, quadratic: bool, **size) -> SharedMarket:
    program, shared = random_areas(seed, quadratic=quadratic, **size)
    return SharedMarket(split_at(program, shared, 10 * VOLL), live(program).solve().objective)


@pytest.mark.parametrize("quadratic", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_steps_are_optimal(seed, quadratic):
    """No point of a random sample is better than the answer, and the answer's cost is what is told."""
    split, rng = market(seed, quadratic).split, np.random.default_rng(seed)
    for agent in split.agents:
        value, copy = AreaValue(agent), Copy(agent, split, "agent")
        low, high = split.lower[agent.shared], split.upper[agent.shared]
        prices, target, weight = rng.normal(0, 20, len(low)), rng.uniform(low - 5, high + 5), 0.3
        at, least = copy.at_prices(prices)
        near = copy.near(target, weight)
        assert value.at(at).value + prices @ at == pytest.approx(least, rel=1e-7)
        pulled = value.at(near).value + weight / 2 * np.sum((near - target) ** 2)
        for other in rng.uniform(low, high, (30, len(low))):
            cost = value.at(other).value
            assert cost + prices @ other >= least - 1e-6 * abs(least)
            assert cost + weight / 2 * np.sum((other - target) ** 2) >= pulled - 1e-6 * abs(pulled)
        assert (near >= low - 1e-7).all() and (near <= high + 1e-7).all()


@pytest.mark.parametrize(("relaxation", "adaptive"), [(1.0, False), (1.6, False), (1.0, True)])
@pytest.mark.parametrize("quadratic", [False, True])
def test_admm_reaches_the_optimum_and_agrees(quadratic, relaxation, adaptive):
    case = market(1, quadratic)
    method = ConsensusAdmm(case, 1e-5, 0.3, relaxation, adaptive)
    history = run(method, 1000)
    last = history.progress[-1]
    assert last.done and abs(last.objective - case.optimum) <= 1e-5 * case.optimum
    assert all(one.objective >= case.optimum * (1 - 1e-9) for one in history.progress)
    assert history.floats == [sum(2 * len(agent.shared) + 1 for agent in case.split.agents)] * len(history.floats)


def test_a_mean_is_over_those_who_have_a_copy():
    case = market(0, False, areas=4, ties=8)
    together = Consensus(case, 1e-4)
    copies = [np.full(len(agent.shared), float(k)) for k, agent in enumerate(case.split.agents)]
    held = [[k for k, agent in enumerate(case.split.agents) if j in agent.shared] for j in range(len(case.split.lower))]
    np.testing.assert_allclose(together.mean(copies), [np.mean(who) for who in held])
    assert (together.holders == 2).all()


@pytest.mark.parametrize("quadratic", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_prices_bound_the_optimum_from_below(seed, quadratic):
    case = market(seed, quadratic)
    for momentum in (lambda _: 0.0, lambda k: (k - 1) / (k + 2)):
        history = run(DualPrices(case, 1e-4, lambda k: 0.3 / np.sqrt(k), momentum), 60)
        bounds = np.array([one.lower_bound for one in history.progress])
        assert (bounds <= case.optimum * (1 + 1e-9)).all() and (np.diff(bounds) >= 0).all()
        assert bounds[-1] > bounds[0]


def test_accelerated_gradient_agrees_where_costs_are_strongly_convex():
    case = market(3, True, areas=2, ties=1)
    plain = run(DualPrices(case, 1e-6, lambda _: 0.05), 200)
    fast = run(DualPrices(case, 1e-6, lambda _: 0.05, lambda k: (k - 1) / (k + 2)), 200)
    assert fast.progress[-1].done and plain.progress[-1].done
    assert abs(fast.progress[-1].objective - case.optimum) <= 1e-6 * case.optimum


def test_rounds_of_admm_on_two_areas_are_those_of_an_independent_implementation():
    found = check(
        consensus_admm.coordinate(results("two-area"), scenarios=["cap 40", "cap 80"], rho=[0.01, 0.05, 0.2]), "own"
    )
    np.testing.assert_array_equal(found["tried_rounds"], [[59, 8, 5], [56, 15, 18]])
    np.testing.assert_array_equal(found["rounds"], [5, 15])
    np.testing.assert_array_equal(found["tuned_value"], [0.2, 0.05])
    assert (found["tried_gap"] <= 1e-4).all() and (found["converged"] == 1).all()


def test_prices_alone_agree_at_full_ties_and_not_at_a_kink():
    found = check(subgradient.coordinate(results("two-area"), scenarios=["cap 40", "cap 80"], alpha0=[0.1]), "own")
    np.testing.assert_array_equal(found["rounds"], [2, 200])
    np.testing.assert_array_equal(found["converged"], [1, 0])
    assert (found["certified_gap"] >= -1e-9).all() and np.isnan(found["tried_rounds"][1, 0])
    fast = accelerated_gradient.coordinate(results("two-area"), scenarios=["cap 40"], step=[0.1])
    assert fast["converged"].item() == 1


def test_without_agreement_no_method_stops():
    case = market(0, False)
    history = run(DualPrices(case, 0.9, lambda _: 1e-9), 3)  # any cost will do, and the copies stay apart
    assert not history.progress[-1].done
    copies = [np.zeros(len(agent.shared)) for agent in case.split.agents]
    assert Consensus(case, 0.9).progress(copies).done
    copies[0] = copies[0] + 1.01 * AGREED
    assert not Consensus(case, 0.9).progress(copies).done


@pytest.mark.parametrize(
    ("method", "values"), [(consensus_admm, "rho"), (subgradient, "alpha0"), (accelerated_gradient, "step")]
)
def test_wrong_options_are_named(method, values):
    for wrong, message in (
        ({"scenarios": []}, "no scenarios are named"),
        ({"rounds": 0}, "rounds is 0"),
        ({"hour": -1}, "hour is -1"),
    ):
        with pytest.raises(ValueError, match=message):
            method.coordinate(results("two-area"), **({"scenarios": ["cap 40"], values: [0.1]} | wrong))
