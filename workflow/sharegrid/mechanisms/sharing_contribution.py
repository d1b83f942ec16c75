"""The sharing contribution rate (SCR): what sharing adds is divided by what each participant contributes to it.

    u_i = d_i + (1 - kappa) SCR_i (v(N) - sum d),   SCR_i = contribution_i / sum_j contribution_j

d_i is what i has outside, kappa the commission of the aggregator or agent. The contribution is, above d_i, what all lose
without i (marginal), what the internal price gives (price), or the value of the energy traded with others (energy).
Where the cost is a sum over the hours, the marginal contribution is shared hour by hour.
J. Wang, H. Zhong et al., Incentive mechanism for sharing distributed energy resources, J. Mod. Power Syst. Clean
Energy 7:837-850, 2019 (our reading of the rate).
"""

from typing import Annotated, Literal

import numpy as np
import xarray as xr
from pydantic import Field

from sharegrid.mechanisms.payoffs import Bargains, by_scenario, money, paid, per_scenario, spread
from sharegrid.optimise import coalitions

NEEDS = "removals+alone"  # coalitions that must be valued, both of them; read while parsing
NOTHING = 1e-12  # money; if contributions sum to less there is nothing to share
LACKING = (
    "sharing-contribution: no scenario has its coalitions; add coalitions: removals and coalitions: alone (or all) to"
    " value: requests"
)
SEPARABLE = 1e-9  # relative: the hourly bills sum to the cost


def pay(
    data: xr.Dataset,
    cleared: xr.Dataset,
    values: xr.Dataset | None,
    *,
    contribution: Literal["marginal", "price", "energy"] = "marginal",
    commission: Annotated[float, Field(ge=0, lt=1)] = 0.0,
) -> xr.Dataset:
    """payment, scr (scenario, participant), the share in what is shared, and aggregator_surplus (scenario), in money.

    aggregator_surplus is what is left of v(N): the commission, and all where nobody contributes. A market's centre is
    the aggregator. NaN where the coalitions that it needs were not valued. Raises ValueError for a commission outside
    [0, 1), if no scenario has the coalitions, and for `energy` in a market that does not tell the energy traded.
    """
    _check_options(cleared, contribution, commission)
    rule = values is not None and SharingRule(data, cleared, values, contribution)
    shares, kept = {}, {}

    def solve(scenario: str) -> np.ndarray | None:
        """u (player) of one scenario in money; None if its coalitions were not valued."""
        gains = rule.gains(scenario)
        if gains is None:
            return None
        one = rule.bargains.of(scenario)
        shares[scenario] = gains / one.surplus if one.surplus > NOTHING else np.zeros_like(gains)
        payoff = one.outside + (1 - commission) * gains
        kept[scenario] = one.total - payoff.sum()
        return payoff

    payment = paid(cleared, by_scenario(data, values, solve, LACKING), f"payment by contribution: {contribution}")
    rates = spread(data, shares).assign_attrs(units="1", long_name="share of the participant in the value of sharing")
    surplus = per_scenario(data, kept, money(data), "what the aggregator keeps of the value of sharing")
    return xr.Dataset({"payment": payment, "scr": rates, "aggregator_surplus": surplus})


def _check_options(cleared: xr.Dataset, contribution: str, commission: float) -> None:
    if not 0 <= commission < 1:
        raise ValueError(f"sharing-contribution: commission: {commission} is not in [0, 1)")
    if contribution == "energy" and "traded_energy_value" not in cleared:
        raise ValueError(
            "sharing-contribution: contribution: energy: this market does not tell the energy that participants trade with"
            " each other; use contribution: marginal or price"
        )


class SharingRule:
    """What each player gets of the value of sharing, before a commission."""

    def __init__(self, data: xr.Dataset, cleared: xr.Dataset, values: xr.Dataset, contribution: str):
        self._data, self._cleared, self._values, self._contribution = data, cleared, values, contribution
        self.bargains = Bargains(data, cleared, values)
        self._hourly = hourly_bills(data, values) if contribution == "marginal" else None

    def gains(self, scenario: str) -> np.ndarray | None:
        """What each gets above d_i (player) in one scenario; None if an amount is not known."""
        one, plays = self.bargains.of(scenario), self.bargains.plays(scenario)
        if self._contribution == "energy":
            weight = self._cleared["traded_energy_value"].sel(scenario=scenario).values[plays]
        else:
            weight = one.claim(self._contribution)
        if np.isnan(one.total) or np.isnan(one.outside).any() or np.isnan(weight).any():
            return None
        by_hour = self._by_hour(scenario, plays)
        return one.surplus * rate(weight) if by_hour is None else by_hour

    def _by_hour(self, scenario: str, plays: np.ndarray) -> np.ndarray | None:
        """sum_t SCR_it v_t (player); None where the cost is not a sum over hours or d_i is not known by the hour."""
        if self._hourly is None or not bool(self._hourly["separable"].sel(scenario=scenario)):
            return None
        here = self._hourly.sel(scenario=scenario).transpose("participant", "time")
        outside = here["alone"].values
        if "outside_option" in self._cleared:
            if "outside_option_by_time" not in self._cleared:
                return None
            outside = self._cleared["outside_option_by_time"].sel(scenario=scenario)
            outside = outside.transpose("participant", "time").values
        outside = outside[plays]
        claim = np.maximum(here["marginal"].values[plays] - outside, 0.0)
        return (rate(claim) * (here["total"].values - outside.sum(axis=0))).sum(axis=1)


def rate(contribution: np.ndarray) -> np.ndarray:
    """contribution (player, ...) over its sum over the players; 0 where there is none."""
    total = contribution.sum(axis=0)
    return np.divide(contribution, total, out=np.zeros_like(contribution), where=total > NOTHING)


def hourly_bills(data: xr.Dataset, values: xr.Dataset) -> xr.Dataset | None:
    """Where a market's cost is a sum of hourly bills: the value of all, total (scenario, time), of each alone, and what
    each adds to the others, alone and marginal (scenario, participant, time); separable (scenario) tells where."""
    if "grid_bill" not in values:
        return None
    bill = values["grid_bill"].reset_coords(drop=True)
    away = np.abs(bill.sum("time", skipna=False) - values["cost"]) / np.maximum(1, np.abs(values["cost"]))
    hours = [_at_hour(data, values, bill.isel(time=k, drop=True)) for k in range(bill.sizes["time"])]
    together = xr.concat(hours, "time", join="exact", data_vars="all").assign_coords(time=bill["time"].values)
    return together.assign(separable=~(away > SEPARABLE).any("coalition"))


def _at_hour(data: xr.Dataset, values: xr.Dataset, bill: xr.DataArray) -> xr.Dataset:
    here = values[["member"]].assign(cost=bill)
    everybody = bill.sel(coalition=coalitions.EVERYBODY, drop=True)
    nobody = coalitions.nobody_cost(here, data)
    return xr.Dataset(
        {
            "total": nobody - everybody,
            "marginal": coalitions.removal_cost(here) - everybody,
            "alone": nobody - coalitions.alone_cost(here, data),
        }
    )
