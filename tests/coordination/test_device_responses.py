"""Answers of devices: optimality, sensitivities against differences, breakpoints, refused data."""

import numpy as np
import pytest

from sharegrid.coordination.device_responses import Loads, Reductions, nearest_of_energy


def reductions(users: int = 50, seed: int = 0) -> Reductions:
    rng = np.random.default_rng(seed)
    return Reductions(0.5 + rng.random(users), 2 * rng.random(users), 0.5 + 1.5 * rng.random(users))


def loads(users: int = 30, steps: int = 24, seed: int = 0) -> Loads:
    rng = np.random.default_rng(seed)
    wanted = rng.random((users, steps))
    return Loads(0.5 + rng.random(users), wanted, wanted.max(axis=1) * (1 + 0.2 * rng.random(users)))


@pytest.mark.parametrize("price", [-1.0, 0.3, 1.1, 2.4, 9.0])
def test_a_reduction_is_the_cheapest_of_a_fine_grid(price):
    of = reductions()
    grid = np.linspace(0, 1, 2001)[:, None] * of.limit
    best = (of.cost(grid) - price * grid).min(axis=0)
    assert (of.value(price) <= best + 1e-12).all()
    np.testing.assert_allclose(of.value(price), best, atol=1e-6)


def test_sensitivity_of_a_reduction_is_its_difference_quotient():
    of, price, h = reductions(), 1.234, 1e-6
    slope = (of.respond(price + h) - of.respond(price - h)) / (2 * h)
    np.testing.assert_allclose(of.sensitivity(price), slope, atol=1e-8)
    assert 0 < np.count_nonzero(slope) < len(slope)


def test_kinks_take_the_slope_of_higher_prices():
    of = Reductions(np.array([2.0]), np.array([1.0]), np.array([3.0]))
    assert [of.sensitivity(price).item() for price in (0.999, 1.0, 6.999, 7.0)] == [0, 0.5, 0.5, 0]
    np.testing.assert_array_equal(of.breakpoints(), [1.0, 7.0])


def test_every_device_can_have_its_own_price():
    of = reductions()
    prices = np.linspace(0, 3, 50)
    alone = [of.respond(price)[k] for k, price in enumerate(prices)]
    np.testing.assert_array_equal(of.respond(prices), alone)


@pytest.mark.parametrize("share", [0.0, 1e-6, 0.1, 0.4, 0.99, 1.0])
@pytest.mark.parametrize("seed", range(3))
def test_breakpoints_give_the_price_that_clears(share, seed):
    of = reductions(200, seed)
    required = share * of.limit.sum()
    price = of.clearing_price(required)
    assert of.respond(price).sum() == pytest.approx(required, rel=1e-12, abs=1e-9)
    assert of.linear.min() <= price <= of.full_price.max()


def test_the_price_is_the_lowest_where_supply_is_flat():
    of = Reductions(np.ones(2), np.array([0.0, 5.0]), np.ones(2))
    assert of.clearing_price(1.0) == 1.0


def test_too_much_is_refused_with_the_most_that_can_be():
    of = reductions()
    with pytest.raises(ValueError, match=rf"requirement is 1000 kW; .* between 0 and {of.limit.sum():g} kW"):
        of.clearing_price(1000)
    with pytest.raises(ValueError, match="requirement is -1 kW"):
        of.clearing_price(-1)


@pytest.mark.parametrize("scale", [0.0, 0.1, 1.0, 30.0])
def test_loads_keep_their_energy_and_meet_the_optimality_conditions(scale):
    of = loads(200)
    price = scale * np.random.default_rng(5).standard_normal(24)
    x = of.respond(price)
    np.testing.assert_allclose(x.sum(axis=1), of.energy, rtol=1e-11)
    marginal = of.discomfort[:, None] * (x - of.wanted) + price
    lowest = np.where(x < of.limit[:, None], marginal, np.inf).min(axis=1)
    highest = np.where(x > 0, marginal, -np.inf).max(axis=1)
    assert (highest <= lowest + 1e-9).all()  # no load moves at a gain: one level -nu_i of all steps that can take it


