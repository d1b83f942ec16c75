"""Table: output, payments and pivotality of each unit of a one-node market, per level of demand."""

import numpy as np
import pandas as pd

from sharegrid.tables import selection
from sharegrid.tables.selection import IDLE, Results, by_mechanism


def table(results: Results, *, cases: list[str] | None = None) -> pd.DataFrame:
    """One row per case and participant, money in $/h; `vcg_per_mwh` in $/MWh is empty without output.

    `rsi`: residual supply index, the capacity of all others over the demand [1]; below 1 the unit is pivotal.
    """
    labels = selection.chosen(results["data"], "cases", cases, ["cases"])
    return selection.tidy(pd.concat([_of_scenario(results, label) for label in labels], ignore_index=True))


def _of_scenario(results: Results, scenario: str) -> pd.DataFrame:
    data, cleared = results["data"], results["cleared"].sel(scenario=scenario)
    output = cleared["output"].values
    vcg = by_mechanism(results, "payment", scenario, "vcg")
    columns = {
        "unit": data["participant"].values.astype(str),
        "demand_mw": float(data["demand_mw"].sel(scenario=scenario)),
        "p_mw": output,
        "cost": cleared["true_cost"].values,
        "uniform_revenue": cleared["price_revenue"].values,
        "vcg_payment": vcg,
        "pab_payment": by_mechanism(results, "payment", scenario, "pay-as-bid"),
        "vcg_profit": by_mechanism(results, "profit", scenario, "vcg"),
        "vcg_per_mwh": np.divide(vcg, output, out=np.full(len(output), np.nan), where=output > IDLE),
        "shed_without_i": selection.lost_load_without(results, scenario),
        "rsi": selection.residual_supply_index(data, scenario),
    }
    return pd.DataFrame(columns)[selection.capacity(data, scenario) > 0]
