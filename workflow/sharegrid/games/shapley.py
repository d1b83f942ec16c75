"""The Shapley value: what a player adds to those before it, on average over all orders.

    x_i = sum_{S without i} |S|! (n - |S| - 1)! / n!  (v(S + i) - v(S))

L. Shapley, A value for n-person games, 1953.
"""

from math import comb

import numpy as np

from sharegrid.games.table import Game


def shapley(game: Game) -> np.ndarray:
    """The Shapley value (player), exact, from all 2^n values."""
    number = np.arange(len(game.value))
    size = np.bitwise_count(number)
    weight = np.array([1 / (game.count * comb(game.count - 1, k)) for k in range(game.count)])
    payoff = np.empty(game.count)
    for i in range(game.count):
        before = number[number >> i & 1 == 0]
        payoff[i] = weight[size[before]] @ (game.value[before | 1 << i] - game.value[before])
    return payoff
