"""Mechanisms that share the value of a game: on costs given by hand, whatever the market is."""

import subprocess
import sys

import numpy as np
import pytest
import xarray as xr

from coalition_costs import community_cost, cost_of, datasets
from game_tables import bankruptcy, glove, random_game
from sharegrid.games import sampling
from sharegrid.games.core import least_core as least_core_of
from sharegrid.games.nucleolus import nucleolus as nucleolus_of
from sharegrid.games.shapley import shapley as shapley_of
from sharegrid.games.table import Game, game_of, has_table, members
from sharegrid.mechanisms import least_core as least_core_mechanism
from sharegrid.mechanisms import (
    lmp,
    nash_bargaining,
    nucleolus,
    owen,
    proportional,
    shapley,
    sharing_contribution,
    vcg,
)
from sharegrid.optimise import coalitions

GAMES = {"shapley": shapley, "nucleolus": nucleolus, "least-core": least_core_mechanism}


@pytest.fixture(scope="module")
def community():
    """Five users at three hours, who have bills of their own."""
    return datasets({"base": community_cost(np.random.default_rng(3), 5)})


def with_centre(cost: np.ndarray) -> Game:
    value = cost[0] - cost
    names = [chr(ord("A") + i) for i in range(int(np.log2(len(cost))))]
    return Game((*names, "loads"), np.concatenate([0 * value, value]))


def test_the_game_of_a_market(community):
    game = game_of(community[0], community[2], "base")
    assert game.players == tuple("ABCDE")
    np.testing.assert_allclose(game.value, -community_cost(np.random.default_rng(3), 5))
    assert (game.alone < 0).any()


def test_the_game_with_a_centre():
    cost = cost_of(random_game(np.random.default_rng(1), 3, "uniform")) + 7
    data, _, values = datasets({"base": cost}, centre="loads")
    game = game_of(data, values, "base")
    assert game.players == ("A", "B", "C", "loads")
    np.testing.assert_allclose(game.value, with_centre(cost).value)
    assert (game.value[:8] == 0).all() and game.total == pytest.approx(cost[0] - cost[-1])


def test_a_coalition_that_was_not_valued_is_named(community):
    data, _, values = community
    values = values.copy(deep=True)
    values["cost"].loc[{"coalition": "all-B-D"}] = np.nan
    assert not has_table(data, values, "base")
    with pytest.raises(
        ValueError, match=r"scenario base: the coalition of A\+C\+E was not valued; add coalitions: all"
    ):
        game_of(data, values, "base")


def few_of_many(count: int):
    """A market of many participants of which everybody, nobody and each alone was valued."""
    rng = np.random.default_rng(0)
    names = [f"user {i}" for i in range(count)]
    absent, net = coalitions.alone(count), rng.normal(0, 1, count)
    small = datasets({"base": [0, 1]})
    labels = {"scenario": ["base"], "participant": names}
    data = xr.Dataset(coords=labels, attrs=small[0].attrs)
    zero = xr.DataArray(np.zeros((1, count)), labels, ("scenario", "participant"))
    values = xr.Dataset(
        {
            "cost": (("scenario", "coalition"), np.maximum(~absent @ net, 0)[None]),
            "member": (("coalition", "participant"), (~absent).astype("i1")),
            "core_complete": ("scenario", [0]),
        },
        labels | {"coalition": coalitions.labels(names, absent)},
    )
    return data, xr.Dataset({"reported_cost": zero, "price_revenue": zero}), values


def test_a_table_of_forty_players_is_not_built():
    data, cleared, values = few_of_many(40)
    assert not has_table(data, values, "base")
    with pytest.raises(ValueError, match=r"scenario base: the coalition of user 0\+user 1 was not valued"):
        game_of(data, values, "base")
    with pytest.raises(
        ValueError, match=r"shapley: no scenario has its coalitions; add coalitions: all \(or sampled\)"
    ):
        shapley.pay(data, cleared, values)
    assert nash_bargaining.pay(data, cleared, values)["payment"].notnull().all()


