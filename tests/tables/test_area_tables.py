"""Tables of payments by unit and of the deficit by area: their columns, and their numbers against the Datasets."""

from functools import cache

import numpy as np
import pytest
import xarray as xr

import multi_area
from sharegrid.stages import clear, pay, value
from sharegrid.tables import area_deficit, area_mechanism

MECHANISM = "unit, area, p_mw, r_up_mw, bid_cost, mp_pay, vcg_pay, mp_profit, vcg_profit, r_down_mw"
DEFICIT = "scenario, area, rule, allocated, phi, net_benefit, revenue_inadequacy, isolated_inadequacy, shared_by"
FAMILIES = {
    "ties": {"label": "tie {tie_factor}", "tie_factor": [1.0, 0.0]},
    "bids": {"label": "G3 asks {reserve_bid}", "bidder": ["G3"], "reserve_bid": [2.0]},
}


def results_of(data: xr.Dataset, mechanisms: tuple[str, ...], coalitions: str = "removals") -> dict[str, xr.Dataset]:
    made = {"data": data, "cleared": clear.clear(data, {"market": "multi-area"})}
    everything = {"scenarios": ["*"]}
    config = {"market": "multi-area", "backend": "warm", "areas": everything,
              "requests": [everything | {"coalitions": coalitions}]}  # fmt: skip
    made["values"] = value.value(data, config)
    config = {"mechanisms": {name: {} for name in mechanisms}, "deficit": None, "checks": {"area-deficit": {}}}
    return made | {"payments": pay.pay(data, made["cleared"], made["values"], config)}


@cache
def toy() -> dict[str, xr.Dataset]:
    return results_of(multi_area.data("toy", FAMILIES), ("lmp", "core-selecting", "vcg"), "all")


@cache
def day() -> dict[str, xr.Dataset]:
    """Two areas over three hours, plants as participants."""
    options = {"hours": 3, "cost_model": "blocks", "tie_break": 0.01, "participants": "all",
               "load_profile": {"mean": 0.75, "swing": 0.25, "zero_hour": 1}}  # fmt: skip
    return results_of(multi_area.data("two-area", **options), ("vcg",))


def test_payments_of_the_toy_by_unit():
    frame = area_mechanism.table(toy(), scenario="tie 1")
    assert ", ".join(frame.columns) == f"{MECHANISM}, core_pay, core_profit, pivotal"
    rows = frame.set_index("unit")
    assert rows.loc["G1", ["area", "p_mw", "r_up_mw", "bid_cost", "mp_pay", "vcg_pay"]].tolist() == [
        "A1", *map(pytest.approx, (30, 0, 600, 600, 870)),
    ]  # fmt: skip
    assert rows.loc["G2", ["area", "p_mw", "r_up_mw", "bid_cost", "mp_pay", "vcg_pay"]].tolist() == [
        "A2", *map(pytest.approx, (40, 15, 1230, 1275, 2050)),
    ]  # fmt: skip
    assert rows.loc["G3", ["area", "p_mw", "r_up_mw", "bid_cost", "mp_pay", "vcg_pay"]].tolist() == [
        "A2", *map(pytest.approx, (0, 5, 25, 25, 200)),
    ]  # fmt: skip
    assert rows["mp_profit"].tolist() == pytest.approx([0, 45, 0])
    assert rows["vcg_profit"].tolist() == pytest.approx([270, 820, 175])
    assert rows["r_down_mw"].tolist() == [0, 0, 0] and rows["pivotal"].tolist() == ["no"] * 3
    core = toy()["payments"].sel(scenario="tie 1", mechanism="core-selecting")
    np.testing.assert_allclose(rows["core_pay"], core["payment"], atol=1e-6)
    np.testing.assert_allclose(rows["core_profit"], core["profit"], atol=1e-6)
    assert rows["core_pay"].sum() < rows["vcg_pay"].sum() - 100
    assert area_mechanism.table(toy(), scenario="tie 0")["pivotal"].tolist() == ["no", "yes", "yes"]


