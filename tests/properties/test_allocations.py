"""Deficit, core and individual rationality of payments, on costs given by hand."""

import numpy as np
import pytest
import xarray as xr

from coalition_costs import community_cost, cost_of, datasets
from game_tables import bankruptcy, glove, random_game
from sharegrid import schema
from sharegrid.games.core import excess, least_core
from sharegrid.games.table import Game
from sharegrid.mechanisms import core_selecting, nash_bargaining, shapley, sharing_contribution, vcg
from sharegrid.mechanisms import least_core as least_core_mechanism
from sharegrid.optimise import coalitions
from sharegrid.properties.allocations import allocation_properties


def payments(market, payoffs: dict[str, np.ndarray]) -> xr.Dataset:
    """payment (scenario, mechanism, participant) with the payoffs (participant) in every scenario."""
    data, cleared, _ = market
    rows = np.array([list(payoffs.values())] * data.sizes["scenario"], dtype=float)
    labels = {
        "scenario": data["scenario"].values,
        "mechanism": list(payoffs),
        "participant": data["participant"].values,
    }
    paid = xr.DataArray(rows, labels, tuple(labels)) + cleared["reported_cost"]
    return xr.Dataset({"payment": paid.transpose("mechanism", "scenario", "participant")})


def judged(market, payoffs: dict[str, np.ndarray]) -> xr.Dataset:
    return allocation_properties(*market, payments(market, payoffs))


def of(market, payoff) -> dict[str, float]:
    found = judged(market, {"rule": payoff}).squeeze()
    return {name: found[name].item() for name in found.data_vars}


def test_a_division_in_the_core():
    found = of(datasets({"base": cost_of(glove())}), [0, 0, 1])
    assert found == {
        "max_excess": 0, "deficit": 0, "in_core": 1, "individually_rational": 1, "coalitions_tested": 6,
        "superadditivity_violations": 0, "superadditivity_loss": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    "payoff, excess_, deficit, in_core, rational",
    [
        ([1 / 3, 1 / 3, 1 / 3], 1 / 3, 0, 0, 1),  # a left and the right one do better
        ([0, 0, 2], 0, 1, 0, 1),  # nobody objects, but there is only 1
        ([0, 0, 0.5], 0.5, -0.5, 0, 1),
        ([-0.2, 0, 1.2], 0.2, 0, 0, 0),
    ],
)
def test_what_is_wrong_is_noticed(payoff, excess_, deficit, in_core, rational):
    found = of(datasets({"base": cost_of(glove())}), payoff)
    assert found["max_excess"] == pytest.approx(excess_)
    assert found["deficit"] == pytest.approx(deficit)
    assert (found["in_core"], found["individually_rational"]) == (in_core, rational)


@pytest.mark.parametrize("nobody", [0.0, 25.0])
@pytest.mark.parametrize("centre", [None, "loads"])
def test_the_excess_is_that_of_the_game(nobody, centre):
    cost = cost_of(random_game(np.random.default_rng(2), 5, "uniform")) + nobody
    value = cost[0] - cost
    rng = np.random.default_rng(0)
    market = datasets({"base": cost}, centre=centre)
    for payoff in (rng.normal(0, 2, 5), rng.uniform(0, 1, 5), np.zeros(5), rng.uniform(-2, -1, 5)):
        whole = payoff if centre is None else np.append(payoff, value[-1] - payoff.sum())
        game = Game("ABCDE", value) if centre is None else Game("ABCDEZ", np.append(0 * value, value))
        found = of(market, payoff)
        assert found["max_excess"] == pytest.approx(excess(game, whole)[1:-1].max())
        assert found["deficit"] == pytest.approx(payoff.sum() - value[-1])
        assert found["coalitions_tested"] == (30 if centre is None else 31)


def test_the_reported_cost_is_no_payoff():
    data, cleared, values = datasets({"base": cost_of(glove())})
    market = data, cleared.assign(reported_cost=cleared["reported_cost"] + 3), values
    assert of(market, [0, 0, 1])["in_core"] == 1


