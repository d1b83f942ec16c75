"""Fleets in energy and carbon markets: the optimum against a program written down by hand, prices, properties, games."""

import numpy as np
import pytest
import xarray as xr
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

import carbon
from sharegrid.games.core import max_excess
from sharegrid.games.table import game_of, superadditivity
from sharegrid.markets import ev_fleets
from sharegrid.optimise.clear import clear, split_model
from sharegrid.optimise.highs import LiveProgram

LADDER = {"rising": [{"price": 10, "quantity_t": 12}, {"price": 45, "quantity_t": 9}, {"price": 90}]}
OUTCOMES = {
    "low": {"probability": 0.5, "carbon_factor": 0.4, "energy_factor": 1.2},
    "high": {"probability": 0.3, "carbon_factor": 2, "energy_factor": 0.5},
    "worst": {"probability": 0.2, "carbon_factor": 1, "energy_factor": 1.25},
}
FULL = {"carbon_price": 40, "allowance_t": 20, "sell_ratio": 0.8}
RISK = {"outcomes": OUTCOMES, "spread": 1, "alpha": 0.6}
CASES = {
    "plain": FULL,
    "charging only": FULL | {"strategy": "v1g"},
    "uncontrolled": FULL | {"strategy": "uncontrolled"},
    "half power": FULL | {"v2g_share": 0.5},
    "no credit": FULL | {"credit_export": False},
    "benchmark": {"carbon_price": 30, "benchmark": 0.7},
    "negative": {"carbon_price": -20, "sell_ratio": 1.2},
    "ladder": FULL | {"ladders": LADDER, "ladder": "rising"},
    "ladder that is not used": FULL | {"ladders": LADDER},
    "risk neutral": FULL | RISK,
    "risk": FULL | RISK | {"beta": 0.4},
    "worst only": FULL | RISK | {"beta": 1},
    "ladder and risk": FULL | RISK | {"ladders": LADDER, "ladder": "rising", "beta": 0.7},
}


def cost_by_hand(data: xr.Dataset, options: dict, fleets: list[str]) -> float:
    """The least risk-adjusted cost of some fleets, from the options and the hours' prices and factors, fleet by fleet: in the
    energy of one vehicle, with the values at risk as max(cost - z, 0)."""
    o = {"strategy": "v2g", "v2g_share": 1, "credit_export": True, "allowance_t": 0, "benchmark": 0, "sell_ratio": 0.95,
         "spread": 0, "beta": 0, "alpha": 0.9} | options  # fmt: skip
    outcomes = o.get("outcomes", {"expected": {"probability": 1}})
    price, factor = data["price"].values[0], data["emission_factor"].values[0]
    ladder = LADDER[o["ladder"]] if "ladder" in o else [{"price": o["carbon_price"]}]
    share = {name: carbon.FLEETS[name]["share"] for name in fleets}
    width = [step.get("quantity_t", np.inf) * (sum(share.values()) if "quantity_t" in step else 1) for step in ladder]
    columns, rows, right = [(0, limit) for limit in width] + [(0, None)], [], []
    emitted, spent = {}, [dict.fromkeys(()) for _ in outcomes]
    allowance = sum(share.values()) * o["allowance_t"]
    moved = [1 + o["spread"] * (one.get("carbon_factor", 1) - 1) for one in outcomes.values()]
    for s, times in enumerate(moved):
        spent[s] = {k: times * step["price"] for k, step in enumerate(ladder)}
        spent[s][len(ladder)] = -times * o["sell_ratio"] * ladder[0]["price"]
    for name in fleets:
        fleet, count = carbon.FLEETS[name], share[name] * 1000
        size, power = fleet["capacity_kwh"] / 1000 * count, fleet["power_kw"] / 1000 * count
        allowance += o["benchmark"] * 0.6 * size
        before, missing = None, 0.6 * size / 0.9
        for t in range(fleet["arrival"], fleet["departure"]):
            charged = min(power, missing)
            missing -= charged
            fixed = o["strategy"] == "uncontrolled"
            out = o["v2g_share"] * power if o["strategy"] == "v2g" else 0
            charge, discharge, energy = range(len(columns), len(columns) + 3)
            end = t == fleet["departure"] - 1
            columns += [(charged if fixed else 0, charged if fixed else power), (0, out),
                        (0.9 * size if end else 0.1 * size, 0.9 * size if end else size)]  # fmt: skip
            row = {energy: 1, charge: -0.9, discharge: 1 / 0.95}
            rows.append(row if before is None else row | {before: -1})
            right.append(0.3 * size if before is None else 0)
            before = energy
            emitted |= {charge: factor[t], discharge: -factor[t] if o["credit_export"] else 0}
            for s in range(len(moved)):
                spent[s] |= {charge: price[s, t] + 3, discharge: 3 - price[s, t]}
    rows.append(emitted | dict.fromkeys(range(len(ladder)), -1) | {len(ladder): 1})
    right.append(allowance)
    return _solved(
        columns, rows, right, spent, [one["probability"] for one in outcomes.values()], o["beta"], o["alpha"]
    )


