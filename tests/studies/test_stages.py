"""Stages beyond the studies: methods of planning and coordination, and the solver's settings."""

import pytest
import xarray as xr

from sharegrid import plugins
from sharegrid.optimise.highs import NotOptimal
from sharegrid.stages import clear, coordinate, pay, plan
from spot import cleared, spot_market, valued


@pytest.mark.parametrize(("stage", "kind"), [(plan.plan, "planning"), (coordinate.coordinate, "coordination")])
def test_methods_stand_side_by_side(monkeypatch, stage, kind):
    def method(results, *, factor: float = 1.0):
        cost = (factor * results["cleared"]["objective"]).assign_attrs(units="$/h", long_name="cost")
        return xr.Dataset({"cost": cost})

    monkeypatch.setattr(plugins, "load", lambda asked, name: method if asked == kind else None)
    results = {"cleared": xr.Dataset({"objective": ("scenario", [1.0, 2.0])}, {"scenario": ["a", "b"]})}
    found = stage(results, {"methods": {"one": {}, "two": {"factor": 2.0}}})
    assert found["cost"].sel({"method": "two", "scenario": "b"}).item() == 4.0


def test_a_solve_over_its_time_limit_is_an_error():
    data = spot_market("case118")
    with pytest.raises(NotOptimal, match="time limit"):
        clear.clear(data, {"market": "spot", "solver": {"name": "highs", "time_limit_s": 1e-9}})
    assert cleared(data)["objective"].notnull().all()


def test_payments_refuse_values_of_another_optimum():
    data = spot_market("case30")
    base, values = cleared(data), valued(data)
    config = {"mechanisms": {"vcg": {}}, "deficit": None, "checks": {}}
    assert pay.pay(data, base, values, config)["payment"].notnull().all()
    with pytest.raises(RuntimeError, match=r"scenario none: J with everybody is 565\.89"):
        pay.pay(data, base, values.assign(cost=values["cost"] * 1.001), config)


def test_datasets_are_checked_when_read():
    data = spot_market("case30")
    with pytest.raises(ValueError, match=r"data: offer_quantity: -1\.0 at scenario none, generator 2, block 3"):
        clear.clear(data.assign(offer_quantity=data["offer_quantity"].where(
            (data["generator"] != "2") | (data["block"] != 3), -1.0)), {"market": "spot"})  # fmt: skip
    with pytest.raises(ValueError, match="cleared: objective: the variable is missing"):
        pay.pay(
            data, cleared(data).drop_vars("objective"), None, {"mechanisms": {"lmp": {}}, "deficit": None, "checks": {}}
        )