def test_the_nucleolus_is_for_twelve_players():
    twelve = datasets({"base": cost_of(bankruptcy(300, np.arange(1, 13) * 10))})
    assert nucleolus.pay(*twelve)["payment"].notnull().all()
    thirteen = datasets({"base": cost_of(bankruptcy(300, np.arange(13) * 10))})
    for market, count in (
        (thirteen, 13),
        (datasets({"base": -thirteen[2]["cost"].values[0][:4096]}, centre="loads"), 13),
    ):
        message = f"nucleolus: scenario base: {count} players; it is exact for up to 12: .* coalitions: sampled"
        with pytest.raises(ValueError, match=message):
            nucleolus.pay(*market)
    assert shapley.pay(*thirteen)["payment"].notnull().all()


def test_who_does_not_take_part_is_no_player():
    cost = community_cost(np.random.default_rng(4), 3)
    idle = np.concatenate([cost, cost])  # D adds nothing
    data, cleared, values = datasets({"base": idle}, taking_part=[[1, 1, 1, 0]])
    assert game_of(data, values, "base").players == ("A", "B", "C")
    exact = shapley.pay(data, cleared, values)["payment"].values[0]
    np.testing.assert_allclose(exact, [*shapley_of(Game("ABC", -cost)), 0])
    never_absent = coalitions.subsets(4)[~coalitions.subsets(4)[:, 3]]
    data, cleared, values = datasets({"base": idle}, taking_part=[[1, 1, 1, 0]], absent=never_absent)
    np.testing.assert_allclose(shapley.pay(data, cleared, values)["payment"].values[0], exact)


def payoffs(mechanism, market, **options) -> np.ndarray:
    return mechanism.pay(*market, **options)["payment"].sel(scenario="base").values


def test_payments_follow_the_solution_of_the_game(community):
    game = game_of(community[0], community[2], "base")
    np.testing.assert_allclose(payoffs(shapley, community), shapley_of(game))
    np.testing.assert_allclose(payoffs(nucleolus, community), nucleolus_of(game).payoff)
    np.testing.assert_allclose(payoffs(least_core_mechanism, community), least_core_of(game).payoff)
    assert nucleolus.pay(*community)["nucleolus_lps"].item() == nucleolus_of(game).n_lp
    np.testing.assert_allclose(payoffs(vcg, community), game.total - game.without)


@pytest.mark.parametrize("name", GAMES)
def test_the_reported_cost_is_paid_too(community, name):
    data, cleared, values = community
    own = np.arange(5.0)
    dearer = cleared.assign(reported_cost=cleared["reported_cost"] + own)
    apart = GAMES[name].pay(data, dearer, values)["payment"] - GAMES[name].pay(data, cleared, values)["payment"]
    np.testing.assert_allclose(apart.sel(scenario="base"), own)


@pytest.mark.parametrize("name", GAMES)
def test_a_centre_is_a_player_that_is_not_paid(name):
    cost = cost_of(bankruptcy(10, [4, 7, 9])) + 20
    market = datasets({"base": cost}, centre="loads")
    solution = {
        "shapley": shapley_of,
        "nucleolus": lambda game: nucleolus_of(game).payoff,
        "least-core": lambda game: least_core_of(game).payoff,
    }
    np.testing.assert_allclose(payoffs(GAMES[name], market), solution[name](with_centre(cost))[:3], atol=1e-9)


@pytest.mark.parametrize("name", GAMES)
def test_scenarios_without_the_coalitions_are_not_paid(name):
    cost = community_cost(np.random.default_rng(5), 3)
    data, cleared, values = datasets({"base": cost, "other": cost, "cleared only": cost})
    values = values.sel(scenario=["base", "other"]).copy(deep=True)
    values["cost"].loc[{"scenario": "other", "coalition": "all-A"}] = np.nan
    values["core_complete"].loc[{"scenario": "other"}] = 0
    payment = GAMES[name].pay(data, cleared, values)["payment"]
    assert payment.dims == ("scenario", "participant")
    np.testing.assert_array_equal(payment.isnull().all("participant"), [False, True, True])
    with pytest.raises(ValueError, match=f"{name}: no scenario has its coalitions; add coalitions: all"):
        GAMES[name].pay(data, cleared, values.sel(scenario=["other"]))
    with pytest.raises(ValueError, match="give the study a value: stage"):
        GAMES[name].pay(data, cleared, None)


