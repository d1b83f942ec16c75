"""Devices that are quadratic programs: answers, sensitivities, regions that cover a line, kinks."""

from itertools import pairwise

import numpy as np
import pytest
import scipy.optimize

from sharegrid.coordination import critical_regions
from sharegrid.coordination.critical_regions import QuadraticDevice, intervals, load_device, reduction_device
from sharegrid.coordination.device_responses import Loads, Reductions
from sharegrid.preparation import device_draws
from sharegrid.stages import prepare
from spot import RESOURCES


def random_device(seed: int, size: int = 5, rows: int = 8) -> QuadraticDevice:
    rng = np.random.default_rng(seed)
    root, inside = rng.standard_normal((size, size)), rng.standard_normal(size)
    rows_of, equal = rng.standard_normal((rows, size)), rng.standard_normal((1, size))
    return QuadraticDevice(root @ root.T + 0.2 * np.eye(size), rng.standard_normal(size), rows_of,
                           rows_of @ inside + rng.random(rows), equal, equal @ inside)  # fmt: skip


def toy(**changes) -> QuadraticDevice:
    fields = {"quadratic": np.eye(2), "linear": np.zeros(2), "inequality": np.array([[1.0, 0.0]]),
              "limit": np.ones(1), "equality": np.zeros((0, 2)), "given": np.zeros(0)}  # fmt: skip
    return QuadraticDevice(**(fields | changes))


@pytest.mark.parametrize("seed", range(6))
def test_answers_are_optimal(seed):
    device = random_device(seed)
    price = 3 * np.random.default_rng(100 + seed).standard_normal(5)
    x, active = device.answer(price)
    slack = device.limit - device.inequality @ x
    assert (slack >= -1e-9).all() and np.abs(slack[active]).max(initial=0) < 1e-9
    np.testing.assert_allclose(device.equality @ x, device.given, atol=1e-9)
    gradient = device.quadratic @ x + device.linear + price
    step = scipy.optimize.linprog(gradient, device.inequality, slack, device.equality, np.zeros(1), (-1, 1))
    assert step.fun >= -1e-8, "no direction that is allowed goes down"


@pytest.mark.parametrize("seed", range(6))
def test_sensitivities_are_difference_quotients_and_blocks_of_the_inverse(seed):
    device, h = random_device(seed), 1e-6
    price = 3 * np.random.default_rng(200 + seed).standard_normal(5)
    region = device.region(price)
    numeric = np.stack(
        [(device.answer(price - h * e)[0] - device.answer(price + h * e)[0]) / (2 * h) for e in np.eye(5)], axis=1
    )
    np.testing.assert_allclose(region.sensitivity, numeric, atol=1e-6)
    np.testing.assert_allclose(region.sensitivity, region.sensitivity.T, atol=1e-12)
    assert np.linalg.eigvalsh(region.sensitivity).min() >= -1e-12
    rows = np.vstack([device.equality, device.inequality[device.answer(price)[1]]])
    zero = np.zeros((len(rows), len(rows)))
    inverse = np.linalg.inv(np.block([[device.quadratic, rows.T], [rows, zero]]))
    np.testing.assert_allclose(region.sensitivity, inverse[:5, :5], atol=1e-9)


@pytest.mark.parametrize("seed", range(6))
def test_regions_cover_a_line_and_the_answer_is_continuous(seed):
    device = random_device(seed)
    rng = np.random.default_rng(300 + seed)
    start, direction = rng.standard_normal(5), rng.standard_normal(5)
    found = intervals(device, start, direction, -10.0, 10.0)
    assert len(found) >= 3 and found[0][0] == -10 and found[-1][1] == 10
    assert all(before[1] == after[0] for before, after in pairwise(found))
    for low, high, region in found:
        for s in np.linspace(low, high, 5)[1:-1]:
            price = start + s * direction
            assert region.contains(price)
            np.testing.assert_allclose(region.answer(price), device.answer(price)[0], atol=1e-8)
    for before, after in pairwise(found):
        kink = start + before[1] * direction
        np.testing.assert_allclose(before[2].answer(kink), after[2].answer(kink), atol=1e-6)


def test_prices_outside_a_region_have_another_answer():
    device = random_device(1)
    (_, end, region), *_ = intervals(device, np.zeros(5), np.ones(5), 0.0, 20.0)
    outside = (end + 1.0) * np.ones(5)
    assert not region.contains(outside)
    assert np.abs(region.answer(outside) - device.answer(outside)[0]).max() > 1e-3


