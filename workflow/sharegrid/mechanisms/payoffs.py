"""From the payoffs of a game, scenario by scenario, to payments: r_i = c_i + u_i, with c_i the reported cost."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import xarray as xr

from sharegrid.games.outside import outside_option
from sharegrid.optimise import coalitions


def by_scenario(
    data: xr.Dataset,
    values: xr.Dataset | None,
    solve: Callable[[str], np.ndarray | None],
    lacking: str,
) -> xr.DataArray:
    """u (scenario, participant) of all scenarios from solve(scenario) -> u (player), None where coalitions are missing.

    ValueError `lacking` if they are missing everywhere.
    """
    if values is None:
        raise ValueError(f"{lacking}; give the study a value: stage")
    found = {str(scenario): solve(str(scenario)) for scenario in values["scenario"].values}
    known = {scenario: payoff for scenario, payoff in found.items() if payoff is not None}
    if not known:
        raise ValueError(lacking)
    return spread(data, known)


def spread(data: xr.Dataset, known: dict[str, np.ndarray]) -> xr.DataArray:
    """(scenario, participant) of all scenarios from what is known of the players of some, a centre's behind them left out.

    0 for who does not take part, NaN in the other scenarios.
    """
    array = np.full((data.sizes["scenario"], data.sizes["participant"]), np.nan)
    plays = coalitions.taking_part(data).values
    for k, scenario in enumerate(data["scenario"].values.astype(str)):
        if scenario in known:
            array[k] = 0.0
            array[k, plays[k]] = known[scenario][: plays[k].sum()]
    labels = {name: data[name].values for name in ("scenario", "participant")}
    return xr.DataArray(array, labels, ("scenario", "participant"))


def per_scenario(data: xr.Dataset, known: dict[str, float], units: str, text: str) -> xr.DataArray:
    """(scenario) of all scenarios from a number for some; NaN in the others."""
    scenarios = data["scenario"].values
    numbers = [float(known.get(str(name), np.nan)) for name in scenarios]
    return xr.DataArray(numbers, {"scenario": scenarios}, "scenario", attrs={"units": units, "long_name": text})


def paid(cleared: xr.Dataset, payoff: xr.DataArray, text: str) -> xr.DataArray:
    """The payment (scenario, participant): reported cost and payoff."""
    return (cleared["reported_cost"].reset_coords(drop=True) + payoff).assign_attrs(long_name=text)


def money(data: xr.Dataset) -> str:
    """The unit of money of the study."""
    return data.attrs.get("money", "$/h")


@dataclass(frozen=True)
class Bargain:
    """What one scenario's players (player) bring to the table, in money; NaN where it was not valued.

    total: v(N); outside: d_i; marginal: v(N) - v(N without i); price: revenue at the internal price less cost;
    centre: whether there is one, who has nothing without the others.
    """

    total: float
    outside: np.ndarray
    marginal: np.ndarray
    price: np.ndarray
    centre: bool

    @property
    def surplus(self) -> float:
        """v(N) - sum d."""
        return self.total - self.outside.sum()

    def claim(self, name: str) -> np.ndarray:
        """How far the payoff `name` (marginal or price) is above d_i (player); what is below counts as 0."""
        return np.maximum(getattr(self, name) - self.outside, 0.0)


class Bargains:
    """The Bargain of each valued scenario."""

    def __init__(self, data: xr.Dataset, cleared: xr.Dataset, values: xr.Dataset):
        here = cleared.reset_coords(drop=True).sel(scenario=values["scenario"].values)
        everybody = values["cost"].sel(coalition=coalitions.EVERYBODY, drop=True)
        self._centre = "centre" in data.attrs
        self._plays = coalitions.taking_part(data)
        self._total = coalitions.total_value(values, data)
        self._by_player = {
            "outside": outside_option(data, cleared, values),
            "marginal": coalitions.removal_cost(values) - everybody,
            "price": here["price_revenue"] - here["reported_cost"],
        }

    def plays(self, scenario: str) -> np.ndarray:
        """Who takes part (participant)."""
        return self._plays.sel(scenario=scenario).values

    def of(self, scenario: str) -> Bargain:
        """Of one scenario."""
        plays = self.plays(scenario)
        amounts = {name: array.sel(scenario=scenario).values[plays] for name, array in self._by_player.items()}
        return Bargain(float(self._total.sel(scenario=scenario)), **amounts, centre=self._centre)