def sampled(cost: np.ndarray, draws: int, seed: int, centre: str | None = None):
    """A market of which only a sample of the coalitions was valued, as stage value does it."""
    count = int(np.log2(len(cost)))
    present = sampling.coalitions(count + bool(centre), draws, seed)
    if centre:
        present = present[present[:, -1], :-1]
    absent = np.unique(np.vstack([~present, coalitions.alone(count)[:2]]), axis=0)
    data, cleared, values = datasets({"base": cost}, absent=absent, centre=centre)
    numbers = {"sampling_draws": ("scenario", [float(draws)]), "sampling_seed": ("scenario", [float(seed)])}
    return data, cleared, values.assign(core_complete=0 * values["core_complete"], **numbers)


def test_the_sampled_shapley_value():
    cost = community_cost(np.random.default_rng(6), 8)
    market = sampled(cost, 6, 1)
    assert market[2].sizes["coalition"] < 256
    result = shapley.pay(*market).sel(scenario="base")
    exact = shapley_of(Game("ABCDEFGH", -cost))
    assert result["payment"].sum() == pytest.approx(-cost[-1])
    assert float(np.abs(result["shapley_raw"] - exact).max()) > 1e-6
    assert ((result["shapley_ci_low"] <= exact) & (exact <= result["shapley_ci_high"])).mean() > 0.6
    error = np.abs(result["payment"] - exact) / result["shapley_standard_error"]
    assert float(error.max()) < 4
    assert result["shapley_raw"].attrs["units"] == "$/day"


def test_the_sampled_shapley_value_with_a_centre():
    cost = cost_of(random_game(np.random.default_rng(7), 7, "uniform")) + 9
    exact = shapley_of(with_centre(cost))
    data, _, values = sampled(cost, 100, 1, centre="loads")  # every stratum complete
    np.testing.assert_allclose(shapley.estimated(data, values, "base").raw, exact)
    few = shapley.pay(*sampled(cost, 3, 1, centre="loads")).sel(scenario="base")
    error = np.abs(few["shapley_raw"].values - exact[:7])
    assert 0 < error.max() < 4 * few["shapley_standard_error"].max().item()


def test_a_sample_with_other_draws_is_an_error():
    data, cleared, values = sampled(community_cost(np.random.default_rng(6), 8), 3, 1)
    with pytest.raises(ValueError, match="a coalition of the sample was not valued"):
        shapley.pay(data, cleared, values.assign(sampling_seed=values["sampling_seed"] + 1))


def test_the_least_core_over_generated_coalitions():
    """Of the 2^5 coalitions those that bind, found by hand from the whole least core."""
    cost = community_cost(np.random.default_rng(8), 5)
    game = Game("ABCDE", -cost)
    found = least_core_of(game)
    tight = np.isclose(game.value - members(5) @ found.payoff, found.epsilon, atol=1e-7)
    tight[[0, 31]] = True
    tight[1 << np.arange(5)] = True
    assert tight.sum() < 32
    data, cleared, values = datasets({"base": cost}, absent=~members(5)[tight])
    result = least_core_mechanism.pay(data, cleared, values.assign(least_core_complete=1 + 0 * values["core_complete"]))
    np.testing.assert_allclose(result["payment"].sel(scenario="base"), found.payoff, atol=1e-7)
    assert result["least_core_epsilon"].item() == pytest.approx(found.epsilon)


def test_the_least_core_over_generated_coalitions_with_a_centre():
    cost = cost_of(random_game(np.random.default_rng(9), 4, "uniform"))
    cost = np.array([cost[[m for m in range(16) if m & n == m]].min() for n in range(16)])  # more never cost more
    game = with_centre(cost)
    found = least_core_of(game)
    tight = np.isclose(game.value[16:] - members(4) @ found.payoff[:4] - found.payoff[4], found.epsilon, atol=1e-7)
    tight[[0, 15, 1, 2, 4, 8]] = True
    assert tight.sum() < 16
    data, cleared, values = datasets({"base": cost}, absent=~members(4)[tight], centre="loads")
    result = least_core_mechanism.pay(data, cleared, values.assign(least_core_complete=1 + 0 * values["core_complete"]))
    np.testing.assert_allclose(result["payment"].sel(scenario="base"), found.payoff[:4], atol=1e-7)


