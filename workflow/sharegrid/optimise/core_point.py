"""The point of the core with the largest total profit that is nearest to the profits of the pivotal mechanism.

    max sum_i u_i,  then  min sum_i (u_i - v_i)^2     s.t.  sum_{i in S} u_i <= b_S for all S,  u >= least

with v_i = b_{i} the pivotal profits. R. Day, P. Cramton, Quadratic core-selecting payment rules, Oper. Res. 60(3), 2012.
Since u <= v, the program is written in the reductions t = v - u, and only the sets that v violates matter.
"""

import numpy as np
import scipy.sparse as sp

from sharegrid.optimise.highs import LiveProgram, Program

ACTIVE = 1e-9  # dual (the costs are 1) above which a constraint holds with equality on the whole face
FINER = 1e5  # the linear program's unit is smaller by this: its tolerance of 1e-7 is absolute
PRECISION = 1e-10  # share of the largest violation; a constraint that misses by less holds
INDEPENDENT = 1e-9  # squared length above which a normal is independent of others
TOLERANCE = 1e-7  # share of the largest violation: accepted residual of the optimality conditions
STEPS = 10_000


def core_point(rhs: np.ndarray, absent: np.ndarray, pivotal: np.ndarray, least: float = 0.0) -> np.ndarray:
    """Profits u (participant) in the money of rhs.

    rhs (set) is J(N without S) - J(N), absent (set, participant) says who is in S, pivotal (participant) is the
    right-hand side of the single participants, `least` the smallest profit (-inf where participants pay their bills).
    Raises NotOptimal if no such point exists, RuntimeError if the optimality conditions do not hold.
    """
    absent = np.asarray(absent, dtype=bool)
    excess = absent @ pivotal - rhs
    violated = excess > PRECISION * max(1.0, np.abs(rhs).max(initial=0.0))
    if not violated.any():
        return np.array(pivotal, dtype=float)
    scale = excess[violated].max()
    most = np.maximum(pivotal - least, 0) / scale
    reduction = nearest_reduction(absent[violated].astype(float), excess[violated] / scale, most)
    return np.maximum(pivotal - scale * reduction, least)


def nearest_reduction(rows: np.ndarray, least: np.ndarray, most: np.ndarray) -> np.ndarray:
    """argmin |t|^2 over the face of  rows t >= least, 0 <= t <= most  where sum t is smallest."""
    count = len(most)
    fine = least * FINER, most * FINER
    program = Program(
        np.ones(count), np.zeros(count), fine[1], sp.csr_matrix(rows), fine[0], np.full(len(least), np.inf)
    )
    solved = LiveProgram(program, "core of largest total profit").solve()
    # complementary slackness: a feasible t is optimal iff every constraint with a positive dual holds with equality
    tight, priced = solved.row_dual > ACTIVE, np.abs(solved.reduced_cost) > ACTIVE
    at_bound = np.where(solved.reduced_cost > 0, 0.0, most)
    equal = np.vstack([rows[tight], np.eye(count)[priced]])
    equal_rhs = np.concatenate([least[tight], at_bound[priced]])
    limited = ~priced & np.isfinite(most)
    bounds = np.vstack([rows[~tight], np.eye(count)[~priced], -np.eye(count)[limited]])
    bounds_rhs = np.concatenate([least[~tight], np.zeros((~priced).sum()), -most[limited]])
    reduction = least_norm(equal, equal_rhs, bounds, bounds_rhs)
    smallest = solved.x.sum() / FINER
    if abs(reduction.sum() - smallest) > TOLERANCE * max(1.0, smallest):
        raise RuntimeError("core-selecting: the nearest point of the core has not the largest total profit")
    return reduction


def least_norm(equal: np.ndarray, equal_rhs: np.ndarray, rows: np.ndarray, rhs: np.ndarray) -> np.ndarray:
    """argmin |x|^2  s.t.  equal x = equal_rhs (independent rows), rows x >= rhs.

    The dual active-set method of D. Goldfarb, A. Idnani (Mathematical Programming 27:1-33, 1983): start from the
    equalities, enforce the most violated inequality, drop whichever of the held ones would get a negative multiplier.
    It is finite and, unlike least-distance programming by non-negative least squares, sound where the feasible set is
    thin. The optimality conditions are verified.
    """
    held = Held(np.vstack([equal, rows]), np.concatenate([equal_rhs, rhs]), len(equal))
    for _ in range(STEPS):
        short = held.levels - held.normals @ held.point
        worst = int(np.argmax(short[len(equal) :])) + len(equal) if len(rows) else -1
        if worst < 0 or short[worst] <= PRECISION:
            held.verify()
            return held.point
        held.enforce(worst)
    raise RuntimeError(f"core-selecting: no nearest point of the core after {STEPS} steps")


class Held:
    """A point, the constraints that hold with equality there, and their multipliers: point = sum multiplier normal.

    normals (constraint, variable), levels (constraint); the first `fixed` constraints are equalities.
    """

    def __init__(self, normals: np.ndarray, levels: np.ndarray, fixed: int):
        self.normals, self.levels, self._fixed = normals, levels, fixed
        self._active = list(range(fixed))
        self.point = np.linalg.lstsq(normals[:fixed], levels[:fixed], rcond=None)[0]
        self._multiplier = np.linalg.lstsq(normals[:fixed].T, self.point, rcond=None)[0]

    def enforce(self, new: int) -> None:
        """Move to the nearest point that satisfies the constraint `new` too."""
        gained = 0.0
        while True:
            active = self.normals[self._active].T
            combination = np.linalg.lstsq(active, self.normals[new], rcond=None)[0]
            direction = self.normals[new] - active @ combination
            length = direction @ direction
            independent = length > INDEPENDENT * (self.normals[new] @ self.normals[new])
            missing = self.levels[new] - self.normals[new] @ self.point
            full = missing / length if independent else np.inf
            drop, partial = self._first_to_drop(combination)
            if np.isinf(full) and drop is None:
                raise RuntimeError("core-selecting: the constraints of the core contradict each other")
            step = min(full, partial)
            self.point = self.point + (step * direction if independent else 0.0)
            self._multiplier = self._multiplier - step * combination
            gained += step
            if full <= partial:
                self._active.append(new)
                self._multiplier = np.append(self._multiplier, gained)
                return
            del self._active[drop]
            self._multiplier = np.delete(self._multiplier, drop)

    def _first_to_drop(self, combination: np.ndarray) -> tuple[int | None, float]:
        """The held inequality whose multiplier reaches zero first, and the step at which it does."""
        shrinking = np.flatnonzero(combination > INDEPENDENT)
        shrinking = shrinking[shrinking >= self._fixed]
        if not len(shrinking):
            return None, np.inf
        steps = self._multiplier[shrinking] / combination[shrinking]
        first = int(np.argmin(steps))
        return int(shrinking[first]), float(steps[first])

    def verify(self) -> None:
        """RuntimeError unless the optimality conditions hold."""
        excess = self.normals @ self.point - self.levels
        residuals = {
            "feasibility": max(-excess.min(initial=0.0), np.abs(excess[: self._fixed]).max(initial=0.0)),
            "complementarity": np.abs(excess[self._active]).max(initial=0.0),
            "stationarity": np.abs(self.point - self.normals[self._active].T @ self._multiplier).max(initial=0.0),
            "sign": -self._multiplier[self._fixed :].min(initial=0.0),
        }
        worst = max(residuals, key=residuals.get)
        if residuals[worst] > TOLERANCE * max(1.0, np.abs(self.point).max()):
            raise RuntimeError(f"core-selecting: the projection misses its {worst} condition by {residuals[worst]:.1e}")
