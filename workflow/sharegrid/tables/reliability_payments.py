"""Table: what users of demand response over unreliable links are called for, what it costs them, and what they are paid."""

import pandas as pd

from sharegrid.tables import selection
from sharegrid.tables.methods import in_money
from sharegrid.tables.reliability_clearing import options
from sharegrid.tables.selection import SHORT_NAMES, Results, by_mechanism


def table(results: Results, *, scenarios: list[str], mechanisms: list[str] | None = None) -> pd.DataFrame:
    """One row per scenario and user, and one for all: `success` of an attempt, `option` the retransmissions, `called_kw`,
    `delivered_kw` in expectation, `cost` with the user's attempts, and a payment per mechanism, in the money of the study."""
    data = selection.stage(results, "data")
    selection.known("scenarios", scenarios, data["scenario"].values)
    shown = selection.mechanisms(
        results, mechanisms, selection.stage(results, "payments")["mechanism"].values.astype(str)
    )
    frame = selection.tidy(pd.concat([_of_scenario(results, name, shown) for name in scenarios], ignore_index=True))
    money = ["cost", *(f"payment_{SHORT_NAMES.get(name, name)}" for name in shown)]
    return frame.rename(columns={name: in_money(name, data) for name in money})


def _of_scenario(results: Results, scenario: str, mechanisms: list[str]) -> pd.DataFrame:
    data, cleared = (results[name].sel(scenario=scenario) for name in ("data", "cleared"))
    chosen = cleared["chosen"].transpose("participant", "option").values
    columns = {
        "scenario": scenario,
        "user": data["participant"].values.astype(str),
        "success": data["success"].values,
        "option": list(options(chosen[None])[0]),
        "called_kw": cleared["called"].values,
        "delivered_kw": cleared["output"].values,
        "cost": cleared["reported_cost"].values,
    }
    columns |= {
        f"payment_{SHORT_NAMES.get(name, name)}": by_mechanism(results, "payment", scenario, name)
        for name in mechanisms
    }
    frame = pd.DataFrame(columns)
    summed = frame.select_dtypes("float").columns.drop("success")
    total = {"scenario": scenario, "user": "all", "option": ""} | frame[summed].sum().to_dict()
    return pd.concat([frame, pd.DataFrame([total])], ignore_index=True)
