"""Splitting a model by scenario."""

import linopy
import numpy as np
import pytest
import xarray as xr

from networks import random_market
from sharegrid.markets import spot
from sharegrid.optimise.clear import split_model
from sharegrid.optimise.program import SplitModel, new_model

SCENARIO = xr.DataArray(["a", "b"], dims="scenario", coords={"scenario": ["a", "b"]})


def two_scenarios():
    model = new_model()
    lower = xr.zeros_like(SCENARIO, dtype=float)
    model.add_variables(lower=lower, upper=lower + [1.0, 2.0], name="x")
    model.add_constraints(1 * model.variables["x"] <= lower + 5, name="cap")
    model.add_objective((1 * model.variables["x"]).sum())
    return model


def test_strict_arithmetic_is_on():
    assert linopy.options["semantics"] == "v1"


def test_a_scenario_has_the_program_of_its_own_model():
    data = random_market(5, seed=3, scenarios=4)
    split = split_model(spot, data)
    for k in range(4):
        alone = split_model(spot, data.isel(scenario=[k])).program(0)
        together = split.program(k)
        for name in ("cost", "lower", "upper", "row_lower", "row_upper"):
            np.testing.assert_array_equal(getattr(together, name), getattr(alone, name))
        assert (together.matrix != alone.matrix).nnz == 0


def test_coupled_scenarios_are_refused():
    model = two_scenarios()
    model.add_constraints((1 * model.variables["x"]).sum("scenario") <= 1, name="coupling")
    with pytest.raises(ValueError, match="independent"):
        SplitModel(model, {}, [])


def test_a_shared_variable_is_refused():
    model = two_scenarios()
    model.add_variables(lower=0, upper=1, name="shared")
    with pytest.raises(ValueError, match="'shared' is shared"):
        SplitModel(model, {}, [])


def test_costs_that_couple_variables_are_refused():
    model = two_scenarios()
    x = model.variables["x"]
    model.add_variables(lower=x.lower, upper=x.upper, name="y")
    model.add_objective((x * model.variables["y"]).sum(), overwrite=True)
    with pytest.raises(ValueError, match="separable"):
        SplitModel(model, {}, []).program(0)


def test_owned_columns():
    data = random_market(4, generators=3, blocks=2)
    split = split_model(spot, data)
    accepted = split.variables["accepted"].position.values
    for k in range(3):
        assert split.owned[k].tolist() == accepted[k].tolist()