def _solved(columns, rows, right, spent, probability, beta, alpha) -> float:
    at_risk, count = len(columns), len(columns) + 1 + len(probability)
    cost, above = np.zeros(count), []
    cost[at_risk] = beta
    for s, (likely, own) in enumerate(zip(probability, spent, strict=True)):
        short = at_risk + 1 + s
        cost[short] = beta * likely / (1 - alpha)
        above.append(own | {at_risk: -1, short: -1})
        for column, value in own.items():
            cost[column] += (1 - beta) * likely * value
    limits = [*columns, (None, None), *[(0, None)] * len(probability)]
    equal, below = (np.zeros((len(part), count)) for part in (rows, above))
    for matrix, part in ((equal, rows), (below, above)):
        for k, row in enumerate(part):
            for column, value in row.items():
                matrix[k, column] = value
    found = linprog(cost, below, np.zeros(len(above)), equal, right, limits)
    assert found.success, found.message
    return found.fun


@pytest.mark.parametrize("name", CASES)
def test_every_coalition_costs_what_a_program_written_by_hand_does(name):
    options = CASES[name]
    data = carbon.real(**options)
    values = carbon.values_of(data)
    game = game_of(data, values, "base")
    assert game.value[0] == 0
    for number in range(1, 8):
        fleets = game.named(number).split("+")
        expected = cost_by_hand(data, options, fleets)
        assert game.value[number] == pytest.approx(-expected, rel=1e-8, abs=1e-6), fleets


@pytest.mark.parametrize("name", ["plain", "ladder and risk"])
def test_warm_values_are_those_of_models_built_anew(name):
    data = carbon.real(**CASES[name])
    warm, rebuilt = (carbon.values_of(data, backend)["cost"] for backend in ("warm", "rebuild"))
    np.testing.assert_allclose(warm.values, rebuilt.values, rtol=1e-8, atol=1e-6)


@pytest.mark.parametrize("name", CASES)
def test_payments_at_the_prices_share_the_cost_and_nobody_objects(name):
    data = carbon.real(**CASES[name])
    cleared = carbon.cleared_of(data)
    payoff = (cleared["price_revenue"] - cleared["reported_cost"]).isel(scenario=0).values
    game = game_of(data, carbon.values_of(data), "base")
    assert payoff.sum() == pytest.approx(game.total, rel=1e-9)
    assert max_excess(game, payoff)[0] <= 1e-7 * abs(game.total)
    assert superadditivity(game).violations == 0


@pytest.mark.parametrize("name", ["plain", "ladder", "risk", "negative"])
def test_internal_carbon_price_is_the_value_of_one_more_allowance(name):
    data = carbon.real(**CASES[name])
    base, price = (clear(ev_fleets, data)[what].item() for what in ("objective", "carbon_price_internal"))
    small = 1e-3
    more, less = (
        clear(ev_fleets, data.assign(allowance=data["allowance"] + step / 3))["objective"].item()
        for step in (small, -small)
    )
    assert (base - more) / small == pytest.approx(price, abs=1e-4)
    assert (less - base) / small == pytest.approx(price, abs=1e-4)


def test_fleets_that_need_no_trade_have_a_price_between_buying_and_selling():
    """Then the internal price is not unique: the middle is taken."""
    found = carbon.cleared_of(carbon.real(carbon_price=40, sell_ratio=0.5))
    balanced = carbon.real(carbon_price=40, sell_ratio=0.5, allowance_t=float(found["emissions"].sum()))
    cleared = carbon.cleared_of(balanced)
    assert 20 - 1e-6 <= cleared["carbon_price_internal"].item() <= 40 + 1e-6
    assert (
        cleared["allowances_bought"].sum().item() == pytest.approx(0, abs=1e-6)
        or cleared["allowances_sold"].item() < 1e-6
    )


