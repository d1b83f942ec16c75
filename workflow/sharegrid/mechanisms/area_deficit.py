"""Which area covers the revenue inadequacy of VCG in a market of several areas (chapter 4.3.3).

    RI = sum_i VCG_i + W - L = sum_i (VCG_i - MP_i) - (rents of ties, lines and missing reserve)            [money]

L is the payment of the loads at the marginal prices, W what these pay to others than participants (renewable plants),
MP_i the revenue of participant i at them. RI > 0 is a deficit, RI < 0 a surplus; both are shared among the areas:

    demand      RI_a = RI D_a / sum D                                                   D_a demand of the area
    location    RI_a = sum_{i in a} (VCG_i - MP_i) - line rent_a - reserve rent_a - 1/2 sum of the rents of its ties
    benefit     RI_a = RI phi_a / sum phi

phi is the Shapley value of the game of areas v(S) = C(no ties) - C(ties within S only). The rules are our reading.

v(S) is negative where the standby losses of the ties within S cost more than they save. Where sum phi is not above 0 the
rule benefit shares by demand. Where it is, one phi_a may still be negative: that area bears RI with the opposite sign, it
receives a part of a deficit and pays into a surplus, and the others share more than the whole.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce

import numpy as np
import xarray as xr

from sharegrid.games.shapley import shapley
from sharegrid.games.table import ROUNDING, Game
from sharegrid.mechanisms import vcg
from sharegrid.optimise import coalitions

log = logging.getLogger(__name__)
NEGLIGIBLE = 1e-9  # money; areas that save less together have no benefit to share by
IDENTITY = 1e-6  # of the payment of the loads
MISSING = 1e-6  # MW; less lost load or missing reserve is none
TIES = ("tie_factor", "tie_capacity_mw")  # coordinates that close all ties at 0
NAMES = ("scenario", "family", "base", "deviator")  # coordinates that only name a scenario


@dataclass(frozen=True)
class Settled:
    """What the rules read, in money: deficit (scenario) RI; premium, rent, demand [energy], benefit (scenario, area):
    sums of VCG_i - MP_i, of the rents that belong to the area, of its demand, and phi_a."""

    deficit: xr.DataArray
    premium: xr.DataArray
    rent: xr.DataArray
    demand: xr.DataArray
    benefit: xr.DataArray
    none: xr.DataArray
    """Amount (scenario) up to which RI is none: 1e-6 of the payment of the loads, and of 1."""


def settle(data: xr.Dataset, cleared: xr.Dataset, values: xr.Dataset, paid: xr.DataArray) -> Settled:
    """What the rules need of a market that pays its participants `paid` (scenario, participant)."""
    bare = cleared.reset_coords(drop=True)
    return Settled(
        deficit=inadequacy(cleared, paid),
        premium=by_area(data, paid - bare["price_revenue"], participant_area(data)),
        rent=rents(data, cleared),
        demand=by_area(data, data["demand"].reset_coords(drop=True).sum("time"), data["bus_area"]),
        benefit=benefit(data, values),
        none=IDENTITY * np.maximum(1.0, np.abs(bare["load_payment"])),
    )


def inadequacy(cleared: xr.Dataset, paid: xr.DataArray) -> xr.DataArray:
    """Payments `paid` (scenario, ..., participant), and those to others, above the payment of the loads (scenario, ...)."""
    bare = cleared.reset_coords(drop=True)
    return paid.sum("participant", skipna=False) + bare["paid_to_others"] - bare["load_payment"]


def allocate(settled: Settled, rules: list[str]) -> xr.DataArray:
    """RI_a (scenario, deficit_rule, area) in money under each of `rules`; all sum to RI. NaN where RI or what the rule needs
    is not known."""
    shared = xr.concat([RULES[rule](settled) for rule in rules], "deficit_rule", join="exact")
    return shared.assign_coords(deficit_rule=list(rules)).transpose("scenario", "deficit_rule", "area")


def demand(settled: Settled) -> xr.DataArray:
    """RI_a = RI D_a / sum D; 0 where there is neither demand nor RI."""
    return by_demand(settled, settled.deficit.notnull())


def by_demand(settled: Settled, where: xr.DataArray) -> xr.DataArray:
    """RI shared by demand `where` (scenario) it is asked for, NaN elsewhere; ValueError names a scenario with RI, but no demand
    to share it by."""
    total = settled.demand.sum("area")
    lost = where & (total == 0) & (np.abs(settled.deficit) > settled.none)
    for k in np.flatnonzero(lost)[:1]:
        raise ValueError(
            f"area-deficit: scenario {lost['scenario'].values[k]}: no demand to share {float(settled.deficit[k]):g} by; "
            "leave demand and benefit out of the rules"
        )
    share = (settled.demand / total.where(total != 0)).fillna(0.0)
    return (settled.deficit * share).where(where)


def location(settled: Settled) -> xr.DataArray:
    """RI_a = premiums of its participants - its rents. It sums to RI by the settlement identity."""
    return (settled.premium - settled.rent).where(settled.deficit.notnull())


def by_benefit(settled: Settled) -> xr.DataArray:
    """RI_a = RI phi_a / sum phi, by demand where the ties are of no use; negative phi_a as the module says."""
    total = settled.benefit.sum("area", skipna=False)
    useless = without_benefit(settled.benefit) & settled.deficit.notnull()
    if bool(useless.any()):
        named = ", ".join(useless["scenario"].values[useless.values])
        log.warning("deficit rule benefit: no benefit of the ties in %s: 'demand' is used", named)
    return (settled.deficit * settled.benefit / total).where(~useless, by_demand(settled, useless))


RULES: dict[str, Callable[[Settled], xr.DataArray]] = {"demand": demand, "location": location, "benefit": by_benefit}


def without_benefit(benefit: xr.DataArray) -> xr.DataArray:
    """(scenario), whether all areas together save nothing by their ties; false where it is not known."""
    return benefit.sum("area", skipna=False) <= NEGLIGIBLE


def benefit(data: xr.Dataset, values: xr.Dataset) -> xr.DataArray:
    """phi (scenario, area) in money, the Shapley value of v(S) = C(no ties) - C(ties within S only); NaN where the costs of
    the sets of areas were not asked for. A saving up to 1e-9 of the cost is none."""
    areas, scenarios = data["area"].values, data["scenario"].values
    found = np.full((len(scenarios), len(areas)), np.nan)
    if "interconnection_cost" in values:
        member = values["area_member"].transpose("area_set", "area").values == 1
        order = np.argsort(member @ (1 << np.arange(len(areas))))
        cost = values["interconnection_cost"].transpose("scenario", "area_set").values[:, order]
        place = data.indexes["scenario"].get_indexer(values["scenario"].values)
        for k, one in zip(place, cost, strict=True):
            if not np.isnan(one).all():
                saved = one[0] - one
                noise = np.abs(saved) <= ROUNDING * max(1.0, abs(one[0]))
                found[k] = shapley(Game(tuple(areas), np.where(noise, 0.0, saved)))
    return xr.DataArray(found, {"scenario": scenarios, "area": areas}, ("scenario", "area"))


def rents(data: xr.Dataset, cleared: xr.Dataset) -> xr.DataArray:
    """What lines, missing reserve and half of each end of a tie earn at the marginal prices (scenario, area) in money."""
    bare = cleared.reset_coords(drop=True)
    ties = sum(by_area(data, bare["tie_rent"], data[end]) for end in ("tie_from_area", "tie_to_area"))
    return bare["line_rent"] + bare["shortfall_rent"] + ties / 2


def by_area(data: xr.Dataset, amount: xr.DataArray, area_of: xr.DataArray) -> xr.DataArray:
    """Sums of `amount` (scenario, item) by the area (item) of its items: (scenario, area)."""
    areas = xr.DataArray(data["area"].values, {"area": data["area"].values}, "area")
    return xr.dot(amount, (area_of.reset_coords(drop=True) == areas).astype(float), dim=area_of.dims)


def participant_area(data: xr.Dataset) -> xr.DataArray:
    """The area (participant) of what each participant owns; ValueError names one that owns something in two areas."""
    of: dict[str, str] = {}
    for owner, area in (("owner", "generator_area"), ("renewable_owner", "renewable_area")):
        for who, where in zip(data[owner].values.astype(str), data[area].values.astype(str), strict=True):
            if of.setdefault(who, where) != where and who:
                raise ValueError(f"area-deficit: participant '{who}' owns units in the areas {of[who]} and {where};"
                                 " make it one participant per area")  # fmt: skip
    names = data["participant"].values
    return xr.DataArray([of[str(who)] for who in names], {"participant": names}, "participant")


def settlement_residual(cleared: xr.Dataset) -> xr.DataArray:
    """What the settlement at the marginal prices leaves unexplained (scenario), relative to the payment of the loads.

    By duality loads pay the participants, the others, and the rents of ties, lines and missing reserve. RuntimeError
    names the worst scenario if it is above 1e-6.
    """
    bare = cleared.reset_coords(drop=True)
    rent = bare["tie_rent"].sum("tie") + (bare["line_rent"] + bare["shortfall_rent"]).sum("area")
    apart = bare["load_payment"] - bare["price_revenue"].sum("participant") - bare["paid_to_others"] - rent
    residual = np.abs(apart) / np.maximum(1.0, np.abs(bare["load_payment"]))
    if not bool((residual <= IDENTITY).all()):
        worst = residual.fillna(np.inf).argmax("scenario")
        raise RuntimeError(
            f"area-deficit: scenario {residual['scenario'].values[worst]}: payments and rents at the marginal prices do not "
            f"balance, by {float(residual[worst]):.1e} of the payment of the loads; the prices are not those of the optimum"
        )
    return residual


def isolated(data: xr.Dataset, deficit: xr.DataArray) -> xr.DataArray:
    """The RI (scenario) of the scenario that differs only in that all ties are closed; NaN if there is none."""
    ours = [data[name] for name in data.coords if data[name].dims == ("scenario",) and name not in (*NAMES, *TIES)]
    kinds = list(zip(*(map(str, one.values) for one in ours), strict=True)) or [()] * data.sizes["scenario"]
    closed = np.any([data[name].values == 0 for name in TIES if name in data.coords], axis=0)
    known = {kinds[k]: float(deficit[k]) for k in np.flatnonzero(closed) if not np.isnan(deficit[k])}
    return deficit.copy(data=[known.get(kind, np.nan) for kind in kinds])


def pivotal(data: xr.Dataset, values: xr.Dataset) -> xr.DataArray:
    """1 if the market cannot do without the participant: its removal causes lost load or missing reserve; else 0
    (scenario, participant). NaN where the removal was not valued."""
    needed = []
    for name in {"lost_load", "shortfall"} & set(values.data_vars):  # no rule asks for reserve where outcomes do
        everybody = values[name].sel(coalition=coalitions.EVERYBODY, drop=True)
        needed.append(vcg.from_base(data, vcg.of_removals(values, name) - everybody))
    missing = reduce(np.fmax, needed)
    return (missing > MISSING).astype(float).where(missing.notnull()).reset_coords(drop=True)
