"""Small games for tests: published ones and random ones of several kinds."""

import numpy as np

from sharegrid.games.table import Game, members, savings_game

KINDS = ("uniform", "convex", "normal", "integer", "weighted")


def names(count: int) -> tuple[str, ...]:
    return tuple(f"p{i}" for i in range(count))


def bankruptcy(estate: float, claims) -> Game:
    """What is left of the estate when the others have had their claims."""
    claims = np.asarray(claims, dtype=float)
    return Game(names(len(claims)), np.maximum(0, estate - ~members(len(claims)) @ claims))


def airport_cost(costs) -> Game:
    """A runway for the largest plane of the coalition."""
    costs = np.asarray(costs, dtype=float)
    return Game(names(len(costs)), np.where(members(len(costs)), costs, 0).max(axis=1))


def airport(costs) -> Game:
    return savings_game(airport_cost(costs))


def glove() -> Game:
    """Two left gloves, one right glove; a pair is worth 1."""
    held = members(3)
    return Game(("left 1", "left 2", "right"), np.minimum(held[:, :2].sum(axis=1), held[:, 2]))


def random_game(rng: np.random.Generator, count: int, kind: str) -> Game:
    """uniform: mostly superadditive; convex: core not empty; normal: any; integer and weighted: with many ties."""
    held = members(count)
    if kind == "uniform":
        value = rng.uniform(0, 1, 2**count) * held.sum(axis=1) ** 1.5
    elif kind == "convex":
        value = (held @ rng.uniform(0.1, 1, count)) ** 2 - held @ rng.uniform(0, 3, count)
    elif kind == "normal":
        value = rng.normal(0, 1, 2**count)
    elif kind == "integer":
        value = rng.integers(0, 4, 2**count).astype(float)
    else:
        weight = rng.integers(1, 10, count)
        value = (held @ weight > weight.sum() / 2).astype(float)
    value[0] = 0.0
    return Game(names(count), value)


def random_games(seed: int, counts) -> list[tuple[str, Game]]:
    """One game of each kind for each number of players."""
    rng = np.random.default_rng(seed)
    return [(f"{kind} {count}", random_game(rng, count, kind)) for count in counts for kind in KINDS]
