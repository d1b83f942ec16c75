"""Shapley value, core, least core, nucleolus and bargaining: published values, axioms, and slow references."""

from itertools import permutations
from time import process_time

import numpy as np
import pytest
from scipy.optimize import linprog

from game_tables import airport, airport_cost, bankruptcy, glove, names, random_game, random_games
from sharegrid.games import bargaining
from sharegrid.games.core import enumerated, excess, in_core, least_core, max_excess
from sharegrid.games.nucleolus import kohlberg, nucleolus
from sharegrid.games.shapley import shapley
from sharegrid.games.table import Game, members

SMALL = random_games(1, (1, 2, 3, 4)) + random_games(2, (2, 3, 4)) + random_games(3, (3, 4))
MEDIUM = random_games(4, (5, 6, 7, 8)) + random_games(5, (5, 6, 7, 8))
LARGE = {
    "uniform": random_game(np.random.default_rng(6), 12, "uniform"),
    "convex": random_game(np.random.default_rng(6), 12, "convex"),
    "weighted": random_game(np.random.default_rng(6), 12, "weighted"),
    "airport": airport(range(1, 13)),
    "airport with ties": airport([1, 1, 1, 2, 2, 2, 3, 3, 3, 5, 5, 5]),
    "bankruptcy": bankruptcy(300, np.arange(1, 13) * 10),
}


def games(some):
    return pytest.mark.parametrize("game", [game for _, game in some], ids=[name for name, _ in some])


@pytest.mark.parametrize("estate, shares", [(100, [100 / 3] * 3), (200, [50, 75, 75]), (300, [50, 100, 150])])
def test_bankruptcy_of_aumann_and_maschler(estate, shares):
    game = bankruptcy(estate, [100, 200, 300])
    np.testing.assert_allclose(nucleolus(game).payoff, shares, atol=1e-9)
    np.testing.assert_allclose(nucleolus(game, imputation=True).payoff, shares, atol=1e-9)


def test_airport():
    cost = airport_cost([1, 2, 4, 7])
    np.testing.assert_allclose(cost.alone - shapley(airport([1, 2, 4, 7])), [0.25, 7 / 12, 19 / 12, 55 / 12])
    np.testing.assert_allclose(shapley(cost), [0.25, 7 / 12, 19 / 12, 55 / 12])


def test_gloves():
    np.testing.assert_allclose(shapley(glove()), [1 / 6, 1 / 6, 2 / 3])
    np.testing.assert_allclose(nucleolus(glove()).payoff, [0, 0, 1], atol=1e-12)
    found = least_core(glove())
    assert found.epsilon == pytest.approx(0, abs=1e-12)
    np.testing.assert_allclose(found.payoff, [0, 0, 1], atol=1e-12)


@games(SMALL)
def test_shapley_is_the_mean_over_all_orders(game):
    orders = list(permutations(range(game.count)))
    mean = np.zeros(game.count)
    for order in orders:
        mask = 0
        for player in order:
            mean[player] += (game.value[mask | 1 << player] - game.value[mask]) / len(orders)
            mask |= 1 << player
    np.testing.assert_allclose(shapley(game), mean, atol=1e-12)


@games(MEDIUM)
def test_efficiency(game):
    for payoff in (shapley(game), nucleolus(game).payoff, least_core(game).payoff):
        assert payoff.sum() == pytest.approx(game.total, abs=1e-9)


def with_clone(game: Game) -> Game:
    """The game with a copy of the first player, of whom a coalition needs one only."""
    clone = np.arange(2 ** (game.count + 1))
    return Game((*game.players, "clone"), game.value[clone % 2**game.count | clone >> game.count])


@games(MEDIUM)
def test_symmetry_of_clones(game):
    cloned = with_clone(game)
    for payoff in (shapley(cloned), nucleolus(cloned).payoff, least_core(cloned).payoff):
        assert payoff[0] == pytest.approx(payoff[-1], abs=1e-8)


@games(MEDIUM)
def test_a_dummy_gets_what_it_has(game):
    more = Game((*game.players, "dummy"), np.concatenate([game.value, game.value + 0.7]))
    np.testing.assert_allclose(shapley(more), np.append(shapley(game), 0.7), atol=1e-12)
    if least_core(game).epsilon <= 0:  # with an empty core the dummy can get more
        assert nucleolus(more).payoff[-1] == pytest.approx(0.7, abs=1e-8)


@pytest.mark.parametrize("count", [3, 6])
def test_the_shapley_value_is_additive(count):
    rng = np.random.default_rng(count)
    one, other = (random_game(rng, count, kind) for kind in ("uniform", "normal"))
    both = Game(one.players, one.value + other.value)
    np.testing.assert_allclose(shapley(both), shapley(one) + shapley(other), atol=1e-12)


