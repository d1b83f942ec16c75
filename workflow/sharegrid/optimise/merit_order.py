"""Back end `merit-order`: coalition values of an uncongested market in closed form.

Without binding lines the cheapest offers serve the demand, wherever they are. One sort of all blocks by (price,
generator, block) gives the optimum of every coalition: without i, its output is replaced by the others' next blocks, and
by lost load at the end of the list. A network's limits are checked afterwards; a coalition whose dispatch breaks one, or
that loses load on a network with limits (where it is lost is then not free), is left to the back end `reduced`.

    x_k = min(w_k, max(0, D - sum of earlier w)),   J = sum b_k x_k + V (D - sum x_k)
    price = b of the last accepted block; V where load is lost                    $/MWh
"""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from sharegrid.optimise import reduced
from sharegrid.optimise.coalitions import Counterfactuals
from sharegrid.optimise.dc_network import DcNetwork
from sharegrid.optimise.reduced import IDLE, LARGEST_BATCH, LINE_TOLERANCE

SORTED, REDUCED = "merit-order", "reduced"


@dataclass
class Cleared:
    """Markets cleared by merit order: dispatch (coalition, block) MW, cost $/h, lost_load MW, price $/MWh (coalition)."""

    dispatch: np.ndarray
    cost: np.ndarray
    lost_load: np.ndarray
    price: np.ndarray


class MeritOrder:
    """The blocks of one scenario in merit order."""

    def __init__(self, data: xr.Dataset):
        columns = reduced.offer_columns(data)
        order = np.argsort(columns.cost, kind="stable")  # the columns come by generator and block
        self._price, self._width = columns.cost[order], columns.upper[order]
        self._participant, self._injection = columns.participant[order], columns.injection[:, order]
        self._demand, self._voll = data["demand"].values.astype(float), float(data["voll"])
        self._limit = data["line_limit"].values.astype(float)
        self._network = DcNetwork.of(data) if np.isfinite(self._limit).any() else None
        load = np.maximum(self._demand, 0.0)
        self._share = load / (load.sum() or 1.0)

    def clear(self, absent: np.ndarray) -> Cleared:
        """The optima without `absent` (coalition, participant) as if no line had a limit."""
        width = self._width * ~absent[:, self._participant]
        total = self._demand.sum()
        dispatch = np.clip(total - (np.cumsum(width, axis=1) - width), 0.0, width)
        lost = total - dispatch.sum(axis=1)
        lost[lost <= IDLE] = 0.0
        cost = dispatch @ self._price + self._voll * lost
        return Cleared(dispatch, cost, lost, self._marginal_price(width, dispatch, lost))

    def _marginal_price(self, width: np.ndarray, dispatch: np.ndarray, lost: np.ndarray) -> np.ndarray:
        """Price of the last accepted block, of the first one if nothing is accepted, V if load is lost."""
        price = np.append(self._price, self._voll)
        accepted, offered = dispatch > IDLE, np.pad(width > 0, ((0, 0), (0, 1)), constant_values=True)
        last = accepted.shape[1] - 1 - np.argmax(accepted[:, ::-1], axis=1) if accepted.size else 0
        marginal = np.where(accepted.any(axis=1), last, np.argmax(offered, axis=1))
        return np.where(lost > 0, self._voll, price[marginal])

    def holds(self, cleared: Cleared) -> np.ndarray:
        """Whether the optima (coalition) are also optima of the network."""
        if self._network is None:
            return np.ones(len(cleared.cost), dtype=bool)
        flow = self._network.flows(self._injection @ cleared.dispatch.T - self._demand[:, None])
        within = (np.abs(flow) <= self._limit[:, None] + LINE_TOLERANCE).all(axis=0)
        return within & (cleared.lost_load == 0)

    def details(self, cleared: Cleared) -> dict[str, np.ndarray]:
        """price and shed (coalition, bus); lost load is spread in proportion to load."""
        price = np.repeat(cleared.price[:, None], len(self._demand), axis=1)
        return {"price": price, "shed": cleared.lost_load[:, None] * self._share}


def counterfactuals(data: xr.Dataset, absent: np.ndarray, *, details: bool = False) -> Counterfactuals:
    """Minimum cost [$/h] and lost load [MW] of the coalitions without `absent` (coalition, participant), True = absent.

    As reduced.counterfactuals; details["method"] (coalition) says which back end valued each. `reduced` values all of
    them if a limit binds with everybody present, if offers are quadratic, units must run or total demand is negative.
    """
    result, closed = _empty(data, len(absent), details), np.zeros(len(absent), dtype=bool)
    market = MeritOrder(data) if _has_closed_form(data) else None
    if market is not None and market.holds(market.clear(np.zeros((1, absent.shape[1]), dtype=bool))).all():
        for first in range(0, len(absent), LARGEST_BATCH):
            part = slice(first, first + LARGEST_BATCH)
            cleared = market.clear(absent[part])
            closed[part] = market.holds(cleared)
            result.cost[part], result.lost_load[part] = cleared.cost, cleared.lost_load
            for name, values in (market.details(cleared) if details else {}).items():
                result.details[name][part] = values
    if not closed.all():
        _put(result, ~closed, reduced.counterfactuals(data, absent[~closed], details=details))
    result.details["method"] = np.where(closed, SORTED, REDUCED)
    return result


def _has_closed_form(data: xr.Dataset) -> bool:
    special = any(name in data and bool((data[name] != 0).any()) for name in ("offer_quadratic", "must_run"))
    return not special and float(data["demand"].sum()) >= 0


def _empty(data: xr.Dataset, count: int, details: bool) -> Counterfactuals:
    shape = count, data.sizes["bus"]
    return Counterfactuals(
        cost=np.empty(count),
        lost_load=np.empty(count),
        iterations=np.zeros(count, dtype=int),
        fallback=np.zeros(count, dtype=int),
        details={name: np.empty(shape) for name in ("price", "shed")} if details else {},
        counts={"lp_solves": 0, "iterations": 0, "n_lines_generated": 0},
    )


def _put(result: Counterfactuals, rows: np.ndarray, part: Counterfactuals) -> None:
    for name in ("cost", "lost_load", "iterations", "fallback"):
        getattr(result, name)[rows] = getattr(part, name)
    for name, values in part.details.items():
        result.details[name][rows] = values
    result.counts = part.counts
