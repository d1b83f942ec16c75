"""Whether a division of the value of all holds together: does it share what there is, gain everybody, and stand in the core?

    excess of S    v(S) - u(S)                               u payoffs: payment less reported cost
    deficit        u(N) - v(N)                               what the participants get beyond the value of all

Without a centre v(S) = J(nobody) - J(S). With one (who is in no list of participants and keeps v(N) - u(N), minus the
deficit) a coalition with it has the excess u(N without S) - (J(S) - J(N)), for which J(nobody) need not be known, and one
without it -u(S).

That nobody objects is known where all coalitions were valued, where those that bind were looked for (of the core-selecting
payment and of the least-core one: for these, not for other payments), and where the study asked for a sample, as far as
a sample can tell. An objection is one wherever it was found.
"""

import numpy as np
import xarray as xr

from sharegrid.games.outside import outside_option
from sharegrid.games.table import MOST_PLAYERS, game_of, has_table, superadditivity, valued
from sharegrid.optimise import coalitions

TOLERANCE = 1e-6  # of the largest value
SMALLEST = 1e-9  # money; the least tolerance
NAMES = ("max_excess", "deficit", "in_core", "individually_rational", "coalitions_tested")
SEARCHED = {
    "core-selecting": "core_complete",
    "least-core": "least_core_complete",
}  # mechanism -> its objections are known
DRAWN = ("sampling_draws", "random_coalitions")  # of scenarios whose study asked for a sample


def allocation_properties(
    data: xr.Dataset, cleared: xr.Dataset, values: xr.Dataset, payments: xr.Dataset
) -> xr.Dataset:
    """max_excess, deficit in money; in_core, individually_rational 0/1; coalitions_tested (all scenario, mechanism);
    superadditivity_violations and superadditivity_loss in money (scenario), see `superadditivity_by_scenario`.

    max_excess is the largest of the valued proper, non-empty coalitions. in_core is 0 if it is above none or, without a
    centre, if the deficit is not none (a centre that ends below 0 objects itself), 1 if not and the coalitions suffice
    to say so (all, those that bind, or a sample), NaN if they do not. individually_rational says that nobody gets less
    than its outside option. None is up to 1e-6 of the largest |v(S)|, with a centre of max(1, |J(N)|). NaN in scenarios
    that were not valued or paid, and for what needs a coalition that was not valued.
    """
    payoff = payments["payment"].reset_coords(drop=True) - cleared["reported_cost"].reset_coords(drop=True)
    payoff = payoff.transpose("scenario", "mechanism", "participant")
    found = np.full((len(NAMES), *payoff.shape[:2]), np.nan)
    outside = outside_option(data, cleared, values)
    plays, place = coalitions.taking_part(data), payoff.indexes["scenario"]
    for scenario in values["scenario"].values:
        k, here = place.get_loc(scenario), plays.sel(scenario=scenario).values
        one = Allocation(*valued(data, values, scenario), payoff.values[k][:, here], "centre" in data.attrs)
        enough = sufficient(data, values, scenario, payoff["mechanism"].values)
        found[:, k] = one.properties(outside.sel(scenario=scenario).values[here], enough)
    labels = {name: payoff[name].values for name in ("scenario", "mechanism")}
    result = xr.Dataset({name: (tuple(labels), array) for name, array in zip(NAMES, found, strict=True)}, labels)
    return result.assign(superadditivity_by_scenario(data, values, labels["scenario"]))


def sufficient(data: xr.Dataset, values: xr.Dataset, scenario: str, mechanisms: np.ndarray) -> np.ndarray:
    """(mechanism), whether the coalitions that were valued tell that nobody objects to its payment."""
    drawn = [name for name in DRAWN if name in values and values[name].sel(scenario=scenario).notnull()]
    if drawn or has_table(data, values, scenario):
        return np.ones(len(mechanisms), bool)
    searched = [SEARCHED.get(str(name).partition("@")[0]) for name in mechanisms]
    return np.array([name in values and bool(values[name].sel(scenario=scenario) == 1) for name in searched])


def superadditivity_by_scenario(data: xr.Dataset, values: xr.Dataset, scenarios: np.ndarray) -> xr.Dataset:
    """superadditivity_violations, the pairs of disjoint coalitions that lose by joining, and superadditivity_loss, the
    largest loss in money (scenario); NaN where not all coalitions were valued, and of more than 12 players.

    What the gaps of mixed-integer optima can make of v(A) + v(B) - v(A and B) = J(nobody) - J(A) - J(B) + J(A and B),
    twice the largest, is no loss: an optimum found is never below the true one.
    """
    violations, loss = (np.full(len(scenarios), np.nan) for _ in range(2))
    for k, scenario in enumerate(scenarios):
        if scenario not in values.indexes["scenario"] or not has_table(data, values, scenario):
            continue
        game = game_of(data, values, scenario)
        if game.count <= MOST_PLAYERS:  # 3^n pairs
            report = superadditivity(game, tolerance=2 * _largest_gap(values, scenario))
            violations[k], loss[k] = report.violations, report.largest
    arrays = {"superadditivity_violations": violations, "superadditivity_loss": loss}
    return xr.Dataset({name: ("scenario", array) for name, array in arrays.items()}, {"scenario": scenarios})


def _largest_gap(values: xr.Dataset, scenario: str) -> float:
    """How far the cost of a valued coalition can be above the optimum, in money."""
    if "relative_gap" not in values:
        return 0.0
    gap = values["relative_gap"] * np.abs(values["cost"])
    return float(gap.sel(scenario=scenario).fillna(0.0).max())


class Allocation:
    """The payoffs (mechanism, player) of one scenario beside the valued coalitions: present (coalition, player), cost J."""

    def __init__(self, present: np.ndarray, cost: np.ndarray, payoff: np.ndarray, centre: bool):
        self._present, self._cost, self._payoff, self._centre = present, cost, payoff, centre
        self._everybody = _cost_of(present.all(axis=1), cost)
        self._nobody = _cost_of(~present.any(axis=1), cost)

    def properties(self, outside: np.ndarray, enough: np.ndarray) -> np.ndarray:
        """The numbers in the order of NAMES (property, mechanism); outside (player): d_i; enough (mechanism): whether the
        coalitions suffice to say that nobody objects."""
        excess, tested = self.max_excess()
        deficit = self._payoff.sum(axis=1) - (self._nobody - self._everybody)
        least = self.tolerance()
        blocked = (excess > least) | (not self._centre) & (np.abs(deficit) > least)
        in_core = np.where(blocked, 0.0, np.where(enough & ~np.isnan(excess), 1.0, np.nan))
        gain = (self._payoff - outside).min(axis=1)
        known = np.where(np.isnan(self._payoff).any(axis=1), np.nan, tested)
        return np.array([
            excess, deficit, in_core, np.where(np.isnan(gain), np.nan, gain >= -least), known,
        ])  # fmt: skip

    def max_excess(self) -> tuple[np.ndarray, int]:
        """The largest excess (mechanism), 0 of a single player, whom nobody can leave, NaN where no coalition could be
        looked at; and the number of coalitions."""
        proper = ~self._present.all(axis=1)
        if not self._centre:
            proper &= self._present.any(axis=1)
        present, cost = self._present[proper], self._cost[proper]
        if not len(cost):
            single = self._present.shape[1] == 1 and not self._centre
            return (0 * self._payoff[:, 0] if single else np.full(len(self._payoff), np.nan)), 0
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
