"""Demand response over unreliable links: its optimum against every choice enumerated, its properties, its prices."""

import numpy as np
import pytest
import xarray as xr

import responses
from sharegrid import schema
from sharegrid.markets import unreliable_response
from sharegrid.optimise import coalitions
from sharegrid.optimise.clear import solve_named, solve_priced, split_model
from sharegrid.optimise.highs import LiveProgram, NotOptimal
from sharegrid.stages.value import value

CASES = {"R{requirement_kw} W{slots}": [(10, 12), (14, 12), (10, 6), (16, 16), (6, 16)]}
EXPECTED = {
    f"case{k}": {"label": "R{requirement_kw} W{slots}", "requirement_kw": [r], "slots": [w]}
    for k, (r, w) in enumerate(CASES["R{requirement_kw} W{slots}"])
}
CHANCE = {
    f"chance{r}": {"label": "R{requirement_kw} eps{epsilon}", "delivery": ["chance"], "slots": [16], "requirement_kw": [r],
                   "epsilon": epsilons}
    for r, epsilons in ((6, [0, 0.1, 0.25]), (8, [0.1, 0.25]))
}  # fmt: skip
SWEEP = {
    "p": {"label": "{delivery} p{link_success} W{slots}", "delivery": ["expected", "chance"], "requirement_kw": [6],
          "slots": [6, 8, 12], "link_success": [0.5, 0.7, 0.9, 1.0]},
}  # fmt: skip


@pytest.fixture(scope="module")
def data():
    return responses.data(EXPECTED | CHANCE | SWEEP)


@pytest.fixture(scope="module")
def cleared(data):
    return responses.cleared(data)


def cost(cleared, label):
    return cleared["objective"].sel(scenario=label).item()


@pytest.mark.parametrize(
    ("label", "known"), [("R10 W12", 19.29228), ("R14 W12", 31.554092), ("R10 W6", 24.898824), ("R16 W16", 36.695912)]
)
def test_optimum_is_that_of_all_choices(data, cleared, label, known):
    """All 5^8 choices of eight users, and a second implementation's number."""
    assert cost(cleared, label) == pytest.approx(responses.enumerated(data.sel(scenario=label)), rel=1e-7)
    assert cost(cleared, label) == pytest.approx(known, abs=5e-6)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(
    "relay", [None, {"success": 0.7, "users": ["a", "c", "d"]}, {"success": 0.5}], ids=["", "some", "all"]
)
def test_optimum_of_random_users_is_that_of_all_choices(seed, relay):
    rng = np.random.default_rng(seed)
    users = {name: {"success": rng.uniform(0.4, 1), "limit_kw": rng.uniform(1, 4), "price": rng.uniform(0, 3),
                    "hops": int(rng.integers(1, 3))} for name in "abcde"}  # fmt: skip
    options = {"users": {"listed": users}, "most_retransmissions": 2, "relay": relay, "slots": int(rng.integers(6, 12))}
    for price in (0.0, 0.4):
        data = responses.data(requirement_kw=2.0, message_price=price, **options)
        found = cost(responses.cleared(data), "base")
        assert found == pytest.approx(responses.enumerated(data.isel(scenario=0)), rel=1e-7)


@pytest.mark.parametrize("attempts", [3, 4, 5])
def test_attempts_of_user_and_relay_end_before_the_deadline(attempts):
    """A user who is not behind the relay has more time, and does not lend it to one who is."""
    users = {
        "far": {"success": 0.9, "limit_kw": 5, "price": 1, "hops": 2},
        "near": {"success": 0.5, "limit_kw": 4, "price": 1.5},
        "direct": {"success": 0.9, "limit_kw": 0.1, "price": 5},
    }
    relay = {"success": 0.4, "users": ["far", "near"]}
    options = {"users": {"listed": users}, "relay": relay, "slots": 20, "slot_ms": 20, "message_price": 0.01}
    data = responses.data(requirement_kw=1.5, deadline_ms=20 * attempts, **options)
    cleared = responses.cleared(data)
    assert cost(cleared, "base") == pytest.approx(responses.enumerated(data.isel(scenario=0), attempts), rel=1e-7)
    used = (cleared["chosen"] * data["slots_taken"]).sum("option").isel(scenario=0, drop=True)
    shared = float((cleared["relay_chosen"] * data["relay_slots"]).sum())
    relayed = used[(used > 0) & (data["relayed"] == 1)]
    assert relayed.size and (relayed + shared <= attempts).all() and (used <= attempts).all()
    unlimited = responses.cleared(responses.data(requirement_kw=1.5, **options))
    assert cost(cleared, "base") > cost(unlimited, "base")


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
@pytest.mark.parametrize("epsilon", [0.0, 0.34])
def test_optimum_with_a_chance_constraint_is_that_of_all_choices(seed, epsilon):
    family = {"chance": {"label": "chance", "delivery": ["chance"], "epsilon": [epsilon]}}
    data = responses.data(family, users={"pattern": {"count": 3, "success": 0.8}}, most_retransmissions=1, loss_scenarios=6,
                          seed=seed, requirement_kw=2.5, slots=5)  # fmt: skip
    best = responses.enumerated_chance(data.isel(scenario=0))
    assert np.isfinite(best)
    assert cost(responses.cleared(data), "chance") == pytest.approx(best, rel=1e-7)


