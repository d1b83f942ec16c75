"""The value engine: the optimum of each asked coalition, for any market with owners.

Back ends, all exact: `rebuild` builds and solves the linopy model of every coalition anew (the slow reference); `warm`
keeps one program alive, closes the columns of the absent and restarts the dual simplex; `reduced` and `merit-order`
use the structure of a DC spot market.
"""

import logging
import time
from dataclasses import replace
from types import ModuleType

import numpy as np
import xarray as xr

from sharegrid.optimise import merit_order, reduced
from sharegrid.optimise.clear import EXACT, check_exact, exact_model, kept_of, relaxed, solve_named, split_model
from sharegrid.optimise.coalitions import Counterfactuals, label
from sharegrid.optimise.highs import MIP_GAP, NotOptimal, Program, Solved
from sharegrid.optimise.program import SplitModel
from sharegrid.optimise.quadratic import live
from sharegrid.readers.network import components

log = logging.getLogger(__name__)
DISPATCHED = 1e-9  # MW; who supplies less in the optimum can leave without changing it
PROGRESS_SECONDS = 10


class Engine:
    """One back end for some scenarios of one market.

    `data` has the dim scenario. Raises ValueError if the back end cannot serve the market.
    """

    def __init__(self, market: ModuleType, data: xr.Dataset, backend: str):
        if backend in STRUCTURED:
            _refuse_other_markets(data, backend)
        self._market, self._data, self._backend = market, data, backend
        self._split = split_model(market, data) if backend == "warm" else None
        self._told: set[int] = set()  # scenarios whose relaxation was said not to be exact

    def solve(self, k: int, absent: np.ndarray) -> Counterfactuals:
        """The optima of the coalitions `absent` (coalition, participant; True = absent) of the k-th scenario.

        The details are those that the market's COUNTERFACTUAL names. Where the market's relaxation is not exact for one of
        the coalitions, all are valued again with its exact model: both agree wherever the relaxation is exact. Raises
        NotOptimal naming scenario, coalition and status.
        """
        found, one = self._solve(k, absent), self._data.isel(scenario=[k])
        if burnt := relaxed(self._market, one, found.details):
            if k not in self._told:
                log.warning(EXACT, f"scenario {one['scenario'].item()}, a coalition", ", ".join(burnt))
            self._told.add(k)
            exact = self._market.exact(one)
            exact_model(self._market, exact)
            found = Engine(self._market, exact, self._backend)._solve(0, absent)
            check_exact(self._market, exact, found.details)
        return found

    def _solve(self, k: int, absent: np.ndarray) -> Counterfactuals:
        if self._backend == "warm":
            return warm(self._market, self._split, k, absent)
        if self._backend == "rebuild":
            return rebuild(self._market, self._data.isel(scenario=[k]), absent)
        return STRUCTURED[self._backend](self._data.isel(scenario=k), absent, details=True)


def _refuse_other_markets(data: xr.Dataset, backend: str) -> None:
    """ValueError unless the market is a DC spot market on one connected network: these back ends balance it as a whole."""
    if not {"susceptance", "offer_price"} <= set(data.variables):
        raise ValueError(f"value.backend '{backend}' serves DC spot markets only; use backend: warm")
    bus = data["bus"].values
    island = components(bus, data["from_bus"].values, data["to_bus"].values)
    if island.max(initial=0):
        apart = bus[island != island[0]][0]
        raise ValueError(
            f"value.backend '{backend}': bus {apart} is on another island than bus {bus[0]}; use backend: warm"
        )


STRUCTURED = {"reduced": reduced.counterfactuals, "merit-order": merit_order.counterfactuals}


def warm(market: ModuleType, split: SplitModel, scenario: int, absent: np.ndarray) -> Counterfactuals:
    """One live program for all coalitions, solved first with everybody.

    Coalitions that lack only participants without output share the optimum with everybody and are not solved.
    """
    program, rows = _limited(split.program(scenario))
    engine = live(program, f"scenario {split.scenarios[scenario]}")
    details = bool(market.COUNTERFACTUAL or market.LOST_LOAD)
    everybody = solve_named(engine, split, label([]), rows, cold=True)
    supplies = np.array([np.abs(everybody.x[columns]).max(initial=0) > DISPATCHED for columns in split.owned])
    names = np.array(split.participants, dtype=object)
    sweep, closed = Sweep(len(absent)), np.zeros(len(names), dtype=bool)
    sweep.count(everybody.iterations)
    shared = _details(market, split, everybody, rows)
    for k, gone in enumerate(absent):
        if not (gone & supplies).any():
            sweep.record(k, everybody.objective, *shared, gap=everybody.gap)
            continue
        _switch(engine, program, split, closed & ~gone, gone & ~closed)
        closed = gone
        solved = solve_named(engine, split, label(names[gone]), rows, values=details)
        sweep.count(solved.iterations)
        kept = _details(market, split, solved, rows)
        sweep.record(k, solved.objective, *kept, solved.iterations, solved.fallback, solved.gap)
    return sweep.result()


