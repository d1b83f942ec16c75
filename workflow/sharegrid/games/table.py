"""Games with transferable utility: what every coalition of the players is worth.

A game is stored as its values by bitmask: bit i of the number of a coalition says whether players[i] is in it. Stages get
it from a market (game_of); read_table and savings_game are for a table of your own, from Python.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from sharegrid.games.sampling import masks
from sharegrid.optimise import coalitions

MOST_PLAYERS = 12  # of games of which 3^n pairs are looked at, or linear programs with 2^n rows are solved
ROUNDING = 1e-9  # of the largest value: what solvers leave of a zero
SUPERADDITIVE = 1e-7  # of the largest value: a smaller loss of joining is rounding


@dataclass(frozen=True, eq=False)
class Game:
    """The players, and value (coalition) of the 2^n coalitions by bitmask, that of nobody being 0.

    Raises ValueError for a wrong number of values and for a coalition without a finite one, named by its members.
    """

    players: tuple[str, ...]
    value: np.ndarray

    def __post_init__(self):
        object.__setattr__(self, "players", tuple(str(name) for name in self.players))
        object.__setattr__(self, "value", np.asarray(self.value, dtype=float))
        if self.value.shape != (2**self.count,):
            raise ValueError(f"game: {self.value.size} values; {self.count} players form {2**self.count} coalitions")
        unknown = np.flatnonzero(~np.isfinite(self.value))
        if len(unknown):
            raise ValueError(f"game: coalition '{self.named(unknown[0])}' has no finite value")
        if abs(self.value[0]) > ROUNDING * np.abs(self.value).max():
            raise ValueError(f"game: the value of nobody is {self.value[0]:.10g}; it must be 0")

    @property
    def count(self) -> int:
        """Number of players."""
        return len(self.players)

    @property
    def total(self) -> float:
        """v(N), the value of all together."""
        return float(self.value[-1])

    @property
    def alone(self) -> np.ndarray:
        """v({i}) (player)."""
        return self.value[1 << np.arange(self.count)]

    @property
    def without(self) -> np.ndarray:
        """v(N without i) (player)."""
        return self.value[(2**self.count - 1) ^ (1 << np.arange(self.count))]

    def named(self, mask: int) -> str:
        """The members of the coalition, "A+B"; empty for nobody."""
        return "+".join(name for i, name in enumerate(self.players) if int(mask) >> i & 1)


def members(count: int) -> np.ndarray:
    """(coalition, player), True = member, of all 2^count coalitions by bitmask."""
    return (np.arange(2**count)[:, None] >> np.arange(count)) & 1 == 1


def read_table(frame: pd.DataFrame) -> Game:
    """The game of a user's table: columns members ("A+B", in any order; empty = nobody, which may be left out) and value.

    The players are in the order in which they first appear. Raises ValueError for a column that is missing, a coalition
    that stands twice, has an unknown value or is missing.
    """
    for column in ("members", "value"):
        if column not in frame:
            raise ValueError(f"table of coalition values: no column '{column}'; it has {', '.join(frame.columns)}")
    sets = [_names(text) for text in frame["members"]]
    players = tuple(dict.fromkeys(name for names in sets for name in names))
    number = {name: 1 << i for i, name in enumerate(players)}
    value = np.full(2 ** len(players), np.nan)
    value[0] = 0.0
    seen = set()
    for names, amount in zip(sets, frame["value"], strict=True):
        mask = sum(number[name] for name in names)
        if mask in seen:
            raise ValueError(f"table of coalition values: the coalition '{'+'.join(names)}' stands twice")
        seen.add(mask)
        value[mask] = amount
    return Game(players, value)


def _names(text: object) -> list[str]:
    if not isinstance(text, str):  # pandas reads an empty cell as NaN
        return []
    names = [name.strip() for name in text.split("+") if name.strip()]
    if len(set(names)) < len(names):
        raise ValueError(f"table of coalition values: a member stands twice in '{text}'")
    return names


def savings_game(cost: Game) -> Game:
    """The game of what a coalition saves: v(S) = sum_{i in S} C({i}) - C(S). A member bears C({i}) - x_i."""
    return Game(cost.players, members(cost.count) @ cost.alone - cost.value)


@dataclass(frozen=True)
class Superadditivity:
    """How many of the `pairs` of disjoint coalitions lose by joining, the largest loss and whose it is ("" if none)."""

    pairs: int
    violations: int
    largest: float
    worst: tuple[str, str]


def superadditivity(game: Game, *, tolerance: float = 0.0) -> Superadditivity:
    """The unordered pairs of disjoint coalitions with v(A) + v(B) > v(A and B).

    A loss up to 1e-7 max |v|, or up to the `tolerance` (money) if that is more, is none. Games need not be
    superadditive (a limit that every coalition has in full is shared by nobody).
    """
    number, value = np.arange(len(game.value)), game.value
    least = max(tolerance, SUPERADDITIVE * np.abs(value).max())
    pairs = violations = 0
    largest, worst = 0.0, ("", "")
    for one in number[1:]:
        other = number[one + 1 :]
        other = other[other & one == 0]
        loss = value[one] + value[other] - value[one | other]
        pairs += len(other)
        violations += int((loss > least).sum())
        if len(loss) and loss.max() > max(least, largest):
            largest, worst = float(loss.max()), (game.named(one), game.named(other[loss.argmax()]))
    return Superadditivity(pairs, violations, largest, worst)


def game_of(data: xr.Dataset, values: xr.Dataset, scenario: str) -> Game:
    """The game of one valued scenario: v(S) = J(nobody) - J(S) in the money of the data.

    Players are those who take part; if the data name a centre (attribute `centre`: whoever everybody deals with), it is
    the last player, without whom nothing is worth anything. Raises ValueError naming a coalition that was not valued.
    """
    if not has_table(data, values, scenario):  # a table of 2^n would not fit into memory for many players
        raise ValueError(
            f"scenario {scenario}: the coalition of {_not_valued(data, values, scenario)} was not valued;"
            " add coalitions: all to value: requests"
        )
    players, centre = players_of(data, scenario), data.attrs.get("centre")
    present, known = valued(data, values, scenario)
    cost = np.empty(2 ** len(players))
    cost[present @ (1 << np.arange(len(players)))] = known
    value = cost[0] - cost
    if centre is None:
        return Game(players, value)
    return Game((*players, centre), np.concatenate([np.zeros_like(value), value]))


def _not_valued(data: xr.Dataset, values: xr.Dataset, scenario: str) -> str:
    """The members of the first coalition, by bitmask, that was not valued."""
    players, known = players_of(data, scenario), set(masks(valued(data, values, scenario)[0]))
    mask = next(mask for mask in range(2 ** len(players)) if mask not in known)
    return "+".join(name for i, name in enumerate(players) if mask >> i & 1) or "nobody"


def players_of(data: xr.Dataset, scenario: str) -> tuple[str, ...]:
    """Who takes part in the scenario."""
    here = coalitions.taking_part(data).sel(scenario=scenario).values
    return tuple(data["participant"].values[here].astype(str))


def has_table(data: xr.Dataset, values: xr.Dataset, scenario: str) -> bool:
    """Whether all coalitions of those who take part were valued in the scenario."""
    present, cost = valued(data, values, scenario)
    if len(cost) < 2 ** min(present.shape[1], 62):
        return False
    return len(np.unique(present, axis=0)) == 2 ** present.shape[1]


def valued(data: xr.Dataset, values: xr.Dataset, scenario: str) -> tuple[np.ndarray, np.ndarray]:
    """present (coalition, player), cost J (coalition) of the valued coalitions of those who take part in the scenario."""
    players = coalitions.taking_part(data).sel(scenario=scenario).values
    cost = values["cost"].sel(scenario=scenario).values
    known = ~np.isnan(cost)
    return ~coalitions.absent(values)[known][:, players], cost[known]
