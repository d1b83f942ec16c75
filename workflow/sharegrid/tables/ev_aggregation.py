"""Table: aggregates of vehicles that differ: batteries, solver work, error, what cannot be followed, messages."""

import numpy as np
import pandas as pd

from sharegrid.tables import selection
from sharegrid.tables.methods import in_money
from sharegrid.tables.selection import Results

METHOD = "ev-aggregation"
TRUE = "exact"
COLUMNS = {
    "batteries": "aggregate_batteries",
    "columns": "aggregate_columns",
    "iterations": "aggregate_iterations",
    "cost": "aggregate_cost",
    "shortfall_kwh": "aggregate_shortfall",
    "shortfall_bound_kwh": "aggregate_shortfall_bound",
    "messages_up": "aggregate_messages_up",
    "bytes_up": "aggregate_bytes_up",
    "messages_down": "aggregate_messages_down",
    "bytes_down": "aggregate_bytes_down",
    "single_vehicle_batteries": "aggregate_single",
}


def table(results: Results) -> pd.DataFrame:
    """The rows of levels, money in the names of its columns."""
    return levels(results).rename(columns={"cost": in_money("cost", results["data"])})


def levels(results: Results) -> pd.DataFrame:
    """One row per number of vehicles and level of aggregation, fine to coarse; times are not here as they depend on the machine.

    `error_percent`: cost below that of the exact clusters; `shortfall_kwh` and `shortfall_percent` of what is charged:
    energy of the schedule that the vehicles do not follow at best, and a lower bound of it; messages and bytes between
    the aggregators at the edge and the platform; `leaves_the_edge`: the data of devices, or only the sums of batteries,
    of which `single_vehicle_batteries` hold one vehicle.
    """
    found = of_method(results)
    rows = []
    for size in found["fleet_size"].values:
        true = float(found["aggregate_cost"].sel(fleet_size=size, level=TRUE))
        rows += [
            _row(found.sel(fleet_size=size, level=level), int(size), true)
            for level in found["level"].values.astype(str)
        ]
    return selection.tidy(pd.DataFrame(rows))


def _row(one, size: int, true: float) -> dict:
    level, row = str(one["level"].values), {name: float(one[variable]) for name, variable in COLUMNS.items()}
    whole = {
        name: int(value) for name, value in row.items() if name not in ("cost", "shortfall_kwh", "shortfall_bound_kwh")
    }
    charged = float(one["aggregate_charged"])
    head = {"vehicles": size, "level": level} | row | whole
    return head | {
        "error_percent": 100 * (true - row["cost"]) / np.abs(true),
        "shortfall_percent": row["shortfall_kwh"] / 1000 / charged * 100,
        "leaves_the_edge": "devices" if level == "individual" else "sums",
    }


def of_method(results: Results):
    """The plan of the method ev-aggregation; ValueError tells how a study gets it."""
    plan = selection.stage(results, "plan")
    selection.known("plan.methods", [METHOD], plan["method"].values.astype(str))
    return plan.sel({"method": METHOD})