def test_choices_and_products_are_whole(data):
    relay = responses.data(relay={"success": 0.7}, requirement_kw=4)
    for some, labels in ((data, ["R10 W12", "R6 eps0.1"]), (relay, ["base"])):
        split = split_model(unreliable_response, some.sel(scenario=labels))
        for k, label in enumerate(labels):
            solved = solve_priced(split.program(k), split, label)
            values = {
                name: split.variables[name].pick(solved.x)
                for name in ("chosen", "relay_chosen", "path", "called", "missed")
            }
            for name in ("chosen", "relay_chosen", "path", "missed"):
                assert np.abs(values[name] - values[name].round()).max() <= 1e-6, name
            both = values["chosen"][..., None] * (values["relay_chosen"] if some is relay else [1.0])
            np.testing.assert_allclose(values["path"], both, atol=1e-6)
            limit = some["reduction_limit"].sel(scenario=label).values
            assert (values["called"] <= limit[:, None, None] * values["path"] + 1e-6).all()


def test_cost_falls_with_slots_links_and_permitted_misses(data, cleared):
    for delivery in ("expected", "chance"):
        found = np.array([[cost(cleared, f"{delivery} p{p:g} W{w}") for p in (0.5, 0.7, 0.9, 1.0)] for w in (6, 8, 12)])
        assert (np.diff(found, axis=0) <= 1e-6).all() and (np.diff(found, axis=1) <= 1e-6).all()
        assert found[0, 0] > found[-1, 0] + 1 and found[0, 0] > found[0, -1] + 1
        np.testing.assert_allclose(found[:, -1], 9.0, rtol=1e-9)
    for r, epsilons in ((6, (0, 0.1, 0.25)), (8, (0.1, 0.25))):
        found = [cost(cleared, f"R{r} eps{epsilon:g}") for epsilon in epsilons]
        assert found == sorted(found, reverse=True) and found[0] > found[-1]


def test_a_chance_constraint_can_be_the_cheaper_one(cleared):
    assert cost(cleared, "chance p0.7 W8") < cost(cleared, "expected p0.7 W8") - 0.1
    assert cost(cleared, "chance p0.5 W8") > cost(cleared, "expected p0.5 W8") + 0.1


def test_misses_are_counted_in_the_drawn_outcomes(data, cleared):
    shares = {"R10 W12": 0.175, "R14 W12": 0.275, "R6 W16": 0.025}
    for label, share in shares.items():
        one, drawn = cleared.sel(scenario=label), data.sel(scenario=label)
        option = one["chosen"].argmax("option")
        arrived = drawn["arrived"].isel(option=option) * one["called"]
        missed = (arrived.sum("participant") < drawn["requirement_kw"] - 1e-6).mean()
        assert one["missed_share"] == pytest.approx(float(missed)) and float(missed) == pytest.approx(share)
    allowed = data["epsilon"].where(data["delivery"] == "chance", 1.0)
    assert (cleared["missed_share"] <= allowed + 1e-9).all()


@pytest.mark.parametrize("relay", [None, {"success": 0.7, "users": ["U0", "U2", "U4", "U5"]}])
def test_probability_of_a_miss_is_that_of_drawn_losses(relay):
    data = responses.data(relay=relay, requirement_kw=6)
    one, drawn = responses.cleared(data).isel(scenario=0), data.isel(scenario=0)
    rng, draws = np.random.default_rng(5), 100_000
    own = (drawn["delivered"] * one["chosen"]).sum("option").values
    arrives = rng.random((draws, 8)) < own
    if relay:
        passes = float((drawn["relay_delivered"] * one["relay_chosen"]).sum())
        arrives &= (rng.random((draws, 1)) < passes) | (drawn["relayed"].values == 0)
        assert 0 < passes < 1
    missed = (arrives @ one["called"].values < 6 - 1e-6).mean()
    p = one["missed_probability"].item()
    assert 0 < p < 1 and abs(missed - p) <= 4 * np.sqrt(p * (1 - p) / draws)


def test_few_slots_leave_links_that_lose_much(cleared):
    few = responses.cleared(responses.data({"few": {"label": "few", "slots": [4]}}))
    lowest = {}
    for label, one in (("many", cleared.sel(scenario="R10 W12")), ("few", few.isel(scenario=0))):
        used = one["active"].values == 1
        lowest[label] = (0.55 + 0.05 * np.flatnonzero(used)).min()
    assert lowest["few"] >= 0.7 > lowest["many"]


