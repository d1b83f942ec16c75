"""Table: value, surplus of sharing and how it is divided, over the sweeps of a joint offer."""

import numpy as np
import pandas as pd
import xarray as xr

from sharegrid.optimise import coalitions
from sharegrid.tables import selection
from sharegrid.tables.methods import in_money
from sharegrid.tables.offer_contributions import ANSWERS, payoff_unique
from sharegrid.tables.selection import Results

SWEPT = ("rho_minus", "beta", "storage_hours", "csp_count", "commitment")
FRONTIER = "risk-frontier"
EXCESS = {"owen": "max_excess_owen", "nash-bargaining@equal": "max_excess_nash_equal", "shapley": "max_excess_shapley"}
MONEY = ("value", "surplus", "expected_profit", "cvar", *EXCESS.values())


def table(results: Results, *, families: list[str]) -> pd.DataFrame:
    """The rows of sweeps, money in the names of its columns."""
    frame = sweeps(results, families)
    return frame.rename(columns={name: in_money(name, results["data"]) for name in MONEY})


def sweeps(results: Results, families: list[str]) -> pd.DataFrame:
    """One row per scenario of the families: the swept fields (`storage_hours` h, empty = each plant its own), and

    `value` v(N), `surplus` v(N) - sum v({i}), `expected_profit`, `cvar` in the money of the study, those of an
    undominated optimum where the plan risk-frontier has it, as in the figure; `imbalance_mwh`; `csp_power`,
    `csp_energy` the share of the solar plants in the surplus at the internal price and in the energy [1];
    `payoffs_unique` yes if no other optimal price would pay somebody differently, no if one would, empty if the study
    did not ask (value: scaled); the largest excess of a coalition under three mechanisms (above 0: not in the core).
    """
    data, cleared = results["data"], results["cleared"]
    labels = selection.scenarios(data, families)
    here = {"scenario": labels}
    csp, total = data["csp"].values, surplus(results).sel(here)
    output, gain = cleared["output"].sel(here), gains(results).sel(here)
    columns = {"scenario": labels, "day": data["day"].sel(here).values.astype(str)}
    columns |= {name: data[name].sel(here).values for name in SWEPT}
    columns |= {
        "value": -cleared["objective"].sel(here).values,
        "surplus": total.values,
        "expected_profit": _measure(results, labels, "expected_profit"),
        "cvar": _measure(results, labels, "cvar"),
        "imbalance_mwh": cleared["expected_imbalance"].sel(here).values,
        "csp_power": (gain.sel(participant=csp).sum("participant") / total).values,
        "csp_energy": (output.sel(participant=csp).sum("participant") / output.sum("participant")).values,
        "payoffs_unique": [ANSWERS.get(np.fmin.reduce(payoff_unique(results, name)), "") for name in labels],
    }
    columns |= {column: _excess(results, labels, mechanism) for mechanism, column in EXCESS.items()}
    return selection.tidy(pd.DataFrame(columns))


def _measure(results: Results, labels: list[str], name: str) -> np.ndarray:
    """Expected profit or conditional value at risk (scenario), where planned of an undominated optimum: at risk
    weights 0 and 1 the optimum that was cleared may be worse in the measure that has no weight."""
    cleared, plan = results["cleared"][name].sel(scenario=labels), results.get("plan", {})
    if f"frontier_{name}" not in plan:
        return cleared.values
    planned = plan[f"frontier_{name}"].sel({"method": FRONTIER}).reindex(scenario=labels)
    return np.where(planned.isnull(), cleared, planned)


def surplus(results: Results) -> xr.DataArray:
    """v(N) - sum_i v({i}) (scenario) in the money of the study; NaN where it was not valued."""
    data, values = results["data"], selection.stage(results, "values")
    alone = coalitions.nobody_cost(values, data) - coalitions.alone_cost(values, data)
    return coalitions.total_value(values, data) - alone.sum("participant")


def gains(results: Results) -> xr.DataArray:
    """What each member gets at the internal price above its value alone (scenario, participant); 0 for others."""
    data, cleared, values = results["data"], results["cleared"], selection.stage(results, "values")
    alone = coalitions.nobody_cost(values, data) - coalitions.alone_cost(values, data)
    payoff = cleared["price_revenue"] - cleared["reported_cost"]
    return (payoff.sel(scenario=values["scenario"].values) - alone).fillna(0.0)


def _excess(results: Results, labels: list[str], mechanism: str) -> np.ndarray:
    """Largest excess (scenario) under a mechanism; NaN if the study does not have it."""
    excess = selection.read(results, "payments", "max_excess").sel(scenario=labels)
    if mechanism not in excess.indexes["mechanism"]:
        return np.full(len(labels), np.nan)
    return excess.sel(mechanism=mechanism).values
