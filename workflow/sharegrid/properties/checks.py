"""The properties that a mechanism is judged by, each with a residual and whether it passes (chapter 2.3).

A residual passes within 1e-6 max(1, |J|) $/h. Profits are at the true cost of the dispatch. Functions take the
Datasets of the stages; payments has payment and profit (scenario, mechanism, participant).
"""

import numpy as np
import xarray as xr

from sharegrid.optimise import coalitions

TOLERANCE = 1e-6  # of the minimised cost


def tolerance(cleared: xr.Dataset) -> xr.DataArray:
    """1e-6 max(1, |J|) (scenario) in $/h."""
    return TOLERANCE * np.maximum(1, np.abs(cleared["objective"])).reset_coords(drop=True)


def check_welfare(data: xr.Dataset, cleared: xr.Dataset) -> xr.Dataset:
    """residual (scenario) $/h: cost of the allocation at the true offers less J(N); NaN where somebody misreports."""
    cost = cleared["true_cost"].sum("participant") + data["voll"] * cleared["lost_load"]
    residual = (cost - cleared["objective"]).reset_coords(drop=True).where(truthful(data).all("participant"))
    return _result(residual, np.abs(residual) <= tolerance(cleared), "cost of the allocation above the minimum")


def check_individual_rationality(data: xr.Dataset, cleared: xr.Dataset, payments: xr.Dataset) -> xr.Dataset:
    """residual (scenario, mechanism) $/h: the smallest profit of a participant that reports its true cost."""
    smallest = _bare(payments["profit"]).where(truthful(data)).min("participant")
    return _result(smallest, smallest >= -tolerance(cleared), "smallest profit of a truthful participant")


def check_incentives(data: xr.Dataset, cleared: xr.Dataset, payments: xr.Dataset) -> xr.Dataset:
    """residual (scenario, mechanism) $/h: largest gain of one participant that leaves the truth in this scenario.

    NaN where no other scenario deviates from it.
    """
    gain = misreport_gain(data, payments)
    base = xr.DataArray(data["base"].values, dims="scenario", name="base")
    largest = gain.groupby(base).max("scenario").rename(base="scenario").reindex(scenario=data["scenario"].values)
    return _result(largest, largest <= tolerance(cleared), "largest gain of a misreport")


def check_budget_balance(cleared: xr.Dataset, payments: xr.Dataset) -> xr.Dataset:
    """residual (scenario, mechanism) $/h: collected from the loads at their prices less paid to the participants.

    passed: not less than paid (weak balance); strong: exactly what is paid.
    """
    paid = _bare(payments["payment"]).sum("participant", skipna=False)
    residual = _bare(cleared["load_payment"]) - paid
    result = _result(residual, residual >= -tolerance(cleared), "load payment less payments to participants")
    strong = np.abs(residual) <= tolerance(cleared)
    return result.assign(strong=strong.assign_attrs(units="1", long_name="payments are exactly balanced"))


def check_core(cleared: xr.Dataset, values: xr.Dataset, payments: xr.Dataset) -> xr.Dataset:
    """residual (scenario, mechanism) $/h: smallest slack  J(N without S) - J(N) - sum_{i in S} u_i  of a valued set S.

    u is the payment less the reported cost. A set that was not valued is not looked at; passed only where the valued
    ones suffice for the core. Scenarios: those valued.
    """
    scenarios = values["scenario"].values
    profit = _bare(payments["payment"] - cleared["reported_cost"]).sel(scenario=scenarios)
    absent = xr.DataArray(coalitions.absent(values).astype(float), dims=("coalition", "participant"))
    together = xr.dot(profit, absent, dim="participant")
    saving = _bare(values["cost"]).drop_vars("coalition") - _bare(cleared["objective"]).sel(scenario=scenarios)
    smallest = (saving - together).isel(coalition=absent.any("participant").values).min("coalition")
    complete = _bare(values["core_complete"]) == 1
    passed = (smallest >= -tolerance(cleared).sel(scenario=scenarios)) & complete
    return _result(smallest, passed, "smallest slack of a core constraint")


def misreport_gain(data: xr.Dataset, payments: xr.Dataset) -> xr.DataArray:
    """Gain (scenario, mechanism) in $/h of the scenario's deviator over its base; NaN without a deviator, or where the
    base is not truthful for it."""
    deviator, honest = data["deviator"].values, truthful(data)
    moves = np.flatnonzero(deviator != "")
    honest = honest.sel(scenario=data["base"].values[moves]).values
    place = data.indexes["participant"].get_indexer(deviator[moves])
    moves, place = (array[honest[np.arange(len(moves)), place]] for array in (moves, place))
    profit = _bare(payments["profit"]).transpose("scenario", "participant", "mechanism")
    bases = data.indexes["scenario"].get_indexer(data["base"].values[moves])
    gain = np.full((data.sizes["scenario"], profit.sizes["mechanism"]), np.nan)
    gain[moves] = profit.values[moves, place] - profit.values[bases, place]
    labels = {name: profit[name] for name in ("scenario", "mechanism")}
    return xr.DataArray(gain, labels, ("scenario", "mechanism"), attrs={"units": "$/h", "long_name": "misreport gain"})


def truthful(data: xr.Dataset) -> xr.DataArray:
    """(scenario, participant), whether the offered prices are the true ones; without offers, who does not deviate."""
    if "offer_price" not in data:
        return _bare(data["deviator"] != data["participant"]).transpose("scenario", "participant")
    equal = ((data["offer_price"] == data["cost_price"]) | (data["offer_quantity"] <= 0)).all("block")
    if "offer_quadratic" in data:
        equal = equal & (data["offer_quadratic"] == data["cost_quadratic"])
    by_owner = _bare(equal).groupby(_bare(data["owner"]).rename("participant")).min()
    return by_owner.reindex(participant=data["participant"].values, fill_value=True).astype(bool)


def _bare(array: xr.DataArray) -> xr.DataArray:
    return array.reset_coords(drop=True)


def _result(residual: xr.DataArray, passed: xr.DataArray, text: str) -> xr.Dataset:
    """passed is false where the residual is NaN."""
    return xr.Dataset(
        {
            "residual": residual.assign_attrs(units="$/h", long_name=text),
            "passed": passed.assign_attrs(units="1", long_name=f"passes: {text}"),
        }
    )
