"""Properties R1 to R8 of the retail mechanism: closed forms against differences of coalition values, and the check."""

from itertools import combinations
from math import factorial

import numpy as np
import pytest

from retail import FLEXIBLE, bill, made_up, random_market, rate_gain, retail_market, settled, value
from sharegrid.mechanisms.sharing_contribution import rate
from sharegrid.properties import retail_contributions as closed
from sharegrid.properties.retail_contributions import Prices
from sharegrid.properties.retail_properties import PROPERTIES, check
from whole_study import results

MARKETS = [(seed, equal) for seed in (1, 2, 3) for equal in (True, False)]
THEOREMS = ["R1", "R2", "R3", "R4", "R5", "R6", "R7", "R8"]
ONE = Prices(*(np.array([price]) for price in (1.0, 0.0, 1.0, 0.0)))  # a spread of 1 $/kWh in a single hour


def shares(net_load: list[float], prices: Prices = ONE) -> np.ndarray:
    """pi (user) of one hour under SCR."""
    column = np.array(net_load, float)[:, None]
    share = closed.rate_share(closed.contribution(column, prices), closed.sharing_value(column, prices))
    return share[:, 0]


def arrays(seed: int, equal: bool) -> tuple[np.ndarray, Prices]:
    data = random_market(seed, equal_prices=equal)
    return data["net_load"].values, closed.prices_of(data)


@pytest.mark.parametrize(("seed", "equal"), MARKETS)
def test_r1_contributions_are_what_is_lost_without_the_user(seed, equal):
    net_load, prices = arrays(seed, equal)
    contribution, total = closed.contribution(net_load, prices), closed.sharing_value(net_load, prices)
    for case in range(len(net_load)):
        here, everybody = [price[case] for price in prices], range(net_load.shape[1])
        whole = value(net_load[case], *here, everybody)
        np.testing.assert_allclose(total[case], whole, atol=1e-12)
        for user in everybody:
            without = value(net_load[case], *here, [k for k in everybody if k != user])
            np.testing.assert_allclose(contribution[case, user], whole - without, atol=1e-12)
    if equal:
        np.testing.assert_allclose(closed.matched_contribution(net_load, prices), contribution, atol=1e-12)
    else:
        assert np.abs(closed.matched_contribution(net_load, prices) - contribution).max() > 1e-3


@pytest.mark.parametrize(("seed", "equal"), MARKETS)
def test_r2_r3_nobody_loses_and_contributions_exceed_the_value(seed, equal):
    net_load, prices = arrays(seed, equal)
    contribution, total = closed.contribution(net_load, prices), closed.sharing_value(net_load, prices)
    assert contribution.min() >= -1e-12
    assert (contribution.sum(axis=1) - total).min() >= -1e-12
    share = closed.rate_share(contribution, total, commission=0.2)
    assert share.min() >= -1e-12
    np.testing.assert_allclose(share.sum(axis=1), 0.8 * total, atol=1e-12)
    bills = closed.standalone_bill(net_load, prices).sum(axis=1) - share.sum(axis=1)
    grid = bill(net_load.sum(axis=1), prices.grid_buy, prices.grid_feed_in)
    np.testing.assert_allclose(bills, grid + 0.2 * total, atol=1e-12)
    if equal:
        price = closed.price_share(net_load, prices)
        assert price.min() >= 0
        np.testing.assert_allclose(price.sum(axis=1), total, atol=1e-12)


def test_r4_dummy_equal_users_and_scale():
    share = shares([-2, 3, 3, 0, -1])
    assert share[3] == 0
    assert share[1] == share[2]
    assert shares([2, 3, 1]).tolist() == [0, 0, 0]  # nothing to share: 0/0
    net_load, prices = arrays(4, True)
    contribution, total = closed.contribution(net_load, prices), closed.sharing_value(net_load, prices)
    larger = 2 * net_load, prices.times(3)
    scaled = closed.rate_share(closed.contribution(*larger), closed.sharing_value(*larger))
    np.testing.assert_allclose(scaled, 6 * closed.rate_share(contribution, total), atol=1e-12)