def test_profits_are_at_the_true_cost():
    rows = area_mechanism.table(toy(), scenario="G3 asks 2").set_index("unit")
    assert rows.loc["G3", "bid_cost"] == pytest.approx(2 * 5 * 5)
    assert rows.loc["G3", "mp_profit"] == pytest.approx(rows.loc["G3", "mp_pay"] - 5 * 5) == pytest.approx(25)


def test_power_is_the_mean_over_the_hours_and_plants_have_rows():
    frame, data, cleared = area_mechanism.table(day(), scenario="base"), day()["data"], day()["cleared"]
    assert ", ".join(frame.columns) == f"{MECHANISM}, pivotal"
    rows = frame.set_index("unit")
    assert rows.index.tolist()[-2:] == ["W2", "W4"] and rows.loc["W4", "area"] == "A1"
    here = cleared.sel(scenario="base")
    load = data["demand"].sel(scenario="base").sum("bus").mean("time")
    loss = (here["sent"] - here["delivered"]).sum(["tie", "way"]).mean("time")
    assert rows["p_mw"].sum() == pytest.approx(float(load + loss), abs=1e-4)
    for column, direction in (("r_up_mw", "up"), ("r_down_mw", "down")):
        held = here["reserve"].sel(direction=direction)
        assert rows[column].sum() == pytest.approx(float(held.sum("generator").mean("time")), abs=1e-4)
        assert rows.loc["A2:g1", column] == pytest.approx(float(held.sel(generator="A2:g1").mean("time")), abs=1e-6)
    assert rows["r_down_mw"].max() > 1 and (rows.loc[["W2", "W4"], ["r_up_mw", "bid_cost"]] == 0).all(axis=None)


def test_the_deficit_of_the_toy_by_area_and_rule():
    frame = area_deficit.table(toy(), families=["ties"])
    assert ", ".join(frame.columns) == DEFICIT and len(frame) == 2 * 2 * 3
    rows = frame.set_index(["scenario", "rule", "area"]).sort_index()
    for rule, amounts in {"demand": (152.941176, 367.058824), "location": (-80, 600), "benefit": (260, 260)}.items():
        here = rows.loc[("tie 1", rule)]
        assert here["allocated"].tolist() == pytest.approx(amounts)
        assert here["net_benefit"].tolist() == pytest.approx([972.5 - amount for amount in amounts])
        assert (here["shared_by"] == rule).all() and here["phi"].tolist() == pytest.approx([972.5, 972.5])
    assert rows["isolated_inadequacy"].tolist() == pytest.approx([38400] * 12)
    assert rows.loc["tie 1", "revenue_inadequacy"].tolist() == pytest.approx([520] * 6)
    assert rows.loc[("tie 0", "benefit"), "shared_by"].tolist() == ["demand", "demand"]


def test_all_scenarios_where_none_are_named_and_no_isolated_one_of_a_bidder():
    frame = area_deficit.table(toy())
    assert frame["scenario"].unique().tolist() == ["tie 1", "tie 0", "G3 asks 2"]
    assert frame.loc[frame["scenario"] == "G3 asks 2", "isolated_inadequacy"].isna().all()
    named = area_deficit.table(toy(), scenarios=["tie 1"])
    assert named.equals(frame[frame["scenario"] == "tie 1"])


def test_refusals():
    with pytest.raises(ValueError, match="option scenario: no 'tie 2'; did you mean 'tie 1'"):
        area_mechanism.table(toy(), scenario="tie 2")
    with pytest.raises(ValueError, match="option scenarios: no 'tie 2'"):
        area_deficit.table(toy(), scenarios=["tie 2"])
    never = toy() | {"payments": toy()["payments"].drop_vars(["area_deficit", "pivotal"])}
    with pytest.raises(ValueError, match=r"there is no 'area_deficit'.*pay: \{checks: \{area-deficit: \{\}\}\}"):
        area_deficit.table(never)
    assert "pivotal" not in area_mechanism.table(never, scenario="tie 1")
    without = toy() | {"payments": toy()["payments"].sel(mechanism=["lmp"])}
    assert area_mechanism.table(without, scenario="tie 1")["vcg_pay"].isna().all()
