"""The Dataset contract refuses what the stages could not use, naming the variable and the label."""

import numpy as np
import pytest
import xarray as xr

from networks import random_market
from sharegrid import schema


def market() -> xr.Dataset:
    return random_market(4, seed=1)


def test_a_sound_dataset_passes_unchanged():
    data = market()
    assert schema.check(data, "data") is data


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda d: d["demand"].where(d["bus"] != 2),
            r"data: demand: nan at scenario s0, bus 2; it must be a finite number",
        ),
        (lambda d: d["susceptance"].where(d["branch"] != 1, np.inf), r"data: susceptance: inf at branch 1"),
        (lambda d: d["line_limit"].where(d["branch"] != 1, -5.0), r"data: line_limit: -5\.0 at scenario s0, branch 1"),
        (lambda d: d["voll"] * 0 - 1, r"data: voll: -1\.0 at scenario s0; it must be a number from 0 up"),
        (lambda d: d["offer_price"].isel(block=0, drop=True), r"data: offer_price: dims are"),
        (lambda d: d["to_bus"] + 100, r"data: to_bus: no bus is called 101"),
        (lambda d: d["owner"].where(d["generator"] != "0", "nobody"), r"data: owner: no participant is called nobody"),
    ],
)
def test_a_fault_is_named(change, words):
    data = market()
    name = words.split(": ")[1]
    data[name] = change(data).assign_attrs(data[name].attrs)
    with pytest.raises(ValueError, match=words):
        schema.check(data, "data")


def test_no_limit_is_infinite_and_not_asked_is_nan():
    data = market()
    data["line_limit"][:] = np.inf
    schema.check(data, "data")
    values = xr.Dataset(
        {
            "cost": (("scenario", "coalition"), [[1.0, np.nan]]),
            "member": (("coalition", "participant"), [[1], [0]]),
            "core_complete": ("scenario", [False]),
        },
        {"scenario": ["s"], "coalition": ["all", "all-0"], "participant": ["0"]},
    )
    schema.check(schema.described(values, "values"), "values")


def test_every_variable_has_a_unit_and_a_meaning():
    data = market()
    data["demand"].attrs = {}
    with pytest.raises(ValueError, match="data: demand: no units and long_name"):
        schema.check(data, "data")


def test_missing_variables_are_named():
    with pytest.raises(ValueError, match="data: base: the variable is missing"):
        schema.check(market().drop_vars("base"), "data")


def test_a_solver_may_leave_a_rounding_error():
    data = market()
    data["offer_quantity"][0, 0, 0] = -1e-9
    schema.check(data, "data")
