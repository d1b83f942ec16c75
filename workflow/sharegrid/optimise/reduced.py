"""Back end `reduced`: coalition values on large DC networks.

The angles are eliminated. What is left is one balance row, a row of transfer factors (PTDF) for each line that some
optimum would overload, one column that sheds load in proportion to load, and a shed column of its own for each bus
whose price asks for one. The optima of many coalitions are verified together by one solve with many right-hand sides:
what they violate becomes rows and columns, and only the offending coalitions are solved again. An accepted optimum is
feasible on every line and no missing shed column would improve it, so it is the optimum of the full model.

    min  sum_k b_k x_k + V sum_b s_b
    s.t. sum_k x_k + sum_b s_b = sum_b d_b                                        [lambda_0]
         -F_l <= sum_b H_lb (x_b + s_b - d_b) + f_l^shift <= F_l                  [y_l], only generated lines l
    price_b = lambda_0 + sum_l y_l H_lb                                           $/MWh
"""

import logging
import time
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
import xarray as xr

from sharegrid.optimise import coalitions
from sharegrid.optimise.coalitions import Counterfactuals
from sharegrid.optimise.dc_network import DcNetwork
from sharegrid.optimise.highs import NotOptimal, Program, Solved
from sharegrid.optimise.quadratic import live

logger = logging.getLogger(__name__)

LINE_TOLERANCE = 1e-7  # MW, as HiGHS' own: one violated MW can be worth 1000 $/h
PRICE_TOLERANCE = 1e-7  # $/MWh
IDLE = 1e-9  # MW; removing a participant that produces less changes nothing
NEW_LINES = 30  # at most, per optimum and round
KEPT_LOADING = 0.8  # lines below this share of their limit in the optimum of all are dropped before the sweep
FIRST_BATCH = 32  # coalitions solved before the first verification; the lines that they need serve all the others
LARGEST_BATCH = 512  # coalitions verified at once: 40 MB for each array (bus, coalition) at 9000 buses
LOG_EVERY = 5.0  # s
NOBODY = -1  # the participant of a shed column


@dataclass
class Columns:
    """Columns of the reduced program: injection (bus, column) in MW per unit, cost, bounds, quadratic cost, participant."""

    injection: sp.csc_matrix
    cost: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    quadratic: np.ndarray
    participant: np.ndarray

    def __len__(self) -> int:
        return len(self.cost)

    def __add__(self, other: "Columns") -> "Columns":
        names = "cost", "lower", "upper", "quadratic", "participant"
        joined = [np.concatenate([getattr(self, name), getattr(other, name)]) for name in names]
        return Columns(sp.hstack([self.injection, other.injection], format="csc"), *joined)


def _at(positions: np.ndarray, buses: int, amount=1.0) -> sp.csc_matrix:
    """Columns that inject `amount` at one bus each."""
    values = np.broadcast_to(amount, len(positions))
    return sp.csc_matrix((values, (positions, np.arange(len(positions)))), (buses, len(positions)))


def _indices(data: xr.Dataset, of: str, within: str) -> np.ndarray:
    order = {label: k for k, label in enumerate(data[within].values)}
    return np.array([order[label] for label in data[of].values], dtype=int)


def offer_columns(data: xr.Dataset) -> Columns:
    """A column for each block with a positive quantity, then one with equal bounds for each must-run part."""
    bus, participant = _indices(data, "generator_bus", "bus"), _indices(data, "owner", "participant")
    quantity = data["offer_quantity"].transpose("generator", "block").values
    price = data["offer_price"].transpose("generator", "block").values
    generator, block = np.nonzero(quantity > 0)
    curvature = data["offer_quadratic"].values[generator] if "offer_quadratic" in data else np.zeros(len(generator))
    upper = quantity[generator, block]
    injection, zero = _at(bus[generator], data.sizes["bus"]), np.zeros(len(generator))
    blocks = Columns(injection, price[generator, block], zero, upper, curvature, participant[generator])
    if "must_run" not in data:
        return blocks
    forced = np.flatnonzero(data["must_run"].values)
    amount = data["must_run"].values[forced]
    cost = data["must_run_cost"].values[forced] / amount
    injection, zero = _at(bus[forced], data.sizes["bus"]), np.zeros(len(forced))
    return blocks + Columns(injection, cost, amount, amount, zero, participant[forced])