@pytest.fixture(scope="module")
def cases():
    return carbon.cleared()


def cost(cleared, name):
    return cleared["objective"].sel(scenario=name).item()


def test_more_freedom_never_costs_more(cases):
    for price in carbon.PRICES:
        suffix = f" {price}" if price else ""
        assert cost(cases, f"v2g{suffix}") <= cost(cases, f"v1g{suffix}") + 1e-6
    assert cost(cases, "v1g") <= cost(cases, "uncontrolled") + 1e-6


def test_savings_are_concave_in_the_discharging_power(cases):
    found = [cost(cases, f"share {share:g}") for share in (0, 0.25, 0.5, 0.75)] + [cost(cases, "v2g 40")]
    saving = found[0] - np.array(found)
    np.testing.assert_allclose(saving, [0, 31.3, 57.5, 82.7, 107.7], atol=0.05)
    assert (np.diff(saving, 2) <= 1e-6).all()


@pytest.mark.parametrize("strategy", ["v1g", "v2g"])
def test_cost_is_concave_in_the_carbon_price(cases, strategy):
    found = [cost(cases, f"{strategy} {price}" if price else strategy) for price in carbon.PRICES]
    assert (np.diff(found, 2) <= 1e-6).all()


def test_cost_is_concave_in_the_energy_price():
    data = carbon.real(carbon_price=40)
    rng = np.random.default_rng(5)
    for _ in range(5):
        prices = [data["price"] + rng.uniform(-30, 30, 36) for _ in range(2)]
        ends = [clear(ev_fleets, data.assign(price=price))["objective"].item() for price in prices]
        middle = clear(ev_fleets, data.assign(price=sum(prices) / 2))["objective"].item()
        assert middle >= sum(ends) / 2 - 1e-6


@pytest.mark.parametrize("strategy", ["v1g", "v2g"])
def test_emissions_never_rise_with_the_carbon_price_where_it_is_that_of_selling(strategy):
    prices = [-40, -20, 0.001, 10, 25, 30, 55, 75, 150]
    family = {"label": "{carbon_price}", "carbon_price": prices, "strategy": [strategy], "sell_ratio": [1],
              "allowance_t": [35]}  # fmt: skip
    cleared = carbon.cleared_of(carbon.real({"equal": family}))
    emitted = cleared["emissions"].sum("participant").values
    assert (np.diff(emitted) <= 1e-6).all() and emitted[0] > emitted[-1] + 10


def test_allowances_only_shift_the_cost_where_buying_and_selling_are_one_price():
    family = {"label": "{allowance_t}", "allowance_t": [0, 10, 30, 80], "sell_ratio": [1], "carbon_price": [40]}
    cleared = carbon.cleared_of(carbon.real({"allowances": family}))
    np.testing.assert_allclose(
        cleared["objective"], cleared["objective"][0].item() - 40 * np.array([0, 10, 30, 80]), rtol=1e-9
    )
    for name in ("charge", "discharge"):
        assert (np.abs(cleared[name] - cleared[name].isel(scenario=0)) <= 1e-9).all()


def test_a_negative_carbon_price_pays_for_emissions():
    family = {"label": "{carbon_price}", "carbon_price": [-20, 0], "sell_ratio": [1]}
    cleared = carbon.cleared_of(carbon.real({"negative": family}))
    emitted = cleared["emissions"].sum("participant")
    assert emitted[0] > emitted[1] + 1 and cleared["objective"][0] < cleared["objective"][1]
    assert cleared["carbon_price_internal"][0].item() == pytest.approx(-20)


def test_risk_neutral_bids_of_quantities_are_those_at_the_expected_prices():
    """Outcomes of prices only matter through the risk measure: the schedule holds in all of them."""
    data = carbon.real(**FULL, **RISK)
    mean = {name: (data["probability"] * data[name]).sum("outcome") for name in
            ("price", "carbon_price_buy", "carbon_price_sell")}  # fmt: skip
    expected = data.assign(
        {name: one.broadcast_like(data[name]).transpose(*data[name].dims) for name, one in mean.items()}
    )
    found = [clear(ev_fleets, one)["objective"].item() for one in (data, expected)]
    assert found[0] == pytest.approx(found[1], rel=1e-11)


