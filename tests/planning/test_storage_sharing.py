"""Storage sharing in closed form: the theorems of its source, its formulas against samples, and wrong input."""

import numpy as np
import pytest

from communities import community
from sharegrid.figures import storage_equilibrium
from sharegrid.planning import storage_sharing
from sharegrid.planning.storage_sharing import GaussianUsers, Prices, best_gain, cost_of, sampled_shares, users_of
from sharegrid.schema import check

STORAGE = [0.01, 0.05, 0.1, 0.15, 0.19]
USERS = ["0", "5", "6", "12"]
AGAINST = ["0", "5", "6", "11"]  # 11 needs most on the spring day, the others together least


def users(seed: int = 0, count: int = 4) -> GaussianUsers:
    """Random users whose demand hardly ever is negative."""
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(count, count + 2))
    return GaussianUsers(rng.uniform(20, 60, count), root @ root.T)


def prices(storage: float) -> Prices:
    return Prices(0.3, 0.1, storage)


@pytest.fixture(scope="module")
def planned():
    data = community()
    options = {"users": USERS, "storage_price": STORAGE, "peak": 0.3, "off_peak": 0.1, "seed": 1}
    return data, check(storage_sharing.plan({"data": data}, scenario="base", **options), "own")


@pytest.mark.parametrize("storage", STORAGE)
@pytest.mark.parametrize("seed", range(5))
def test_shared_costs_sum_to_the_grand_cost_and_are_in_the_core(seed, storage):
    gaussian, all_of_them = users(seed), np.ones(4, bool)
    cost = gaussian.cost_shared(prices(storage))
    assert cost.sum() == pytest.approx(gaussian.cost_of_group(prices(storage), all_of_them), rel=1e-12)
    assert gaussian.core_excess(prices(storage)) <= 1e-12
    assert (cost <= gaussian.cost_alone(prices(storage)) + 1e-12).all()


def test_equal_bills_are_not_in_the_core_of_unequal_users():
    gaussian = GaussianUsers(np.array([10.0, 50.0]), np.diag([1.0, 25.0]))
    grand = gaussian.cost_of_group(prices(0.05), np.ones(2, bool))
    assert grand / 2 > gaussian.cost_of_group(prices(0.05), np.array([True, False]))


@pytest.mark.parametrize("storage", [0.03, 0.1, 0.17])
def test_formulas_are_those_of_samples(storage):
    gaussian, price = users(3), prices(storage)
    demand = np.random.default_rng(1).multivariate_normal(gaussian.mean, gaussian.covariance, 400_000)
    np.testing.assert_allclose(np.quantile(demand, price.gamma, axis=0), gaussian.storage_alone(price), rtol=2e-3)
    shared = gaussian.storage_shared(price)
    assert np.quantile(demand.sum(axis=1), price.gamma) == pytest.approx(shared.sum(), rel=1e-3)
    np.testing.assert_allclose(cost_of(price, shared, demand), gaussian.cost_shared(price), rtol=2e-3)
    alone = [cost_of(price, one[None], demand[:, [k]])[0] for k, one in enumerate(gaussian.storage_alone(price))]
    np.testing.assert_allclose(alone, gaussian.cost_alone(price), rtol=2e-3)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("storage", [0.03, 0.1, 0.17])
def test_no_sampled_deviation_gains(seed, storage):
    assert best_gain(users(seed), prices(storage), np.random.default_rng(seed)) <= 1e-3


def test_a_deviation_from_other_shares_gains(monkeypatch):
    gaussian = users(1)
    equal = np.full(4, gaussian.storage_shared(prices(0.05)).sum() / 4) * np.array([0.2, 1.8, 0.2, 1.8])
    monkeypatch.setattr(GaussianUsers, "storage_shared", lambda self, price: 0.7 * equal)
    assert best_gain(gaussian, prices(0.05), np.random.default_rng(1)) > 1e-3


@pytest.mark.parametrize("seed", range(3))
def test_sharing_needs_less_storage_above_a_gamma_of_a_half_and_more_below(seed):
    gaussian = users(seed)
    change = {storage: gaussian.storage_shared(prices(storage)).sum() - gaussian.storage_alone(prices(storage)).sum()
              for storage in STORAGE}  # fmt: skip
    assert change[0.01] < change[0.05] < 0 < change[0.15] < change[0.19]
    assert change[0.1] == pytest.approx(0, abs=1e-9)


def test_sampled_shares_are_those_of_the_closed_form():
    gaussian, gamma = users(2), 0.8
    demand = np.random.default_rng(5).multivariate_normal(gaussian.mean, gaussian.covariance, 200_000)
    shares, monotone = sampled_shares(demand, gamma)
    total = np.quantile(demand.sum(axis=1), gamma)
    with_total = gaussian.with_total / gaussian.total_deviation**2
    np.testing.assert_allclose(shares, gaussian.mean + with_total * (total - gaussian.mean.sum()), rtol=5e-3)
    assert shares.sum() == pytest.approx(total, rel=1e-12)
    assert monotone == (with_total >= 0).all()


def test_a_demand_that_falls_where_that_of_all_rises_is_seen():
    other = np.random.default_rng(0).uniform(10, 20, 20_000)
    demand = np.column_stack([30 - other, 2 * other])
    assert not sampled_shares(demand, 0.7)[1]
    assert sampled_shares(np.column_stack([other, 2 * other]), 0.7)[1]


