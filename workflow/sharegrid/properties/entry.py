"""Check: does the entry of a participant raise what VCG pays in total? (chapter 2.4.5, challenge 5, and 3.3.1, T7)"""

import xarray as xr


def check(
    data: xr.Dataset,
    cleared: xr.Dataset,
    values: xr.Dataset | None,
    payments: xr.Dataset,
    *,
    family: str = "entry",
    full: str = "variants",
) -> xr.Dataset:
    """entry_payment_change, entry_cost_change $/h and entry_lost_load MW (scenario), at the scenarios of `family`.

    They are those of the scenario of the family `full` with the same line limits and demand, in which the participants
    that `family` leaves out take part, less those without them; the lost load is the larger of the two. NaN elsewhere.
    Raises ValueError if there is not exactly one such scenario.
    """
    total = payments["payment"].sel(mechanism="vcg", drop=True).sum("participant", skipna=False)
    scenarios = data["scenario"].values[(data["family"] == family).values].tolist()
    partners = [_partner(data, scenario, full) for scenario in scenarios]
    quantities = {
        "entry_payment_change": (total, "$/h", "change of the total VCG payment through entry"),
        "entry_cost_change": (cleared["objective"], "$/h", "change of the minimised cost through entry"),
    }
    changes = {
        name: _at(amount, partners, scenarios) - _at(amount, scenarios, scenarios)
        for name, (amount, _, _) in quantities.items()
    }
    lost = [_at(cleared["lost_load"], labels, scenarios) for labels in (partners, scenarios)]
    result = xr.Dataset(changes).assign(entry_lost_load=xr.concat(lost, "side").max("side"))
    for name, (_, unit, text) in quantities.items():
        result[name].attrs = {"units": unit, "long_name": text}
    result["entry_lost_load"].attrs = {"units": "MW", "long_name": "larger lost load of before and after entry"}
    return result.reindex(scenario=data["scenario"].values)


def _at(amount: xr.DataArray, labels: list[str], named: list[str]) -> xr.DataArray:
    return amount.reset_coords(drop=True).sel(scenario=labels).assign_coords(scenario=named)


def _partner(data: xr.Dataset, scenario: str, full: str) -> str:
    here = data.sel(scenario=scenario)
    same = (data["family"] == full) & (data["variant"] == here["variant"]) & (data["demand_mw"] == here["demand_mw"])
    found = data["scenario"].values[same.values]
    if len(found) != 1:
        raise ValueError(f"entry: scenario '{scenario}' needs one scenario of the family '{full}' with its line limits")
    return str(found[0])