class ReducedMarket:
    """The market of one scenario as a live program; `accept` gives it the rows and columns that its optima lack."""

    def __init__(self, data: xr.Dataset, label: str = ""):
        self.label = label
        self.demand = data["demand"].values.astype(float)
        self._load = np.maximum(self.demand, 0.0)
        self._voll = float(data["voll"])
        self._limit = data["line_limit"].values.astype(float)
        self._network = DcNetwork.of(data) if np.isfinite(self._limit).any() else None
        self._lines, self._ptdf = np.array([], dtype=int), np.empty((0, len(self.demand)))
        self._generated: set[int] = set()
        self._columns = offer_columns(data)
        self._offers = len(self._columns)
        self._spread = np.flatnonzero(self._load)  # load buses that have no shed column of their own
        self._columns += self._uniform_shedding()
        self._build()

    # ------------------------------------------------------------------ program

    def _shed_columns(self, injection: sp.csc_matrix, upper: np.ndarray) -> Columns:
        count = len(upper)
        zero = np.zeros(count)
        return Columns(injection, np.full(count, self._voll), zero, upper, zero, np.full(count, NOBODY))

    def shed_singly(self) -> None:
        """Let every load bus shed on its own: with fixed injections or phase shifts the uniform column may not do."""
        self._add_shedding(self._spread)

    def _uniform_shedding(self) -> Columns:
        """One column that sheds at the buses `_spread` in proportion to load, in MW; its number is `_uniform`."""
        self._uniform = len(self._columns)
        total = self._load[self._spread].sum()
        share = np.zeros((len(self._load), 1))
        share[self._spread, 0] = self._load[self._spread] / (total if total else 1.0)
        return self._shed_columns(sp.csc_matrix(share), np.array([total]))

    def _coefficients(self, columns: Columns) -> sp.csr_matrix:
        balance = np.asarray(columns.injection.sum(axis=0))
        return sp.csr_matrix(np.vstack([balance, self._ptdf @ columns.injection]))

    def _line_bounds(self, lines: np.ndarray, ptdf: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        idle_flow = self._network.shift_flow[lines] - ptdf @ self.demand if len(lines) else np.array([])
        return -self._limit[lines] - idle_flow, self._limit[lines] - idle_flow

    def _build(self) -> None:
        lower, upper = self._line_bounds(self._lines, self._ptdf)
        columns, total = self._columns, [self.demand.sum()]
        self._program = live(
            Program(
                cost=columns.cost,
                lower=columns.lower,
                upper=columns.upper,
                matrix=self._coefficients(columns),
                row_lower=np.concatenate([total, lower]),
                row_upper=np.concatenate([total, upper]),
                quadratic=columns.quadratic,
            ),
            self.label,
        )
        # transfer factors lie between -1 and 1; scaling them cost 60 times the pivots on 9241 buses with equal offers
        self._program.switch_off_scaling()
        self._closed = np.zeros(len(columns), dtype=bool)

    def _add_lines(self, lines: np.ndarray) -> None:
        ptdf = self._network.ptdf(lines)
        self._program.add_rows(ptdf @ self._columns.injection, *self._line_bounds(lines, ptdf))
        self._lines, self._ptdf = np.concatenate([self._lines, lines]), np.vstack([self._ptdf, ptdf])
        self._generated |= set(lines.tolist())

    def _add_shedding(self, buses: np.ndarray) -> None:
        """Give `buses` shed columns of their own and take them out of the uniform one."""
        old = self._uniform
        self._columns.upper[old] = 0.0  # the old uniform column stays, unusable; a new one serves the other buses
        self._program.set_column_bounds([old], np.zeros(1), np.zeros(1))
        self._spread = np.setdiff1d(self._spread, buses)
        new = self._uniform_shedding() + self._shed_columns(_at(buses, len(self._load)), self._load[buses])
        self._program.add_columns(new.cost, new.lower, new.upper, self._coefficients(new))
        self._columns += new
        self._closed = np.concatenate([self._closed, np.zeros(len(new), dtype=bool)])

    # ------------------------------------------------------------------ solve

    @property
    def lines_generated(self) -> int:
        """Number of lines that were a row at some time."""
        return len(self._generated)

    def remove(self, gone: np.ndarray) -> None:
        """Close the columns of the participants that are `gone` (participant), open those of all others."""
        closed = np.append(gone, False)[self._columns.participant]
        changed = np.flatnonzero(closed != self._closed)
        if len(changed):
            open_now = ~closed[changed]
            lower, upper = self._columns.lower[changed] * open_now, self._columns.upper[changed] * open_now
            self._program.set_column_bounds(changed, lower, upper)
            self._closed = closed

    def solve(self, name: str) -> Solved | None:
        """The optimum over the present rows and columns; None if more shed columns may make it feasible."""
        try:
            return self._program.solve(name)
        except NotOptimal as error:
            if "infeasible" in error.status and len(self._spread):
                return None
            raise

    def optima(self, solved: list[Solved]) -> "Optima":
        """The optima as arrays; rows and columns added since a solve count as zero in it."""
        x, dual = np.zeros((len(self._columns), len(solved))), np.zeros((1 + len(self._lines), len(solved)))
        for k, one in enumerate(solved):
            x[: len(one.x), k], dual[: len(one.row_dual), k] = one.x, one.row_dual
        price = dual[0] + self._ptdf.T @ dual[1:]
        return Optima(x, price, self._columns.injection[:, self._offers :] @ x[self._offers :])

    def produces(self, optima: "Optima", participants: int) -> np.ndarray:
        """Which participants produce (or, forced, consume) something in the single optimum."""
        used = self._columns.participant[: self._offers][np.abs(optima.x[: self._offers, 0]) > IDLE]
        return np.isin(np.arange(participants), used)

    # ------------------------------------------------------------------ verify

    def flows(self, optima: "Optima") -> np.ndarray:
        """Flows (branch, point) in MW."""
        return self._network.flows(self._columns.injection @ optima.x - self.demand[:, None])

    def accept(self, optima: "Optima") -> np.ndarray:
        """Whether each optimum (point) is one of the full market; rows and columns that the others lack are added."""
        overloaded, lines = self._overloads(optima)
        mispriced, buses = self._missing_shedding(optima)
        if len(lines):
            self._add_lines(lines)
        if len(buses):
            self._add_shedding(buses)
        return ~(overloaded | mispriced)

    def _overloads(self, optima: "Optima") -> tuple[np.ndarray, np.ndarray]:
        """Which points overload lines that are not rows yet, and the worst NEW_LINES such lines of each."""
        overloaded = np.zeros(optima.x.shape[1], dtype=bool)
        if self._network is None:
            return overloaded, np.array([], dtype=int)
        excess = np.abs(self.flows(optima)) - self._limit[:, None]
        excess[self._lines] = -np.inf
        overloaded[:] = excess.max(axis=0) > LINE_TOLERANCE
        excess = excess[:, overloaded]
        worst = np.argpartition(-excess, min(NEW_LINES, len(excess)) - 1, axis=0)[:NEW_LINES]
        return overloaded, np.unique(worst[np.take_along_axis(excess, worst, axis=0) > LINE_TOLERANCE])

    def _missing_shedding(self, optima: "Optima") -> tuple[np.ndarray, np.ndarray]:
        """Which points have a bus without a shed column that would shed more, or less, at its price; and these buses."""
        price, uniform = optima.price[self._spread], self._uniform
        all_shed = optima.x[uniform] >= self._columns.upper[uniform] - IDLE
        wrong = np.where(all_shed, price < self._voll - PRICE_TOLERANCE, price > self._voll + PRICE_TOLERANCE)
        return wrong.any(axis=0), self._spread[wrong.any(axis=1)]

    def prune(self, optima: "Optima") -> None:
        """Start the program anew with only the lines near their limit in the (single) optimum."""
        if len(self._lines):
            near = np.abs(self.flows(optima)[:, 0]) >= KEPT_LOADING * self._limit
            kept = near[self._lines]
            self._lines, self._ptdf = self._lines[kept], self._ptdf[kept]
            self._build()


@dataclass
class Optima:
    """Optima of several coalitions (point): x (column, point), price (bus, point) $/MWh, shed (bus, point) MW."""

    x: np.ndarray
    price: np.ndarray
    shed: np.ndarray


class Sweep:
    """The values of the coalitions without `absent` (coalition, participant); row 0 is the coalition of all."""

    def __init__(self, market: ReducedMarket, absent: np.ndarray, names: list[str], details: bool):
        self._market, self._absent, self._names = market, absent, names
        count, buses = len(absent), len(market.demand)
        self.cost, self.lost_load = np.full(count, np.nan), np.full(count, np.nan)
        self.iterations, self.fallback = np.zeros(count, dtype=int), np.zeros(count, dtype=int)
        self.details = {name: np.full((count, buses), np.nan) for name in ("price", "shed")} if details else {}
        self.lp_solves = 0
        self._started = self._reported = time.monotonic()

    def run(self) -> None:
        """The optimum of all, then the coalitions whose absentees produce something in it; the others cost the same."""
        self._market.prune(self._batch(np.array([0])))
        produces = self._market.produces(self._batch(np.array([0])), self._absent.shape[1])
        solve = (self._absent & produces).any(axis=1)
        for values in (self.cost, self.lost_load, *self.details.values()):
            values[~solve] = values[0]
        todo, first, size = np.flatnonzero(solve), 0, FIRST_BATCH
        while first < len(todo):
            self._batch(todo[first : first + size])
            first, size = first + size, min(2 * size, LARGEST_BATCH)

    def _batch(self, pending: np.ndarray) -> "Optima":
        """Solve the coalitions `pending` (row numbers) until all are verified; the optima of the last round."""
        while len(pending):
            answers = [self._solve(row) for row in pending]
            found = np.array([answer is not None for answer in answers])
            solved, rows = [answer for answer in answers if answer is not None], pending[found]
            optima = self._market.optima(solved)
            accepted = self._market.accept(optima)
            self._record(rows, solved, optima, accepted)
            if not found.all():
                self._market.shed_singly()
            pending = np.concatenate([rows[~accepted], pending[~found]])
            self._report()
        return optima

    def _solve(self, row: int) -> Solved | None:
        self._market.remove(self._absent[row])
        solved = self._market.solve(self._names[row])
        self.lp_solves += 1
        if solved is not None:
            self.iterations[row] += solved.iterations
            self.fallback[row] += solved.fallback
        return solved

    def _record(self, rows: np.ndarray, solved: list[Solved], optima: "Optima", accepted: np.ndarray) -> None:
        self.cost[rows] = [one.objective for one in solved]
        self.lost_load[rows] = optima.shed.sum(axis=0)
        self.cost[rows[~accepted]] = np.nan
        for name, values in self.details.items():
            values[rows] = getattr(optima, name).T

    def _report(self) -> None:
        now, done = time.monotonic(), np.isfinite(self.cost).sum()
        if now - self._reported > LOG_EVERY:
            left = (now - self._started) * (len(self.cost) - done) / max(done, 1)
            done, total = done - 1, len(self.cost) - 1
            logger.info("%s: %d of %d coalitions, about %.0f s left", self._market.label, done, total, left)
            self._reported = now


def counterfactuals(data: xr.Dataset, absent: np.ndarray, *, details: bool = False) -> Counterfactuals:
    """Minimum cost [$/h] and lost load [MW] of the coalitions without `absent` (coalition, participant), True = absent.

    `data`: the spot market of one scenario. `details` adds price (coalition, bus) [$/MWh] and shed (coalition, bus)
    [MW]. Exact: equal to the angle model within 1e-6 + 1e-9 J. NotOptimal names a coalition that has no feasible
    dispatch (fixed injections or phase shifts that the lines do not carry, too much must-run).
    """
    names = coalitions.labels(data["participant"].values, absent)
    market = ReducedMarket(data, f"scenario {data['scenario'].item()}" if "scenario" in data.coords else "spot market")
    everybody = np.zeros((1, absent.shape[1]), dtype=bool)
    sweep = Sweep(market, np.vstack([everybody, absent]), [coalitions.EVERYBODY, *names], details)
    sweep.run()
    return Counterfactuals(
        cost=sweep.cost[1:],
        lost_load=sweep.lost_load[1:],
        iterations=sweep.iterations[1:],
        fallback=sweep.fallback[1:],
        details={name: values[1:] for name, values in sweep.details.items()},
        counts={
            "lp_solves": sweep.lp_solves,
            "iterations": int(sweep.iterations.sum()),
            "n_lines_generated": market.lines_generated,
        },
    )