def test_r5_the_short_side_takes_the_spread():
    for net_load in ([-2, -1, 4, 5, 6], [2, 1, -4, -5, -6]):  # the long side exceeds by more than its largest user
        column = np.array(net_load, float)[:, None]
        wanted = [2, 1, 0, 0, 0]
        for share in (closed.contribution(column, ONE), closed.price_share(column, ONE)):
            np.testing.assert_allclose(share[:, 0], wanted, atol=1e-12)
        np.testing.assert_allclose(shares(net_load), wanted, atol=1e-12)
    balanced = np.array([[-4.0], [-2.0], [1.0], [5.0]])
    np.testing.assert_allclose(closed.price_share(balanced, ONE)[:, 0], [2, 1, 0.5, 2.5])
    np.testing.assert_allclose(shares(balanced[:, 0]), [2, 1, 0.5, 2.5])
    rounded = np.array([[-0.1], [-0.2], [0.3]])  # their sum is not 0 but 6e-17
    np.testing.assert_allclose(closed.price_share(rounded, ONE)[:, 0], [0.05, 0.1, 0.15])


def test_the_mechanism_shares_by_the_same_rate():
    """Also where contributions are so small that one of two thresholds could count them as nothing."""
    rng = np.random.default_rng(7)
    contribution = rng.random((5, 6)) * [1, 1e-3, 1e-12, 1e-11, 1e-13, 0]
    value_ = np.ones(6)
    np.testing.assert_allclose(closed.rate_share(contribution, value_), rate(contribution), rtol=1e-12)
    assert (rate(contribution).sum(axis=0) > 0.5).tolist() == [True] * 4 + [False] * 2


@pytest.mark.parametrize(("seed", "equal"), MARKETS)
def test_r6_under_the_externality_a_surplus_earns_one_of_the_two_prices(seed, equal):
    net_load, prices = arrays(seed, equal)
    own = np.arange(0, 6, 0.01)
    swept = np.repeat(net_load[:, None], len(own), axis=1)
    swept[:, :, 0] = -own[:, None]
    wide = Prices(*(price[:, None] for price in prices))
    income = wide.tariff_feed_in * own[:, None] + closed.contribution(swept, wide)[:, :, 0]
    slope = np.diff(income, axis=1) / 0.01
    low, high = prices.grid_feed_in[:, None], prices.grid_buy[:, None]
    assert (slope >= low - 1e-9).all() and (slope <= high + 1e-9).all()
    straight = np.minimum(np.abs(slope - low), np.abs(slope - high)) < 1e-9  # but for the step over the kink
    assert ((~straight).sum(axis=1) <= 1).all()


def test_r6_scr_can_punish_a_larger_surplus():
    """One seller, five buyers of 2 kWh: with 8 kWh none is pivotal, with 10 kWh each is for all of its 2 kWh."""
    assert shares([-8, 2, 2, 2, 2, 2])[0] == pytest.approx(8)
    assert shares([-10, 2, 2, 2, 2, 2])[0] == pytest.approx(5)


def test_r7_scr_can_leave_the_core():
    """Sellers of 3 and 2 kWh, buyers of 3 and 5 kWh: contributions 3, 2, 0, 2 divide 5 kWh; the first and third alone
    match 3 kWh."""
    share = shares([-3, -2, 3, 5])
    np.testing.assert_allclose(share, 5 * np.array([3, 2, 0, 2]) / 7)
    assert share[0] + share[2] < 3


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_r7_the_dual_price_is_in_the_core(seed):
    net_load, prices = arrays(seed, True)
    share = closed.price_share(net_load, prices)
    for case in range(len(net_load)):
        here = [price[case] for price in prices]
        for size in range(1, 6):
            for some in combinations(range(5), size):
                assert (value(net_load[case], *here, some) - share[case, list(some)].sum(axis=0)).max() <= 1e-12


def test_what_the_study_shows():
    payments = results("ch2-retail")["payments"]
    residual = payments["proposition_residual"].to_series()
    passed = payments["proposition_passed"].to_series().astype(bool)
    assert residual.index.tolist() == list(PROPERTIES)
    assert passed[THEOREMS].all()
    assert (residual[THEOREMS] < 1e-9).all()
    measured = residual.drop(THEOREMS)
    assert ((measured > 0) & (measured < 1)).all()
    assert not passed[measured.index].any()