@games(MEDIUM)
def test_what_everybody_has_alone_and_the_unit_of_money_do_not_matter(game):
    own = np.linspace(-3, 5, game.count)
    moved = Game(game.players, 2500 * game.value + members(game.count) @ own)
    for rule in (shapley, lambda some: nucleolus(some).payoff, lambda some: least_core(some).payoff):
        np.testing.assert_allclose(rule(moved), 2500 * rule(game) + own, atol=1e-5)


def reference_nucleolus(game: Game) -> np.ndarray:
    """A coalition is fixed if its excess is the level's at every optimum, which a linear program per coalition tells."""
    rows = members(game.count)[1:-1].astype(float)
    value, level = game.value[1:-1], np.full(len(rows), np.nan)
    bounds = [(None, None)] * (game.count + 1)
    total = np.append(np.ones(game.count), 0.0)
    while np.isnan(level).any():
        free = np.isnan(level)
        eq = np.vstack([total, np.column_stack([rows[~free], np.zeros((~free).sum())])])
        eq_rhs = np.append(game.total, value[~free] - level[~free])
        ub, ub_rhs = -np.column_stack([rows[free], np.ones(free.sum())]), -value[free]
        least = linprog(np.append(np.zeros(game.count), 1), ub, ub_rhs, eq, eq_rhs, bounds).fun
        at_least = np.vstack([eq, np.append(np.zeros(game.count), 1)]), np.append(eq_rhs, least)
        for k in np.flatnonzero(free):
            lowest = linprog(np.append(-rows[k], 0), ub, ub_rhs + 1e-10, *at_least, bounds)
            if -lowest.fun <= value[k] - least + 1e-7:
                level[k] = least
    system = np.vstack([total[:-1], rows])
    return np.linalg.lstsq(system, np.append(game.total, value - level), rcond=None)[0]


@games(SMALL)
def test_nucleolus_against_the_slow_reference(game):
    np.testing.assert_allclose(nucleolus(game).payoff, reference_nucleolus(game), atol=1e-6)


@games(SMALL)
def test_no_division_nearby_or_far_is_lexicographically_better(game):
    rng = np.random.default_rng(0)
    payoff = nucleolus(game).payoff
    best = np.sort(excess(game, payoff)[1:-1])[::-1]
    for size in (1e-3, 0.03, 1.0):
        for _ in range(100):
            move = rng.normal(0, size, game.count)
            other = np.sort(excess(game, payoff + move - move.mean())[1:-1])[::-1]
            apart = np.flatnonzero(np.abs(other - best) > 1e-9)
            assert not len(apart) or other[apart[0]] > best[apart[0]]


@games(MEDIUM)
def test_nucleolus_by_kohlbergs_criterion(game):
    found = nucleolus(game)
    assert kohlberg(game, found.payoff)
    assert found.n_lp < game.count
    move = np.random.default_rng(1).normal(0, 1e-3, game.count)
    assert not kohlberg(game, found.payoff + move - move.mean())
    assert not kohlberg(game, found.payoff + 1e-3)


@games(MEDIUM)
def test_the_nucleolus_is_in_the_least_core(game):
    epsilon, payoff = least_core(game).epsilon, least_core(game).payoff
    assert max_excess(game, nucleolus(game).payoff)[0] == pytest.approx(epsilon, abs=1e-9)
    assert max_excess(game, payoff)[0] == pytest.approx(epsilon, abs=1e-9)


@games(MEDIUM)
def test_the_least_core_point_is_the_one_nearest_to_the_equal_surplus(game):
    """Any other point of the least core lies beyond: the nucleolus and vertices of the least core are examples."""
    found = least_core(game)
    equal = game.alone + (game.total - game.alone.sum()) / game.count
    rng = np.random.default_rng(0)
    rows = members(game.count)[1:-1].astype(float)
    eq = np.ones((1, game.count)), [game.total]
    others = [nucleolus(game).payoff]
    for _ in range(5):
        vertex = linprog(rng.normal(size=game.count), -rows, found.epsilon - game.value[1:-1] + 1e-9, *eq,
                         [(None, None)] * game.count)  # fmt: skip
        others.append(vertex.x)
    for other in others:  # the angle at the nearest point of a convex set is not acute
        assert (found.payoff - equal) @ (other - found.payoff) >= -1e-6


@games([("convex", game) for name, game in MEDIUM if name.startswith("convex")])
def test_core_payoffs_are_at_most_the_marginal_contributions(game):
    assert least_core(game).epsilon <= 1e-9
    most = bargaining.marginal(game.total, game.without)
    assert most.sum() >= game.total
    for payoff in (shapley(game), nucleolus(game).payoff, least_core(game).payoff):  # the game is convex
        assert in_core(game.total, payoff, enumerated(game), 1e-9)
        assert (payoff <= most + 1e-9).all()


