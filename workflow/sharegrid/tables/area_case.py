"""Table: one row per scenario of several areas: cost, tie flows, payments, and which area covers the revenue inadequacy."""

import numpy as np
import pandas as pd

from sharegrid.tables import selection
from sharegrid.tables.area_summary import true_cost
from sharegrid.tables.selection import Results


def table(results: Results, *, scenarios: list[str] | None = None, families: list[str] | None = None) -> pd.DataFrame:
    """One row per scenario (default: all of `families`), money in the unit of the study, flows in MWh of all periods.

    `cost` at the true costs; `flow_<tie>` net in the tie's positive direction; `mp_total` and `vcg_total` what the
    participants get; `ri` the revenue inadequacy of VCG, `ri_isolated` that without ties, `benefit_total` what the ties
    save; `ri_<rule>_<area>` the part of the area; `removals` the counterfactuals that were solved, `iterations` their
    simplex iterations. Empty where it was not valued.
    """
    labels = selection.chosen(
        results["data"], "scenarios", scenarios, families or list(dict.fromkeys(results["data"]["family"].values))
    )
    here = results["cleared"].sel(scenario=labels)
    net = (here["sent"].sel(way="forward") - here["sent"].sel(way="backward")).sum("time")
    columns = {"scenario": labels, "cost": true_cost(here).values}
    columns |= {f"flow_{tie}": net.sel(tie=tie).values for tie in net["tie"].values}
    columns["mp_total"] = here["price_revenue"].sum("participant").values
    columns["vcg_total"] = [float(selection.by_mechanism(results, "payment", label, "vcg").sum()) for label in labels]
    numbers = {"ri": "revenue_inadequacy", "ri_isolated": "isolated_inadequacy"}
    columns |= {name: [selection.number(results, of, label) for label in labels] for name, of in numbers.items()}
    columns |= _benefit(results, labels) | _parts(results, labels) | _work(results, labels)
    return selection.tidy(pd.DataFrame(columns))


def _benefit(results: Results, labels: list[str]) -> dict[str, np.ndarray]:
    benefit = selection.read(results, "payments", "area_benefit").sel(scenario=labels)
    return {"benefit_total": benefit.sum("area", skipna=False).values}


def _parts(results: Results, labels: list[str]) -> dict[str, np.ndarray]:
    parts = selection.read(results, "payments", "area_deficit").sel(scenario=labels)
    return {
        f"ri_{rule}_{area}": parts.sel(deficit_rule=rule, area=area).values
        for rule in parts["deficit_rule"].values
        for area in parts["area"].values
    }


def _work(results: Results, labels: list[str]) -> dict[str, np.ndarray]:
    """Counterfactuals with an own solve, and their simplex iterations; participants without part in the optimum need none."""
    iterations = results["values"]["iterations"].reindex(scenario=labels)
    solved = (iterations > 0).sum("coalition").where(iterations.notnull().any("coalition"))
    return {"removals": solved.values, "iterations": iterations.sum("coalition", min_count=1).values}
