"""Check: welfare, individual rationality, incentive compatibility, budget balance and the core, for every mechanism."""

import xarray as xr

from sharegrid.properties import checks


def check(data: xr.Dataset, cleared: xr.Dataset, values: xr.Dataset, payments: xr.Dataset) -> xr.Dataset:
    """<property>_residual $/h and <property>_passed (scenario, mechanism), welfare (scenario), as checks.py defines them.

    Residuals are NaN where a property cannot be told: no misreports of the scenario, no coalitions valued.
    """
    results = {
        "welfare": checks.check_welfare(data, cleared),
        "individual_rationality": checks.check_individual_rationality(data, cleared, payments),
        "incentive": checks.check_incentives(data, cleared, payments),
        "budget_balance": checks.check_budget_balance(cleared, payments),
        "core": checks.check_core(cleared, values, payments),
    }
    every = data["scenario"].values
    return xr.merge(
        [
            result.rename({name: f"{label}_{name}" for name in result}).reindex(
                scenario=every, fill_value={f"{label}_passed": False}
            )
            for label, result in results.items()
        ]
    )
