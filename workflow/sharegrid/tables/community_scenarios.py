"""Table: what a community saves by sharing, imports, exports and peaks at, scenario by scenario."""

import numpy as np
import pandas as pd

from sharegrid.tables import selection
from sharegrid.tables.community_costs import alone_cost
from sharegrid.tables.methods import in_money
from sharegrid.tables.selection import Results

COLUMNS = ("users", "pv_share", "battery_share", "flexible_share", "network", "network_rights")


def table(results: Results, *, families: list[str]) -> pd.DataFrame:
    """One row per scenario: bills alone and shared and what is saved in the study's money, energy from and to the grid in
    kWh/day, largest import in kW, lowest and highest voltage in p.u., rent of limits that nobody brings in the study's money.

    `alone` and `saving` are NaN where users alone were not valued.
    """
    data = selection.stage(results, "data")
    money = {name: in_money(name, data) for name in ("alone", "shared", "saving", "network_rent")}
    return selection.tidy(_frame(results, families).rename(columns=money))


def _frame(results: Results, families: list[str]) -> pd.DataFrame:
    data, cleared = selection.stage(results, "data"), selection.stage(results, "cleared")
    labels = selection.scenarios(data, families)
    here, weight, hours = cleared.sel(scenario=labels), data["day_weight"], ["day", "time"]
    alone = alone_cost(results).reindex(scenario=labels)
    alone = alone.where(data["taking_part"].sel(scenario=labels) == 1, 0.0).sum("participant", skipna=False).values
    shared = here["objective"].values
    columns = {"scenario": labels, "family": data["family"].sel(scenario=labels).values.astype(str)}
    columns |= {name: data[name].sel(scenario=labels).values for name in COLUMNS}
    columns |= {
        "alone": alone,
        "shared": shared,
        "saving": alone - shared,
        "import_kwh": (weight * here["grid_import"]).sum(hours).values,
        "export_kwh": (weight * here["grid_export"]).sum(hours).values,
        "largest_import_kw": here["grid_import"].max(hours).values,
        "voltage_min": here["voltage"].min(["bus", *hours]).values,
        "voltage_max": here["voltage"].max(["bus", *hours]).values,
        "network_rent": here["network_rent"].values,
    }
    return pd.DataFrame(columns)


def savings(results: Results, family: str, field: str) -> tuple[np.ndarray, np.ndarray]:
    """(values of the swept field, saving in the study's money) of a family, by the field."""
    data = selection.stage(results, "data")
    frame = _frame(results, [family])
    selection.known("field", [field], [name for name in COLUMNS if name in data])
    frame = frame.sort_values(field, kind="stable")
    return frame[field].to_numpy(), frame["saving"].to_numpy()
