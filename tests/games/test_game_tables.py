"""Tables of coalition values: what is refused, how they are read, and what they say."""

import numpy as np
import pandas as pd
import pytest

from game_tables import airport_cost, glove, random_game
from sharegrid.games.table import Game, members, read_table, savings_game, superadditivity


def test_a_missing_value_is_an_error_that_names_the_coalition():
    with pytest.raises(ValueError, match=r"coalition 'A\+C' has no finite value"):
        Game(("A", "B", "C"), [0, 1, 1, 2, 1, np.nan, 2, 3])


def test_nobody_is_worth_nothing():
    with pytest.raises(ValueError, match="value of nobody is 5"):
        Game(("A",), [5, 6])


def test_the_number_of_values_is_that_of_the_coalitions():
    with pytest.raises(ValueError, match="3 values; 2 players form 4 coalitions"):
        Game(("A", "B"), [0, 1, 2])


def table(rows) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["members", "value"])


def test_a_table_in_any_order():
    game = read_table(table([("B", 2), ("B + A", 7.5), ("A", 3)]))
    assert game.players == ("B", "A")
    np.testing.assert_array_equal(game.value, [0, 2, 3, 7.5])
    assert game.named(3) == "B+A"
    np.testing.assert_array_equal(game.alone, [2, 3])
    np.testing.assert_array_equal(game.without, [3, 2])
    assert game.total == 7.5


@pytest.mark.parametrize("nobody", ["", None, np.nan])
def test_nobody_may_stand_in_the_table(nobody):
    np.testing.assert_array_equal(read_table(table([(nobody, 0), ("A", 1)])).value, [0, 1])
    with pytest.raises(ValueError, match="value of nobody"):
        read_table(table([(nobody, 3), ("A", 1)]))


@pytest.mark.parametrize(
    "rows, message",
    [
        ([("A", 1), ("B", 1), ("A+B", np.nan)], r"coalition 'A\+B' has no finite value"),
        ([("A", 1), ("B", 1)], r"coalition 'A\+B' has no finite value"),
        ([("A", 1), ("B", 1), ("A+B", 3), ("B+A", 3)], r"coalition 'B\+A' stands twice"),
        ([("A", 1), ("A+A", 1)], r"a member stands twice in 'A\+A'"),
    ],
)
def test_faults_of_a_table_are_named(rows, message):
    with pytest.raises(ValueError, match=message):
        read_table(table(rows))


def test_a_missing_column_is_named():
    with pytest.raises(ValueError, match="no column 'value'; it has members, worth"):
        read_table(pd.DataFrame({"members": ["A"], "worth": [1]}))


def test_savings_of_a_cost_game():
    savings = savings_game(airport_cost([1, 2, 4, 7]))
    np.testing.assert_allclose(savings.alone, 0)
    assert savings.total == 7
    assert savings.value[0b0101] == 1  # 1 + 4 - 4


def test_a_superadditive_game():
    report = superadditivity(glove())
    assert (report.pairs, report.violations, report.largest, report.worst) == (6, 0, 0, ("", ""))


def test_violations_are_counted_and_the_worst_is_named():
    game = Game(("A", "B", "C"), [0, 5, 4, 8, 3, 8, 8, 9])  # A+B 8 < 5+4, B+C 8 > 4+3, A+C 8 = 5+3, all 9
    report = superadditivity(game)
    losses = {("A", "B"): 1, ("A", "B+C"): 4, ("B", "A+C"): 3, ("A+B", "C"): 2}
    assert report.violations == len(losses)
    assert report.largest == 4 and set(report.worst) == {"A", "B+C"}


def test_pairs_against_a_plain_loop():
    game = random_game(np.random.default_rng(3), 5, "normal")
    pairs = [(a, b) for a in range(1, 32) for b in range(a + 1, 32) if not a & b]
    losses = [game.value[a] + game.value[b] - game.value[a | b] for a, b in pairs]
    report = superadditivity(game)
    assert (report.pairs, report.violations) == (len(pairs), sum(loss > 1e-9 for loss in losses))
    assert report.largest == pytest.approx(max(losses))
    assert report.pairs == (3**5 - 2 * 2**5 + 1) // 2


def test_members_by_bitmask():
    np.testing.assert_array_equal(members(2), [[False, False], [True, False], [False, True], [True, True]])