def _limited(program: Program) -> tuple[Program, np.ndarray]:
    """The program without the rows that have no limit in this scenario, which cost time all the same, and the others'
    numbers."""
    rows = np.flatnonzero(np.isfinite(program.row_lower) | np.isfinite(program.row_upper))
    limits = {name: getattr(program, name)[rows] for name in ("row_lower", "row_upper")}
    return replace(program, matrix=program.matrix[rows], **limits), rows


def _switch(engine, program, split: SplitModel, back: np.ndarray, gone: np.ndarray) -> None:
    """Give the columns of those who came back their bounds, close those of who left."""
    for who in np.flatnonzero(back):
        columns = split.owned[who]
        engine.set_column_bounds(columns, program.lower[columns], program.upper[columns])
    for who in np.flatnonzero(gone):
        columns = split.owned[who]
        engine.set_column_bounds(columns, np.zeros(len(columns)), np.zeros(len(columns)))


def _details(
    market: ModuleType, split: SplitModel, solved: Solved, rows=slice(None)
) -> tuple[float, dict[str, np.ndarray]]:
    """Lost load, and the arrays that the market keeps of a counterfactual; `rows`: numbers of the program's rows."""
    if not market.COUNTERFACTUAL and not market.LOST_LOAD:
        return 0.0, {}
    lost = split.variables[market.LOST_LOAD].pick(solved.x).sum() if market.LOST_LOAD else 0.0
    return float(lost), kept_of(market, split, solved, rows)


def rebuild(market: ModuleType, data: xr.Dataset, absent: np.ndarray) -> Counterfactuals:
    """The slow reference: every coalition's linopy model is built anew and solved cold, by linopy's own road to HiGHS.

    Quadratic costs go through the tangent cuts of optimise/quadratic.py, as HiGHS' quadratic solver is not exact enough.
    """
    names, sweep = data["participant"].values.astype(object), Sweep(len(absent))
    for k, gone in enumerate(absent):
        model = market.build(data)
        _close(model, market.owners(data), names[gone])
        where = f"scenario {data['scenario'].values[0]}, {label(names[gone])}"
        if model.type == "QP":
            split = SplitModel(model, market.owners(data), names)
            solved = live(split.program(0), where).solve(cold=True)
            cost, iterations, kept = solved.objective, solved.iterations, _details(market, split, solved)
        else:
            status = model.solve("highs", io_api="direct", output_flag=False, threads=1, mip_rel_gap=MIP_GAP)
            if status != ("ok", "optimal"):
                raise NotOptimal(where, status[1])
            iterations = model.solver_model.getInfo().simplex_iteration_count
            cost, kept = float(model.objective.value), _linopy_details(market, model)
        sweep.count(iterations)
        sweep.record(k, cost, *kept, iterations)
    return sweep.result()


def _close(model, owners: dict[str, xr.DataArray], gone: np.ndarray) -> None:
    for name, owner in owners.items():
        variable = model.variables[name]
        stays = xr.DataArray(~np.isin(owner.values.astype(object), gone), dims=owner.dims, coords=owner.coords)
        variable.update(lower=variable.lower.where(stays, 0.0), upper=variable.upper.where(stays, 0.0))


def _linopy_details(market: ModuleType, model) -> tuple[float, dict[str, np.ndarray]]:
    solution = {"primal": model.solution, "dual": model.dual}
    kept = {name: solution[kind][family].isel(scenario=0).values
            for name, (kind, family) in market.COUNTERFACTUAL.items()}  # fmt: skip
    lost = model.solution[market.LOST_LOAD].sum() if market.LOST_LOAD else 0.0
    return float(lost), kept


class Sweep:
    """Collects the counterfactuals of one scenario and tells the progress of a long sweep."""

    def __init__(self, coalitions: int):
        self._rows: list[tuple] = [None] * coalitions
        self._counts = {"lp_solves": 0, "iterations": 0, "n_lines_generated": 0}
        self._started = self._told = time.monotonic()

    def count(self, iterations: int) -> None:
        """Note one solve."""
        self._counts["lp_solves"] += 1
        self._counts["iterations"] += iterations

    def record(
        self, k: int, cost: float, lost_load: float, details: dict, iterations=0, fallback=False, gap=0.0
    ) -> None:
        """Note the k-th coalition; coalitions come in order."""
        self._rows[k] = (cost, lost_load, iterations, fallback, gap, details)
        now, total = time.monotonic(), len(self._rows)
        if now - self._told > PROGRESS_SECONDS:
            self._told = now
            log.info(
                "%d of %d coalitions, about %.0f s left", k + 1, total, (now - self._started) * (total / (k + 1) - 1)
            )

    def result(self) -> Counterfactuals:
        """Everything recorded, as arrays."""
        cost, lost_load, iterations, fallback, gap, details = zip(*self._rows, strict=True)
        stacked = {name: np.stack([one[name] for one in details]) for name in details[0]}
        plain = [np.array(column, dtype=float) for column in (cost, lost_load)]
        counts = np.array(iterations), np.array(fallback, dtype=int)
        return Counterfactuals(*plain, *counts, stacked, self._counts, np.array(gap, dtype=float))
