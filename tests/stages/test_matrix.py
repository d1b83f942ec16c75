"""Every mechanism on every market with participants, without a line of code for a pair."""

from functools import cache

import numpy as np
import pytest

from sharegrid import plugins
from sharegrid.optimise import coalitions
from sharegrid.options.markets import MARKETS as KNOWN
from sharegrid.stages import pay
from small_markets import MARKETS, cleared, data, valued

OPTIONS = {  # further uses of mechanisms that have choices
    "nash-bargaining@owen": {"power": "owen"},
    "nash-bargaining@marginal": {"power": "marginal"},
    "proportional@output": {"to": "output"},
    "sharing-contribution@price": {"contribution": "price"},
    "sharing-contribution@commission": {"commission": 0.1},
}
MECHANISMS = {name: {} for name in plugins.available("mechanisms")} | OPTIONS
SHARES_ALL = ("shapley", "nucleolus", "least-core", "nash-bargaining", "proportional", "sharing-contribution")
PAIRS = [(market, name) for market in MARKETS for name in MECHANISMS]


@cache
def paid(market: str):
    config = {"mechanisms": MECHANISMS, "deficit": None, "checks": {}}
    return pay.pay(data(market), cleared(market), valued(market), config)


def payoff(market: str, name: str):
    """u (scenario, participant)."""
    return paid(market)["payment"].sel(mechanism=name, drop=True) - cleared(market)["reported_cost"]


def total(market: str):
    """v(N) (scenario)."""
    return coalitions.total_value(valued(market), data(market))


def test_all_markets_and_mechanisms_are_paired():
    assert set(KNOWN) - set(MARKETS) == {"dc-opf", "secure-dispatch"}  # have no participants
    assert {name.partition("@")[0] for _, name in PAIRS} == set(plugins.available("mechanisms"))


@pytest.mark.parametrize(("market", "name"), PAIRS)
def test_a_mechanism_pays_everybody_in_every_market(market, name):
    allocation = paid(market).sel(mechanism=name)
    assert allocation["payment"].notnull().all()
    for kept in ("max_excess", "deficit", "in_core", "individually_rational"):
        assert allocation[kept].notnull().all(), kept
    everybody = 2 ** coalitions.taking_part(data(market)).sum("participant")
    assert (allocation["coalitions_tested"] >= everybody - 2).all()
    assert allocation["superadditivity_violations"].notnull().all()
    assert allocation["payment"].dims == ("scenario", "participant")
    assert paid(market)["payment"].attrs["units"] == data(market).attrs["money"]


@pytest.mark.parametrize(("market", "name"), PAIRS)
def test_who_does_not_take_part_gets_nothing(market, name):
    absent = ~coalitions.taking_part(data(market))
    if market in ("spot", "multi-area", "two-stage", "ev-fleets", "ancillary-services"):
        pytest.skip("everybody takes part")
    assert absent.any() and (payoff(market, name).where(absent, 0.0) == 0).all()


def test_scenarios_cover_what_markets_can_differ_in():
    assert {name: int((~coalitions.taking_part(data(name)).all("participant")).sum()) for name in MARKETS} == {
        "spot": 0, "retail": 2, "wind-csp": 1, "community": 1, "multi-area": 0, "two-stage": 0, "ev-fleets": 0,
        "transfer-capability": 1, "local-trades": 1, "demand-response": 2, "ancillary-services": 0, "microgrid": 1,
        "unreliable-response": 1, "solar-storage": 1,
    }  # fmt: skip
    retail = data("retail")
    assert (retail["grid_buy"] != retail["tariff_buy"]).any("time").values.tolist() == [False, True, False]
    assert (retail["flexible_capacity"] > 0).any(("participant", "time")).values.tolist() == [False, False, True]
    better = cleared("retail")["outside_option"] - valued_alone("retail")
    assert (better.sel(scenario="grid") < -1e-3).any() and (better <= 1e-9).all()


def valued_alone(market: str):
    """v({i}) (scenario, participant), 0 of who does not take part."""
    alone = coalitions.nobody_cost(valued(market), data(market)) - coalitions.alone_cost(valued(market), data(market))
    return alone.fillna(0.0)


@pytest.mark.parametrize(("market", "name"), PAIRS)
def test_a_rule_that_shares_all_shares_all(market, name):
    rule, _, label = name.partition("@")
    if rule not in SHARES_ALL or label == "commission" or "centre" in data(market).attrs:
        pytest.skip("the rule leaves something to others")
    near = 1e-6 * np.abs(total(market))
    assert (np.abs(payoff(market, name).sum("participant") - total(market)) <= near).all()
    assert (np.abs(paid(market)["deficit"].sel(mechanism=name)) <= near).all()


@pytest.mark.parametrize("market", [name for name in MARKETS if name != "spot"])
def test_the_marginal_price_is_in_the_core_of_linear_markets(market):
    """Not where a limit is there for every coalition in full, and not promised with integers."""
    linear = [name for name in data(market)["scenario"].values if name not in ("shared", "integer")]
    core = paid(market)["in_core"].sel(mechanism="owen")
    assert (core.sel(scenario=linear) == 1).all()
    assert market != "community" or core.sel(scenario="shared") == 0


@pytest.mark.parametrize("market", MARKETS)
def test_marginal_contributions_bound_the_core(market):
    """If the core is not empty nobody gets more in it than it adds to the others (so these pay too much together)."""
    payments = paid(market)
    near = 1e-6 * np.abs(total(market))
    empty = payments["least_core_epsilon"] > near
    for name in ("nucleolus", "least-core"):
        above = payoff(market, name) - payoff(market, "vcg")
        assert ((above.max("participant") <= near) | empty).all()
        assert ((payments["in_core"].sel(mechanism=name) == 1) | empty).all()
    if "centre" not in data(market).attrs:
        assert ((payments["deficit"].sel(mechanism="vcg") >= -near) | empty).all()


def test_a_limit_that_all_coalitions_have_in_full_empties_the_core():
    epsilon = paid("community")["least_core_epsilon"]
    assert epsilon.sel(scenario="shared") > 1e-4
    assert (epsilon.sel(scenario=["energy", "capacity"]) <= 1e-9).all()
