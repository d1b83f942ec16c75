"""The point of the core with the largest total profit that is nearest to the profits of the pivotal mechanism.

    max sum_i u_i,  then  min sum_i (u_i - v_i)^2     s.t.  sum_{i in S} u_i <= b_S for all S,  u >= 0

with v_i = b_{i} the pivotal profits. R. Day, P. Cramton, Quadratic core-selecting payment rules, Oper. Res. 60(3), 2012.
Since u <= v, the program is written in the reductions t = v - u, and only the sets that v violates matter.
"""

import numpy as np
import scipy.sparse as sp
from scipy.linalg import null_space
from scipy.optimize import nnls

from sharegrid.optimise.highs import LiveProgram, Program

ACTIVE = 1e-9  # dual (the costs are 1) above which a constraint holds with equality on the whole face
RELAXED = 1e-10  # share of the largest violation: keeps rounding from emptying a face without interior
TOLERANCE = 1e-7  # share of the largest violation: accepted residual of the optimality conditions


def core_point(rhs: np.ndarray, absent: np.ndarray, pivotal: np.ndarray) -> np.ndarray:
    """Profits u (participant) in $/h.

    rhs (set) is J(N without S) - J(N) in $/h, absent (set, participant) says who is in S, pivotal (participant) is the
    right-hand side of the single participants. Raises NotOptimal if the core is empty, RuntimeError if the optimality
    conditions do not hold.
    """
    absent = np.asarray(absent, dtype=bool)
    excess = absent @ pivotal - rhs
    violated = excess > RELAXED * max(1.0, np.abs(rhs).max(initial=0.0))
    if not violated.any():
        return np.array(pivotal, dtype=float)
    scale = excess[violated].max()
    rows, least, most = absent[violated].astype(float), excess[violated] / scale, np.maximum(pivotal, 0) / scale
    return np.maximum(pivotal - scale * nearest_reduction(rows, least, most), 0)


def nearest_reduction(rows: np.ndarray, least: np.ndarray, most: np.ndarray) -> np.ndarray:
    """argmin |t|^2 over the face of  rows t >= least, 0 <= t <= most  where sum t is smallest."""
    count = len(most)
    program = Program(np.ones(count), np.zeros(count), most, sp.csr_matrix(rows), least, np.full(len(least), np.inf))
    solved = LiveProgram(program, "core of largest total profit").solve()
    # complementary slackness: a feasible t is optimal iff every constraint with a positive dual holds with equality
    tight, priced = solved.row_dual > ACTIVE, np.abs(solved.reduced_cost) > ACTIVE
    at_bound = np.where(solved.reduced_cost > 0, 0.0, most)
    equal = np.vstack([rows[tight], np.eye(count)[priced]])
    equal_rhs = np.concatenate([least[tight], at_bound[priced]])
    bounds = np.vstack([rows[~tight], np.eye(count)[~priced], -np.eye(count)[~priced]])
    bounds_rhs = np.concatenate([least[~tight], np.zeros((~priced).sum()), -most[~priced]])
    reduction = least_norm(equal, equal_rhs, bounds, bounds_rhs)
    if abs(reduction.sum() - solved.x.sum()) > TOLERANCE * max(1.0, solved.x.sum()):
        raise RuntimeError("core-selecting: the nearest point of the core has not the largest total profit")
    return reduction


def least_norm(equal: np.ndarray, equal_rhs: np.ndarray, rows: np.ndarray, rhs: np.ndarray) -> np.ndarray:
    """argmin |x|^2  s.t.  equal x = equal_rhs, rows x >= rhs.

    Least-distance programming through non-negative least squares, a finite method; then the active set is solved
    exactly and the optimality conditions are verified. (C. Lawson, R. Hanson, Solving Least Squares Problems, 1974,
    chapter 23)
    """
    centre = np.linalg.lstsq(equal, equal_rhs, rcond=None)[0]
    basis = null_space(equal) if len(equal) else np.eye(rows.shape[1])
    normals, distance = rows @ basis, rhs - rows @ centre - RELAXED
    target = np.append(np.zeros(basis.shape[1]), 1.0)
    weights, _ = nnls(np.vstack([normals.T, distance]), target)
    held = weights > 0
    system = np.vstack([equal, rows[held]])
    point = np.linalg.lstsq(system, np.concatenate([equal_rhs, rhs[held]]), rcond=None)[0]
    verify(point, equal, equal_rhs, rows, rhs)
    return point


def verify(point, equal, equal_rhs, rows, rhs) -> None:
    """RuntimeError unless the point is feasible and a combination of active normals, the inequalities' with >= 0."""
    slack = rows @ point - rhs
    active = rows[slack < TOLERANCE]
    residuals = {
        "equality": np.abs(equal @ point - equal_rhs).max(initial=0.0),
        "inequality": -slack.min(initial=0.0),
        "stationarity": nnls(np.vstack([equal, -equal, active]).T, point)[1],
    }
    worst = max(residuals, key=residuals.get)
    if residuals[worst] > TOLERANCE * max(1.0, np.abs(point).max()):
        raise RuntimeError(f"core-selecting: the projection misses its {worst} condition by {residuals[worst]:.1e}")
