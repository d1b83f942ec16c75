"""Runs of price methods on the populations of a study, and what is reported of them.

Latency is modelled: a round takes two hops there and back and the work of an edge, 2 x 2 delay + edge compute [ms].
"""

from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase

import numpy as np
import xarray as xr

from sharegrid.coordination import rounds
from sharegrid.coordination.central import Results
from sharegrid.coordination.dual_newton import exact_price
from sharegrid.coordination.edge_programs import of_population
from sharegrid.coordination.price_methods import AnyProgram, PriceMethod
from sharegrid.coordination.rounds import History

HOPS = 2  # from cloud to device: by way of the edge
IN_ALL = {
    "floats_up": ("1", "numbers that all edges told the cloud"),
    "floats_down": ("1", "numbers that the cloud told all edges"),
    "floats_once": ("1", "numbers that all edges told once before the first round"),
    "latency_ms": ("ms", "modelled latency of all rounds"),
    "price_error": ("1", "largest distance of a price to the exact one, relative to the largest exact price"),
    "device_answers": ("1", "answers of devices in all rounds: work that does not depend on the machine"),
}
BY_ROUND = {"price_by_round": ("$/kWh", "largest price of the round")}
BY_TIME = {"load_by_time": ("kW", "load of all users at the end; missing where they reduce in one hour")}
Maker = Callable[[AnyProgram, float | None], PriceMethod]


@dataclass(frozen=True)
class Setting:
    """How the runs of a method are made. ValueError names an option that cannot be."""

    method: str
    edges: int
    delay_ms: float
    edge_compute_ms: float
    rounds: int
    tolerance: float
    kept_rounds: int

    def __post_init__(self):
        for name in ("edges", "rounds", "kept_rounds"):
            if not getattr(self, name) >= 1:
                raise ValueError(f"{self.method}: {name} is {getattr(self, name)}; it must be at least 1")
        for name in ("delay_ms", "edge_compute_ms"):
            if not 0 <= getattr(self, name) < np.inf:
                raise ValueError(f"{self.method}: {name} is {getattr(self, name):g}; it must be at least 0 and finite")
        if not 0 < self.tolerance < 1:
            raise ValueError(f"{self.method}: tolerance is {self.tolerance:g}; it must be above 0 and below 1")

    @property
    def latency(self) -> float:
        """Of one round [ms]."""
        return 2 * HOPS * self.delay_ms + self.edge_compute_ms


@dataclass
class Run:
    """One run: its rounds, the least cost, and the values of IN_ALL, BY_ROUND and BY_TIME."""

    history: History
    optimum: float
    in_all: dict[str, float]
    prices: list[float]
    load: np.ndarray


def coordinated(
    results: Results, values: dict[str, list[float]], setting: Setting, make: Maker, *, tuned: bool = True
) -> xr.Dataset:
    """The runs of a method along the dim run: "<population>|<value>", or "<population>" if the method is not `tuned`.

    values: pattern of populations -> values of the method's parameter; make(program, value) is the method. Rounds after the
    first `kept_rounds` are counted but not kept. ValueError names an option that cannot be.
    """
    data, made = results["data"], {}
    for name, parameters in matched(data, values, setting.method).items():
        exact = exact_price(of_population(data, name))
        for value in parameters:
            program = of_population(data, name, setting.edges)
            made[f"{name}|{value:g}" if tuned else name] = _run(make(program, value), exact, setting)
    central = xr.DataArray([one.optimum for one in made.values()], {"scenario": list(made)}, "scenario")
    money, runs = data.attrs["money"], list(made.values())
    result = rounds.dataset({label: one.history for label, one in made.items()}, central, money)
    result = result.rename(scenario="run").isel(round=slice(setting.kept_rounds))
    result = result.assign({name: ("run", [one.in_all[name] for one in runs]) for name in IN_ALL})
    prices, load = [one.prices for one in runs], [one.load for one in runs]
    result["price_by_round"] = (("run", "round"), _filled(prices, result.sizes["round"]))
    result["load_by_time"] = (("run", "time"), _filled(load, data.sizes["time"]))
    result = result.assign_coords(time=data["time"].values)
    return rounds.described(result, IN_ALL | BY_ROUND | BY_TIME, money)


def matched(data: xr.Dataset, values: dict[str, list[float]], method: str) -> dict[str, list[float]]:
    """Population -> sorted values of all patterns that it matches, in the order of the data; ValueError for a pattern that
    no population matches, or without values."""
    known = data["population"].values.astype(str).tolist() if "population" in data.coords else []
    if not values:
        raise ValueError(
            f"{method}: no populations are named; known: {', '.join(known) or 'none, see prepare.populations'}"
        )
    found: dict[str, set[float]] = {}
    for pattern, given in values.items():
        names = [name for name in known if fnmatchcase(name, pattern)]
        if not names:
            raise ValueError(f"{method}: no population '{pattern}'; known: {', '.join(known) or 'none'}")
        if not given:
            raise ValueError(f"{method}: '{pattern}' has no values; give at least one")
        for name in names:
            found.setdefault(name, set()).update(given)
    return {name: sorted(found[name]) for name in known if name in found}


def _run(method: PriceMethod, exact: np.ndarray, setting: Setting) -> Run:
    """The rounds of a method, compared with the exact prices."""
    history = rounds.run(method, setting.rounds)
    history.prices = dict(enumerate(method.price))
    program, count = method.program, len(history.progress)
    at_end = program.all_answers
    for edge in range(len(program.parts)):
        program.respond(edge, exact)
    error = np.abs(method.prices[-1] - exact).max() / (np.abs(exact).max() or 1.0)
    in_all = {
        "floats_up": method.floats_up,
        "floats_down": sum(history.floats) - method.floats_up,
        "floats_once": method.told_once * history.members,
        "latency_ms": count * setting.latency,
        "price_error": error,
        "device_answers": count * program.users,
    }
    load = at_end.sum(axis=0) if at_end.ndim > 1 else np.array([])
    return Run(history, program.cost(), in_all, [price.max() for price in method.prices], load)


def _filled(rows: list, length: int) -> np.ndarray:
    """Rows of different lengths as one array, missing where they end before `length`, cut where they go on."""
    full = np.full((len(rows), length), np.nan)
    for row, values in zip(full, rows, strict=True):
        row[: len(values)] = values[:length]
    return full
