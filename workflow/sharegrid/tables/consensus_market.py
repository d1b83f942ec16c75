"""Table: prices that prosumers find by talking to their neighbours alone, and what that takes."""

import numpy as np
import pandas as pd

from sharegrid.tables import selection
from sharegrid.tables.connectivity import named
from sharegrid.tables.selection import Results

METHOD = "consensus-newton"
FOUND = ["price_low", "price_high", "steps", "rounds", "floats"]


def table(results: Results) -> pd.DataFrame:
    """One row per scenario that was coordinated: `topology`, `components`, `price_low`, `price_high`: least and largest price that a
    user ends with [$/kWh], `price_error` the largest difference to the local price of the central optimum [$/kWh], `steps` the most
    of a part, `averaging_rounds` the most per step, `rounds`, `floats` told and heard in all, `cost`, `central_cost` [$/h] and
    `gap`, their relative difference, `converged` whether all users stopped in time; if not, FOUND are empty."""
    data, cleared = results["data"], results["cleared"]
    prices = selection.read(results, "coordination", "user_price", method=METHOD)
    made = results["coordination"].sel({"method": METHOD})
    rows = []
    for label in data["scenario"].values[data["scenario"].isin(prices["scenario"].values)]:
        one, price = made.sel(scenario=label), prices.sel(scenario=label)
        if price.isnull().all():
            continue
        error = np.abs(price - cleared["price"].sel(scenario=label))
        rows.append(
            {
                "topology": named(data.sel(scenario=label)),
                "components": int(data["components"].sel(scenario=label)),
                "price_low": float(price.min()),
                "price_high": float(price.max()),
                "price_error": float(error.max()),
                "steps": int(one["newton_steps"].max()),
                "averaging_rounds": int(one["averaging_rounds"].max()),
                "rounds": int(one["rounds"]),
                "floats": int(one["floats"].sum()),
                "cost": float(one["final_cost"]),
                "central_cost": float(one["central_cost"]),
                "gap": float(one["final_cost"] / one["central_cost"] - 1),
                "converged": bool(one["converged"] == 1),
            }
        )
    digits = {"price_low": 6, "price_high": 6, "price_error": 9, "cost": 6, "central_cost": 6, "gap": 12}
    frame = pd.DataFrame(rows).round(digits)
    frame[FOUND] = frame[FOUND].apply(lambda column: column.where(frame["converged"]))
    return frame