def test_loads_answer_as_wanted_at_equal_prices():
    of = loads()
    np.testing.assert_allclose(of.respond(np.full(24, 0.7)), of.wanted, atol=1e-12)


def test_sensitivities_of_loads_are_their_difference_quotients():
    of = loads()
    price, h = np.random.default_rng(2).random(24), 1e-6
    x = of.respond(price)
    numeric = np.stack([(of.respond(price - h * e) - of.respond(price + h * e)) / (2 * h) for e in np.eye(24)], axis=2)
    exact = of.sensitivity(x)
    np.testing.assert_allclose(exact, numeric, atol=1e-7)
    assert 0.2 < of.free(x).mean() < 1
    np.testing.assert_allclose(exact @ np.ones(24), 0, atol=1e-14)
    np.testing.assert_allclose(of.total_sensitivity(x), exact.sum(axis=0), atol=1e-12)
    assert (np.linalg.eigvalsh(exact) >= -1e-12).all()


def test_a_load_without_free_steps_has_no_sensitivity():
    of = Loads(np.ones(1), np.array([[1.0, 0.0]]), np.ones(1))
    np.testing.assert_array_equal(of.sensitivity(of.respond(np.array([0.0, 5.0]))), np.zeros((1, 2, 2)))


def test_proximal_answers_are_optimal():
    one, many, rho = reductions(), loads(), 0.7
    target = np.linspace(-1, 3, 50)
    x = one.proximal(target, rho)
    slope = one.quadratic * x + one.linear + rho * (x - target)
    assert (np.abs(slope[(x > 0) & (x < one.limit)]) < 1e-12).all()
    assert (slope[x == 0] >= 0).all() and (slope[x == one.limit] <= 0).all()
    target = np.random.default_rng(3).standard_normal((30, 24))
    x = many.proximal(target, rho)
    slope = many.discomfort[:, None] * (x - many.wanted) + rho * (x - target)
    free = np.where(many.free(x), slope, np.nan)
    np.testing.assert_allclose(np.nanmax(free, axis=1), np.nanmin(free, axis=1), atol=1e-9)


@pytest.mark.parametrize("energy", [0.0, 1e-9, 0.3, 2.999999, 3.0])
def test_extreme_energies_are_met(energy):
    wish = np.array([[5.0, -3.0, 0.0], [0.0, 0.0, 0.0]])
    x = nearest_of_energy(wish, np.ones(2), np.full(2, energy))
    np.testing.assert_allclose(x.sum(axis=1), energy, atol=1e-11)


@pytest.mark.parametrize(("wrong", "message"), [
    ({"quadratic": np.array([1.0, 0.0])}, "quadratic cost of device 1 is 0; it must be above 0"),
    ({"linear": np.array([np.nan, 0.0])}, "linear cost of device 0 is nan"),
    ({"limit": np.array([1.0, -2.0])}, "limit of device 1 is -2; it must be at least 0"),
])  # fmt: skip
def test_wrong_reductions_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        Reductions(**({"quadratic": np.ones(2), "linear": np.ones(2), "limit": np.ones(2)} | wrong))


def test_wrong_loads_are_refused():
    with pytest.raises(ValueError, match="wanted load of device 1 is 3"):
        Loads(np.ones(2), np.array([[1.0, 1.0], [3.0, 0.0]]), np.full(2, 2.0))
    with pytest.raises(ValueError, match="discomfort of device 0 is -1"):
        Loads(-np.ones(1), np.ones((1, 2)), np.ones(1))


def test_rounding_does_not_decide_what_is_free_at_a_kink():
    wanted = np.array([[0.1, 0.3, 0.7, 0.7, 0.2]])
    of = Loads(np.ones(1), wanted, np.array([0.7]))
    for price in (0.0, 1 / 3, 7.7, 1e3):
        x = of.respond(np.full(5, price))
        np.testing.assert_array_equal(of.free(x), [[True, True, False, False, True]])
