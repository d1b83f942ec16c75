"""Check: the propositions P1-P9 about VCG and the uniform price on one node (chapter 2.4.3 and 2.4.4)."""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from sharegrid.mechanisms import vcg
from sharegrid.properties import checks


@dataclass
class Outcome:
    """What the propositions read: the Datasets of all scenarios; `cases`: labels of the truthful ones at the demands
    looked at."""

    data: xr.Dataset
    cleared: xr.Dataset
    values: xr.Dataset
    payments: xr.Dataset
    cases: list[str]

    @property
    def payment(self) -> xr.DataArray:
        """VCG payments in the cases (scenario, participant) $/h."""
        return self.payments["payment"].sel(scenario=self.cases, mechanism="vcg", drop=True)

    def here(self, name: str) -> xr.DataArray:
        """A variable of cleared in the cases."""
        return self.cleared[name].sel(scenario=self.cases)

    @property
    def voll(self) -> xr.DataArray:
        """Value of lost load in the cases (scenario) $/MWh."""
        return self.data["voll"].sel(scenario=self.cases)


def check(
    data: xr.Dataset,
    cleared: xr.Dataset,
    values: xr.Dataset,
    payments: xr.Dataset,
    *,
    demands: list[float] | None = None,
    family: str = "cases",
) -> xr.Dataset:
    """proposition_residual, proposition_passed (property): the worst violation over the scenarios of `family`.

    demands [MW]: 900 and 1000 if not given. Residuals are 0 or more, in $/h (P9: MW). P1-P6, P8, P9 pass within
    1e-6 max(1, |J|); P7, that the uniform price is not truthful, passes above it. NaN, not passed, where nothing tells
    (no misreports, no sweep of V). Raises ValueError if the market has a network or no such scenario.
    """
    if data.sizes["bus"] != 1:
        raise ValueError("wholesale-propositions: hold on one node; use copperplate: true")
    wanted = (data["family"] == family) & data["demand_mw"].isin([900.0, 1000.0] if demands is None else demands)
    outcome = Outcome(data, cleared, values, payments, data["scenario"].values[wanted.values].tolist())
    if not outcome.cases:
        raise ValueError(f"wholesale-propositions: no scenario of the family '{family}' has one of the demands")
    residual = np.array([np.maximum(0.0, float(proposition(outcome))) for proposition in PROPOSITIONS.values()]) + 0.0
    limit = float(checks.tolerance(cleared).sel(scenario=outcome.cases).max())
    names = list(PROPOSITIONS)
    passed = np.where(np.array(names) == "P7", residual > limit, residual <= limit)
    described = {
        "proposition_residual": (
            residual,
            {"units": "$/h (P9: MW)", "long_name": "worst violation (P7: largest gain)"},
        ),
        "proposition_passed": (passed, {"units": "1", "long_name": "whether the proposition holds"}),
    }
    return xr.Dataset(
        {name: ("property", array, attrs) for name, (array, attrs) in described.items()}, {"property": names}
    )


def allocation_is_efficient(outcome: Outcome) -> xr.DataArray:
    """P1: the true cost of the allocation is J(N)."""
    residual = checks.check_welfare(outcome.data, outcome.cleared)["residual"]
    return np.abs(residual.sel(scenario=outcome.cases)).max(skipna=False)


def payment_covers_cost(outcome: Outcome) -> xr.DataArray:
    """P2: r_i >= c_i(p_i), and who is not dispatched gets 0."""
    short = (outcome.here("reported_cost") - outcome.payment).max(skipna=False)
    dispatched = vcg.dispatched(outcome.cleared).sel(scenario=outcome.cases)
    return np.maximum(short, np.abs(outcome.payment).where(~dispatched, 0.0).max(skipna=False))


def truth_is_dominant(outcome: Outcome) -> xr.DataArray:
    """P3: no misreport of anybody pays under VCG, the others truthful or not."""
    return _largest_gain(outcome, "vcg")


def vcg_pays_the_price_at_least(outcome: Outcome) -> xr.DataArray:
    """P4: r_i >= price p_i."""
    return (outcome.here("price_revenue") - outcome.payment).max(skipna=False)