def test_loads_and_reductions_are_such_devices():
    drawn = device_draws.loads(4, 7, tight=True)
    loads, price = Loads(drawn.discomfort, drawn.wanted, drawn.limit), 1 + 0.8 * np.sin(np.arange(24.0))
    x = loads.respond(price)
    for k in range(4):
        device = load_device(drawn.discomfort[k], drawn.wanted[k], drawn.limit[k])
        region = device.region(price)
        np.testing.assert_allclose(region.x, x[k], atol=1e-9)
        np.testing.assert_allclose(region.sensitivity, loads.sensitivity(x)[k], atol=1e-9)
        np.testing.assert_allclose(region.sensitivity @ np.ones(24), 0, atol=1e-12)
    drawn = device_draws.reductions(5, 42)
    own = Reductions(*drawn)
    for k in range(5):
        device = reduction_device(drawn.quadratic[k], drawn.linear[k], drawn.limit[k])
        found = intervals(device, np.zeros(1), -np.ones(1), 0.0, 8.0)
        ends = [high for _, high, _ in found]
        np.testing.assert_allclose(ends, [own.linear[k], own.full_price[k], 8.0], atol=1e-9)
        slopes = [region.sensitivity[0, 0] for *_, region in found]
        np.testing.assert_allclose(slopes, [0, 1 / own.quadratic[k], 0], atol=1e-12)


def test_a_weakly_active_row_is_left_out():
    device = toy()
    x, active = device.answer(np.array([-1.0, 0.0]))  # the optimum without the row is on it
    np.testing.assert_allclose(x, [1, 0], atol=1e-12)
    assert len(active) == 0
    np.testing.assert_allclose(device.region(np.array([-1.0, 0.0])).sensitivity, np.eye(2), atol=1e-12)
    np.testing.assert_allclose(device.region(np.array([-2.0, 0.0])).sensitivity, np.diag([0, 1]), atol=1e-12)


def test_rows_that_depend_on_each_other_are_no_obstacle():
    device = toy(inequality=np.array([[1.0, 0.0], [2.0, 0.0], [1.0, 0.0]]), limit=np.array([1.0, 2.0, 1.0]))
    region = device.region(np.array([-3.0, 0.5]))
    np.testing.assert_allclose(region.x, [1, -0.5], atol=1e-9)
    np.testing.assert_allclose(region.sensitivity, np.diag([0, 1]), atol=1e-9)


@pytest.mark.parametrize(("wrong", "message"), [
    ({"quadratic": np.diag([1.0, 0.0])}, "not positive definite"),
    ({"quadratic": np.array([[1.0, 0.5], [0.0, 1.0]])}, "not symmetric"),
    ({"equality": np.ones((2, 2)), "given": np.array([1.0, 2.0])}, "contradict each other"),
])  # fmt: skip
def test_wrong_devices_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        toy(**wrong)


def test_a_device_without_a_schedule_is_refused():
    device = toy(inequality=np.array([[1.0, 0.0], [-1.0, 0.0]]), limit=np.array([1.0, -2.0]))
    with pytest.raises(ValueError, match="no schedule of a device meets all its rows"):
        device.answer(np.zeros(2))


@pytest.fixture(scope="module")
def results():
    options = {"market": "demand-response", "populations": {"single": [6], "tight": [3]},
               "scenarios": {"base": {"label": "base"}}}  # fmt: skip
    return {"data": prepare.prepare(options, RESOURCES)}


def test_intervals_of_a_population(results):
    found = critical_regions.coordinate(results, population="single 6")
    drawn = device_draws.reductions(6, 42)
    np.testing.assert_allclose(found["interval_high"][:, 0], drawn.linear, atol=1e-9)
    np.testing.assert_allclose(found["interval_slope"][:, 1], 1 / drawn.quadratic, atol=1e-9)
    assert found["interval_high"].max() == Reductions(*drawn).full_price.max()


def test_wrong_populations_are_named(results):
    with pytest.raises(ValueError, match="no population 'single 7'; known: single 6, tight 3"):
        critical_regions.coordinate(results, population="single 7")
    with pytest.raises(ValueError, match="'tight 3' has 24 prices; name one of program single"):
        critical_regions.coordinate(results, population="tight 3")
