"""Table: which area covers how much of the revenue inadequacy of VCG, by rule, beside what the ties are worth to it."""

import numpy as np
import pandas as pd

from sharegrid.tables import selection
from sharegrid.tables.selection import Results


def table(results: Results, *, scenarios: list[str] | None = None, families: list[str] | None = None) -> pd.DataFrame:
    """One row per scenario (default: all of `families`), area and rule; money in the unit of the study.

    `allocated` what the area covers (below 0: gets) of `revenue_inadequacy`; `phi` what it adds to the interconnection
    (Shapley value); `net_benefit` = phi - allocated; `isolated_inadequacy` that of the market without ties, empty if the
    study has no such scenario; `shared_by` the rule in use: demand, instead of benefit, where the ties are of no use.
    """
    data = selection.stage(results, "data")
    labels = selection.chosen(data, "scenarios", scenarios, families or sorted(set(data["family"].values.astype(str))))
    selection.read(results, "payments", "area_deficit")
    return selection.tidy(pd.concat([_of_scenario(results, label) for label in labels], ignore_index=True))


def _of_scenario(results: Results, label: str) -> pd.DataFrame:
    here = results["payments"].sel(scenario=label)
    shared = here["area_deficit"].transpose("area", "deficit_rule")
    rules = np.tile(shared["deficit_rule"].values.astype(str), shared.sizes["area"])
    useless = (rules == "benefit") & (float(here["benefit_fallback"]) == 1)
    columns = {
        "scenario": label,
        "area": np.repeat(shared["area"].values.astype(str), shared.sizes["deficit_rule"]),
        "rule": rules,
        "allocated": shared.values.ravel(),
        "phi": here["area_benefit"].broadcast_like(shared).transpose(*shared.dims).values.ravel(),
        "net_benefit": here["area_net_benefit"].transpose(*shared.dims).values.ravel(),
        "revenue_inadequacy": float(here["revenue_inadequacy"]),
        "isolated_inadequacy": float(here["isolated_inadequacy"]),
        "shared_by": np.where(useless, "demand", rules),
    }
    return pd.DataFrame(columns)