def loads_pay_too_little(outcome: Outcome) -> xr.DataArray:
    """P5: sum r_i - price (D - s) >= 0, and it is what the price misses of the duals of the markets without each i.

    That is sum_i [J(N without i) - g_i(price)] with the dual function g_i of the market without i: every term is 0 or
    more, and 0 iff the price is still an optimal dual without i.
    """
    missing = outcome.payment.sum("participant", skipna=False) - outcome.here("load_payment")
    price, demand = outcome.here("price").isel(bus=0), outcome.data["demand"].sel(scenario=outcome.cases).isel(bus=0)
    offers = outcome.data[["offer_quantity", "offer_price"]].sel(scenario=outcome.cases)
    rent = ((price - offers["offer_price"]).clip(min=0) * offers["offer_quantity"]).sum("block")
    rent = rent.groupby(outcome.data["owner"].rename("participant")).sum()
    rent = rent.reindex(participant=outcome.data["participant"].values, fill_value=0.0)
    lost_load_rent = (price - outcome.voll).clip(min=0) * demand.clip(min=0)
    dual = price * demand - lost_load_rent - (rent.sum("participant") - rent)
    removal = outcome.payments["removal_cost"].sel(scenario=outcome.cases)
    gap = removal - dual
    residuals = [
        -missing,
        -gap.min("participant", skipna=False),
        np.abs(missing - gap.sum("participant", skipna=False)),
    ]
    return xr.concat(residuals, "residual", coords="minimal", compat="override").max(skipna=False)


def profits_are_in_the_core(outcome: Outcome) -> xr.DataArray:
    """P6: no set of participants objects, and the loads keep a surplus: sum r_i <= V (D - s)."""
    core = checks.check_core(outcome.cleared, outcome.values, outcome.payments)["residual"]
    served = outcome.here("served").sum("bus")
    beyond = outcome.payment.sum("participant", skipna=False) - outcome.voll * served
    return np.maximum(-core.sel(scenario=outcome.cases, mechanism="vcg").min(skipna=False), beyond.max(skipna=False))


def uniform_price_gain(outcome: Outcome) -> xr.DataArray:
    """P7: somebody gains by misreporting at the uniform price."""
    return _largest_gain(outcome, "lmp")


def payment_is_below_voll(outcome: Outcome) -> xr.DataArray:
    """P8: r_i <= V p_i."""
    return (outcome.payment - outcome.voll * outcome.here("output")).max(skipna=False)


def slope_in_voll(outcome: Outcome) -> xr.DataArray:
    """P9: r_i is affine in V with the slope s_-i - s, the lost load without i less that with i; the error in MW."""
    data = outcome.data
    demands = data["demand_mw"].sel(scenario=outcome.cases).values
    errors = [_slope_error(outcome, demand) for demand in sorted(set(demands))]
    return xr.DataArray(errors).max()


def _slope_error(outcome: Outcome, demand: float) -> float:
    """NaN without a sweep of V at this demand."""
    data = outcome.data
    sweep = data["scenario"].values[((data["family"] == "voll") & (data["demand_mw"] == demand)).values]
    if len(sweep) < 2:
        return np.nan
    sweep = sweep[np.argsort(data["voll"].sel(scenario=sweep).values, kind="stable")]
    payment = (
        outcome.payments["payment"].sel(scenario=sweep, mechanism="vcg").transpose("scenario", "participant").values
    )
    slope = np.diff(payment, axis=0) / np.diff(data["voll"].sel(scenario=sweep).values)[:, None]
    lost = vcg.lost_load_without(outcome.values).sel(scenario=sweep) - outcome.cleared["lost_load"].sel(scenario=sweep)
    lost = lost.transpose("scenario", "participant").values
    return float(np.abs(slope - lost[1:]).max())


def _largest_gain(outcome: Outcome, mechanism: str) -> xr.DataArray:
    gain = checks.misreport_gain(outcome.data, outcome.payments).sel(mechanism=mechanism)
    demand = outcome.data["demand_mw"]
    return gain.where(demand.isin(demand.sel(scenario=outcome.cases).values)).max()


PROPOSITIONS = {
    "P1": allocation_is_efficient,
    "P2": payment_covers_cost,
    "P3": truth_is_dominant,
    "P4": vcg_pays_the_price_at_least,
    "P5": loads_pay_too_little,
    "P6": profits_are_in_the_core,
    "P7": uniform_price_gain,
    "P8": payment_is_below_voll,
    "P9": slope_in_voll,
}
