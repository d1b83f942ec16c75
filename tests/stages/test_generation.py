"""The least core by the worst-coalition program over a market agrees with that of the full table of values."""

import numpy as np
import pytest

from sharegrid import plugins
from sharegrid.games import core, table
from sharegrid.optimise import coalitions
from sharegrid.stages.generation import WorstCoalition
from small_markets import data, valued

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
    generated = valued(market, "least-core").sel(scenario=scenario)
    assert generated["least_core_complete"] == 1
    present, cost = table.valued(data(market), valued(market, "least-core"), scenario)
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
    assert np.isnan(generated["cost"]).sum() + len(present) == generated.sizes["coalition"]


def test_integer_market_has_a_worst_coalition_too():
    game = table.game_of(data("wind-csp"), valued("wind-csp"), "integer")
    who, excess = oracle("wind-csp", "integer")(game.alone + (game.total - game.alone.sum()) / game.count)
    split = game.alone + (game.total - game.alone.sum()) / game.count
    assert excess == pytest.approx(core.max_excess(game, split)[0], abs=1e-5 * game.total)
    assert who.any() and not who.all()