def test_risk_aversion_buys_a_better_tail_with_a_worse_mean():
    family = {"label": "{beta}", "beta": [0, 0.5, 1], "carbon_price": [40], "spread": [1]}
    cleared = carbon.cleared_of(carbon.real({"risk": family}, outcomes=OUTCOMES, alpha=0.6))
    assert (np.diff(cleared["expected_profit"]) <= 1e-6).all() and (np.diff(cleared["cvar"]) >= -1e-6).all()
    assert cleared["cvar"][-1] > cleared["cvar"][0] + 1
    assert (np.diff(-cleared["objective"]) <= 1e-6).all(), "the measure never rises with the risk weight"
    np.testing.assert_allclose(cleared["risk_probability"].sum("outcome"), 1, rtol=1e-9)


def test_costs_and_emissions_are_proportional_to_the_number_of_vehicles():
    family = {"label": "{number}", "number": [200, 1000, 10000], "carbon_price": [40]}
    cleared = carbon.cleared_of(carbon.real({"number": family}))
    for name in ("objective", "energy_cost", "carbon_cost"):
        np.testing.assert_allclose(cleared[name] / [0.2, 1, 10], cleared[name][1], rtol=1e-9)


def test_merit_order_prices_leave_discharging_without_worth_below_forty():
    """Losses and wear are larger than the spread of 5 $/MWh."""
    family = {"label": "{strategy} {carbon_price}", "strategy": ["v1g", "v2g"], "carbon_price": [0, 20, 40],
              "energy_price": ["merit-order"]}  # fmt: skip
    found = carbon.cleared_of(carbon.real({"merit": family}))["objective"]
    saving = found.values[:3] - found.values[3:]
    np.testing.assert_allclose(saving[:2], 0, atol=1e-6)
    assert saving[2] > 1


def test_sharing_gains_the_spread_of_the_allowances_that_are_netted():
    data = carbon.cases()
    names = [name for name in data["scenario"].values if name.startswith("ratio")]
    values = carbon.values_of(data.sel(scenario=names))
    gains = [(game := game_of(data, values, name)).total - game.alone.sum() for name in names]
    np.testing.assert_allclose(gains, [31.8, 15.9, 0], atol=0.05)
    home, workplace, commercial = (values["cost"].sel(scenario="ratio 0.8", coalition=name).item() for name in (
        "all-workplace-commercial", "all-home-commercial", "all-home-workplace"))  # fmt: skip
    assert (home, workplace, commercial) == pytest.approx((284.412, 161.453, 302.243), abs=5e-4)


def test_who_is_scaled_brings_and_pays_in_proportion():
    data = carbon.real(**CASES["ladder"])
    double = data
    for name in data["participant"].values:
        double = ev_fleets.scaled(double, name, 2.0)
    assert carbon.cleared_of(double)["objective"].item() == pytest.approx(
        2 * carbon.cleared_of(data)["objective"].item()
    )


def test_energy_is_conserved_and_every_trip_served(cases):
    data = carbon.cases()
    low, high = (data[f"energy_{end}"] for end in ("low", "high"))
    assert (cases["energy"] >= low - 1e-7).all() and (cases["energy"] <= high + 1e-7).all()
    for name, fleet in carbon.FLEETS.items():
        last = cases["energy"].sel(participant=name, time=fleet["departure"] - 1)
        np.testing.assert_allclose(last, fleet["share"] * 1000 * 0.9 * fleet["capacity_kwh"] / 1000, rtol=1e-9)
        absent = [t for t in range(36) if not fleet["arrival"] <= t < fleet["departure"]]
        assert not cases["charge"].sel(participant=name, time=absent).any()