def test_with_a_centre_nobody_need_not_be_valued():
    cost = cost_of(bankruptcy(10, [4, 7, 9])) + 20
    removals = datasets({"base": cost}, centre="loads", absent=coalitions.removals(3))
    marginal = cost[[6, 5, 3]] - cost[7]
    found = of(removals, marginal)
    assert (found["max_excess"], found["individually_rational"], found["coalitions_tested"]) == (0, 1, 3)
    assert np.isnan(found["deficit"]) and np.isnan(found["in_core"])  # three coalitions do not tell
    more = of(removals, marginal + [0.5, 0, 0])
    assert more["max_excess"] == pytest.approx(0.5) and more["in_core"] == 0


def test_a_centre_that_ends_below_zero_objects():
    market = datasets({"base": cost_of(glove())}, centre="loads")
    found = of(market, [0.4, 0.4, 0.4])
    assert found["deficit"] == pytest.approx(0.2)
    assert found["max_excess"] >= 0.2 and found["in_core"] == 0
    assert of(market, [0, 0, 0.4])["deficit"] == pytest.approx(-0.6)  # what the centre keeps
    assert of(market, [0, 0, 0.4])["in_core"] == 1


def test_what_was_not_valued_is_not_known():
    removals = datasets({"base": cost_of(glove())}, absent=coalitions.removals(3))
    found = of(removals, [0, 0, 1])
    assert np.isnan([found[name] for name in ("max_excess", "deficit", "in_core", "individually_rational")]).all()
    with_options = removals[1].assign(outside_option=removals[1]["output"] - 0.1)
    found = of((removals[0], with_options, removals[2]), [0, -0.05, 1])
    assert found["individually_rational"] == 1 and np.isnan(found["in_core"])


def test_a_handful_of_coalitions_does_not_say_that_nobody_objects():
    """In each of some communities a coalition that is not among the handful objects to the sharing contribution."""
    few = np.unique(np.vstack([coalitions.removals(6), coalitions.alone(6)]), axis=0)
    for seed in range(2, 7):
        cost = community_cost(np.random.default_rng(seed), 6)
        market = datasets({"base": cost}, absent=few)
        payoff = sharing_contribution.pay(*market)["payment"].values[0]
        found, whole = of(market, payoff), of(datasets({"base": cost}), payoff)
        assert whole["in_core"] == 0 and whole["coalitions_tested"] == 62
        assert np.isnan(found["in_core"]) and found["coalitions_tested"] == 12
        assert found["max_excess"] < 1e-9 < whole["max_excess"]


def test_an_objection_or_a_deficit_is_one_wherever_it_was_found():
    few = np.vstack([coalitions.alone(3), coalitions.removals(3)[2]])
    market = datasets({"base": cost_of(glove())}, absent=few)
    assert np.isnan(of(market, [0, 0, 1])["in_core"])
    assert of(market, [0, 1, 0])["in_core"] == of(market, [0.1, 0, 1])["in_core"] == 0


@pytest.mark.parametrize("drawn", ["sampling_draws", "random_coalitions"])
def test_a_sample_that_the_study_asked_for_is_taken_as_one(drawn):
    few = np.vstack([coalitions.alone(3), coalitions.removals(3)[2]])
    cost = cost_of(glove())
    data, cleared, values = datasets({"base": cost, "other": cost}, absent=few)
    market = data, cleared, values.assign({drawn: ("scenario", [4.0, np.nan])})
    found = judged(market, {"rule": [0, 0, 1], "blocked": [0, 1, 0]})
    np.testing.assert_array_equal(found["in_core"], [[1, 0], [np.nan, 0]])


@pytest.mark.parametrize("complete, rule", [("core_complete", "core-selecting"), ("least_core_complete", "least-core")])
def test_objections_are_known_of_the_payment_for_which_they_were_looked_for(complete, rule):
    data, cleared, values = datasets({"base": cost_of(glove())}, absent=coalitions.alone(3))
    market = data, cleared, values.assign({complete: ("scenario", [1])})
    payoff = [0, 0, 1]
    found = judged(market, {rule: payoff, f"{rule}@again": payoff, "other": payoff, f"{rule}@more": [0, 0, 1.1]})
    np.testing.assert_array_equal(found["in_core"].values[0], [1, 1, np.nan, 0])


