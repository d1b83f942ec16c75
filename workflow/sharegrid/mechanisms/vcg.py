"""The pivotal mechanism (Vickrey, Clarke, Groves): each participant is paid its reported cost and what it saves.

    r_i = c_i(p_i) + J(N without i) - J(N)

J(N without i) depends on the reports of the others only, so it does not move with the report of i. The profit is the
marginal contribution v(N) - v(N without i) of the participant to the value of all.
W. Vickrey (1961), E. Clarke (1971), T. Groves (1973).
"""

import logging

import numpy as np
import xarray as xr

from sharegrid.mechanisms.payoffs import money
from sharegrid.optimise import coalitions

log = logging.getLogger(__name__)
NEEDS = "removals"  # coalitions that must be valued; read while parsing
NOISE = 1e-7  # of J(N)
DISPATCHED = 1e-9  # MW; a participant with less output is not paid
CURTAILED = "curtailed"  # n1_rule: what the others cannot serve is cut from the counterfactual at no cost


def pay(data: xr.Dataset, cleared: xr.Dataset, values: xr.Dataset | None) -> xr.Dataset:
    """payment, removal_cost, premium (scenario, participant) and revenue_inadequacy (scenario), all in money.

    removal_cost is J(N without i); premium is the payment above the revenue at the price; revenue_inadequacy is the
    sum of the payments less what is collected. NaN where J(N without i) was not valued. Raises ValueError for must-run
    data and where no coalition was valued. Who is paid less than its reported cost is told in the log.
    """
    refuse_must_run(data)
    removal = removal_cost(data, cleared, values)
    payment = (cleared["reported_cost"] + removal - cleared["objective"]).where(dispatched(cleared), 0.0)
    saving = (removal - cleared["objective"]).where(dispatched(cleared), 0.0)
    warn_of_losses(data, saving, noise(values, cleared["objective"]))
    premium = payment - cleared["price_revenue"]
    inadequacy = payment.sum("participant", skipna=False) - collected(data, cleared, values)
    results = {
        "payment": (payment, "VCG payment"),
        "removal_cost": (removal, "minimised cost without the participant"),
        "premium": (premium, "VCG payment above the revenue at the price"),
        "revenue_inadequacy": (inadequacy, "VCG payments less the payment of the loads"),
    }
    return xr.Dataset(
        {
            name: array.reset_coords(drop=True).assign_attrs(units=money(data), long_name=text)
            for name, (array, text) in results.items()
        }
    )


def warn_of_losses(data: xr.Dataset, profit: xr.DataArray, noise: xr.DataArray) -> None:
    """Log a warning for each scenario in which some profit (scenario, participant) is below -noise (scenario), in money: the
    others save by the absence of such a participant, as of a unit that takes its lower limit with it."""
    loss = -profit.where(profit < -noise).transpose("scenario", "participant").reset_coords(drop=True)
    for scenario in loss["scenario"].values[loss.notnull().any("participant").values]:
        lost = loss.sel(scenario=scenario).to_series().dropna()
        named = ", ".join(f"{name} by {amount:.2f}" for name, amount in lost.items())
        log.warning("VCG: scenario %s: %d paid less than their cost, as the others save without them [%s]: %s",
                    scenario, len(lost), money(data), named)  # fmt: skip


def noise(values: xr.Dataset, objective: xr.DataArray) -> xr.DataArray:
    """What solvers leave of a saving of 0 (scenario) in money: a share of J(N) `objective`, and twice the largest gap."""
    least = NOISE * np.maximum(1.0, np.abs(objective.reset_coords(drop=True)))
    if "relative_gap" not in values:
        return least
    gap = (values["relative_gap"] * np.abs(values["cost"])).max("coalition").reset_coords(drop=True)
    return least + 2 * gap.reindex(scenario=least["scenario"].values).fillna(0.0)


def collected(data: xr.Dataset, cleared: xr.Dataset, values: xr.Dataset) -> xr.DataArray:
    """What there is to pay the participants (scenario): the payment of the loads less what others than participants are
    paid, in a market without loads that pay their costs and the value of all, sum_i c_i + J(nobody) - J(N), with
    J(nobody) = 0 where it was not valued."""
    if "load_payment" in cleared:
        return cleared["load_payment"] - cleared.get("paid_to_others", 0.0)
    nobody = coalitions.nobody_cost(values, data).reindex(scenario=cleared["scenario"].values).fillna(0.0)
    return cleared["reported_cost"].sum("participant") - cleared["objective"] + nobody


def refuse_must_run(data: xr.Dataset) -> None:
    """ValueError if a participant cannot stay away: a removal would then not be a cut of its feasible set."""
    if "must_run" in data and bool((data["must_run"] != 0).any()):
        raise ValueError("VCG needs 0 in every feasible set; use pmin: zero")


def dispatched(cleared: xr.Dataset) -> xr.DataArray:
    """(scenario, participant), whether the participant is part of the optimum: as the market says in `active`, else whether
    it delivers (or takes) more than 1e-9 MW."""
    if "active" in cleared:
        return cleared["active"] == 1
    return np.abs(cleared["output"]) > DISPATCHED


def removal_cost(data: xr.Dataset, cleared: xr.Dataset, values: xr.Dataset | None) -> xr.DataArray:
    """J(N without i) (scenario, participant) under the scenario's n1_rule; NaN where it was not valued.

    J(N) for a participant that is not dispatched, whom nobody misses.
    """
    if values is None:
        raise ValueError("VCG needs the cost of the market without each participant; give the study a value: stage")
    cost = coalitions.removal_cost(values)
    if "n1_rule" in data.coords:
        rule = data["n1_rule"].sel(scenario=values["scenario"])
        uncharged = data["voll"].sel(scenario=values["scenario"]) * lost_load_without(values)
        cost = xr.where(rule == CURTAILED, cost - uncharged, cost)
    return from_base(data, cost).where(dispatched(cleared), cleared["objective"]).reset_coords(drop=True)


def lost_load_without(values: xr.Dataset) -> xr.DataArray:
    """Lost load in MW when each participant alone is absent (scenario, participant); NaN where it was not valued."""
    return of_removals(values, "lost_load")


def of_removals(values: xr.Dataset, name: str) -> xr.DataArray:
    """The variable `name` when each participant alone is absent (scenario, participant); NaN where it was not valued."""
    participants = values["participant"].values
    found = values[name].reindex(coalition=[coalitions.label([who]) for who in participants])
    return found.rename(coalition="participant").assign_coords(participant=participants)


def from_base(data: xr.Dataset, without: xr.DataArray) -> xr.DataArray:
    """`without` (scenario, participant, ...), a result in the absence of each participant, for all scenarios.

    A scenario that was not valued takes the deviator's result from its base: the two differ in the report of the
    deviator only, who is absent.
    """
    own = without.reset_coords(drop=True).reindex(scenario=data["scenario"].values)
    own = own.reindex(participant=data["participant"].values)
    of_base = own.sel(scenario=data["base"].values).assign_coords(scenario=data["scenario"].values)
    deviates = (data["participant"] == data["deviator"]).reset_coords(drop=True)
    return own.fillna(of_base.where(deviates))
