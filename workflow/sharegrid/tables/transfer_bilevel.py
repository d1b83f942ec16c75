"""Table: the big M of the bilevel program, its certificate, and the interval of the transfer."""

import pandas as pd

from sharegrid.tables import selection
from sharegrid.tables.selection import Results

METHOD = "transfer-bilevel"


def table(results: Results, *, scenarios: list[str] | None = None) -> pd.DataFrame:
    """One row per scenario and M: `dual_bound_usd_per_mwh`, `transfer_mw`, `certificate_usd_per_h` (what the dispatch
    costs above the cheapest secure one), `largest_price_usd_per_mwh` of all multipliers, simplex `iterations`; of the
    scenario `sequential_mw` (no demand response), `lower_mw` (certified) and `upper_mw` (high-point relaxation)."""
    plan, cleared = selection.stage(results, "plan").sel({"method": METHOD}), results["cleared"]
    planned = plan["scenario"].values[plan["bilevel_transfer"].notnull().values].astype(str)
    rows = []
    for name in selection.known("scenarios", scenarios or planned, planned):
        one = plan.sel(scenario=name)
        for step in plan["step"].values if "step" in plan.coords else range(plan.sizes["step"]):
            if bool(one["bound"].isel(step=step).isnull()):
                continue
            at = one.isel(step=step)
            rows.append({
                "scenario": name,
                "dual_bound_usd_per_mwh": float(at["bound"]),
                "transfer_mw": float(at["bound_transfer"]),
                "certificate_usd_per_h": float(at["bound_gap"]),
                "largest_price_usd_per_mwh": float(at["bound_price"]),
                "iterations": int(at["bound_iterations"].fillna(0)),
                "sequential_mw": sequential(results, name),
                "post_schedule_mw": float(cleared["transfer_mw"].sel(scenario=name)),
                "lower_mw": float(one["bilevel_transfer"]),
                "upper_mw": float(one["bilevel_upper"]),
            })  # fmt: skip
    return selection.tidy(pd.DataFrame(rows))


def sequential(results: Results, scenario: str) -> float:
    """T in MW without demand response of the same transfer and schedule; ValueError if the study has no such
    scenario."""
    data, cleared = results["data"], results["cleared"]
    one = data.sel(scenario=scenario)
    same = (
        (data["transfer"] == one["transfer"]) & (data["schedule"] == one["schedule"]) & (data["reduction_level"] == 0)
    )
    same = same & (data["contingencies"] == one["contingencies"])
    if not same.any():
        raise ValueError(
            f"there is no scenario of {one['transfer'].item()} with reduction_level 0; add it to the study"
        )
    return float(cleared["transfer_mw"].values[same.values][0])
