"""The least core by the worst-coalition program over a market agrees with that of the full table of values."""

import numpy as np
import pytest
import xarray as xr

from sharegrid import plugins
from sharegrid.games import core, table
from sharegrid.mechanisms import core_selecting, least_core
from sharegrid.optimise import coalitions
from sharegrid.stages import clear, value
from sharegrid.stages.generation import WorstCoalition
from small_markets import cleared, data, valued

CASES = [("spot", "case"), ("retail", "toy"), ("wind-csp", "linear"), ("community", "energy"), ("community", "capacity"),
         ("community", "shared")]  # fmt: skip


def oracle(market: str, scenario: str) -> WorstCoalition:
    one = data(market).sel(scenario=[scenario])
    values = valued(market).sel(scenario=scenario)
    count = one.sizes["participant"]
    rows = np.vstack([coalitions.removals(count), coalitions.alone(count)])
    cost = values["cost"].sel(coalition=coalitions.labels(one["participant"].values, rows)).values
    return WorstCoalition(plugins.load_module("markets", market), one, rows, cost)


@pytest.mark.parametrize(("market", "scenario"), CASES)
def test_worst_coalition_is_that_of_the_table(market, scenario):
    game = table.game_of(data(market), valued(market), scenario)
    worst, by_table = oracle(market, scenario), core.enumerated(game)
    rng = np.random.default_rng(1)
    split = game.alone + (game.total - game.alone.sum()) / game.count
    for moved in (0, 0.3, 0.3, 1.0):
        payoff = split + moved * (rng.dirichlet(np.ones(game.count)) - 1 / game.count) * abs(game.total)
        who, excess = worst(payoff)
        assert excess == pytest.approx(by_table(payoff)[1], abs=1e-6 * abs(game.total))
        mask = int(who @ (1 << np.arange(game.count)))
        assert excess == pytest.approx(game.value[mask] - payoff[who].sum(), abs=1e-6 * abs(game.total))


@pytest.mark.parametrize(("market", "scenario"), CASES)
def test_generated_least_core_is_that_of_the_table(market, scenario):
    game = table.game_of(data(market), valued(market), scenario)
    generated = valued(market, "least-core", scenarios=(scenario,))
    assert generated["least_core_complete"].sel(scenario=scenario) == 1
    present, cost = table.valued(data(market), generated, scenario)
    value = cost[~present.any(axis=1)][0] - cost
    centre = "centre" in data(market).attrs
    rows = np.hstack([present, np.ones((len(present), int(centre)), bool)])
    proper = ~rows.all(axis=1) & (present.any(axis=1) | centre)
    rows, value = rows[proper], value[proper]
    if centre:
        alone = np.eye(game.count, dtype=bool)[:-1]
        rows, value = np.vstack([rows, alone]), np.append(value, np.zeros(len(alone)))
    found = core.least_core_over(rows, value, game.total, game.alone)
    full = core.least_core(game)
    assert found.epsilon == pytest.approx(full.epsilon, abs=2e-6 * abs(game.total))
    paid = least_core.pay(data(market), cleared(market), generated)["payment"]
    profit = (paid - cleared(market)["reported_cost"]).sel(scenario=scenario).values
    assert profit == pytest.approx(full.payoff[: len(profit)], abs=1e-5 * abs(game.total))


def test_integer_market_has_a_worst_coalition_too():
    game = table.game_of(data("wind-csp"), valued("wind-csp"), "integer")
    who, excess = oracle("wind-csp", "integer")(game.alone + (game.total - game.alone.sum()) / game.count)
    split = game.alone + (game.total - game.alone.sum()) / game.count
    assert excess == pytest.approx(core.max_excess(game, split)[0], abs=1e-5 * game.total)
    assert who.any() and not who.all()


def test_a_single_participant_has_nobody_to_object():
    one = data("community").sel(scenario=["energy"])
    alone = one.assign(taking_part=one["taking_part"].where(one["participant"] == one["participant"][0], 0))
    config = {"market": "community", "backend": "warm", "compare": None,
              "requests": [{"scenarios": ["*"], "coalitions": kind} for kind in ("least-core", "core")]}  # fmt: skip
    brought = ("load", "pv_available", "battery_energy", "battery_power", "flexible_energy", "flexible_power")
    nothing = {name: alone[name].where(alone["taking_part"] == 1, 0) for name in brought}
    values = value.value(alone.assign(nothing), config)
    assert values["least_core_complete"] == 1 and values["cost"].notnull().all()
    assert values.sizes["coalition"] == 2


def test_core_requests_know_who_does_not_take_part():
    """Payments over the generated coalitions are those over all, with one user of the community outside it."""
    of = data("community").sel(scenario=["energy"])
    outside = of["participant"][4]
    of = of.assign({name: of[name].where(of["participant"] != outside, 0) for name in
                    ("taking_part", "load", "pv_available", "battery_energy", "battery_power", "flexible_energy",
                     "flexible_power")})  # fmt: skip
    made = clear.clear(of, {"market": "community"})
    found = []
    for kind in ("core", "all"):
        config = {"market": "community", "backend": "warm", "compare": None,
                  "requests": [{"scenarios": ["*"], "coalitions": kind}]}  # fmt: skip
        found.append(core_selecting.pay(of, made, value.value(of, config))["payment"])
    xr.testing.assert_allclose(*found, atol=1e-4)
    assert found[0].sel(participant=outside) == 0
