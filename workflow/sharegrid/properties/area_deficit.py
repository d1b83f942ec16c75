"""Check: which area covers the revenue inadequacy of VCG, and what coupling the areas is worth to it (chapter 4.3.3)."""

from typing import Literal

import xarray as xr

from sharegrid.mechanisms import area_deficit as areas
from sharegrid.mechanisms.payoffs import money


def check(
    data: xr.Dataset,
    cleared: xr.Dataset,
    values: xr.Dataset | None,
    payments: xr.Dataset,
    *,
    rules: list[Literal["demand", "location", "benefit"]] = ["demand", "location", "benefit"],  # noqa: B006
) -> xr.Dataset:
    """The revenue inadequacy RI of VCG by area and rule (mechanisms/area_deficit.py), in money.

    area_deficit (scenario, deficit_rule, area) RI_a; area_benefit (scenario, area) phi_a, what the area adds to the
    interconnection; area_net_benefit (scenario, deficit_rule, area) phi_a - RI_a; benefit_fallback (scenario) 1 where the
    ties are of no use and the rule benefit shares by demand; isolated_inadequacy (scenario) RI of the same scenario with
    all ties closed; mechanism_inadequacy (scenario, mechanism) RI of each mechanism; pivotal (scenario, participant) 1
    if its removal causes lost load or missing reserve; settlement_residual (scenario) [1]. NaN where not valued.
    ValueError for another market, without vcg, and for the rule benefit where no scenario has the costs of the sets of
    areas; RuntimeError if the settlement at the marginal prices does not balance.
    """
    _check_possible(cleared, values, payments, rules)
    residual = areas.settlement_residual(cleared)
    paid = payments["payment"].reset_coords(drop=True)
    settled = areas.settle(data, cleared, values, paid.sel(mechanism="vcg", drop=True))
    shared = areas.allocate(settled, rules)
    useless = areas.without_benefit(settled.benefit).astype(float).where(settled.benefit.notnull().all("area"))
    unit = money(data)
    found = {
        "area_deficit": (shared, unit, "part of the revenue inadequacy of VCG that the area covers"),
        "area_benefit": (settled.benefit, unit, "what the area adds to the interconnection (Shapley value)"),
        "area_net_benefit": (
            (settled.benefit - shared).transpose(*shared.dims),
            unit,
            "what the area adds less what it covers",
        ),
        "benefit_fallback": (useless, "1", "1 if the ties are of no use, so that the rule benefit shares by demand"),
        "isolated_inadequacy": (areas.isolated(data, settled.deficit), unit, "revenue inadequacy of VCG without ties"),
        "mechanism_inadequacy": (areas.inadequacy(cleared, paid), unit, "payments less what the loads pay for them"),
        "pivotal": (areas.pivotal(data, values), "1", "1 if its removal causes lost load or missing reserve"),
        "settlement_residual": (residual, "1", "what prices leave unexplained of the payment of the loads"),
    }
    return xr.Dataset({name: array.assign_attrs(units=units, long_name=text)
                       for name, (array, units, text) in found.items()})  # fmt: skip


def _check_possible(cleared: xr.Dataset, values: xr.Dataset | None, payments: xr.Dataset, rules: list[str]) -> None:
    if "tie_rent" not in cleared:
        raise ValueError("area-deficit: this market has no areas; take it out of pay: checks")
    if values is None or "vcg" not in payments["mechanism"].values:
        raise ValueError(
            "area-deficit: needs the mechanism vcg; add it to pay: mechanisms, and removals to value: requests"
        )
    if "benefit" in rules and "interconnection_cost" not in values:
        raise ValueError("area-deficit: the rule benefit needs the costs of the sets of areas; add "
                         "value: {areas: {scenarios: [...]}}, or leave the rule out")  # fmt: skip
