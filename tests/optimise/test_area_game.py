"""What the interconnection is worth to sets of areas: against markets prepared with fewer ties, and in the stage value."""

from itertools import combinations

import numpy as np
import pytest
import xarray as xr

import multi_area
import small_markets
from sharegrid import plugins, schema
from sharegrid.optimise.area_game import area_costs
from sharegrid.stages import clear, value

MARKET = plugins.load_module("markets", "multi-area")
CONFIG = {"market": "multi-area", "backend": "warm", "requests": [{"scenarios": ["*"], "coalitions": "removals"}]}


def by_set(costs: xr.Dataset, scenario: str) -> dict[frozenset, float]:
    member, areas = costs["area_member"].transpose("area_set", "area").values == 1, costs["area"].values
    cost = costs["interconnection_cost"].sel(scenario=scenario).values
    return {frozenset(areas[row].tolist()): one for row, one in zip(member, cost, strict=True)}


def objective(data: xr.Dataset) -> float:
    return float(clear.clear(data, {"market": "multi-area"})["objective"].sum())


@pytest.fixture(scope="module")
def three():
    data = multi_area.data("three-area")
    return data, by_set(area_costs(MARKET, data), "base")


def test_the_toy_saves_1945_by_its_tie():
    costs = area_costs(MARKET, multi_area.data("toy"))
    assert by_set(costs, "base") == pytest.approx(
        {frozenset(): 3800, frozenset({"A1"}): 3800, frozenset({"A2"}): 3800, frozenset({"A1", "A2"}): 1855}
    )
    names = dict(zip(costs["area_set"].values.tolist(), costs["area_member"].values.tolist(), strict=True))
    assert names == {"": [0, 0], "A1": [1, 0], "A2": [0, 1], "A1+A2": [1, 1]}


def test_a_set_costs_what_the_market_with_its_ties_only_costs(three):
    _, cost = three
    ends = {"T1": {"A1", "A2"}, "T2": {"A1", "A3"}, "T3": {"A2", "A3"}}
    assert len(cost) == 8
    for areas, found in cost.items():
        ties = {name: tie if ends[name] <= areas else tie | {"capacity_mw": 0}
                for name, tie in multi_area.THREE_AREA["ties"].items()}  # fmt: skip
        assert found == pytest.approx(objective(multi_area.data("three-area", ties=ties)), rel=1e-9)


def test_no_set_does_better_with_fewer_ties(three):
    _, cost = three
    for small, large in combinations(sorted(cost, key=len), 2):
        assert not small <= large or cost[large] <= cost[small] + 1e-6


def test_quadratic_costs_of_several_scenarios():
    data = multi_area.data("two-area", {"caps": {"label": "{tie_capacity_mw}", "tie_capacity_mw": [20.0, 80.0, 0.0]}})
    costs = area_costs(MARKET, data)
    cleared = clear.clear(data, {"market": "multi-area"})["objective"]
    together = costs["interconnection_cost"].sel(area_set="A1+A2")
    np.testing.assert_allclose(together, cleared, rtol=1e-9)
    np.testing.assert_allclose(
        costs["interconnection_cost"].sel(area_set=["", "A1", "A2"]), cleared.values[2], rtol=1e-9
    )
    assert cleared.values[1] < cleared.values[0] - 100 < cleared.values[2] - 200


def test_a_tie_costs_its_standby_loss_while_it_is_in_service():
    ties = {"T": {"from_bus": "A1", "to_bus": "A2", "capacity_mw": 80, "constant_loss_mw": 4}}
    data = multi_area.data("toy", ties=ties)
    cost = by_set(area_costs(MARKET, data), "base")
    assert cost[frozenset()] == cost[frozenset({"A1"})] == pytest.approx(3800)
    assert cost[frozenset({"A1", "A2"})] == pytest.approx(1855 + 2 * 20 + 2 * 30)