def test_nobody_can_leave_a_single_member():
    cost = community_cost(np.random.default_rng(1), 1)
    found = of(datasets({"base": cost}), [-cost[1]])
    assert (found["in_core"], found["individually_rational"], found["coalitions_tested"]) == (1, 1, 0)
    assert of(datasets({"base": cost}), [1 - cost[1]])["in_core"] == 0


def test_pairs_that_lose_by_joining_are_counted():
    cost = [0, -5, -4, -8, -3, -8, -8, -9]  # v(A) + v(B+C) = 13 is 4 more than all have, and so on
    apart = cost_of(glove())
    data, cleared, values = datasets({"base": cost, "glove": apart, "some": apart, "report": apart})
    values = values.sel(scenario=["base", "glove", "some"]).copy(deep=True)
    values["cost"].loc[{"scenario": "some", "coalition": "all-A"}] = np.nan
    found = judged((data, cleared, values), {"rule": [0, 0, 1]})
    np.testing.assert_array_equal(found["superadditivity_violations"], [4, 0, np.nan, np.nan])
    np.testing.assert_array_equal(found["superadditivity_loss"], [4, 0, np.nan, np.nan])
    assert found["superadditivity_loss"].dims == ("scenario",)


def test_gaps_of_optima_are_no_loss():
    cost = np.array([0, 10, 10, 20.001])
    data, cleared, values = datasets({"base": cost})
    assert of((data, cleared, values), [-10, -10])["superadditivity_loss"] == pytest.approx(0.001)
    certified = values.assign(relative_gap=xr.full_like(values["cost"], 1e-4))
    assert of((data, cleared, certified), [-10, -10])["superadditivity_violations"] == 0


def test_pairs_of_many_players_are_not_looked_at():
    data, cleared, values = datasets({"base": cost_of(bankruptcy(50, np.arange(13)))})
    assert np.isnan(of((data, cleared, values), np.zeros(13))["superadditivity_violations"])
    few = datasets({"base": cost_of(bankruptcy(50, np.arange(12)))}, centre="loads")  # the centre is the 13th
    assert np.isnan(of(few, np.zeros(12))["superadditivity_loss"])


def test_outside_options_of_the_market():
    data, cleared, values = datasets({"base": cost_of(glove())})
    option = xr.zeros_like(cleared["output"]) + [0.1, 0.0, 0.0]
    assert of((data, cleared.assign(outside_option=option), values), [0, 0, 1])["individually_rational"] == 0


def test_only_what_was_valued_and_paid_is_judged():
    cost = cost_of(glove())
    data, cleared, values = datasets({"base": cost, "report": cost, "other": cost})
    market = data, cleared, values.sel(scenario=["base", "other"])
    paid = payments(market, {"one": [0, 0, 1], "two": [0.5, 0, 0.5]})
    paid["payment"].loc[{"scenario": "other", "mechanism": "two"}] = np.nan
    found = allocation_properties(*market, paid)
    assert found["max_excess"].dims == ("scenario", "mechanism")
    np.testing.assert_array_equal(found["in_core"], [[1, 0], [np.nan, np.nan], [1, np.nan]])
    np.testing.assert_array_equal(found["coalitions_tested"], [[6, 6], [np.nan, np.nan], [6, np.nan]])


def test_who_does_not_take_part_is_in_no_coalition():
    cost = cost_of(glove())
    market = datasets({"base": np.concatenate([cost, cost])}, taking_part=[[1, 1, 1, 0]])
    never_absent = coalitions.subsets(4)[~coalitions.subsets(4)[:, 3]]
    same = datasets({"base": np.concatenate([cost, cost])}, taking_part=[[1, 1, 1, 0]], absent=never_absent)
    for found in (of(market, [0, 0, 1, 0]), of(same, [0, 0, 1, np.nan])):
        assert found["in_core"] == found["individually_rational"] == 1


