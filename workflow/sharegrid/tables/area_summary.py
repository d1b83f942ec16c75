"""Table: cost, exchange, and the totals of marginal prices and of the pivotal mechanism, per scenario of several areas."""

import numpy as np
import pandas as pd
import xarray as xr

from sharegrid.tables import selection
from sharegrid.tables.selection import Results


def table(results: Results, *, scenarios: list[str] | None = None, families: list[str] | None = None) -> pd.DataFrame:
    """One row per scenario (default: all of `families`); money in the unit of the study, energy in MWh.

    `cost` at the true costs of what is cleared, with lost load and missing reserve; `import_mwh` delivered and
    `export_mwh` sent over ties, all areas, less what flows back between the same two areas; `curtailed_mwh` of the plants
    without fuel cost; `mp_total` and `vcg_total` what the participants get; `vcg_profit_total` above their true cost; `revenue_inadequacy` what VCG and the plants get
    above what the loads pay; `shed_mwh` load and `shortfall_mwh` reserve that is missing. Empty where it was not valued.
    """
    data = results["data"]
    labels = selection.chosen(data, "scenarios", scenarios, families or sorted(set(data["family"].values.astype(str))))
    here = results["cleared"].sel(scenario=labels)
    arriving = arrivals(data, here)
    columns = {
        "scenario": labels,
        "cost": true_cost(here).values,
        "import_mwh": _total(arriving.clip(min=0)),
        "export_mwh": _total(-arriving.clip(max=0)),
        "curtailed_mwh": _total(curtailed(data.sel(scenario=labels), here)),
        "mp_total": _total(here["price_revenue"]),
        "vcg_total": _of_vcg(results, "payment", labels),
        "vcg_profit_total": _of_vcg(results, "profit", labels),
        "revenue_inadequacy": [selection.number(results, "revenue_inadequacy", label) for label in labels],
        "shed_mwh": _total(here["shed"]),
        "shortfall_mwh": _total(here["shortfall"]),
    }
    return selection.tidy(pd.DataFrame(columns))


def true_cost(cleared: xr.Dataset) -> xr.DataArray:
    """Cost (scenario) in money of what is cleared at the true instead of the offered costs."""
    return cleared["objective"] + (cleared["true_cost"] - cleared["reported_cost"]).sum("participant")


def arrivals(data: xr.Dataset, cleared: xr.Dataset) -> xr.DataArray:
    """What each area gets from each other one over all their ties, less what it sends there (scenario, ends, time) MW: power
    may circulate among ties without losses at no cost."""
    sent, delivered = (cleared[name].reset_coords(drop=True) for name in ("sent", "delivered"))
    at_to, at_from = (delivered.sel(way=way, drop=True) - sent.sel(way=back, drop=True)
                      for way, back in (("forward", "backward"), ("backward", "forward")))  # fmt: skip
    start, end = (data[name].values.astype(str) for name in ("tie_from_area", "tie_to_area"))
    ends = np.char.add(np.char.add(np.concatenate([end, start]), " from "), np.concatenate([start, end]))
    labels = np.unique(ends)
    of = xr.DataArray(ends[:, None] == labels, {"ends": labels}, ("tie", "ends")).astype(float)
    return xr.dot(xr.concat([at_to, at_from], "tie").drop_vars("tie"), of, dim="tie").transpose(
        "scenario", "ends", "time"
    )


def curtailed(data: xr.Dataset, cleared: xr.Dataset) -> xr.DataArray:
    """Power that plants could deliver and do not (scenario, renewable, time) MW."""
    return data["available"] - cleared["renewable_output"]


def _total(array: xr.DataArray) -> np.ndarray:
    """Sum (scenario) over everything else; periods last an hour, so that of MW is in MWh."""
    return array.sum([dim for dim in array.dims if dim != "scenario"]).values


def _of_vcg(results: Results, name: str, labels: list[str]) -> list[float]:
    return [float(selection.by_mechanism(results, name, label, "vcg").sum()) for label in labels]