def test_an_empty_core_has_a_positive_epsilon():
    majority = Game(("A", "B", "C"), [0, 0, 0, 1, 0, 1, 1, 1])
    found = least_core(majority)
    assert found.epsilon == pytest.approx(1 / 3)
    np.testing.assert_allclose(found.payoff, 1 / 3)
    assert not in_core(majority.total, found.payoff, enumerated(majority), 1e-6)
    assert max_excess(majority, np.array([1.0, 0, 0])) == (1.0, "B+C")


def test_a_core_payoff_shares_the_total():
    assert not in_core(glove().total, np.array([0.1, 0, 1]), enumerated(glove()), 1e-6)
    assert in_core(glove().total, np.array([0.0, 0, 1]), enumerated(glove()), 1e-6)


def test_imputations_give_everybody_what_it_has_alone():
    game = Game(("A", "B", "C"), [0, 0, 0, 10, 0, 0, 0, 4])  # A+B alone do better than all
    assert nucleolus(game).payoff[2] < -1
    inside = nucleolus(game, imputation=True).payoff
    np.testing.assert_allclose(inside, [2, 2, 0], atol=1e-9)
    with pytest.raises(ValueError, match="no imputation"):
        nucleolus(Game(("A", "B"), [0, 3, 4, 5]), imputation=True)


@pytest.mark.parametrize("name", LARGE)
def test_twelve_players(name):
    game = LARGE[name]
    found = nucleolus(game)
    assert kohlberg(game, found.payoff)
    assert max_excess(game, found.payoff)[0] == pytest.approx(least_core(game).epsilon, abs=1e-8)
    assert shapley(game).sum() == pytest.approx(game.total)


def test_twelve_players_take_seconds():
    """Time of the processor, not of the clock; an enumeration of orders would take years."""
    game, start = LARGE["convex"], process_time()
    shapley(game), nucleolus(game), least_core(game)
    assert process_time() - start < 10


def test_clones_of_a_member_do_not_add_up_under_the_shapley_value():
    """A user split into two halves: all together are worth the same, the halves get more or less than the user did."""
    rng = np.random.default_rng(5)
    apart = []
    for _ in range(20):
        net = rng.normal(0, 1, (4, 3))
        halves = np.vstack([net[:1] / 2, net[1:], net[:1] / 2])
        whole, split = (Game(names(len(own)), -bill(members(len(own)) @ own)) for own in (net, halves))
        assert split.total == pytest.approx(whole.total)
        before, after = shapley(whole), shapley(split)
        assert after[0] == pytest.approx(after[-1])
        apart.append(after[0] + after[-1] - before[0])
    assert (np.abs(apart) > 1e-3).sum() > 10


def bill(exchange: np.ndarray) -> np.ndarray:
    """Of net loads (coalition, hour) bought at a price and sold at a lower one."""
    return (0.2 * np.maximum(exchange, 0) - 0.05 * np.maximum(-exchange, 0)).sum(axis=1)


def test_nobody_gains_and_one_player():
    inessential = Game(names(3), members(3) @ np.array([1.0, -2, 3]))
    for payoff in (shapley(inessential), nucleolus(inessential).payoff, least_core(inessential).payoff):
        np.testing.assert_allclose(payoff, [1, -2, 3])
    assert kohlberg(inessential, np.array([1.0, -2, 3]))
    one = Game(("A",), [0, 7])
    assert shapley(one) == nucleolus(one).payoff == least_core(one).payoff == [7]
    assert max_excess(one, [7]) == (0, "")


def test_nash_bargaining():
    np.testing.assert_allclose(bargaining.nash_bargaining(10, [1, 3]), [4, 6])
    np.testing.assert_allclose(bargaining.nash_bargaining(10, [1, 3], [3, 1]), [5.5, 4.5])
    np.testing.assert_allclose(bargaining.nash_bargaining(4, [1, 3], [0, 0]), [1, 3])
    with pytest.raises(ValueError, match="together 3 is less than 4"):
        bargaining.nash_bargaining(3, [1, 3])
    with pytest.raises(ValueError, match="a power is negative"):
        bargaining.nash_bargaining(5, [1, 3], [2, -1])


@pytest.mark.parametrize("power", [(1, 1), (3, 1)])
def test_nash_bargaining_maximises_the_product_of_gains(power):
    mine = bargaining.nash_bargaining(10, [1, 3], power)[0]
    share = np.linspace(1.001, 6.999, 6000)
    product = power[0] * np.log(share - 1) + power[1] * np.log(10 - share - 3)
    assert share[product.argmax()] == pytest.approx(mine, abs=1e-3)


def test_proportional():
    np.testing.assert_allclose(bargaining.proportional(-12, [1, 3]), [-3, -9])
    np.testing.assert_allclose(bargaining.proportional(6, [0, 0]), [3, 3])
    with pytest.raises(ValueError, match="a weight is negative"):
        bargaining.proportional(6, [1, -1])
