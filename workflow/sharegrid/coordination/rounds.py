"""Rounds of messages between a coordinator and members, whatever the method: who solves, what is told, how far it is.

One round: every member hears an array, solves its own problem and tells an array; the coordinator works with what
arrives. Methods are compared on one axis: rounds, messages (rounds times members), numbers told and heard, and the
distance to the optimum that a centre would find.

Messages stand in the order of the members, which tells whose they are; a method that must know to which round a message belongs
puts the number of the round first, and members answer with the number that they heard.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import xarray as xr

Messages = list[np.ndarray]
Channel = Callable[[Messages], Messages]
"""Called once a round with what was sent; gives what arrives, for a lost message the last one that did."""


@dataclass
class Progress:
    """After a round: cost of what is agreed (infinite if it cannot be settled yet), certified bound below the optimum (NaN if the
    method has none), relative primal and dual residual (NaN if it has none), and whether the method stops."""

    objective: float
    lower_bound: float = np.nan
    primal_residual: float = np.nan
    dual_residual: float = np.nan
    done: bool = False


class Method(Protocol):
    """What a method of coordination does."""

    def initialise(self) -> Messages:
        """What each member hears first."""

    def local_solve(self, member: int, heard: np.ndarray) -> np.ndarray:
        """What the member tells, from its own data and what it hears."""

    def update(self, told: Messages) -> tuple[Messages, Progress]:
        """What each member hears next, and how far the method is."""


@dataclass
class History:
    """The rounds of one run, in their order, and the numbers told and heard in each; the cost that the method ends with, if that
    is not the one of the last round (infinite if it cannot be settled)."""

    progress: list[Progress]
    floats: list[int]
    members: int
    final_cost: float | None = None
    prices: dict[int, float] = field(default_factory=dict)
    """Price at the end of each coupling row, by the number of the row in the market's program, in money per its unit."""


def run(method: Method, rounds: int, share: Channel = list, broadcast: Channel = list) -> History:
    """At most `rounds` rounds of the method; `share` is the channel from the members to the coordinator, `broadcast` that to the
    members. What is sent counts, whether it arrives or not."""
    sent = method.initialise()
    history = History([], [], len(sent))
    for _ in range(rounds):
        told = [method.local_solve(member, message) for member, message in enumerate(broadcast(sent))]
        history.floats.append(sum(map(len, sent)) + sum(map(len, told)))
        sent, progress = method.update(share(told))
        history.progress.append(progress)
        if progress.done:
            break
    return history


BY_ROUND = {
    "gap": (
        "1",
        "cost after the round less the central optimum, relative; below 0 where members' own solves are inexact",
    ),
    "coordinated_cost": ("money", "cost if the rounds stopped here; missing where that cannot be settled"),
    "lower_bound": ("money", "certified bound below the optimum, the best so far"),
    "primal_residual": ("1", "relative mismatch of what members do and what the coordinator accepts"),
    "dual_residual": ("1", "relative change of what the coordinator accepts, at its price"),
    "floats": ("1", "numbers told and heard in the round"),
}
IN_ALL = {
    "rounds": ("1", "rounds until the method stopped"),
    "messages": ("1", "rounds times members"),
    "converged": ("1", "1 if the method stopped by its own test, 0 if it used up its rounds"),
    "final_cost": ("money", "cost that the method ends with"),
    "central_cost": ("money", "cost of the central optimum"),
    "certified_gap": ("1", "relative distance of the final cost to the certified bound"),
}
PRICES = {
    "row_price": (
        "money per unit of the row",
        "price of the coupling row at the end; the row as the market's program has it",
    )
}


def dataset(histories: dict[str, History], central: xr.DataArray, money: str) -> xr.Dataset:
    """Histories by scenario -> BY_ROUND (scenario, round), missing after the last round, IN_ALL (scenario) and PRICES
    (scenario, coupling_row), the rows by their numbers in the market's program, missing where a scenario has no such row.

    central: cost of the central optimum (scenario) in `money`.
    """
    longest = max(len(one.progress) for one in histories.values())
    names = list(histories)
    by_round = {name: np.full((len(names), longest), np.nan) for name in BY_ROUND}
    in_all = {name: np.full(len(names), np.nan) for name in IN_ALL}
    for k, (scenario, history) in enumerate(histories.items()):
        optimum = float(central.sel(scenario=scenario))
        for name, values in _by_round(history, optimum).items():
            by_round[name][k, : len(values)] = values
        for name, value in _in_all(history, optimum).items():
            in_all[name][k] = value
    coords = {"scenario": names, "round": np.arange(1, longest + 1)}
    result = xr.Dataset({name: (("scenario", "round"), values) for name, values in by_round.items()}, coords)
    result = result.assign({name: ("scenario", values) for name, values in in_all.items()})
    rows = sorted({row for history in histories.values() for row in history.prices})
    prices = [[history.prices.get(row, np.nan) for row in rows] for history in histories.values()]
    result = result.assign_coords(coupling_row=rows).assign(row_price=(("scenario", "coupling_row"), prices))
    return described(result, BY_ROUND | IN_ALL | PRICES, money)


def _by_round(history: History, optimum: float) -> dict[str, np.ndarray]:
    names = {"coordinated_cost": "objective"}
    found = {
        name: np.array([getattr(one, names.get(name, name)) for one in history.progress])
        for name in ("coordinated_cost", "lower_bound", "primal_residual", "dual_residual")
    }
    found = {name: np.where(np.isfinite(values), values, np.nan) for name, values in found.items()}
    gap = (found["coordinated_cost"] - optimum) / max(1.0, abs(optimum))
    return found | {"gap": gap, "floats": np.array(history.floats)}


def _in_all(history: History, optimum: float) -> dict[str, float]:
    last = history.progress[-1]
    cost = last.objective if history.final_cost is None else history.final_cost
    cost = cost if np.isfinite(cost) else np.nan
    return {
        "rounds": len(history.progress),
        "messages": len(history.progress) * history.members,
        "converged": float(last.done),
        "final_cost": cost,
        "central_cost": optimum,
        "certified_gap": (cost - last.lower_bound) / max(1.0, abs(cost)),
    }


def described(dataset_: xr.Dataset, known: dict[str, tuple[str, str]], money: str) -> xr.Dataset:
    """The Dataset with unit and meaning on the variables of `known`; the unit "money" is the study's."""
    for name, (unit, meaning) in known.items():
        dataset_[name].attrs = {"units": unit.replace("money", money), "long_name": meaning}
    return dataset_