def test_a_tie_within_an_area_belongs_to_every_set_with_it():
    ties = multi_area.THREE_AREA["ties"] | {
        "I": {"from_bus": "A1:49", "to_bus": "A1:80", "capacity_mw": 50, "linear_loss": 0.02, "allow_intra": True}
    }
    data = multi_area.data("three-area", ties=ties)
    seen = MARKET.within(data, ["A1"])["tie_capacity"].isel(scenario=0)
    assert dict(zip(seen["tie"].values.tolist(), seen.values.tolist(), strict=True)) == {
        "T1": 0,
        "T2": 0,
        "T3": 0,
        "I": 50,
    }
    assert not MARKET.within(data, ["A2", "A3"])["tie_capacity"].sel(tie=["T1", "T2", "I"]).any()


def test_losses_that_the_relaxation_would_waste_are_not_wasted():
    """A unit that pays for its output would send both ways at once to lose more."""
    units = {"G0": {"capacity_mw": 300, "linear": -10, "reserve_limit_mw": 0}}
    areas = {"A1": {"load_mw": 50, "units": units}, "A2": {"load_mw": 120, "units": units}}
    section = multi_area.TOY | {
        "areas": {"A1": areas["A1"], "A2": areas["A2"] | {"units": {"G1": units["G0"]}}},
        "ties": {"T": {"from_bus": "A1", "to_bus": "A2", "capacity_mw": 80, "linear_loss": 0.1}},
        "requirements": {},
    }
    data = multi_area.data(section, renewables={})
    cost = by_set(area_costs(MARKET, data), "base")
    assert cost[frozenset({"A1", "A2"})] == pytest.approx(objective(data))
    assert cost[frozenset({"A1", "A2"})] == pytest.approx(-10 * (170 + 8))
    assert cost[frozenset()] == pytest.approx(-10 * 170)


def test_the_stage_adds_the_costs_where_they_are_asked_for_in_any_number_of_parts():
    data = multi_area.data("toy", {"caps": {"label": "x{tie_factor}", "tie_factor": [1.0, 0.5, 0.0]}})
    config = CONFIG | {"areas": {"scenarios": ["x1", "x0"]}}
    whole = value.value(data, config)
    assert whole["interconnection_cost"].sel(scenario="x0.5").isnull().all()
    assert whole["interconnection_cost"].attrs["units"] == "$/h"
    assert by_set(whole, "x1")[frozenset({"A1", "A2"})] == pytest.approx(1855)
    assert list(by_set(whole, "x0").values()) == pytest.approx([3800] * 4)
    for chunks in (2, 3, 7):
        parts = [value.value(data, config, chunk, chunks) for chunk in range(chunks)]
        gathered = schema.check(value.gather(parts), "values")
        xr.testing.assert_equal(gathered.drop_vars("iterations"), whole.drop_vars("iterations"))


def test_the_missing_reserve_of_every_coalition_is_kept():
    """Toy without tie: A2 holds no reserve, without G2 or G3 load is lost; with 30 % of the tie reserve is missing."""
    found = small_markets.valued("multi-area", "removals")["shortfall"].sel(scenario="tie 0.3")
    assert found.sel(coalition=["all", "all-G1", "all-G2", "all-G3", "all-W"]).values.tolist() == [0, 0, 2, 2, 0]


def test_refusals():
    with pytest.raises(ValueError, match=r"value\.areas: this market has no areas; take `areas` out"):
        area_costs(plugins.load_module("markets", "spot"), small_markets.data("spot"))
    many = xr.Dataset(coords={"area": [f"A{k}" for k in range(9)], "scenario": ["base"]})
    with pytest.raises(
        ValueError, match=r"value\.areas: 9 areas form 2\^9 sets; merge areas until there are at most 8"
    ):
        area_costs(MARKET, many)
    data = multi_area.data("toy", {"caps": {"label": "x{tie_factor}", "tie_factor": [1.0, 0.5]}})
    config = CONFIG | {"requests": [{"scenarios": ["x1"], "coalitions": "removals"}], "areas": {"scenarios": ["x0.5"]}}
    with pytest.raises(ValueError, match=r"value\.areas: scenario 'x0\.5' is in no request"):
        value.value(data, config)
