"""Which coalitions a request stands for, their values read back, and participants scaled a little."""

from types import ModuleType

import numpy as np
import pytest
import xarray as xr

from sharegrid import plugins
from sharegrid.games import sampling
from sharegrid.optimise import coalitions
from sharegrid.optimise.scaling import STEP, scaled_costs
from sharegrid.options.stages import CoalitionRequest
from sharegrid.stages import value
from sharegrid.stages.requests import absent, asked
from small_markets import MARKETS, cleared, data, valued


def request(kind: str, **more) -> CoalitionRequest:
    return CoalitionRequest(scenarios=["*"], coalitions=kind, **more)


def present(market: str, *requests: CoalitionRequest) -> np.ndarray:
    one = data(market)
    return ~absent(one.isel(scenario=[0]), list(requests))


def test_alone_is_nobody_everybody_and_each_one():
    assert sorted(present("community", request("alone")).sum(axis=1)) == [0, 1, 1, 1, 1, 1, 5]


def test_random_coalitions_have_members_up_to_the_largest_and_depend_on_the_seed():
    rows = present("community", request("random", samples=200, largest=3, seed=5))
    assert set(rows.sum(axis=1)) == {0, 1, 2, 3, 5}
    assert len(np.unique(rows, axis=0)) == len(rows)
    again = present("community", request("random", samples=200, largest=3, seed=5))
    other = present("community", request("random", samples=4, largest=3, seed=6))
    assert np.array_equal(rows, again)
    assert not np.array_equal(other, present("community", request("random", samples=4, largest=3, seed=5)))


def test_sampled_coalitions_are_those_of_the_design_and_know_the_centre():
    rows = present("community", request("sampled", samples=1, seed=3))
    assert {row.tobytes() for row in sampling.coalitions(5, 1, 3)} == {row.tobytes() for row in rows}
    with_centre = sampling.coalitions(6, 1, 3)
    rows = present("spot", request("sampled", samples=1, seed=3))
    assert {row[:-1].tobytes() for row in with_centre if row[-1]} <= {row.tobytes() for row in rows}


def test_who_does_not_take_part_is_never_absent():
    one = data("community").isel(scenario=[0])
    part = one.assign(taking_part=one["taking_part"].where(one["participant"] != one["participant"][2], 0))
    rows = absent(part, [request("all")])
    assert len(rows) == 16
    assert not rows[:, 2].any()


def test_a_scenario_is_sampled_once():
    with pytest.raises(ValueError, match=r"scenario 'toy' is in two requests with coalitions: sampled"):
        asked(data("retail"), [request("sampled", samples=1, seed=1), request("sampled", samples=2, seed=1)])
    with pytest.raises(ValueError, match="coalitions: random needs samples"):
        request("random")


def test_costs_of_single_participants_and_of_nobody_are_read_by_members():
    values, of = valued("community"), data("community")
    alone, nobody = coalitions.alone_cost(values, of), coalitions.nobody_cost(values, of)
    for scenario, here in coalitions.taking_part(of).groupby("scenario"):
        players = of["participant"].values[here.squeeze().values]
        for name in players:
            others = coalitions.label(other for other in players if other != name)
            assert alone.sel(scenario=scenario, participant=name) == values["cost"].sel(
                scenario=scenario, coalition=others
            )
        assert alone.sel(scenario=scenario).notnull().sum() == len(players)
    assert np.allclose(nobody, 0, atol=1e-9)
    assert np.allclose(coalitions.total_value(values, of), -values["cost"].sel(coalition="all"))
    few = valued("community", "removals")
    assert coalitions.alone_cost(few, of).isnull().all() and coalitions.nobody_cost(few, of).isnull().all()


@pytest.mark.parametrize("market", ["spot", "retail", "wind-csp", "community"])
def test_slopes_of_scaled_participants_are_their_profits_at_the_prices(market):
    """Where J is differentiable in the size of a participant its slope is what it gets at the prices (Owen)."""
    of, scenario = data(market), str(data(market)["scenario"].values[0])
    config = {"market": market, "backend": "warm", "compare": None, "scaled": {"scenarios": [scenario]},
              "requests": [{"scenarios": [scenario], "coalitions": "alone"}]}  # fmt: skip
    found = value.value(of, config)
    cost = found["scaled_cost"].sel(scenario=scenario)
    everybody = float(found["cost"].sel(scenario=scenario, coalition="all"))
    right, left = -(cost.sel(side="up") - everybody) / STEP, -(everybody - cost.sel(side="down")) / STEP
    gain = (cleared(market)["price_revenue"] - cleared(market)["reported_cost"]).sel(scenario=scenario)
    near = 1e-5 * abs(everybody)
    assert (right <= left + near).all()  # the value is concave in the size
    assert (gain <= left + near).all() and (gain >= right - near).all()
    smooth = abs(right - left) < 1e-5 * abs(gain) + 1e-7 * abs(everybody)
    assert smooth.sum() > len(smooth) / 2
    assert np.allclose(right[smooth], gain[smooth], rtol=1e-4, atol=1e-7 * abs(everybody))


def test_slopes_are_not_told_of_programs_that_are_not_linear():
    one = data("wind-csp").sel(scenario=["integer"])
    market = plugins.load_module("markets", "wind-csp")
    assert scaled_costs(market, one)["scaled_cost"].isnull().all()
    assert scaled_costs(market, one)["scaled_cost"].attrs["step"] == STEP


def test_all_coalitions_of_many_participants_are_refused():
    one = data("community").isel(scenario=[0])
    many = xr.concat([one.assign_coords(participant=[f"{name}-{k}" for name in one["participant"].values])
                      for k in range(4)], "participant", data_vars="minimal")  # fmt: skip
    with pytest.raises(ValueError, match=r"coalitions: all of 20 participants are 2\^20; ask for sampled"):
        absent(many, [request("all")])


def test_a_dash_in_a_name_makes_no_other_coalition():
    assert coalitions.label(["a", "b"]) != coalitions.label(["a-b"])
    names = ["a", "b", "a-b", "a\\", "-b", "\\"]
    rows = coalitions.subsets(len(names))
    assert len(set(coalitions.labels(names, rows))) == len(rows)


def test_markets_without_sizes_say_so():
    with pytest.raises(ValueError, match=r"value\.scaled: this market cannot scale"):
        scaled_costs(ModuleType("market"), data("spot"))


def test_every_market_is_tried_here():
    from sharegrid.options.markets import MARKETS as KNOWN

    assert set(KNOWN) - {"dc-opf", "secure-dispatch"} == set(MARKETS)  # those have no participants