def test_the_shares_are_counted_as_they_are_by_hand():
    """The same random communities, each looked at in plain loops."""
    found = {
        name: float(results("ch2-retail")["payments"]["proposition_residual"].sel(property=name)) for name in PROPERTIES
    }
    net_load, buy, feed_in = drawn(users=6)
    outside = {"R7 scr share": 0, "R7 shapley share": 0}
    for hour, high, low in zip(net_load, buy, feed_in, strict=True):
        column, prices = hour[:, None], [np.array([price]) for price in (high, low, high, low)]
        worth = [0.0]
        for mask in range(1, 64):
            some = [k for k in range(6) if mask >> k & 1]
            worth.append(value(column, *prices, some)[0])
        payoffs = rate_gain(column, *prices)[:, 0], shapley_value(worth, 6)
        for name, payoff in zip(outside, payoffs, strict=True):
            gets = [sum(payoff[k] for k in range(6) if mask >> k & 1) for mask in range(64)]
            outside[name] += max(np.array(worth) - gets) > 1e-9
    assert {name: count / 300 for name, count in outside.items()} == {name: found[name] for name in outside}
    falls = 0
    for hour, high, low in zip(*drawn(users=5), strict=True):
        prices = [np.array([price]) for price in (high, low, high, low)]
        swept = [np.array([-own, *hour[1:]])[:, None] for own in np.linspace(0, 6, 61)]
        income = [rate_gain(net_load, *prices)[0, 0] - low * net_load[0, 0] for net_load in swept]
        falls += (np.diff(income) < -1e-9).any()
    assert falls / 300 == found["R6 scr share"]


def shapley_value(worth: list[float], count: int) -> list[float]:
    """sum_S |S|! (n - |S| - 1)! / n! (v(S with i) - v(S)) over the S without i; worth by bitmask."""
    payoff = [0.0] * count
    for mask in range(2**count):
        size = mask.bit_count()
        for k in range(count):
            if not mask >> k & 1:
                weight = factorial(size) * factorial(count - size - 1) / factorial(count)
                payoff[k] += weight * (worth[mask | 1 << k] - worth[mask])
    return payoff


