"""Secure schedules: the least cost with all rows, flows in networks without the lost line, contract schedules."""

import numpy as np
import pytest
import xarray as xr

import secure_by_hand
import transfers
from sharegrid.markets.transfer_security import of_system
from sharegrid.optimise.highs import NotOptimal


def one_of(cleared: xr.Dataset, schedule: str) -> xr.Dataset:
    """One schedule with the elements of its system."""
    one = cleared.sel(schedule=schedule)
    return of_system(one, one["system"].item())


@pytest.mark.parametrize("schedule", ["case5", "2020-07-15 17", "2020-01-15 18"])
def test_the_cost_is_that_of_a_program_with_every_row(schedule):
    one = one_of(transfers.dispatched(), schedule)
    assert one["dispatch_cost"].item() == pytest.approx(secure_by_hand.dispatch_cost(one), rel=1e-9)


@pytest.mark.parametrize("schedule", ["case5", "2020-07-15 4", "2020-07-15 17", "2020-01-15 18"])
def test_no_line_is_overloaded_after_any_outage_and_the_load_is_served(schedule):
    one = one_of(transfers.dispatched(), schedule)
    flow, limit = secure_by_hand.rows(one)
    assert (np.abs(flow @ one["injection"].values) <= limit + 1e-6).all()
    assert one["injection"].sum().item() == pytest.approx(0, abs=1e-6)
    net = (one["load"] - one["must_take"]).sum()
    assert (one["output"].sum() + one["used"].sum() + one["lost_load"].sum()).item() == pytest.approx(net.item())
    assert one["security_rows"] > 0 and one["binding_line"].item() and one["binding_price"] > 0


def test_islanding_outages_are_passed_over_and_listed():
    cleared = transfers.dispatched()
    assert cleared["branch"].values[cleared["islanding"] == 1].tolist() == ["rts:B11", "rts:C11"]
    assert not cleared["outage"].values[cleared["islanding"] == 1].any()
    assert int(cleared["outage"].sum()) == 6 + 118


def test_security_costs_and_the_shadow_price_is_what_a_wider_limit_saves():
    secure = transfers.of_file(transfers.CASE5)
    wide = transfers.of_file(transfers.CASE5, emergency_factor=100.0)
    assert wide["dispatch_cost"] < secure["dispatch_cost"]
    line, step = secure["binding_line"].item(), 0.01
    limits = np.array(transfers.CASE5["limits_mw"], dtype=float)
    place = secure["branch"].values.tolist().index(f"file:{line}")
    limits[place] += step
    moved = transfers.of_file(transfers.CASE5 | {"limits_mw": limits.tolist()})
    saved = (secure["dispatch_cost"] - moved["dispatch_cost"].item()).item() / (1.25 * step)
    assert saved == pytest.approx(secure["binding_price"].item(), rel=1e-3)


def test_all_of_the_118_bus_load_cannot_be_served_securely():
    cleared = transfers.of_file(transfers.CASE118 | {"load_factor": 1.0})
    shed = cleared["lost_load"].isel(schedule=0)
    assert shed["bus"].values[shed > 1e-6].tolist() == ["file:15"]
    assert shed.sum().item() == pytest.approx(35.218, abs=1e-3)
    assert transfers.of_file(transfers.CASE118)["lost_load"].sum() == 0


def test_schedules_of_several_systems_do_not_touch_each_other():
    alone = transfers.of_file(transfers.CASE5).isel(schedule=0)
    together = one_of(transfers.dispatched(), "case5")
    np.testing.assert_array_equal(alone["output"].values, together["output"].values)
    rest = transfers.dispatched().sel(schedule="case5")
    assert not rest["injection"].values[rest["bus_system"] != "case5"].any()


def test_a_contract_schedule_is_kept():
    base = transfers.of_file(transfers.CASE5)
    outputs = dict(zip(["g1", "g2", "g3", "g4", "g5"], base["output"].values[0].tolist(), strict=True))
    kept = transfers.of_file(transfers.CASE5 | {"schedule": outputs})
    np.testing.assert_allclose(kept["output"], base["output"])
    np.testing.assert_allclose(kept["injection"], base["injection"])
    assert kept["security_rows"].item() == 0


CHEAP = {"g1": 40, "g2": 170, "g3": 90, "g5": 600}  # the dispatch without limits


def test_a_contract_schedule_that_overloads_a_line_names_line_and_outage():
    with pytest.raises(
        ValueError, match="schedule file: the base schedule already overloads line 4-5 after the outage of 1-5"
    ):
        transfers.of_file(transfers.CASE5 | {"schedule": CHEAP})


def test_an_overload_of_the_intact_network_is_named_as_that():
    with pytest.raises(ValueError, match="overloads line 4-5 in the intact network by"):
        transfers.of_file(transfers.CASE5 | {"schedule": CHEAP, "outages": ["1-2"]}, emergency_factor=100.0)


def test_a_contract_schedule_must_serve_the_load():
    with pytest.raises(ValueError, match="contract schedule of 100 MW does not serve the net load of 900 MW"):
        transfers.of_file(transfers.CASE5 | {"schedule": {"g3": 100}})


def test_a_schedule_without_a_secure_dispatch_is_named():
    """Must-take power above the load has nowhere to go."""
    data = transfers.prepare.prepare(transfers.DISPATCH, transfers.RESOURCES)
    data["must_take"][0] = 2 * data["load"][0]
    with pytest.raises(NotOptimal, match="schedule case5"):
        transfers.clear.clear(data, {"market": "secure-dispatch"})
