"""Synthetic users of demand response (section 9.2.4): the draws of every user's cost, limit and wanted load, and the prices of supply.

    reductions  a = 0.5 + U,  b = 2 U,  xbar = 0.5 + 1.5 U                                             (draws in this order)
    loads       a = 0.5 + U,  d = (1 + 0.6 sin(2 pi (t - 12)/24)) (0.5 + U_i) (0.8 + 0.4 U_it),  t = 0 ... 23
                d clipped to xbar = 2 mean_t d;  where tight, then to xbar = 1.25 mean_t of what is left
    supply      price A y + B_t:  A = 2/N, B = 1 + 0.5 sin(2 pi (t - 14)/24);  where tight, A = 4/N and 0.8 instead of 0.5

U uniform on [0, 1); a [$/kW^2h], b, B [$/kWh], A [$/kW^2h], xbar, d, y [kW]. A step of time is an hour. The numbers are ours.
"""

from typing import NamedTuple

import numpy as np

HOURS = np.arange(24)
LOOSE, TIGHT = 2.0, 1.25  # limit over the mean load
SLOPE = {"loose": 2.0, "tight": 4.0}  # of the supply's price, times the number of users
SWING = {"loose": 0.5, "tight": 0.8}  # of the supply's price at no load


class ReductionDraws(NamedTuple):
    """Quadratic cost [$/kW^2h], linear cost [$/kWh] and limit [kW] of the reduction of each user."""

    quadratic: np.ndarray
    linear: np.ndarray
    limit: np.ndarray


class LoadDraws(NamedTuple):
    """Discomfort [$/kW^2h] and limit [kW] (user), and wanted load (user, hour) kW."""

    discomfort: np.ndarray
    limit: np.ndarray
    wanted: np.ndarray


def reductions(users: int, seed: int) -> ReductionDraws:
    """Users who can reduce load in one hour."""
    rng = np.random.default_rng(seed)
    return ReductionDraws(0.5 + rng.random(users), 2 * rng.random(users), 0.5 + 1.5 * rng.random(users))


def loads(users: int, seed: int, tight: bool) -> LoadDraws:
    """Users who can move load within a day, with limits far above or close to their mean load."""
    rng = np.random.default_rng(seed)
    discomfort = 0.5 + rng.random(users)
    shape = 1 + 0.6 * np.sin(2 * np.pi * (HOURS - 12) / 24)
    wanted = shape * (0.5 + rng.random((users, 1))) * (0.8 + 0.4 * rng.random((users, len(HOURS))))
    for factor in (LOOSE, TIGHT) if tight else (LOOSE,):
        limit = factor * wanted.mean(axis=1)
        wanted = np.minimum(wanted, limit[:, None])
    return LoadDraws(discomfort, limit, wanted)


def supply(users: int, program: str) -> tuple[float, np.ndarray]:
    """Slope A [$/kW^2h] and base B (hour) $/kWh of the supply's price; `program` is loose or tight."""
    return SLOPE[program] / users, 1 + SWING[program] * np.sin(2 * np.pi * (HOURS - 14) / 24)