def test_the_coalitions_of_core_selecting_payments_are_not_those_of_the_least_core():
    cost = community_cost(np.random.default_rng(8), 5)
    data, cleared, values = datasets({"base": cost}, absent=coalitions.removals(5))
    with pytest.raises(ValueError, match=r"least-core: .* add coalitions: all \(or least-core\)"):
        least_core_mechanism.pay(data, cleared, values.assign(core_complete=1 + 0 * values["core_complete"]))


def test_an_empty_core_is_reported():
    majority = Game("ABC", [0, 0, 0, 1, 0, 1, 1, 1])
    result = least_core_mechanism.pay(*datasets({"base": cost_of(majority)}))
    assert result["least_core_epsilon"].item() == pytest.approx(1 / 3)


def test_the_nucleolus_among_imputations():
    market = datasets({"base": [0, 0, 0, -10, 0, 0, 0, -4]})  # A+B alone do better than all
    assert payoffs(nucleolus, market)[2] < -1
    np.testing.assert_allclose(payoffs(nucleolus, market, imputation=True), [2, 2, 0], atol=1e-9)
    with pytest.raises(ValueError, match="scenario base: nucleolus: no imputation"):
        nucleolus.pay(*datasets({"base": [0, -1, -2, -1]}), imputation=True)


# bargaining and proportional rules


def test_equal_bargaining_powers(community):
    game = game_of(community[0], community[2], "base")
    surplus = game.total - game.alone.sum()
    np.testing.assert_allclose(payoffs(nash_bargaining, community), game.alone + surplus / 5)


def test_powers_from_prices_give_the_payment_at_the_price(community):
    data, cleared, values = community
    game = game_of(data, values, "base")
    core = nucleolus_of(game).payoff  # some payoff above d that shares the value
    priced = data, cleared.assign(price_revenue=(cleared["price_revenue"].dims, core[None])), values
    np.testing.assert_allclose(payoffs(nash_bargaining, priced, power="owen"), core)
    np.testing.assert_allclose(payoffs(lmp, priced), core)


def test_powers_from_marginal_contributions(community):
    game = game_of(community[0], community[2], "base")
    surplus, gain = game.total - game.alone.sum(), game.total - game.without - game.alone
    expected = game.alone + surplus * gain / gain.sum()
    np.testing.assert_allclose(payoffs(nash_bargaining, community, power="marginal"), expected)


def test_a_claim_below_the_outside_option_has_no_power(community):
    data, cleared, values = community
    game = game_of(data, values, "base")
    price = np.append(game.alone[:4] + [1, 2, 3, 4], game.alone[4] - 1)[None]
    unfair = data, cleared.assign(price_revenue=(cleared["price_revenue"].dims, price)), values
    surplus = game.total - game.alone.sum()
    expected = game.alone + surplus * np.array([0.1, 0.2, 0.3, 0.4, 0])
    np.testing.assert_allclose(payoffs(nash_bargaining, unfair, power="owen"), expected)


def test_a_centre_bargains_too():
    data, cleared, values = datasets({"base": cost_of(glove())}, centre="loads")
    np.testing.assert_allclose(payoffs(nash_bargaining, (data, cleared, values)), 1 / 4)
    half = data, 0.5 * cleared, values  # the price leaves half of the value to the centre
    np.testing.assert_allclose(payoffs(nash_bargaining, half, power="owen"), 1 / 6)
    np.testing.assert_allclose(payoffs(nash_bargaining, half, power="marginal"), [0, 0, 1])


def test_outside_options_of_the_market(community):
    data, cleared, values = community
    option = np.array([[-1.0, -2, -3, -4, -5]])
    market = data, cleared.assign(outside_option=(("scenario", "participant"), option)), values
    share = (-values["cost"].sel(coalition="all").item() - option.sum()) / 5
    np.testing.assert_allclose(payoffs(nash_bargaining, market), option[0] + share)


def test_no_bargain_where_all_are_worth_less_than_apart():
    with pytest.raises(ValueError, match="nash-bargaining: scenario base: Nash bargaining: together 1 is less than 3"):
        nash_bargaining.pay(*datasets({"base": [0, -1, -2, -1]}))


