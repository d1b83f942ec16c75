"""Conditional value at risk of the profit of a market whose outcomes have probabilities.

    max  (1 - b) sum_s pi_s R_s + b [ z - 1/(1-a) sum_s pi_s h_s ],    h_s >= z - R_s,  h_s >= 0

R profit of an outcome, z value at risk, h shortfall [$]; pi probability, b risk weight, a level. All rows are homogeneous,
so the measure may belong to a coalition. Source: R. Rockafellar, S. Uryasev, J. Risk 2:21-41, 2000.

The data have probability (scenario, outcome), beta and alpha (scenario); the market adds the row `profit` that defines the
variable outcome_profit.
"""

import linopy
import numpy as np
import xarray as xr


def add_risk(model: linopy.Model, data: xr.Dataset) -> None:
    """R_s free (scenario, outcome), z free (scenario), h_s >= 0 (scenario, outcome), $."""
    probability = data["probability"]
    model.add_variables(lower=xr.full_like(probability, -np.inf), name="outcome_profit")
    model.add_variables(
        lower=xr.full_like(data["beta"], -np.inf, dtype=float).reset_coords(drop=True), name="value_at_risk"
    )
    model.add_variables(lower=xr.zeros_like(probability), name="shortfall")


def define_shortfall(model: linopy.Model, data: xr.Dataset) -> None:
    """h_s - z + R_s >= 0 (scenario, outcome) $."""
    of = model.variables
    model.add_constraints(of["shortfall"] - of["value_at_risk"] + of["outcome_profit"] >= 0, name="shortfall")


def negative_profit_measure(model: linopy.Model, data: xr.Dataset):
    """-(1 - b) sum_s pi_s R_s - b [ z - 1/(1-a) sum_s pi_s h_s ], $."""
    of, probability, weight = model.variables, data["probability"], data["beta"]
    expected = (((1 - weight) * probability) * of["outcome_profit"]).sum()
    tail = ((weight / (1 - data["alpha"]) * probability) * of["shortfall"]).sum()
    return tail - expected - (weight * of["value_at_risk"]).sum()


def conditional_value_at_risk(profit: xr.DataArray, probability: xr.DataArray, alpha: xr.DataArray) -> xr.DataArray:
    """max_z z - 1/(1-a) sum_s pi_s max(z - R_s, 0) (scenario) in $; the best z is one of the profits R_s.

    Worked out from the profits, as the variables of the model are idle where the risk weight is 0.
    """
    candidate = profit.rename(outcome="candidate").drop_vars("candidate", errors="ignore")
    below = (probability * (candidate - profit).clip(min=0)).sum("outcome")
    return (candidate - below / (1 - alpha)).max("candidate")
