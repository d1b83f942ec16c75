"""Fleets that keep their batteries' limits to themselves: prices stand in rows of nobody, not in the largest cost."""

import pytest

import carbon
from sharegrid.coordination import dantzig_wolfe

OUTCOMES = {"low": {"probability": 0.6, "carbon_factor": 0.5}, "high": {"probability": 0.4, "carbon_factor": 1.75}}
LADDERS = {"rising": [{"price": 20, "quantity_t": 15}, {"price": 60, "quantity_t": 10}, {"price": 120}]}
CASES = {
    "flat": {"carbon_price": 40},
    "netting": {"carbon_price": 40, "sell_ratio": 0.8, "allowance_t": 30},
    "ladder": {"ladders": LADDERS, "ladder": "rising"},
    "risk": {"carbon_price": 40, "outcomes": OUTCOMES, "spread": 1, "beta": 0.5},
}


@pytest.mark.parametrize("name", CASES)
def test_the_first_penalty_grows_until_the_master_has_an_optimum(name):
    data = carbon.real(**CASES[name])
    made = {"data": data, "cleared": carbon.cleared_of(data)}
    found = dantzig_wolfe.coordinate(made, scenarios=["base"], tolerance=1e-6)
    assert found["converged"].item() == 1 and found["rounds"].item() < 20
    assert found["final_cost"].item() == pytest.approx(made["cleared"]["objective"].item(), rel=1e-6)
