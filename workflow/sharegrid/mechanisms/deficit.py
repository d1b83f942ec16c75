"""Who covers the revenue inadequacy of VCG: payments above what the loads pay at their prices (chapter 3.3.2).

    RI = sum_i premium_i - (1 - phi) CR                                                           [$/h]

premium_i is the VCG payment above the revenue at the price, CR the congestion rent, phi the share of CR owed to the
holders of transmission rights (`ftr_share`). CR pays first; a positive RI is shared by a rule. The rules are our reading.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import xarray as xr

from sharegrid.mechanisms import vcg

log = logging.getLogger(__name__)
NEGLIGIBLE = 1e-9
BALANCE_TOLERANCE = 1e-6  # of the load payment


@dataclass
class Settled:
    """What the rules read. deficit, rent, total_premium (scenario) $/h: RI, (1 - phi) CR and the sum of premiums;
    premium, vcg, price_revenue (scenario, participant) $/h; load (scenario, bus) MW: served, negative loads as 0;
    price (scenario, bus) $/MWh; price_without (scenario, participant, bus) $/MWh or None; load_share of `mixed`."""

    deficit: xr.DataArray
    rent: xr.DataArray
    total_premium: xr.DataArray
    premium: xr.DataArray
    vcg: xr.DataArray
    price_revenue: xr.DataArray
    load: xr.DataArray
    price: xr.DataArray
    price_without: xr.DataArray | None
    load_share: float


def allocate(
    data: xr.Dataset,
    cleared: xr.Dataset,
    values: xr.Dataset | None,
    payments: xr.Dataset,
    *,
    rules: list[Literal["energy", "lmp_proportional", "beneficiary", "generator_scaling", "mixed"]],
    ftr_share: float = 0.0,
    surplus: Literal["keep", "rebate"] = "keep",
    load_share: float = 0.5,
) -> xr.Dataset:
    """Charges of the loads and payments of the generators under each of `rules`.

    load_charge (scenario, deficit_rule, bus) $/h on top of the price, load_adder the same per MWh (NaN without load),
    adjusted_payment (scenario, deficit_rule, participant) $/h, operator_surplus (scenario, deficit_rule) $/h that stays
    with the operator, load_individually_rational (scenario, deficit_rule, bus): price and adder within the value of
    lost load; alpha, uniform_adder [$/MWh], allocated_deficit (scenario). NaN where the VCG payments are.
    Raises ValueError for an unknown rule or a share outside [0, 1], RuntimeError if the money does not balance.
    """
    _check_options(rules, ftr_share, surplus, load_share)
    settled = _settled(data, cleared, values, payments, ftr_share, load_share)
    shared = [_share(rule, settled, surplus) for rule in rules]
    names = xr.DataArray(list(rules), dims="deficit_rule", name="deficit_rule")
    charge = xr.concat([loads for loads, _ in shared], names).transpose("scenario", "deficit_rule", "bus")
    paid = xr.concat([generators for _, generators in shared], names)
    paid = paid.transpose("scenario", "deficit_rule", "participant")
    kept = _operator_surplus(cleared, charge, paid, ftr_share)
    _check_balance(cleared, settled, kept, surplus)
    return _described(data, settled, charge, paid, kept)


def _check_options(rules, ftr_share: float, surplus: str, load_share: float) -> None:
    for rule in rules:
        if rule not in RULES:
            raise ValueError(f"deficit.rules: unknown rule '{rule}'; known: {', '.join(RULES)}")
    for name, share in {"ftr_share": ftr_share, "load_share": load_share}.items():
        if not 0 <= share <= 1:
            raise ValueError(f"deficit.{name}: {share} is not a share between 0 and 1")
    if surplus not in ("keep", "rebate"):
        raise ValueError(f"deficit.surplus: '{surplus}' is neither keep nor rebate")


def _settled(data, cleared, values, payments, ftr_share: float, load_share: float) -> Settled:
    if "vcg" not in payments["mechanism"].values:
        raise ValueError("deficit: needs the mechanism vcg; add it to pay: mechanisms")
    bare = cleared.reset_coords(drop=True)
    paid = payments["payment"].sel(mechanism="vcg", drop=True).reset_coords(drop=True)
    premium = paid - bare["price_revenue"]
    total = premium.sum("participant", skipna=False)
    rent = (1 - ftr_share) * bare["congestion_rent"]
    known = values is not None and "price_without" in values
    without = vcg.from_base(data, values["price_without"]) if known else None
    return Settled(
        deficit=total - rent,
        rent=rent,
        total_premium=total,
        premium=premium,
        vcg=paid,
        price_revenue=bare["price_revenue"],
        load=bare["served"].clip(min=0),
        price=bare["price"],
        price_without=without,
        load_share=load_share,
    )


def _share(rule: str, settled: Settled, surplus: str) -> tuple[xr.DataArray, xr.DataArray]:
    """(charge of the loads, payment of the generators) under a rule, a surplus dealt with before."""
    charge, paid = RULES[rule](settled)
    if rule in GENERATOR_RULES:
        unbalanced = settled.rent < -BALANCE_TOLERANCE * np.maximum(1, np.abs(settled.total_premium))
        if bool(unbalanced.any()):
            named = ", ".join(settled.rent["scenario"].values[unbalanced.values])
            log.warning(
                "deficit rule %s: negative congestion rent (phase shifters) in %s: 'energy' is used", rule, named
            )
        instead = energy(settled)
        charge = charge.where(~unbalanced, instead[0])
        paid = paid.where(~unbalanced, instead[1])
    rebate = energy(settled)[0] if surplus == "rebate" else 0 * settled.load
    missing = settled.deficit > 0
    unknown = settled.deficit.isnull()
    return charge.where(missing, rebate.where(~unknown)), paid.where(missing, settled.vcg)


def energy(settled: Settled) -> tuple[xr.DataArray, xr.DataArray]:
    """A_b = RI D_b / sum D: one adder per MWh."""
    return settled.deficit * _normalised(settled.load, settled.load), settled.vcg


def lmp_proportional(settled: Settled) -> tuple[xr.DataArray, xr.DataArray]:
    """A_b = RI price_b D_b / sum price D, negative prices as 0."""
    return settled.deficit * _normalised(settled.price.clip(min=0) * settled.load, settled.load), settled.vcg


def beneficiary(settled: Settled) -> tuple[xr.DataArray, xr.DataArray]:
    """A_b = RI w_b / sum w,  w_b = sum_i premium_i z_ib / sum_b z_ib,  z_ib = D_b max(0, price_b without i - price_b).

    The premium of i is borne by the loads whose price it keeps down; by energy if it keeps down none.
    """
    if settled.price_without is None:
        raise ValueError("deficit rule beneficiary: needs the prices without each participant; value the removals")
    premium = settled.premium.clip(min=0)
    relief = settled.load * (settled.price_without - settled.price).clip(min=0)
    # without a premium there is nothing to share, and its prices need not be known
    share = _normalised(relief.where(premium > NEGLIGIBLE, 0.0), settled.load)
    weight = (premium * share).sum("participant", skipna=False)
    return settled.deficit * _normalised(weight, settled.load), settled.vcg


def generator_scaling(settled: Settled) -> tuple[xr.DataArray, xr.DataArray]:
    """r_i = revenue at the price + alpha premium_i: the premium as far as the congestion rent pays for it."""
    return 0 * settled.load, settled.price_revenue + alpha(settled) * settled.premium


def mixed(settled: Settled) -> tuple[xr.DataArray, xr.DataArray]:
    """A share of RI by energy, the rest by r_i = VCG payment - rest premium_i / sum premium."""
    charge, paid = energy(settled)
    positive = settled.total_premium.where(settled.total_premium > NEGLIGIBLE)
    reduction = (settled.deficit * settled.premium / positive).fillna(0)
    return settled.load_share * charge, paid - (1 - settled.load_share) * reduction


RULES: dict[str, Callable[[Settled], tuple[xr.DataArray, xr.DataArray]]] = {
    rule.__name__: rule for rule in (energy, lmp_proportional, beneficiary, generator_scaling, mixed)
}
GENERATOR_RULES = ("generator_scaling", "mixed")


def alpha(settled: Settled) -> xr.DataArray:
    """Share of the premiums that the congestion rent pays for (scenario); 1 where there are none."""
    share = (settled.rent / settled.total_premium.where(settled.total_premium > NEGLIGIBLE)).clip(0, 1)
    return share.where(~(settled.total_premium <= NEGLIGIBLE), 1.0)


def _normalised(weight: xr.DataArray, load: xr.DataArray) -> xr.DataArray:
    """Weights (..., bus) that sum to 1, proportional to the load where they sum to nothing."""
    total = weight.sum("bus", skipna=False)
    weight = weight.where(~(total < NEGLIGIBLE), load)
    return weight / weight.sum("bus", skipna=False)


def _operator_surplus(cleared, charge, paid, ftr_share: float) -> xr.DataArray:
    """Money in less money out (scenario, deficit_rule): loads pay prices and charges; generators and rights are paid."""
    bare = cleared.reset_coords(drop=True)
    collected = bare["load_payment"] + charge.sum("bus", skipna=False)
    return collected - paid.sum("participant", skipna=False) - ftr_share * bare["congestion_rent"]


def _check_balance(cleared, settled: Settled, kept: xr.DataArray, surplus: str) -> None:
    expected = (-settled.deficit).clip(min=0) if surplus == "keep" else 0.0
    residual = np.abs(kept - expected) / np.maximum(1, np.abs(cleared["load_payment"]))
    if bool((residual > BALANCE_TOLERANCE).any()):
        worst = residual.where(residual == residual.max(), drop=True)
        where = f"{worst['scenario'].values[0]}, {worst['deficit_rule'].values[0]}"
        raise RuntimeError(
            f"deficit: payments do not balance ({where}: {float(residual.max()):.1e} of the load payment)"
        )


def _described(data, settled: Settled, charge, paid, kept) -> xr.Dataset:
    served = settled.load.where(settled.load > NEGLIGIBLE)
    adder = charge / served
    rational = (settled.price + adder <= data["voll"].reset_coords(drop=True) + NEGLIGIBLE) | served.isnull()
    deficit = settled.deficit.where(settled.deficit.isnull(), settled.deficit.clip(min=0))
    described = {
        "load_charge": (charge, "$/h", "charge of the loads on top of the price"),
        "load_adder": (adder, "$/MWh", "charge of the loads per MWh served"),
        "adjusted_payment": (paid, "$/h", "payment of the participant under the deficit rule"),
        "operator_surplus": (kept, "$/h", "money that stays with the operator"),
        "load_individually_rational": (
            rational.transpose("scenario", "deficit_rule", "bus"),
            "1",
            "price and adder are within the value of lost load (false where not known)",
        ),
        "alpha": (alpha(settled), "1", "share of the premiums that the congestion rent pays for"),
        "uniform_adder": (deficit / settled.load.sum("bus"), "$/MWh", "deficit per MWh of load"),
        "allocated_deficit": (deficit, "$/h", "deficit that is shared by the rule"),
    }
    return xr.Dataset(
        {name: array.assign_attrs(units=units, long_name=text) for name, (array, units, text) in described.items()}
    )
