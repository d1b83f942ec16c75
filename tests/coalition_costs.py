"""Datasets of a market without a model: the cost of every coalition is given by a function or a table."""

import numpy as np
import xarray as xr

from sharegrid.games.table import Game, members
from sharegrid.optimise import coalitions


def cost_of(game: Game) -> np.ndarray:
    """J (coalition, by bitmask) of which `game` is the value, J(nobody) = 0."""
    return -game.value


def datasets(
    cost: dict[str, np.ndarray], *, absent: np.ndarray | None = None, centre: str | None = None, taking_part=None
) -> tuple[xr.Dataset, xr.Dataset, xr.Dataset]:
    """data, cleared, values of scenarios whose costs J are given by bitmask; participants A, B, ...

    absent (coalition, participant): what was valued, by default all. taking_part (scenario, participant) 0/1. Nothing
    has an own cost, and the price pays equal parts of the value.
    """
    table = {name: np.asarray(one, dtype=float) for name, one in cost.items()}
    count = int(np.log2(len(next(iter(table.values())))))
    names, scenarios = [chr(ord("A") + i) for i in range(count)], list(table)
    rows = coalitions.subsets(count) if absent is None else np.asarray(absent, dtype=bool)
    labels = {"scenario": scenarios, "participant": names}
    own = {"family": "cases", "deviator": ""}
    along = {name: ("scenario", [text] * len(scenarios)) for name, text in own.items()} | {
        "base": ("scenario", scenarios)
    }
    data = xr.Dataset(coords=labels | along, attrs={"money": "$/day"} | ({"centre": centre} if centre else {}))
    if taking_part is not None:
        data["taking_part"] = ("scenario", "participant"), np.asarray(taking_part, dtype="i1")
    zero = np.zeros((len(scenarios), count))
    total = np.array([one[0] - one[-1] for one in table.values()])
    cleared = xr.Dataset(
        {
            "objective": ("scenario", [one[-1] for one in table.values()]),
            "price_revenue": (("scenario", "participant"), zero + total[:, None] / count),
            "active": (("scenario", "participant"), zero + 1 if taking_part is None else np.array(taking_part, float)),
        }
        | {name: (("scenario", "participant"), zero) for name in ("output", "reported_cost", "true_cost")},
        labels,
    )
    masks = ~rows @ (1 << np.arange(count))
    values = xr.Dataset(
        {
            "cost": (("scenario", "coalition"), np.array([one[masks] for one in table.values()])),
            "member": (("coalition", "participant"), (~rows).astype("i1")),
            "core_complete": ("scenario", np.full(len(scenarios), int(len(rows) == 2**count))),
        },
        labels | {"coalition": coalitions.labels(names, rows)},
    )
    return data, cleared, values


def community_cost(rng: np.random.Generator, count: int) -> np.ndarray:
    """J (coalition, by bitmask) of users with net loads at three hours: bought at a price, sold at a lower one."""
    net = rng.normal(0, 1, (count, 3)) @ np.diag([1.0, 2.0, 0.5])
    exchange = members(count) @ net
    return np.maximum(exchange, 0) @ [0.2, 0.3, 0.25] - np.maximum(-exchange, 0) @ [0.05, 0.1, 0.05]
