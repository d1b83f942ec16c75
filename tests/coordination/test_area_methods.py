"""Methods that coordinate shared columns: certified bounds in every round, and the cost of the centre."""

import numpy as np
import pytest
import xarray as xr

import multi_area
from area_programs import VOLL, random_areas
from areas_agreed import CASES, results, scenarios
from coordinated import ten_users
from sharegrid.coordination import consensus_admm, cutting_plane, improved_multiplier, subgradient
from sharegrid.coordination.improved_multiplier import ImprovedMultiplier, packed, unpacked
from sharegrid.coordination.rounds import run
from sharegrid.coordination.shared_columns import split_at
from sharegrid.coordination.shared_markets import shared_markets
from sharegrid.markets import multi_area as areas_market
from sharegrid.optimise.clear import clear
from sharegrid.optimise.quadratic import live
from sharegrid.schema import check

EXACT = 1e-6  # relative, of the centre's cost


@pytest.mark.parametrize("options", [{}, {"parabolas": True}, {"sensitivity": False}])
@pytest.mark.parametrize("quadratic", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_bounds_bracket_the_optimum_in_every_round(seed, quadratic, options):
    program, shared = random_areas(seed, quadratic=quadratic)
    optimum = live(program).solve().objective
    method = ImprovedMultiplier(split_at(program, shared, 10 * VOLL), 1e-6, **options)
    history = run(method, 100)
    cost, bound = (np.array([getattr(one, name) for one in history.progress]) for name in ("objective", "lower_bound"))
    assert history.progress[-1].done
    assert (cost >= optimum - 1e-9 * optimum).all() and (bound <= optimum + 1e-9 * optimum).all()
    assert (np.diff(cost) <= 0).all() and (np.diff(bound) >= 0).all()
    assert cost[-1] - optimum <= EXACT * optimum


@pytest.mark.parametrize("quadratic", [False, True])
def test_the_gap_is_within_that_of_the_multipliers_alone(quadratic):
    program, shared = random_areas(5, quadratic=quadratic)
    split = split_at(program, shared, 10 * VOLL)
    method = ImprovedMultiplier(split, 1e-6)
    heard = method.initialise()
    for _ in range(10):
        heard, progress = method.update([method.local_solve(k, message) for k, message in enumerate(heard)])
        slope = np.zeros(len(shared))
        for agent, piece in zip(split.agents, method.best.pieces, strict=True):
            slope[agent.shared] += piece.gradient
        ends = [slope * (method.best.z - side) for side in (split.lower, split.upper)]
        largest = np.maximum(*ends).sum()  # over the box of g_b (z_b - z)
        assert progress.objective - progress.lower_bound <= largest + 1e-6


@pytest.mark.parametrize("method", [improved_multiplier, cutting_plane])
@pytest.mark.parametrize("name", CASES)
def test_the_cost_is_that_of_the_centre(name, method):
    found = check(method.coordinate(results(name), scenarios=scenarios(name)), "own")
    central = results(name)["cleared"]["objective"]
    assert (found["converged"] == 1).all() and (found["certified_gap"] <= EXACT).all()
    assert (np.abs(found["final_cost"] - central) <= EXACT * central).all()
    known = found["lower_bound"].notnull()
    slack = 1e-9 * central
    assert (found["lower_bound"] <= central + slack).where(known, True).all()
    assert (found["coordinated_cost"] >= central - slack).where(known, True).all()


@pytest.mark.parametrize("name", CASES)
def test_no_artificial_column_is_used_at_the_end(name):
    for market in shared_markets(results(name), scenarios(name)).values():
        split = market.split
        method = ImprovedMultiplier(split)
        run(method, 100)
        assert len(split.agents) == results(name)["data"].sizes["area"]
        for agent, value in zip(split.agents, method._values, strict=True):
            assert value.at(method.best.z[agent.shared]).lacking <= 1e-9


def test_linear_areas_tell_no_sensitivity_and_the_ablation_is_the_same():
    found = improved_multiplier.coordinate(results("three-area"), scenarios=["base"])
    without = cutting_plane.coordinate(results("three-area"), scenarios=["base"])
    assert found["rounds"].item() <= 10
    np.testing.assert_array_equal(found["coordinated_cost"], without["coordinated_cost"])
    assert (found["floats"] == 3 * (5 + 6)).all()  # round and four columns heard; round, cost and four multipliers told
    two = improved_multiplier.coordinate(results("two-area"), scenarios=["cap 80"])
    assert two["floats"][0, 0] == 2 * (5 + 6 + 4)  # and H, of rank one


@pytest.mark.parametrize("rank", range(6))
def test_sensitivities_are_told_in_few_numbers(rank):
    factor = np.random.default_rng(rank).normal(size=(5, rank))
    told = packed(factor @ factor.T)
    assert len(told) == min(5 * rank, 15)
    if rank:
        np.testing.assert_allclose(unpacked(told, 5), factor @ factor.T, atol=1e-9)


def test_sensitivities_save_rounds_where_costs_are_curved_and_parabolas_do_not():
    rounds = {"cuts": [], "parabolas": [], "none": []}
    for seed in range(8):
        split = split_at(*random_areas(seed, quadratic=True), 10 * VOLL)
        for name, options in (("cuts", {}), ("parabolas", {"parabolas": True}), ("none", {"sensitivity": False})):
            rounds[name].append(len(run(ImprovedMultiplier(split, **options), 100).progress))
    assert sum(rounds["cuts"]) < 0.6 * sum(rounds["none"])
    assert sum(rounds["parabolas"]) > 1.5 * sum(rounds["cuts"])


def test_the_same_start_gives_the_same_rounds():
    once, again = (
        improved_multiplier.coordinate(results("two-area"), scenarios=["cap 80"])["coordinated_cost"] for _ in range(2)
    )
    np.testing.assert_array_equal(once, again)


def losing(seed: int, share: float = 0.3):
    """A channel that loses `share` of the messages after the first round; what arrived last is there instead."""
    draws, last = np.random.default_rng(seed), {}

    def channel(messages):
        for k, message in enumerate(messages):
            if k not in last or draws.random() > share:
                last[k] = message
        return [last[k] for k in range(len(messages))]

    return channel


@pytest.mark.parametrize("seed", range(3))
def test_with_losses_both_ways_late_answers_are_cuts_at_the_point_they_belong_to(seed):
    program, shared = random_areas(seed, quadratic=True)
    optimum = live(program).solve().objective
    method = ImprovedMultiplier(split_at(program, shared, 10 * VOLL))
    history = run(method, 200, losing(seed), losing(100 + seed))
    assert history.progress[-1].done
    assert all(one.lower_bound <= optimum * (1 + 1e-9) <= one.objective * (1 + 2e-9) for one in history.progress)
    assert history.progress[-1].objective - optimum <= EXACT * optimum


@pytest.mark.parametrize("name", CASES)
def test_one_hour_of_a_day_has_its_own_optimum(name):
    """With two equal hours each costs half of both, and the centre's cost is solved for."""
    one = results(name)["data"].isel(scenario=[-1])
    data = xr.concat([one.isel(time=[0]).assign_coords(time=[hour]) for hour in range(2)], "time", data_vars="minimal")
    day = {"data": data.assign_attrs(one.attrs, money="$/day"), "cleared": None}
    found = improved_multiplier.coordinate(day, scenarios=scenarios(name)[-1:], hour=1)
    central = results(name)["cleared"]["objective"].values[-1]
    assert found["central_cost"].item() == pytest.approx(central, rel=1e-9)
    assert found["final_cost"].item() == pytest.approx(central, rel=EXACT)
    assert found["final_cost"].attrs["units"] == "$/h"


@pytest.mark.parametrize(("wrong", "message"), [
    ({"scenarios": ["cap 7"]}, "no scenario 'cap 7'; known: cap 0"),
    ({"hour": 1}, "hour is 1; it must be from 0 to 0"),
    ({"rounds": 0}, "rounds is 0"),
    ({"tolerance": 1.0}, "tolerance is 1"),
])  # fmt: skip
@pytest.mark.parametrize("method", [improved_multiplier, cutting_plane])
def test_wrong_options_are_named(method, wrong, message):
    with pytest.raises(ValueError, match=message):
        method.coordinate(results("two-area"), **({"scenarios": ["cap 80"]} | wrong))


def central_of(fields: dict) -> dict[str, xr.Dataset]:
    """The toy without reserve and with other fields, and its optimum."""
    data = multi_area.data(multi_area.TOY | {"requirements": {}} | fields)
    return {"data": data, "cleared": clear(areas_market, data)}


def burning() -> dict[str, xr.Dataset]:
    """A2 has a unit that pays to produce: the relaxation loses its power in the tie."""
    units = {"G3": {"capacity_mw": 100, "linear": -10}, "G2": {"capacity_mw": 100, "linear": 30}}
    tie = {"from_bus": "A1", "to_bus": "A2", "capacity_mw": 80, "linear_loss": 0.05}
    areas = {"A1": multi_area.TOY["areas"]["A1"] | {"load_mw": 10}, "A2": {"load_mw": 50, "units": units}}
    return {"areas": areas, "ties": {"T": tie}, "renewables": {}, "reserve_up_share": 0}


@pytest.mark.parametrize(("method", "options"), [
    (improved_multiplier, {}), (cutting_plane, {}), (consensus_admm, {"rho": [0.1]}), (subgradient, {"alpha0": [0.1]})
])  # fmt: skip
def test_a_relaxation_that_is_not_exact_is_not_coordinated(method, options):
    found = central_of(burning())
    assert found["cleared"]["objective"].item() == pytest.approx(-10 * (50 + 10 / 0.95))
    with pytest.raises(ValueError, match=r"scenario base: .*not exact for T \(.* MW.*out of `coordinate`"):
        method.coordinate(found, scenarios=["base"], **options)


def test_a_market_without_ties_has_nothing_to_coordinate():
    with pytest.raises(ValueError, match="the market multi-area has no ties; there is nothing to coordinate"):
        improved_multiplier.coordinate(central_of({"ties": {}}), scenarios=["base"])


def test_a_certified_bound_above_the_central_optimum_is_an_error():
    found = central_of({})
    lower = found["cleared"].assign(objective=found["cleared"]["objective"] - 1)
    with pytest.raises(RuntimeError, match="improved-multiplier, scenario base: the certified bound .* is above"):
        improved_multiplier.coordinate(found | {"cleared": lower}, scenarios=["base"])


def test_a_market_without_shared_variables_is_refused():
    with pytest.raises(ValueError, match="the market community names no shared variables"):
        improved_multiplier.coordinate(ten_users(), scenarios=["capacity 0"])