def test_the_mechanisms_are_what_they_should_be():
    cost = community_cost(np.random.default_rng(9), 6)
    market = datasets({"base": cost})
    pays = {"shapley": shapley.pay, "least-core": least_core_mechanism.pay, "vcg": vcg.pay, "nash": nash_bargaining.pay}
    found = judged(market, {name: pay(*market)["payment"].values[0] for name, pay in pays.items()}).sel(scenario="base")
    epsilon = least_core(Game("ABCDEF", -cost)).epsilon
    assert found["max_excess"].sel(mechanism="least-core").item() == pytest.approx(epsilon, abs=1e-9)
    assert found["max_excess"].sel(mechanism=["shapley", "nash"]).min().item() >= epsilon - 1e-9
    assert found["deficit"].sel(mechanism="vcg").item() > 0
    np.testing.assert_allclose(found["deficit"].sel(mechanism=["shapley", "least-core", "nash"]), 0, atol=1e-12)
    assert (found["individually_rational"] == 1).all()


def test_core_selecting_payments_are_in_the_core_with_the_loads():
    cost = cost_of(random_game(np.random.default_rng(2), 4, "uniform"))
    cost = np.array([cost[[m for m in range(16) if m & n == m]].min() for n in range(16)]) + 30  # more never cost more
    market = datasets({"base": cost}, centre="loads")
    pays = {"core-selecting": core_selecting.pay, "vcg": vcg.pay}
    found = judged(market, {name: pay(*market)["payment"].values[0] for name, pay in pays.items()}).sel(scenario="base")
    assert found["in_core"].sel(mechanism="core-selecting").item() == 1
    assert found["in_core"].sel(mechanism="vcg").item() == 0


def test_thousands_of_coalitions_of_many_participants():
    """Users with net loads that add up, of whom the long side gets nothing: the payment at the price is in the core."""
    rng = np.random.default_rng(0)
    net = rng.normal(0.3, 1, 32)
    absent = coalitions.random_sets(32, 3000, 32, 1)
    absent = np.unique(np.vstack([coalitions.alone(32), absent]), axis=0)
    small = datasets({"base": community_cost(rng, 5)})  # its labels are replaced below
    names = [f"user {i}" for i in range(32)]
    data = xr.Dataset(coords={"scenario": ["base"], "participant": names}, attrs=small[0].attrs)
    bill = np.maximum(~absent @ net, 0) * 0.2 - np.maximum(-(~absent @ net), 0) * 0.05
    values = xr.Dataset(
        {
            "cost": (("scenario", "coalition"), bill[None]),
            "member": (("coalition", "participant"), (~absent).astype("i1")),
        },
        {"scenario": ["base"], "participant": names, "coalition": coalitions.labels(names, absent)},
    )
    assert net.sum() > 0
    zero = xr.DataArray(np.zeros((1, 32)), {"scenario": ["base"], "participant": names}, ("scenario", "participant"))
    market = data, xr.Dataset({"reported_cost": zero}), values.assign(random_coalitions=("scenario", [3000.0]))
    found = of(market, -0.2 * net)
    assert found["in_core"] == found["individually_rational"] == 1
    assert found["coalitions_tested"] == len(absent) - 2 > 2500
    assert of(market, -0.2 * net + np.append(0.1, [-0.1 / 31] * 31))["in_core"] == 0
    assert np.isnan(of((*market[:2], values), -0.2 * net)["in_core"])


def test_the_contract_knows_the_properties():
    found = judged(datasets({"base": cost_of(glove())}), {"rule": [0, 0, 1]})
    described = schema.described(found.assign_attrs(money="$/day"), "payments")
    assert described["max_excess"].attrs["units"] == described["superadditivity_loss"].attrs["units"] == "$/day"
    assert all(described[name].attrs["long_name"] for name in found.data_vars)