def test_a_relay_is_used_for_who_is_behind_it():
    """A relay that never fails and has a slot of its own costs one attempt; one that loses much repeats."""
    direct = cost(responses.cleared(responses.data(requirement_kw=4)), "base")
    perfect = responses.cleared(responses.data(requirement_kw=4, relay={"success": 1.0}, slots=13))
    assert perfect["objective"].item() == pytest.approx(direct + 0.4, rel=1e-7)
    assert perfect["relay_chosen"].sum() == 1
    lossy = responses.cleared(responses.data(requirement_kw=4, relay={"success": 0.5}))
    assert lossy["relay_chosen"].values[0, 1:].sum() == 1
    assert lossy["missed_probability"].item() > perfect["missed_probability"].item()


def test_prices_are_the_value_of_one_kilowatt_with_choices_fixed(data):
    """One kW more required costs at least the price, one less saves at most it; a little of either just the price."""
    for label, family, name in (
        ("R10 W12", "expected_delivery", "delivery_price"),
        ("R6 eps0.1", "outcome_delivery", "outcome_price"),
    ):
        some = data.sel(scenario=[label])
        found = responses.cleared(some).isel(scenario=0)
        split = split_model(unreliable_response, some)
        program = split.program(0)
        solved = solve_named(LiveProgram(program), split, label)
        lower, upper = (np.where(program.integer, solved.x.round(), bound) for bound in (program.lower, program.upper))
        program.lower, program.upper, program.integer = lower, upper, None
        engine = LiveProgram(program)
        base = engine.solve().objective
        rows = np.atleast_1d(split.constraints[family].position.values).ravel()
        gain = {}
        for step in (0.01, -0.01):
            engine.set_row_bounds(rows, program.row_lower[rows] + step, program.row_upper[rows])
            gain[step] = (engine.solve().objective - base) / step
        price = float(found[name].sum())
        assert price > 0 and gain[-0.01] - 1e-6 <= price <= gain[0.01] + 1e-6


def test_every_coalition_is_feasible_and_warm_values_are_those_of_models_built_anew():
    data = responses.data(
        {"cases": {"label": "{delivery}", "delivery": ["expected", "chance"]}},
        users={"pattern": {"count": 3}}, requirement_kw=2, slots=5, loss_scenarios=5, most_retransmissions=2,
        relay={"success": 0.9, "users": ["U1"]},
    )  # fmt: skip
    config = {"market": "unreliable-response", "requests": [{"scenarios": ["*"], "coalitions": "all"}], "mip_gap": 1e-7}
    warm, anew = (value(data, config | {"backend": backend}) for backend in ("warm", "rebuild"))
    np.testing.assert_allclose(warm["cost"], anew["cost"], rtol=1e-6)
    assert coalitions.nobody_cost(warm, data).values == pytest.approx([200.0, 200.0]), "the backup delivers all"


def test_who_needs_the_backup_with_everybody_is_told_what_is_delivered():
    """Two users, one of whom is lost in each outcome, and one slot: no choice before the losses delivers in both."""
    users = {name: {"success": 0.5, "limit_kw": 3, "price": 1} for name in "ab"}
    data = responses.data({"certain": {"label": "certain", "delivery": ["chance"], "epsilon": [0]}}, users={"listed": users},
                          slots=4, most_retransmissions=3, requirement_kw=0.1, loss_scenarios=2, seed=3)  # fmt: skip
    arrived = xr.zeros_like(data["arrived"])
    arrived[0, 0, :, 0] = arrived[0, 1, :, 1] = 1
    lost = schema.described(
        data.assign(arrived=arrived, requirement_kw=("scenario", [2.0]), slots=("scenario", [1])), "data"
    )
    with pytest.raises(ValueError, match="scenario 'certain': users deliver 0 kW at most of the 2 kW required"):
        responses.cleared(lost)
    responses.cleared(schema.described(lost.assign(slots=("scenario", [2])), "data"))


def test_a_cheap_backup_is_refused_too():
    with pytest.raises(ValueError, match="raise backup_price if the backup is only cheaper"):
        responses.cleared(responses.data(backup_price=0.5))


def test_an_infeasible_program_names_its_rows(data):
    split = split_model(unreliable_response, data.sel(scenario=["R10 W12"]))
    program = split.program(0)
    column = split.variables["backup"].position.values.ravel()
    program.upper[column], program.row_lower[split.constraints["expected_delivery"].position.values.ravel()] = 0.0, 99.0
    with pytest.raises(NotOptimal, match="infeasible"):
        solve_named(LiveProgram(program), split, "R10 W12")


def test_costs_and_money_add_up(data, cleared):
    total = cleared["reported_cost"].sum("participant")
    np.testing.assert_allclose(total, cleared["objective"], rtol=1e-6)
    expected = data["delivery"].values == "expected"
    np.testing.assert_allclose(
        cleared["output"].sum("participant")[expected], data["requirement_kw"][expected], rtol=1e-6
    )
    np.testing.assert_allclose(
        cleared["price_revenue"].sum("participant")[expected],
        (cleared["delivery_price"] * data["requirement_kw"])[expected],
        rtol=1e-6,
    )
    assert (cleared["slots_used"] <= data["slots"]).all() and not cleared["backup"].any()