def test_demand_is_the_energy_of_the_peak_period_of_a_day(planned):
    data, found = planned
    scenario, weights = data.isel(scenario=0), data["day_weight"].values
    for user in USERS:
        load = scenario["load"].sel(participant=user).transpose("day", "time").values
        flexible = scenario["flexible_energy"].sel(participant=user).values
        energy = load[:, 17:21].sum(axis=1) * (load.sum(axis=1) + flexible) / load.sum(axis=1)  # the hours 17 to 20
        mean = weights @ energy
        assert found["demand_mean"].sel(storage_user=user).item() == pytest.approx(mean)
        spread = np.sqrt(weights @ (energy - mean) ** 2)
        assert found["demand_deviation"].sel(storage_user=user).item() == pytest.approx(spread)
    assert (scenario["flexible_energy"].sel(participant=["0", "6"]) > 0).all()


def test_total_demand_does_not_depend_on_what_can_be_moved():
    rigid, flexible = (users_of(community(flexible_share=share).isel(scenario=0), USERS) for share in (0, 1))
    np.testing.assert_allclose(rigid.mean, flexible.mean, rtol=1e-9)
    np.testing.assert_allclose(rigid.covariance, flexible.covariance, rtol=1e-6)


def test_the_plan_is_in_the_core_and_sums_to_the_optimum(planned):
    found = planned[1]
    assert found["storage_gamma"].values == pytest.approx([0.95, 0.75, 0.5, 0.25, 0.05])
    np.testing.assert_allclose(
        found["storage_cost_shared"].sum("storage_user"), found["storage_grand_cost"], rtol=1e-12
    )
    assert (found["storage_core_excess"] <= 1e-9).all() and (found["storage_best_gain"] <= 1e-3).all()
    assert (found["demand_rises"] == 1).all()


def test_a_user_against_whom_all_others_rise_is_flagged(planned, caplog):
    options = {"users": AGAINST, "storage_price": STORAGE, "peak": 0.3, "off_peak": 0.1, "seed": 1}
    found = storage_sharing.plan({"data": planned[0]}, scenario="base", **options)
    against = (found["demand_covariance"].sum("other_user") < 0).values
    assert against.tolist() == [False, False, False, True]
    np.testing.assert_array_equal(found["demand_rises"], 1 - against)
    assert "the equilibrium is not proved: the demand of 11 falls" in caplog.text
    figure = storage_equilibrium.draw({"plan": found.expand_dims(method=["storage-sharing"])}, storage_price=0.05)
    assert "The equilibrium is not proved: the demand of 11 falls" in figure.subfigs[0].get_suptitle().replace(
        "\n", " "
    )


def test_a_negative_storage_is_refused(monkeypatch, planned):
    wide = GaussianUsers(np.array([5.0, 50.0]), np.diag([100.0, 100.0]))
    monkeypatch.setattr(storage_sharing, "users_of", lambda data, users: wide)
    options = {"storage_price": [0.19], "peak": 0.3, "off_peak": 0.1, "seed": 1}
    with pytest.raises(ValueError, match="user '0' would buy -11.4.* kWh alone at the storage price 0.19"):
        storage_sharing.plan({"data": planned[0]}, scenario="base", users=["0", "5"], **options)


def test_absent_users_are_no_users():
    data = community({"two": {"label": "two", "users": [2]}}, users=4)
    with pytest.raises(ValueError, match="no participant '3'; known: 0, 1$"):
        users_of(data.isel(scenario=0), ["0", "3"])


@pytest.mark.parametrize(("wrong", "message"), [
    ({"scenario": "nothing"}, "no scenario 'nothing'; known: base"),
    ({"users": []}, "users: 0 named; sharing needs at least two"),
    ({"users": ["0"]}, "users: 1 named"),
    ({"users": ["0", "5", "0"]}, "users: '0' is named twice"),
    ({"storage_price": []}, "storage_price is empty"),
    ({"users": ["0", "nobody"]}, "no participant 'nobody'"),
    ({"storage_price": [0.2]}, "price of storage is 0.2; it must be above 0 and below peak - off_peak"),
    ({"storage_price": [0.0]}, "price of storage is 0; it must be above 0"),
    ({"storage_price": [float("nan")]}, "price of storage is nan"),
    ({"off_peak": -0.1}, "off_peak is -0.1; it must not be negative"),
])  # fmt: skip
def test_wrong_options_are_named(planned, wrong, message):
    options = {"users": USERS, "storage_price": STORAGE, "peak": 0.3, "off_peak": 0.1, "scenario": "base"} | wrong
    with pytest.raises(ValueError, match=message):
        storage_sharing.plan({"data": planned[0]}, **options)


@pytest.mark.parametrize(("mean", "covariance", "message"), [
    ([1.0, 2.0], np.eye(3), "shape"),
    ([1.0, np.nan], np.eye(2), "finite"),
    ([1.0, 2.0], np.array([[1.0, 0.5], [0.4, 1.0]]), "symmetric"),
    ([1.0, 2.0], np.array([[1.0, 2.0], [2.0, 1.0]]), "no negative eigenvalue"),
    ([1.0, 2.0], np.array([[1.0, 0.0], [0.0, 0.0]]), "does not vary"),
    ([1.0, 2.0], np.array([[1.0, -1.0], [-1.0, 1.0]]), "does not vary"),
])  # fmt: skip
def test_what_are_no_gaussian_users_is_refused(mean, covariance, message):
    with pytest.raises(ValueError, match=message):
        GaussianUsers(np.array(mean), covariance)


def test_few_samples_and_a_wrong_gamma_are_refused():
    with pytest.raises(ValueError, match="too few"):
        sampled_shares(np.ones((20, 2)), 0.5)
    with pytest.raises(ValueError, match="gamma is 1"):
        sampled_shares(np.ones((200, 2)), 1.0)