@pytest.mark.parametrize("power, cure", [("equal", "alone"), ("marginal", "alone and coalitions: removals")])
def test_bargaining_names_the_coalitions_that_it_needs(community, power, cure):
    rows = coalitions.removals(5) if power == "equal" else coalitions.alone(5)
    market = datasets({"base": community_cost(np.random.default_rng(3), 5)}, absent=rows)
    with pytest.raises(ValueError, match=f"nash-bargaining: no scenario has its coalitions; add coalitions: {cure}"):
        nash_bargaining.pay(*market, power=power)


def test_proportional_rules():
    data, cleared, values = datasets({"base": [0, 2, 4, 3]})
    np.testing.assert_allclose(payoffs(proportional, (data, cleared, values)), [-1, -2])
    np.testing.assert_allclose(payoffs(proportional, (data, cleared, values), to="output"), [-1.5, -1.5])  # no output
    sizes = {"output": [[-1.0, 3.0]], "capacity": [[5.0, 1.0]]}
    sized = cleared.assign({name: (("scenario", "participant"), np.array(size)) for name, size in sizes.items()})
    np.testing.assert_allclose(payoffs(proportional, (data, sized, values), to="output"), [-0.75, -2.25])
    np.testing.assert_allclose(payoffs(proportional, (data, sized, values), to="capacity"), [-2.5, -0.5])
    with pytest.raises(ValueError, match="participants of this market have none; use to: alone or output"):
        proportional.pay(data, cleared, values, to="capacity")


def test_gains_and_bills_are_no_shares():
    """B sells and would pay a fifth of the bill of all, the more the more it sells."""
    market = datasets({"base": [0, 4, -1, 2.5]})
    message = "proportional: scenario base: to: alone: without the others 'B' gains 1 and 'A' pays 4, .* use to: output"
    with pytest.raises(ValueError, match=message):
        proportional.pay(*market)
    np.testing.assert_allclose(payoffs(proportional, market, to="output"), [-1.25, -1.25])
    np.testing.assert_allclose(payoffs(proportional, datasets({"base": [0, 4, 0, 2.5]})), [-2.5, 0])
    np.testing.assert_allclose(payoffs(proportional, datasets({"base": [0, 4, -1e-12, 2.5]})), [-2.5, 0], atol=1e-9)


def test_a_centre_gets_as_much_as_all_participants():
    data, cleared, values = datasets({"base": cost_of(glove())}, centre="loads")
    sized = cleared.assign(output=(("scenario", "participant"), np.array([[1.0, 1, 2]])))
    np.testing.assert_allclose(payoffs(proportional, (data, sized, values), to="output"), [1 / 8, 1 / 8, 1 / 4])


# sharing contribution


def test_shares_by_marginal_contribution(community):
    game = game_of(community[0], community[2], "base")
    surplus, gain = game.total - game.alone.sum(), game.total - game.without - game.alone
    result = sharing_contribution.pay(*community, commission=0.25).sel(scenario="base")
    np.testing.assert_allclose(result["scr"], gain / gain.sum())
    np.testing.assert_allclose(result["payment"], game.alone + 0.75 * surplus * gain / gain.sum())
    assert float(result["aggregator_surplus"]) == pytest.approx(0.25 * surplus)


def test_shares_by_price_and_by_energy(community):
    data, cleared, values = community
    game = game_of(data, values, "base")
    gain = np.array([1.0, 2, 3, 4, 0])
    assign = {"price_revenue": game.alone + gain, "traded_energy_value": gain[::-1]}
    market = cleared.assign({name: (("scenario", "participant"), one[None]) for name, one in assign.items()})
    by_price = sharing_contribution.pay(data, market, values, contribution="price")
    np.testing.assert_allclose(by_price["scr"].sel(scenario="base"), gain / 10)
    by_energy = sharing_contribution.pay(data, market, values, contribution="energy")
    np.testing.assert_allclose(by_energy["scr"].sel(scenario="base"), gain[::-1] / 10)
    surplus = game.total - game.alone.sum()
    np.testing.assert_allclose(by_energy["payment"].sel(scenario="base"), game.alone + surplus * gain[::-1] / 10)
    with pytest.raises(ValueError, match="does not tell the energy that participants trade"):
        sharing_contribution.pay(data, cleared, values, contribution="energy")