def drawn(users: int, seed: int = 2024) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Net loads (case, user) between -3 and 3 kWh, buying and feed-in price (case) of 300 random hours."""
    rng = np.random.default_rng(seed)
    net_load = rng.uniform(-3, 3, (300, users, 1))[..., 0]
    return net_load, rng.uniform(0.1, 0.3, (300, 1))[:, 0], rng.uniform(0, 0.1, (300, 1))[:, 0]


def moved(payments, scenario: str, mechanism: str, participant: str, amount: float):
    """Payments with one of them changed."""
    place = {"scenario": scenario, "mechanism": mechanism, "participant": participant}
    payments = payments[["payment", "profit", "aggregator_surplus"]].copy(deep=True)
    for name in ("payment", "profit"):
        payments[name].loc[place] += amount
    return payments


@pytest.mark.parametrize(
    ("place", "broken"),
    [
        (("toy", "sharing-contribution", "1", 0.01), {"R1", "R3"}),
        (("toy", "vcg", "1", -0.01), {"R1"}),
        (("toy", "vcg", "1", -1.0), {"R1", "R2", "R3"}),
        (("toy", "lmp", "2", -0.1), {"R2", "R5"}),
        (("toy", "lmp", "2", 0.01), {"R5"}),
        (("one seller|1|x0.8", "lmp", "1", 0.01), {"R5"}),  # 10 kWh are sold and bought
        (("one seller|1|x0.64", "sharing-contribution", "3", 0.001), {"R1", "R3", "R4"}),
        (("one seller|1|x0.64", "vcg", "1", 0.5), {"R1", "R6"}),
        (("X12", "vcg", "2", 0.001), {"R8"}),
        (("X1", "vcg", "2", 0.001), {"R8"}),
        (("X1", "vcg", "2", -0.001), {"R2", "R3", "R8"}),
        (("X6", "vcg", "2", -0.05), {"R2", "R8"}),
        (("X6", "lmp", "1", -0.2), {"R2"}),
        (("X6", "sharing-contribution", "1", 0.01), {"R3"}),
        (("X6", "sharing-contribution", "1", -1.0), {"R2", "R3"}),
    ],
)
def test_a_wrong_payment_breaks_its_properties(place, broken):
    made = results("ch2-retail")
    payments = moved(made["payments"], *place)
    families = ["withholding", "withholding-toy"]
    found = check(made["data"], made["cleared"], made["values"], payments, withholding=families)
    passed = found["proposition_passed"].to_series().astype(bool)
    assert set(passed[~passed].index) & set(THEOREMS) == broken


def test_a_wrong_value_or_price_breaks_its_properties():
    made = results("ch2-retail")
    data, cleared, values = (made[name].copy(deep=True) for name in ("data", "cleared", "values"))
    payments = made["payments"][["payment", "profit"]]
    values["grid_bill"].loc[{"scenario": "toy", "coalition": "all-3"}] += 0.01
    found = check(data, cleared, values, payments)["proposition_passed"]
    assert not found.sel(property="R1") and found.sel(property="R3")
    cleared["price"].loc[{"scenario": "toy", "time": 9}] += 0.05
    found = check(data, cleared, made["values"], payments)["proposition_passed"]
    assert not found.sel(property="R7") and found.sel(property="R1")


def test_by_hour_sums_to_the_day_of_the_mechanism():
    made = results("ch2-retail")
    payments, alone = made["payments"], made["cleared"]["outside_option"]
    toy = payments.sel(scenario="toy")
    gain = toy["profit"].sel(mechanism="sharing-contribution") - alone.sel(scenario="toy")
    np.testing.assert_allclose(toy["share_by_time"].sum("time"), gain, atol=1e-9)
    assert toy["value_by_time"].sum().item() == pytest.approx(2.995626, abs=5e-7)
    assert toy["contribution_by_time"].sum().item() == pytest.approx(3.523593, abs=5e-7)
    assert payments["share_by_time"].sel(scenario="X6").isnull().all()


def test_without_the_mechanisms_nothing_is_proved():
    made = results("ch2-retail")
    without = made["payments"][["payment", "profit"]].drop_sel(mechanism=["vcg", "sharing-contribution"])
    found = check(made["data"], made["cleared"], made["values"], without)
    for name in ("R3", "R8"):
        assert np.isnan(found["proposition_residual"].sel(property=name))
        assert not found["proposition_passed"].sel(property=name)


def told(made: dict) -> tuple[dict, dict]:
    """Residual and whether it passed, by property."""
    payments = made["payments"]
    return tuple(payments[f"proposition_{name}"].to_series().to_dict() for name in ("residual", "passed"))


def test_a_study_without_flexible_users_is_told_nothing_of_r8():
    residual, passed = told(settled(retail_market()))
    assert np.isnan(residual["R8"]) and not passed["R8"]
    assert all(passed[name] for name in THEOREMS if name != "R8")


def test_a_study_of_flexible_users_only():
    scenarios = {"regimes": {"label": "X{base_load_kwh}", "community": ["flexible"], "base_load_kwh": [12, 6, 1]}}
    made = settled(retail_market(scenarios), commission=0.2)
    residual, passed = told(made)
    assert [name for name in THEOREMS if np.isnan(residual[name])] == ["R1", "R4", "R7"]
    assert all(passed[name] for name in ("R2", "R3", "R5", "R6", "R8"))
    assert made["payments"]["share_by_time"].isnull().all()
    assert made["data"].sizes["participant"] == len(FLEXIBLE)


@pytest.mark.parametrize("equal", [True, False])
def test_the_commission_is_that_of_the_mechanism(equal):
    data = random_market(6, cases=3, hours=2, equal_prices=equal)
    made = settled(data, commission=0.2)
    _, passed = told(made)
    assert all(passed[name] for name in THEOREMS if name != "R8")
    for k, share in enumerate(made["payments"]["share_by_time"].values):
        prices = [data[name].values[k] for name in ("tariff_buy", "tariff_feed_in", "grid_buy", "grid_feed_in")]
        np.testing.assert_allclose(share, 0.8 * rate_gain(data["net_load"].values[k], *prices), atol=1e-9)


def test_an_agent_that_keeps_another_part_of_one_value_breaks_the_balance():
    made = settled(random_market(6, cases=3, hours=2), commission=0.2)
    payments = made["payments"][["payment", "profit", "aggregator_surplus"]].copy(deep=True)
    payments["aggregator_surplus"][0] += 0.01
    found = check(made["data"], made["cleared"], made["values"], payments, cases=5)
    assert not found["proposition_passed"].sel(property="R3")


@pytest.mark.parametrize("mechanism", ["lmp", "owen"])
def test_the_paid_dual_price_is_half_and_half_in_balance(mechanism):
    """Also where the net loads sum to 0 only but for rounding."""
    made = settled(made_up([[[-0.1], [-0.2], [0.3]], [[-2.0], [1.5], [0.5]]], 0.3, 0.1))
    payments = made["payments"][["payment", "profit", "aggregator_surplus"]]
    names = [mechanism if name == "lmp" else name for name in payments["mechanism"].values]
    payments = payments.assign_coords(mechanism=names)
    gain = payments["profit"].sel(mechanism=mechanism) - made["cleared"]["outside_option"]
    np.testing.assert_allclose(gain, [[0.01, 0.02, 0.03], [0.2, 0.15, 0.05]], atol=1e-9)
    for change, holds in ((0.0, True), (0.01, False)):
        wrong = moved(payments, "s1", mechanism, "2", change)
        found = check(made["data"], made["cleared"], made["values"], wrong, cases=5)
        assert bool(found["proposition_passed"].sel(property="R5")) == holds
