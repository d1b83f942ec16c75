"""Products of binaries as linear rows: at every choice of the factors they leave the product and nothing else."""

from itertools import product

import linopy
import pytest

from sharegrid.markets.binary_products import define_product


@pytest.mark.parametrize("count", [2, 3, 4])
@pytest.mark.parametrize("sense", [1, -1])
def test_rows_leave_the_product_alone(count, sense):
    for states in product([0, 1], repeat=count):
        model = linopy.Model()
        y = model.add_variables(lower=0, upper=1, name="y")
        factors = [1 * model.add_variables(lower=state, upper=state, name=f"f{k}") for k, state in enumerate(states)]
        define_product(model, y, factors, "rows")
        model.add_objective(sense * y)
        model.solve("highs", io_api="direct", output_flag=False)
        assert float(model.solution["y"]) == pytest.approx(min(states), abs=1e-9), states


def test_a_factor_may_be_affine():
    model = linopy.Model()
    f = model.add_variables(lower=0, upper=0, name="f")
    y = model.add_variables(lower=0, upper=1, name="y")
    define_product(model, y, [1 - 1 * f, 1 + 0 * f], "rows")
    model.add_objective(1 * y)
    model.solve("highs", io_api="direct", output_flag=False)
    assert float(model.solution["y"]) == pytest.approx(1)
