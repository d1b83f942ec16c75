"""Table: what providers of demand response get of the transfer capability that they add, in MW and in money."""

import numpy as np
import pandas as pd

from sharegrid.optimise import coalitions
from sharegrid.tables import selection
from sharegrid.tables.selection import Results

RULES = {"owen": "marginal_value", "vcg": "contribution", "shapley": "shapley", "nucleolus": "nucleolus"}


def table(results: Results, *, scenarios: list[str]) -> pd.DataFrame:
    """One row per scenario and provider, and one with the sums: `capability_mw`, `reduction_mw` used, and the payment
    in MW of transfer capability under each rule: at the marginal value (dual times demand response), the contribution
    to all others (VCG), Shapley, nucleolus; `_usd_per_h` the same at the study's price of transfer capability.
    `gain_mw`: v(N), what there is to share; the first two need not sum to it. `unique`: yes if the marginal value is
    the same up and down."""
    data = selection.stage(results, "data")
    selection.known("scenarios", scenarios, selection.stage(results, "values")["scenario"].values)
    frames = [_of_scenario(results, name, float(data["capability_price"])) for name in scenarios]
    return selection.tidy(pd.concat(frames, ignore_index=True))


def _of_scenario(results: Results, scenario: str, price: float) -> pd.DataFrame:
    data, cleared = results["data"], results["cleared"].sel(scenario=scenario)
    here = coalitions.taking_part(data).sel(scenario=scenario).values
    who = data["participant"].values.astype(str)[here]
    limit = data["reduction_limit"].sel(scenario=scenario).groupby(data["site_owner"].rename("participant")).sum()
    columns = {
        "capability_mw": limit.reindex(participant=who).values,
        "reduction_mw": cleared["output"].values[here],
    }
    paid = {column: selection.by_mechanism(results, "payment", scenario, rule)[here] for rule, column in RULES.items()}
    columns |= {f"{name}_mw": values for name, values in paid.items()}
    columns |= {f"{name}_usd_per_h": price * values for name, values in paid.items()}
    total = float(coalitions.total_value(results["values"], data).sel(scenario=scenario))
    frame = pd.DataFrame(columns | {"gain_mw": np.nan, "unique": _unique(results, scenario)[here]})
    sums = frame.select_dtypes("float").sum().to_frame().T.assign(gain_mw=total, unique="")
    labels = {"scenario": scenario, "provider": [*(name.partition(":")[2] for name in who), "sum"]}
    joined = pd.concat([frame, sums], ignore_index=True)
    return pd.concat([pd.DataFrame(labels), joined], axis=1)


def _unique(results: Results, scenario: str) -> np.ndarray:
    """yes, no, or empty where the study did not ask (participant)."""
    payments = selection.stage(results, "payments")
    if "owen_unique" not in payments:
        return np.full(payments.sizes["participant"], "", dtype=object)
    known = payments["owen_unique"].sel(scenario=scenario).values
    return np.where(np.isnan(known), "", np.where(known == 1, "yes", "no")).astype(object)
