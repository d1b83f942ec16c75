"""Closed-form divisions of a total: Nash bargaining, in proportion, marginal contributions.

In all of them money can be handed over, so only the total matters.
"""

import numpy as np

ROUNDING = 1e-9  # of the largest amount
NOTHING = 1e-12  # a sum of weights below it counts as none


def nash_bargaining(total: float, disagreement: np.ndarray, power: np.ndarray | None = None) -> np.ndarray:
    """argmax prod_i (u_i - d_i)^a_i  s.t.  sum u = total:  u_i = d_i + a_i (total - sum d)  (player).

    `power` a is scaled to sum 1; equal if not given. J. Nash (1950); E. Kalai (1977) for unequal powers. Raises
    ValueError if the total is less than what the players have if they do not agree, or if a power is negative.
    """
    disagreement = np.asarray(disagreement, dtype=float)
    surplus = total - disagreement.sum()
    if surplus < -ROUNDING * max(abs(total), np.abs(disagreement).sum()):
        raise ValueError(
            f"Nash bargaining: together {total:.10g} is less than {disagreement.sum():.10g} without agreement"
        )
    power = np.ones(len(disagreement)) if power is None else np.asarray(power, dtype=float)
    if (power < 0).any():
        raise ValueError(f"Nash bargaining: a power is negative ({power.min():.10g})")
    return disagreement + proportional(surplus, power)


def proportional(total: float, weight: np.ndarray) -> np.ndarray:
    """total w_i / sum w (player); equal parts if all weights are zero. Raises ValueError for a negative weight."""
    weight = np.asarray(weight, dtype=float)
    if (weight < 0).any():
        raise ValueError(f"proportional: a weight is negative ({weight.min():.10g})")
    if weight.sum() <= NOTHING:
        weight = np.ones(len(weight))
    return total * weight / weight.sum()


def marginal(total: float, without: np.ndarray) -> np.ndarray:
    """m_i = v(N) - v(N without i) (player); what they exceed the total by, sum m - v(N), is >= 0 if a core exists."""
    return total - np.asarray(without, dtype=float)
