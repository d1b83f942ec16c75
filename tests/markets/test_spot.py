"""The spot market: its formulation row by row, prices against one more MW, and the identities of the settlement."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from networks import random_market
from sharegrid.markets import spot
from sharegrid.optimise.clear import split_model
from sharegrid.optimise.highs import NotOptimal
from spot import cleared, spot_market


def test_formulation_row_by_row():
    data = random_market(3)
    split = split_model(spot, data)
    program, names = split.program(0), column_names(split)
    assert set(split.constraints) == {"branch_flow", "nodal_balance"}
    for bus, row in zip(data["bus"].values, split.constraints["nodal_balance"].position.values, strict=True):
        expected = {("lost_load", bus): 1.0}
        for g in np.flatnonzero(data["generator_bus"].values == bus):
            expected |= {("accepted", data["generator"].values[g], k): 1.0 for k in data["block"].values}
        for line, start, end in zip(data["branch"].values, data["from_bus"].values, data["to_bus"].values, strict=True):
            if bus in (start, end):
                expected[("flow", line)] = 1.0 if bus == end else -1.0
        assert entries(program, names, row) == expected
        assert program.row_lower[row] == program.row_upper[row] == data["demand"].sel(bus=bus).item()
    for line, row in enumerate(split.constraints["branch_flow"].position.values):
        start, end, b = (data[name].values[line] for name in ("from_bus", "to_bus", "susceptance"))
        assert entries(program, names, row) == {("flow", line): 1.0, ("angle", start): -b, ("angle", end): b}
    angle = split.variables["angle"].position.values
    assert program.upper[angle].tolist() == [0.0, np.inf, np.inf]
    cost = dict(zip(names, program.cost, strict=True))
    assert cost[("accepted", "1", 1)] == data["offer_price"].values[0, 1, 1]
    assert cost[("lost_load", 2)] == 1000.0


def column_names(split):
    """(variable, labels ...) of each column."""
    names = {}
    for name, layout in split.variables.items():
        for at, column in np.ndenumerate(layout.position.values):
            labels = (layout.position[dim].values[k] for dim, k in zip(layout.position.dims, at, strict=True))
            names[int(column)] = (name, *labels)
    return [names[k] for k in range(len(names))]


def entries(program, names, row):
    """Column name -> coefficient of one row."""
    found = program.matrix[[row]].tocoo()
    return {names[k]: value for k, value in zip(found.col, found.data, strict=True) if value}


def test_every_bus_has_a_balance_row_even_without_generator_or_branch_end():
    data = spot_market("case118", limits=["none", 0.7])
    assert spot.build(data).constraints["nodal_balance"].ncons == 2 * 118


@pytest.mark.parametrize(("case", "limits"), [("case30", 0.76), ("case118", 0.7), ("case118", 0.4)])
def test_price_is_the_cost_of_one_more_mw(case, limits):
    data = spot_market(case, limits=[limits])
    buses = data["bus"].values[:: max(1, data.sizes["bus"] // 12)]
    steps = [1e-3, -1e-3, 1.0, -1.0]
    moves = [(bus, step) for bus in buses for step in steps]
    moved = data.isel(scenario=[0] * (len(moves) + 1)).assign_coords(scenario=[f"s{k}" for k in range(len(moves) + 1)])
    for k, (bus, step) in enumerate(moves):
        moved["demand"].loc[{"scenario": f"s{k + 1}", "bus": bus}] += step
    found = cleared(moved)
    slope = (found["objective"].values[1:] - found["objective"].values[0]) / [step for _, step in moves]
    slope, price = slope.reshape(-1, len(steps)), found["price"][0].sel(bus=buses).values
    np.testing.assert_allclose(slope[:, :2], price[:, None].repeat(2, 1), rtol=1e-4, atol=1e-3)
    assert (slope[:, 2] >= price - 1e-6).all(), "one more MW costs the price at least"
    assert (slope[:, 3] <= price + 1e-6).all(), "one MW less saves the price at most"


@pytest.mark.parametrize("case", ["case30", "case118", "case2383"])
def test_settlement_identities(case):
    """CR = sum f (price_to - price_from) = sum |mu| F - sum mu f_shift (chapter 3.2.2)."""
    data = spot_market(case, limits=[1.0])
    one = cleared(data).isel(scenario=0)
    at = {end: one["price"].sel(bus=data[end]).drop_vars("bus") for end in ("from_bus", "to_bus")}
    rent = (one["flow"] * (at["to_bus"] - at["from_bus"])).sum().item()
    scale = one["load_payment"].item()
    assert one["congestion_rent"].item() == pytest.approx(rent, abs=1e-9 * scale)
    balance = one["dispatch"].sum() + one["shed"].sum() - data["demand"].sum()
    assert balance.item() == pytest.approx(0, abs=1e-6)
    assert one["objective"].item() == pytest.approx(
        (one["reported_cost"].sum() + (data["voll"][0] * one["shed"].sum())).item(), rel=1e-9
    )
    xr.testing.assert_allclose(one["reported_cost"], one["true_cost"], rtol=1e-9)


def test_limits_bind_where_multipliers_are_not_zero():
    data = spot_market("case30", limits=[0.76])
    one = cleared(data).isel(scenario=0)
    priced = np.abs(one["line_multiplier"].values) > 1e-6
    assert priced.sum() == 2
    ends = {(int(data["from_bus"][k]), int(data["to_bus"][k])) for k in np.flatnonzero(priced)}
    assert ends == {(6, 8), (25, 27)}
    flow, mu = one["flow"].values[priced], one["line_multiplier"].values[priced]
    np.testing.assert_allclose(flow, np.sign(mu) * data["line_limit"].values[0][priced], rtol=1e-9)
    rent = (np.abs(one["line_multiplier"]) * data["line_limit"][0]).where(priced).sum()
    assert one["congestion_rent"].item() == pytest.approx(rent.item(), rel=1e-9)


@pytest.mark.parametrize(
    ("case", "options", "objective", "price"),
    [
        ("case30", {}, 565.892, 3.8125),
        ("case30", {"bid_mode": "quadratic"}, 565.206, 3.789196),
        ("case30", {"blocks": 100}, 565.2108, None),
        ("case118", {"bid_mode": "quadratic"}, 125947.881, 39.381368),
    ],
)
def test_published_and_reference_optima(case, options, objective, price):
    one = cleared(spot_market(case, **options)).isel(scenario=0)
    assert one["objective"].item() == pytest.approx(objective, rel=1e-6)
    if price:
        np.testing.assert_allclose(one["price"], price, rtol=2e-6)


def test_pjm_five_bus_prices():
    """F. Li and R. Bo, Small test systems for power system economic studies, 2010: 16.98, 26.38, 30, 39.94, 10 $/MWh."""
    one = cleared(spot_market("case5", limits=["case"])).isel(scenario=0)
    np.testing.assert_allclose(one["price"], [16.977, 26.384, 30.0, 39.943, 10.0], atol=5e-4)
    assert one["objective"].item() == pytest.approx(17479.897, abs=1e-3)


def test_polish_network():
    one = cleared(spot_market("case2383", limits=["none", 1.0]))
    np.testing.assert_allclose(one["objective"], [1761680.26, 1786388.88], atol=5e-3)
    np.testing.assert_allclose(one["price"].min("bus"), [147.6, 61.4], atol=1e-3)
    np.testing.assert_allclose(one["price"].max("bus"), [147.6, 735.354], atol=1e-3)
    assert one["congestion_rent"][1].item() == pytest.approx(381745.315 + 259.322, abs=1e-2)


def test_pmin_kept_is_dearer_and_forces_output():
    kept = cleared(spot_market("case2383", pmin="keep", limits=["case"])).isel(scenario=0)
    free = cleared(spot_market("case2383", limits=["case"])).isel(scenario=0)
    assert kept["objective"].item() > free["objective"].item()
    assert kept["objective"].item() == pytest.approx(1796340.101 - _constant("case2383"), rel=1e-6)


def _constant(case):
    from sharegrid.readers import matpower
    from spot import NETWORKS, RESOURCES

    return float(matpower.read(RESOURCES / NETWORKS[case]["path"])["cost_constant"].sum())


def test_infeasible_market_names_scenario_and_constraints():
    data = spot_market("case30", limits=[1.0])
    data["demand"].loc[{"bus": 30}] = -100.0  # more than the lines at bus 30 can carry away
    with pytest.raises(NotOptimal, match=r"scenario 1: .*'infeasible'.*nodal_balance|branch_flow") as error:
        cleared(data)
    assert error.value.status == "infeasible"


@settings(max_examples=8, deadline=None, derandomize=True)
@given(st.integers(0, 10_000))
def test_random_markets_balance_and_price_within_bounds(seed):
    data = random_market(6, seed=seed, scenarios=3)
    found = cleared(data)
    np.testing.assert_allclose(found["dispatch"].sum("generator") + found["shed"].sum("bus"), data["demand"].sum("bus"))
    assert bool((np.abs(found["flow"]) <= data["line_limit"] + 1e-7).all())
    alone = xr.concat([cleared(data.isel(scenario=[k])) for k in range(3)], "scenario", data_vars="minimal")
    np.testing.assert_array_equal(found["objective"], alone["objective"], "scenarios do not touch each other")


@pytest.mark.parametrize("seed", range(8))
def test_an_infeasible_market_always_names_what_is_in_conflict(seed):
    data = random_market(6, seed=seed)
    data["demand"].loc[{"bus": 1 + seed % 6}] = -400.0  # more than the lines there can carry away
    with pytest.raises(NotOptimal, match=r"in conflict: (branch_flow|nodal_balance)"):
        cleared(data)
