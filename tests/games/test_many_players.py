"""Sampled Shapley values, and the least core by row generation."""

from math import comb

import numpy as np
import pytest

from game_tables import bankruptcy, glove, random_game, random_games
from sharegrid.games import row_generation, sampling
from sharegrid.games.core import enumerated, least_core
from sharegrid.games.shapley import shapley
from sharegrid.games.table import Game

GAMES = random_games(7, range(2, 9))


def values(game: Game) -> dict[int, float]:
    return dict(enumerate(game.value))


@pytest.mark.parametrize("kind", ["uniform", "convex"])
def test_the_interval_holds_the_exact_value_in_nine_of_ten_cases(kind):
    game = random_game(np.random.default_rng(11), 10, kind)
    exact, worth, held = shapley(game), values(game), []
    for seed in range(100):
        found = sampling.estimate(sampling.design(10, 20, seed), worth)
        held.append((found.ci_low <= exact) & (exact <= found.ci_high))
    assert np.mean(held) >= 0.9


def test_the_estimate_is_unbiased_and_its_error_is_the_one_stated():
    game = random_game(np.random.default_rng(12), 8, "uniform")
    found = [sampling.estimate(sampling.design(8, 5, seed), values(game)) for seed in range(400)]
    raw, stated = np.array([one.raw for one in found]), np.array([one.standard_error for one in found])
    assert (np.abs(raw.mean(axis=0) - shapley(game)) < 4 * raw.std(axis=0) / 20).all()
    np.testing.assert_allclose(np.sqrt((stated**2).mean(axis=0)), raw.std(axis=0), rtol=0.15)


def test_strata_are_enumerated_where_they_are_small():
    found = sampling.design(6, 10, 0)
    for player in range(6):
        for size in range(6):
            rows = (found.player == player) & (found.size == size)
            assert rows.sum() == min(comb(5, size), 10)
            assert found.complete[rows].all() == (comb(5, size) <= 10)
            assert (found.before[rows].sum(axis=1) == size).all() and not found.before[rows, player].any()
            assert len(np.unique(found.before[rows], axis=0)) == rows.sum()
    assert sampling.design(7, 10, 0).complete.mean() < 1


def test_with_every_stratum_complete_the_value_is_exact():
    game = random_game(np.random.default_rng(13), 6, "uniform")
    found = sampling.estimate(sampling.design(6, 20, 0), values(game))
    np.testing.assert_allclose(found.raw, shapley(game), atol=1e-12)
    np.testing.assert_allclose(found.corrected, found.raw, atol=1e-12)
    np.testing.assert_array_equal(found.standard_error, 0)


def test_the_corrected_values_share_the_total():
    game = random_game(np.random.default_rng(14), 9, "uniform")
    found = sampling.estimate(sampling.design(9, 4, 0), values(game))
    assert abs(found.gap) > 1e-6
    assert found.gap == pytest.approx(game.total - found.raw.sum())
    assert found.corrected.sum() == pytest.approx(game.total)
    share = (found.corrected - found.raw) / found.gap
    np.testing.assert_allclose(share, found.standard_error**2 / (found.standard_error**2).sum())


def test_one_draw_gives_no_error_and_an_equal_correction():
    game = random_game(np.random.default_rng(15), 7, "uniform")
    found = sampling.estimate(sampling.design(7, 1, 0), values(game))
    assert np.isnan(found.standard_error).all()
    np.testing.assert_allclose(found.corrected - found.raw, found.gap / 7)


def test_the_coalitions_are_those_of_the_design_and_do_not_change():
    rows = sampling.coalitions(32, 2, 5)
    assert rows.shape[1] == 32 and len(np.unique(rows, axis=0)) == len(rows)
    np.testing.assert_array_equal(rows, sampling.coalitions(32, 2, 5))
    assert not np.array_equal(rows, sampling.coalitions(32, 2, 6))
    size = {mask: float(mask.bit_count()) ** 2 for mask in sampling.masks(rows)}
    assert {0, 2**32 - 1} < set(size)
    found = sampling.estimate(sampling.design(32, 2, 5), size)  # what a player adds depends on the size only
    np.testing.assert_allclose(found.raw, 32)


def test_a_coalition_without_value_is_an_error():
    worth = values(glove())
    del worth[5]
    with pytest.raises(KeyError, match="5"):
        sampling.estimate(sampling.design(3, 9, 0), worth)


def test_masks_of_more_than_64_players():
    rows = np.zeros((2, 70), bool)
    rows[0, [0, 69]] = True
    assert sampling.masks(rows) == [1 + 2**69, 0]


@pytest.mark.parametrize("name, game", GAMES, ids=[name for name, _ in GAMES])
def test_row_generation_agrees_with_enumeration(name, game):
    whole = least_core(game)
    found = row_generation.least_core(game.total, game.alone, enumerated(game), tolerance=1e-10)
    assert found.least_core.epsilon == pytest.approx(whole.epsilon, abs=1e-9)
    np.testing.assert_allclose(found.least_core.payoff, whole.payoff, atol=1e-7)
    for row, worth in zip(found.coalitions, found.value, strict=True):
        assert worth == pytest.approx(game.value[sampling.masks(row[None])[0]], abs=1e-9)


def test_few_coalitions_are_needed():
    game = bankruptcy(300, np.arange(1, 13) * 10)
    found = row_generation.least_core(game.total, game.alone, enumerated(game), tolerance=1e-9)
    assert len(found.coalitions) < 100


def test_known_coalitions_save_rounds():
    game = random_game(np.random.default_rng(16), 8, "uniform")
    first = row_generation.least_core(game.total, game.alone, enumerated(game), tolerance=1e-9)
    known = first.coalitions, first.value
    again = row_generation.least_core(game.total, game.alone, enumerated(game), tolerance=1e-9, known=known)
    assert again.rounds == 1 < first.rounds
    np.testing.assert_allclose(again.least_core.payoff, first.least_core.payoff, atol=1e-9)


def test_an_oracle_beyond_enumeration():
    """Gloves, 15 left and 25 right: of each side those that get least object most. The left ones get everything."""
    left = np.arange(40) < 15

    def worst(payoff: np.ndarray) -> tuple[np.ndarray, float]:
        best = (np.zeros(40, bool), -np.inf)
        order = [
            side[np.argsort(payoff[side], kind="stable")] for side in (np.flatnonzero(left), np.flatnonzero(~left))
        ]
        for first in range(16):
            for second in range(26):
                who = np.isin(np.arange(40), np.concatenate([order[0][:first], order[1][:second]]))
                above = min(first, second) - payoff[who].sum()
                if 0 < first + second < 40 and above > best[1]:
                    best = who, above
        return best

    found = row_generation.least_core(15, np.zeros(40), worst, tolerance=1e-7)
    assert found.least_core.epsilon == pytest.approx(0, abs=1e-9)
    np.testing.assert_allclose(found.least_core.payoff, left.astype(float), atol=1e-6)


def test_too_many_rounds_are_an_error():
    game = random_game(np.random.default_rng(17), 6, "convex")
    with pytest.raises(RuntimeError, match="still objects by"):
        row_generation.least_core(game.total, game.alone, enumerated(game), tolerance=1e-9, rounds=1)
