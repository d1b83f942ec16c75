"""Whether a division of the value of all holds together: does it share what there is, gain everybody, and stand in the core?

    excess of S    v(S) - u(S)                               u payoffs: payment less reported cost
    deficit        u(N) - v(N)                               what the participants get beyond the value of all

Without a centre v(S) = J(nobody) - J(S). With one (who is in no list of participants and keeps v(N) - u(N), minus the
deficit) a coalition with it has the excess u(N without S) - (J(S) - J(N)), for which J(nobody) need not be known, and one
without it -u(S).
"""

import numpy as np
import xarray as xr

from sharegrid.games.outside import outside_option
from sharegrid.games.table import valued
from sharegrid.optimise import coalitions

TOLERANCE = 1e-6  # of the largest value
SMALLEST = 1e-9  # money; the least tolerance
NAMES = ("max_excess", "deficit", "in_core", "individually_rational", "coalitions_tested")


def allocation_properties(
    data: xr.Dataset, cleared: xr.Dataset, values: xr.Dataset, payments: xr.Dataset
) -> xr.Dataset:
    """max_excess, deficit in money; in_core, individually_rational 0/1; coalitions_tested (all scenario, mechanism).

    max_excess is the largest of the valued proper, non-empty coalitions, in_core says that it is none and, without a
    centre, that the deficit is none either (a centre that ends below 0 objects itself); individually_rational that
    nobody gets less than its outside option. None is up to 1e-6 of the largest |v(S)|, with a centre of max(1, |J(N)|).
    NaN in scenarios that were not valued or paid, and for what needs a coalition that was not valued.
    """
    payoff = payments["payment"].reset_coords(drop=True) - cleared["reported_cost"].reset_coords(drop=True)
    payoff = payoff.transpose("scenario", "mechanism", "participant")
    found = np.full((len(NAMES), *payoff.shape[:2]), np.nan)
    outside = outside_option(data, cleared, values)
    plays, place = coalitions.taking_part(data), payoff.indexes["scenario"]
    for scenario in values["scenario"].values:
        k, here = place.get_loc(scenario), plays.sel(scenario=scenario).values
        one = Allocation(*valued(data, values, scenario), payoff.values[k][:, here], "centre" in data.attrs)
        found[:, k] = one.properties(outside.sel(scenario=scenario).values[here])
    labels = {name: payoff[name].values for name in ("scenario", "mechanism")}
    return xr.Dataset({name: (tuple(labels), array) for name, array in zip(NAMES, found, strict=True)}, labels)


class Allocation:
    """The payoffs (mechanism, player) of one scenario beside the valued coalitions: present (coalition, player), cost J."""

    def __init__(self, present: np.ndarray, cost: np.ndarray, payoff: np.ndarray, centre: bool):
        self._present, self._cost, self._payoff, self._centre = present, cost, payoff, centre
        self._everybody = _cost_of(present.all(axis=1), cost)
        self._nobody = _cost_of(~present.any(axis=1), cost)

    def properties(self, outside: np.ndarray) -> np.ndarray:
        """The numbers in the order of NAMES (property, mechanism); outside (player): d_i."""
        excess, tested = self.max_excess()
        deficit = self._payoff.sum(axis=1) - (self._nobody - self._everybody)
        least = self.tolerance()
        stable = excess <= least if self._centre else (excess <= least) & (np.abs(deficit) <= least)
        gain = (self._payoff - outside).min(axis=1)
        known = np.where(np.isnan(self._payoff).any(axis=1), np.nan, tested)
        return np.array([
            excess, deficit, np.where(np.isnan(excess), np.nan, stable), np.where(np.isnan(gain), np.nan, gain >= -least),
            known,
        ])  # fmt: skip

    def max_excess(self) -> tuple[np.ndarray, int]:
        """The largest excess (mechanism), NaN where no coalition could be looked at, and the number of coalitions."""
        proper = ~self._present.all(axis=1)
        if not self._centre:
            proper &= self._present.any(axis=1)
        present, cost = self._present[proper], self._cost[proper]
        if not len(cost):
            return np.full(len(self._payoff), np.nan), 0
        if not self._centre:
            return (self._nobody - cost - self._payoff @ present.T).max(axis=1), len(cost)
        with_centre = (self._everybody - cost + self._payoff @ ~present.T).max(axis=1)
        negative = np.minimum(self._payoff, 0).sum(axis=1)
        without = np.where(negative < 0, negative, self._payoff.min(axis=1))  # the smallest u(S), S not empty
        return np.maximum(with_centre, -without), len(cost)

    def tolerance(self) -> float:
        """The largest objection or deficit that counts as none, in money."""
        if self._centre:
            return TOLERANCE * max(1.0, abs(self._everybody))
        empty = 0.0 if np.isnan(self._nobody) else self._nobody
        return max(SMALLEST, TOLERANCE * np.abs(empty - self._cost).max())


def _cost_of(which: np.ndarray, cost: np.ndarray) -> float:
    return float(cost[which][0]) if which.any() else float("nan")