def test_measured_strategies(cases):
    """Numbers of an earlier implementation of the same reading."""
    assert cost(cases, "uncontrolled") == pytest.approx(1239.3, abs=0.05)
    assert cost(cases, "v1g") == pytest.approx(357.3, abs=0.05)
    assert cost(cases, "v2g") == pytest.approx(164.8, abs=0.05)
    assert cost(cases, "v2g 40") == pytest.approx(1916.3, abs=0.05)
    emitted = cases["emissions"].sum("participant")
    assert emitted.sel(scenario="uncontrolled").item() == pytest.approx(30.54, abs=0.005)
    for strategy, tonnes in (("v1g", [41.6, 36.6, 26.2, 26.2]), ("v2g", [43.1, 30.8, 28.0, 26.8])):
        found = emitted.sel(scenario=[f"{strategy} {price}" for price in (20, 40, 60, 80)])
        np.testing.assert_allclose(found, tonnes, atol=0.05)


BURNING = {"emissions that earn": {"carbon_price": -60, "sell_ratio": 1},
           "no credit": {"carbon_price": -20, "sell_ratio": 1, "credit_export": False}}  # fmt: skip


def cost_of_ways(data: xr.Dataset, name: str, carbon_price: float, credit: bool) -> float:
    """The least cost of a fleet alone that either charges or discharges in each hour, as a program written down by hand."""
    fleet, share = carbon.FLEETS[name], carbon.FLEETS[name]["share"] * 1000
    size, power = fleet["capacity_kwh"] / 1000 * share, fleet["power_kw"] / 1000 * share
    hours = np.arange(fleet["arrival"], fleet["departure"])
    price, factor = (data[what].values[..., hours].ravel() for what in ("price", "emission_factor"))
    n, one, none = len(hours), np.eye(len(hours)), np.zeros((len(hours), len(hours)))
    cost = [price + 3 + carbon_price * factor, 3 - price - carbon_price * factor * credit, np.zeros(2 * n)]
    stored = one - np.eye(n, k=-1)
    start = np.zeros(n)
    start[0] = 0.3 * size
    lowest, highest = np.full(n, 0.1 * size), np.full(n, size)
    lowest[-1] = highest[-1] = 0.9 * size
    rows = [
        LinearConstraint(np.hstack([-0.9 * one, one / 0.95, stored, none]), start, start),
        LinearConstraint(np.hstack([one, none, none, -power * one]), -np.inf, 0),
        LinearConstraint(np.hstack([none, one, none, power * one]), -np.inf, power),
    ]
    zero = np.zeros(n)
    bounds = Bounds(np.r_[zero, zero, lowest, zero], np.r_[zero + power, zero + power, highest, zero + 1])
    found = milp(np.concatenate(cost), constraints=rows, bounds=bounds, integrality=np.repeat([0, 0, 0, 1], n),
                 options={"mip_rel_gap": 1e-9})  # fmt: skip
    assert found.success, found.message
    return found.fun


@pytest.mark.parametrize("name", BURNING)
@pytest.mark.parametrize("backend", ["warm", "rebuild"])
def test_nobody_burns_energy_where_that_earns_money(name, backend):
    """The linear program would; every coalition costs what a mixed-integer program of each of its fleets does."""
    options = BURNING[name]
    data = carbon.real(**options)
    cleared = carbon.cleared_of(data)
    assert np.minimum(cleared["charge"], cleared["discharge"]).max() <= 1e-9
    alone = [cost_of_ways(data, fleet, options["carbon_price"], options.get("credit_export", True))
             for fleet in carbon.FLEETS]  # fmt: skip
    assert cleared["objective"].item() == pytest.approx(sum(alone), rel=1e-6)
    game = game_of(data, carbon.values_of(data, backend), "base")
    np.testing.assert_allclose(game.alone, -np.array(alone), rtol=1e-6)
    payoff = (cleared["price_revenue"] - cleared["reported_cost"]).isel(scenario=0).values
    np.testing.assert_allclose(payoff, -np.array(alone), rtol=1e-6)


@pytest.mark.parametrize("share", [1, 0.5])
def test_an_hour_is_shared_in_the_linear_program_too(share):
    data = carbon.real(carbon_price=-60, sell_ratio=1, v2g_share=share)
    split = split_model(ev_fleets, data)
    found = LiveProgram(split.program(0), "relaxation").solve().x
    charge, discharge = (split.variables[name].read(found) for name in ("charge", "discharge"))
    assert np.minimum(charge, discharge).max() > 0.1, "the relaxation burns energy"
    assert (charge + discharge / share - data["charge_high"].isel(scenario=0)).max() <= 1e-9