def test_nothing_is_shared_where_nobody_contributes():
    result = sharing_contribution.pay(*datasets({"base": [0, 3, 5, 8]})).sel(scenario="base")
    np.testing.assert_array_equal(result["scr"], 0)
    np.testing.assert_allclose(result["payment"], [-3, -5])
    assert float(result["aggregator_surplus"]) == pytest.approx(0)


def bill(exchange: np.ndarray, buy: float, sell: float) -> np.ndarray:
    return np.maximum(exchange, 0) * buy - np.maximum(-exchange, 0) * sell


def retail(net: np.ndarray, buy: float, sell: float):
    """Users (user, hour) behind an agent with the hourly bills of every coalition; the tariffs are the users' own too."""
    bills = bill(members(len(net)) @ net, buy, sell)
    data, cleared, values = datasets({"base": bills.sum(axis=1)})
    masks = values["member"].values @ (1 << np.arange(len(net)))
    values["grid_bill"] = ("scenario", "coalition", "time"), bills[masks][None]
    alone = -bill(net, buy, sell)
    own = {
        "outside_option": (("scenario", "participant"), alone.sum(axis=1)[None]),
        "outside_option_by_time": (("scenario", "participant", "time"), alone[None]),
    }
    return data, cleared.assign(own), values.assign_coords(time=np.arange(net.shape[1]))


@pytest.mark.parametrize("contract", [True, False])
def test_the_rate_is_hourly_where_the_bill_is(contract):
    """2.5.2 of the book: m_it = C_it - [G_t(X) - G_t(X - n_i)], SCR_it = m_it / sum m_t, pi_it = (1 - kappa) SCR_it v_t."""
    net = np.array([[2.0, -1, 0.5, 1], [-3, -2, 1, 2], [0.5, 4, -2, 1], [-1, 1, 1, 0]])
    tariff, kappa = (0.2, 0.05), 0.1
    data, cleared, values = retail(net, *tariff)
    if not contract:
        cleared = cleared.drop_vars(["outside_option", "outside_option_by_time"])
    alone, everybody = bill(net, *tariff), net.sum(axis=0)
    externality = alone - (bill(everybody, *tariff) - bill(everybody - net, *tariff))
    shared, total = alone.sum(axis=0) - bill(everybody, *tariff), externality.sum(axis=0)
    assert total[3] == pytest.approx(0) and (total[:3] > 0.01).all()  # all buy in the last hour: 0/0
    share = (externality / np.where(total > 1e-12, total, np.inf) * shared).sum(axis=1)
    result = sharing_contribution.pay(data, cleared, values, commission=kappa).sel(scenario="base")
    np.testing.assert_allclose(result["payment"], -alone.sum(axis=1) + (1 - kappa) * share)
    np.testing.assert_allclose(result["scr"], share / shared.sum())
    assert result["aggregator_surplus"].item() == pytest.approx(kappa * shared.sum())
    daily = sharing_contribution.pay(data, cleared, values.drop_vars("grid_bill"), commission=kappa)
    assert float(np.abs(daily["payment"] - result["payment"]).max()) > 1e-3


def test_bills_that_are_not_the_whole_cost_are_not_shared_by_the_hour():
    net = np.array([[2.0, -1], [-3, -2], [0.5, 4]])
    data, cleared, values = retail(net, 0.2, 0.05)
    cleared = cleared.drop_vars(["outside_option", "outside_option_by_time"])
    daily = sharing_contribution.pay(data, cleared, values.drop_vars("grid_bill"))["payment"]
    values["grid_bill"] = values["grid_bill"] + 0.5
    np.testing.assert_allclose(sharing_contribution.pay(data, cleared, values)["payment"], daily)


@pytest.mark.parametrize("commission", [-0.1, 1.0])
def test_a_commission_is_a_share_below_one(community, commission):
    with pytest.raises(ValueError, match="commission: .* is not in"):
        sharing_contribution.pay(*community, commission=commission)


def test_sharing_contributions_name_the_coalitions_that_they_need():
    market = datasets({"base": [0, 2, 4, 3]}, absent=coalitions.removals(2)[:2])
    with pytest.raises(ValueError, match="add coalitions: removals and coalitions: alone"):
        sharing_contribution.pay(*market)


# payment at the price, and VCG without loads


STEP = 1e-5


