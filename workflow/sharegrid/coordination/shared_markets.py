"""Coordination of any market that names shared variables: one scenario and hour of it, run by a method, and what is reported.

A market's module names them by `shared_variables(data)`: the variables that, once fixed, let its program fall apart.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType

import numpy as np
import xarray as xr

from sharegrid import plugins
from sharegrid.coordination.central import Results, check_options
from sharegrid.coordination.rounds import History, Method, dataset, described, run
from sharegrid.coordination.shared_columns import SharedColumns, split_at
from sharegrid.optimise.clear import exact_model, kept_of, relaxed, scenario_parts, split_model
from sharegrid.optimise.quadratic import live

PENALTY = 10.0  # of an artificial column, times the value of lost load or else the largest cost
SAME = 1e-8  # relative difference of two equal optima
TUNING = {
    "tuned_value": ("1", "value of the method's parameter that needed the fewest rounds, in its own unit"),
    "tried_rounds": ("1", "rounds until the method stopped with each value tried; missing where it did not"),
    "tried_gap": ("1", "relative gap after the last round with each value tried"),
}


@dataclass
class SharedMarket:
    """One hour of one scenario, taken apart, and the cost that a centre finds."""

    split: SharedColumns
    optimum: float


def shared_markets(results: Results, scenarios: list[str], hour: int = 0) -> dict[str, SharedMarket]:
    """The programs of the scenarios at their shared columns.

    ValueError if the market names or has none, or has no such hour, and where its program is a relaxation that is not exact.
    """
    data = results["data"].sel(scenario=scenarios)
    market = plugins.load_module("markets", data.attrs["market"])
    if not hasattr(market, "shared_variables"):
        raise ValueError(f"coordination: the market {data.attrs['market']} names no shared variables")
    hours = data.sizes.get("time", 1)
    if not 0 <= hour < hours:
        raise ValueError(f"coordination: hour is {hour}; it must be from 0 to {hours - 1}")
    found = {}
    for part in scenario_parts(data.isel(time=[hour]) if hours > 1 else data):
        model = split_model(market, part)
        positions = [model.variables[name].position.values for name in market.shared_variables(part)]
        shared = np.concatenate([one[one >= 0] for one in positions])
        _check_any(part, market.shared_variables(part), shared)
        for k, name in enumerate(model.scenarios):
            program = model.program(k)
            central = live(program, f"scenario {name}, hour {hour}").solve()
            _check_relaxation(market, part.isel(scenario=[k]), central.objective, kept_of(market, model, central))
            optimum = central.objective if hours > 1 else float(results["cleared"]["objective"].sel(scenario=name))
            penalty = PENALTY * (float(part["voll"]) if "voll" in part else np.abs(program.cost).max())
            found[name] = SharedMarket(split_at(program, shared, penalty), optimum)
    return found


def _check_any(data: xr.Dataset, names: list[str], shared: np.ndarray) -> None:
    if not len(shared):
        what = "no ties" if data.sizes.get("tie") == 0 else f"no variables {', '.join(names)}"
        raise ValueError(f"coordination: the market {data.attrs['market']} has {what}; there is nothing to coordinate")


def _check_relaxation(market: ModuleType, one: xr.Dataset, cost: float, kept: dict[str, np.ndarray]) -> None:
    """ValueError if the convex program costs less than the market's exact model: methods would certify a wrong cost. Where
    losing power costs nothing, its optimum may lose some all the same."""
    burnt = relaxed(market, one, kept)
    if not burnt:
        return
    name = one["scenario"].item()
    exact = live(exact_model(market, market.exact(one)).program(0), f"scenario {name}").solve(values=False).objective
    if exact - cost > SAME * max(1.0, abs(exact)):
        raise ValueError(
            f"coordination: scenario {name}: the convex program that the methods take apart is not exact for "
            f"{', '.join(burnt)}: it costs {cost:.9g} instead of {exact:.9g}; take the scenario out of `coordinate`, or change "
            "what makes it worth losing power (negative offers, lower limits of units)"
        )


def coordinated(
    method: str,
    results: Results,
    scenarios: list[str],
    hour: int,
    rounds: int,
    tolerance: float,
    make: Callable[..., Method],
    tried: Sequence[float] = (),
) -> xr.Dataset:
    """The rounds of the scenarios by make(market), or, with values of a parameter to try, of the run by make(market, value)
    that stops first; then with TUNING: tuned_value (scenario), tried_rounds and tried_gap (scenario, tried)."""
    check_options(method, results, scenarios, rounds, tolerance)
    histories, trials = {}, {}
    markets = shared_markets(results, scenarios, hour)
    for name, market in markets.items():
        runs = [run(make(market, value), rounds) for value in tried] if tried else [run(make(market), rounds)]
        gaps = [abs(one.progress[-1].objective - market.optimum) / max(1.0, abs(market.optimum)) for one in runs]
        best = min(range(len(runs)), key=lambda k: (not _stopped(runs[k]), len(runs[k].progress), gaps[k]))
        histories[name] = runs[best]
        _check_bounds(f"{method}, scenario {name}", runs, market.optimum, tolerance)
        ended = [len(one.progress) if _stopped(one) else np.nan for one in runs]
        trials[name] = (tried[best] if tried else np.nan, ended, gaps)
    hourly = results["data"].sizes.get("time", 1) > 1
    money = "$/h" if hourly else results["data"].attrs["money"]
    central = xr.DataArray([one.optimum for one in markets.values()], {"scenario": list(markets)}, "scenario")
    result = dataset(histories, central, money)
    return _with_trials(result, trials, tried, money) if tried else result


def _check_bounds(label: str, runs: list[History], optimum: float, tolerance: float) -> None:
    """RuntimeError if a certified lower bound is above the central optimum."""
    highest = max((one.lower_bound for run_ in runs for one in run_.progress if one.lower_bound == one.lower_bound),
                  default=-np.inf)  # fmt: skip
    if highest > optimum + tolerance * max(1.0, abs(optimum)):
        raise RuntimeError(f"coordination: {label}: the certified bound {highest:.9g} is above the central optimum "
                           f"{optimum:.9g}; the method does not solve the market's program")  # fmt: skip


def _stopped(history: History) -> bool:
    return history.progress[-1].done


def _with_trials(result: xr.Dataset, trials: dict[str, tuple], tried: Sequence[float], money: str) -> xr.Dataset:
    value, ended, gaps = zip(*trials.values(), strict=True)
    result = result.assign_coords(tried=[float(one) for one in tried])
    made = {"tuned_value": ("scenario", list(value))}
    made |= {"tried_rounds": (("scenario", "tried"), list(ended)), "tried_gap": (("scenario", "tried"), list(gaps))}
    return described(result.assign(made), TUNING, money)
