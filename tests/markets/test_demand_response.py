"""Demand response: optimality conditions, prices as marginal costs, payments that nobody refuses, coalitions that are feasible."""

from functools import cache

import numpy as np
import pytest

from sharegrid import schema
from sharegrid.coordination.device_responses import Loads, Reductions
from sharegrid.markets import demand_response
from sharegrid.optimise import coalitions
from sharegrid.stages import clear, pay, prepare
from small_markets import MARKETS
from small_markets import cleared as small_cleared
from small_markets import data as small_data
from small_markets import valued as small_valued
from spot import RESOURCES

PROGRAMS = ["single", "loose", "tight"]


@cache
def data(users: int = 20):
    return prepare.prepare(MARKETS["demand-response"] | {"users": users}, RESOURCES).sel(scenario=PROGRAMS)


@cache
def cleared():
    return clear.clear(data(), {"market": "demand-response"})


def objective(changed) -> float:
    return clear.clear(changed, {"market": "demand-response"})["objective"].item()


def test_users_do_what_they_would_answer_to_the_price():
    single = data().sel(scenario="single")
    of = Reductions(*(single[f"reduction_{name}"].values for name in ("quadratic", "linear", "limit")))
    price = float(cleared()["price_reduction"].sel(scenario="single"))
    np.testing.assert_allclose(cleared()["reduction"].sel(scenario="single"), of.respond(price), atol=1e-7)
    for name in ("loose", "tight"):
        one, found = data().sel(scenario=name), cleared().sel(scenario=name)
        of = Loads(*(one[field].values for field in ("discomfort", "wanted_load", "load_limit")))
        np.testing.assert_allclose(found["load"], of.respond(found["price"].values), atol=1e-7)
        price = one["supply_slope"] * found["supply"] + one["supply_base"]
        np.testing.assert_allclose(found["price"], price, atol=1e-7)
        np.testing.assert_allclose(found["load"].sum("participant"), found["supply"], atol=1e-9)


def test_programs_that_a_scenario_lacks_are_nothing():
    assert float(np.abs(cleared()[["load", "supply", "price"]].sel(scenario="single").to_array()).max()) == 0
    assert (
        float(np.abs(cleared()[["reduction", "price_reduction"]].sel(scenario=["loose", "tight"]).to_array()).max())
        == 0
    )
    assert (cleared()["lost_load"] == 0).all()


def test_the_price_of_reductions_is_the_cost_of_one_more_kw():
    one, step = data().sel(scenario=["single"]), 1e-3
    up, down = (objective(one.assign(requirement=one["requirement"] + s)) for s in (step, -step))
    price = float(cleared()["price_reduction"].sel(scenario="single"))
    assert (up - down) / (2 * step) == pytest.approx(price, rel=1e-6)


def test_the_price_of_load_is_the_cost_of_one_more_kwh():
    """One more kWh of load in an hour raises y_t, so that its supply costs A/2 (y + e)^2 + B (y + e): B rises by A e."""
    one, step, hour = data().sel(scenario=["tight"]), 1e-3, 18
    at = (one["time"] == hour).astype(float)

    def cost(extra: float) -> float:
        slope, base = one["supply_slope"], one["supply_base"]
        constant = (slope / 2 * extra**2 + base * extra) * at
        return objective(one.assign(supply_base=(base + slope * extra * at).transpose(*base.dims))) + float(
            constant.sum()
        )

    price = float(cleared()["price"].sel(scenario="tight", time=hour))
    assert (cost(step) - cost(-step)) / (2 * step) == pytest.approx(price, rel=1e-6)


def test_the_uniform_price_leaves_nobody_worse_off():
    payments = pay.pay(data(), cleared(), None, {"mechanisms": {"lmp": {}}, "deficit": None, "checks": {}})
    paid = payments["payment"].sel(mechanism="lmp")
    price, reduction = cleared()["price_reduction"], cleared()["reduction"]
    np.testing.assert_allclose(paid.sel(scenario="single"), (price * reduction).sel(scenario="single"), atol=1e-12)
    surplus = (paid - cleared()["reported_cost"]).sel(scenario="single")
    assert (surplus >= -1e-9).all() and (surplus > 1e-3).any()
    load = cleared()["load"].sel(scenario="tight")
    np.testing.assert_allclose(
        paid.sel(scenario="tight"), -(cleared()["price"].sel(scenario="tight") * load).sum("time")
    )


def test_moving_load_costs_no_user_more_than_staying_as_wanted():
    """At the prices the load that a user chooses is no worse for it than the load that it wanted."""
    for name in ("loose", "tight"):
        found, one = cleared().sel(scenario=name), data().sel(scenario=name)
        moved = found["reported_cost"] + data()["voll"].sel(scenario=name) * one["wanted_load"].sum("time")
        bill = (found["price"] * found["load"]).sum("time") + moved
        assert (bill <= (found["price"] * one["wanted_load"]).sum("time") + 1e-9).all()


def test_a_coalition_costs_what_its_market_costs():
    """J(S) against the market of S built anew, where the others do not exist."""
    values, here = small_valued("demand-response"), small_data("demand-response")
    for name in ("single", "tight"):
        for absent in (["u2"], ["u1", "u4"], ["u1", "u2", "u3", "u5"]):
            one = here.sel(scenario=[name]).drop_sel(participant=absent)
            known = float(coalitions.cost_of(values, absent).sel(scenario=name))
            assert objective(one) == pytest.approx(known, rel=1e-7, abs=1e-9)


def test_nobody_leaves_everything_undone():
    values, here = small_valued("demand-response"), small_data("demand-response")
    nobody = coalitions.nobody_cost(values, here)
    np.testing.assert_allclose(nobody, here["voll"] * here["requirement"], atol=1e-9)
    assert (coalitions.total_value(values, here) > 0).all()


def test_who_does_not_take_part_does_nothing():
    fewer = small_cleared("demand-response").sel(scenario="tight, 3 users", participant=["u4", "u5"])
    assert (fewer[["output", "reported_cost", "price_revenue"]].to_array() == 0).all()
    assert (fewer["load"] == 0).all() and (fewer["active"] == 0).all()


def test_a_user_twice_as_large_is_two_users():
    one = small_data("demand-response").sel(scenario=["tight"])
    names = {"participant": [*one["participant"].values, "u3x"]}
    together = {name: np.concatenate([one[name].values, one[name].sel(participant=["u3"]).values], axis=1)
                for name in one.data_vars if "participant" in one[name].dims}  # fmt: skip
    both = one.drop_dims("participant").assign_coords(names)
    both = schema.described(both.assign({name: (one[name].dims, values) for name, values in together.items()}), "data")
    assert objective(demand_response.scaled(one, "u3", 2.0)) == pytest.approx(objective(both), rel=1e-9)


def test_what_is_asked_is_lacking_where_it_cannot_be():
    """Not the data's own requirement, which is refused; a coalition's: the rest is lost load at its price."""
    few = small_data("demand-response").sel(scenario=["single"]).drop_sel(participant=["u2", "u3", "u4", "u5"])
    found = clear.clear(few, {"market": "demand-response"})
    lacking = float(few["requirement"].item() - few["reduction_limit"].sum())
    assert lacking > 0 and found["lost_load"].item() == pytest.approx(lacking)
    assert found["price_reduction"].item() == pytest.approx(few["voll"].item())