def uniqueness(total: float, slopes: list[tuple[float, float]], **attrs) -> np.ndarray:
    """owen_unique (scenario, participant) of J(N) = total that has the slopes (fall, rise) in the participants' sizes."""
    market = [0, *([total] * (2 ** len(slopes) - 1))]
    data, cleared, values = datasets({"base": market, "other": market})
    cost = total + STEP * np.array([(-fall, rise) for fall, rise in slopes])
    scaled = xr.DataArray(
        np.stack([cost, np.full_like(cost, np.nan)]), dims=("scenario", "participant", "side"),
        coords={"scenario": ["base", "other"], "participant": data["participant"].values, "side": ["down", "up"]},
        attrs=attrs,
    )  # fmt: skip
    return owen.pay(data, cleared, values.assign(scaled_cost=scaled))["owen_unique"].values


def test_owen_is_the_payment_at_the_price_with_a_test_of_uniqueness():
    data, cleared, values = datasets({"base": [0, 2, 4, 3]})
    result = owen.pay(data, cleared, values)
    np.testing.assert_array_equal(result["payment"], cleared["price_revenue"])
    assert "owen_unique" not in result
    np.testing.assert_array_equal(
        uniqueness(3.0, [(2.0, 2.0), (2.0, 2.001)], step=STEP), [[1, 0], [np.nan, np.nan]]
    )  # the other scenario was not asked for, or is not linear


def test_slopes_are_compared_with_each_other_and_not_with_the_cost_of_all():
    """Of a participant that is small beside J = 1e5, a price of 0.05 in one direction and of 0.10 in the other is no price."""
    np.testing.assert_array_equal(uniqueness(1e5, [(0.05, 0.10), (0.05, 0.05)], step=STEP)[0], [0, 1])
    np.testing.assert_array_equal(uniqueness(1e5, [(2e4, 2e4 + 0.01), (2e4, 2e4 + 0.03)], step=STEP)[0], [1, 0])


def test_rounding_of_a_large_cost_does_not_make_two_slopes():
    """The last digits of J in double precision: 64 random roundings that a slope of 1 must survive."""
    rng = np.random.default_rng(0)
    rounded = 1.0 + 1e5 * np.finfo(float).eps * rng.integers(-4, 5, (8, 2)) / STEP
    assert (np.abs(rounded[:, 0] - rounded[:, 1]) > 1e-6).any()
    assert (uniqueness(1e5, [tuple(pair) for pair in rounded], step=STEP)[0] == 1).all()


def test_the_step_belongs_to_the_scaled_costs():
    with pytest.raises(ValueError, match="owen: scaled_cost has no attribute step"):
        uniqueness(3.0, [(2.0, 2.0), (2.0, 2.0)])


def test_vcg_without_loads_collects_the_value_of_all():
    cost = community_cost(np.random.default_rng(3), 4)
    data, cleared, values = datasets({"base": cost})
    game = Game("ABCD", cost[0] - cost)
    marginal = game.total - game.without
    result = vcg.pay(data, cleared, values)
    assert result["revenue_inadequacy"].item() == pytest.approx(marginal.sum() - game.total)
    assert result["premium"].attrs["units"] == "$/day"
    removals = values.sel(coalition=["all", "all-A", "all-B", "all-C", "all-D"])  # nobody was not valued: it costs 0
    assert vcg.pay(data, cleared, removals)["revenue_inadequacy"].item() == pytest.approx(marginal.sum() - game.total)


def test_vcg_pays_whom_the_market_calls_active():
    data, cleared, values = datasets({"base": community_cost(np.random.default_rng(3), 3)})
    assert not vcg.dispatched(cleared.drop_vars("active")).any()
    cleared["active"] = ("scenario", "participant"), np.array([[1, 0, 1]])
    payment = vcg.pay(data, cleared, values)["payment"].values[0]
    assert payment[1] == 0 and payment[0] != 0 and payment[2] != 0


def test_game_mechanisms_load_neither_the_modelling_layer_nor_pyplot():
    names = [module.__name__ for module in (*GAMES.values(), nash_bargaining, proportional, sharing_contribution, owen)]
    code = (
        f"import sys, {', '.join(names)}\n"
        "sys.exit(any(name in sys.modules for name in ('linopy', 'matplotlib.pyplot')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
