"""Links that lose attempts: closed forms against examples by hand, against drawn attempts, and what cannot be."""

import numpy as np
import pytest

from sharegrid.preparation import links
from sharegrid.preparation.links import BurstLosses, delivery_probability, expected_attempts, most_retransmissions

DRAWS = 100_000


def test_examples_by_hand():
    assert delivery_probability(0.8, 2, hops=3) == pytest.approx(0.976191, abs=5e-7)
    assert expected_attempts(0.8, 2) == pytest.approx(1.24)
    assert delivery_probability(0.6, 1, hops=2) == pytest.approx(0.7056)
    np.testing.assert_allclose(delivery_probability(0.6, np.array([0, 1, 2])), [0.6, 0.84, 0.936])
    assert links.path_probability([0.84, 0.936, 0.5]) == pytest.approx(0.84 * 0.936 * 0.5)


def attempts_by_hand(p, r, m, hops, rng):
    """(arrived, attempts) of drawn messages, attempt by attempt and hop by hop."""
    alive, attempts = np.ones(DRAWS, bool), np.zeros(DRAWS)
    for _ in range(hops):
        passed = np.zeros(DRAWS, bool)
        for k in range(m + 1):
            tried = alive & ~passed
            attempts += tried
            passed |= tried & (rng.random(DRAWS) < (p if k == 0 else r))
        alive = passed
    return alive, attempts


@pytest.mark.parametrize(
    ("p", "m", "hops", "r"), [(0.8, 2, 3, None), (0.6, 1, 2, None), (0.3, 3, 1, None), (0.7, 2, 2, 0.25)]
)
def test_closed_forms_are_those_of_drawn_attempts(p, m, hops, r):
    arrived, attempts = attempts_by_hand(p, p if r is None else r, m, hops, np.random.default_rng(1))
    rho = float(delivery_probability(p, m, r, hops))
    assert abs(arrived.mean() - rho) <= 4 * np.sqrt(rho * (1 - rho) / DRAWS)
    assert abs(attempts.mean() - float(expected_attempts(p, m, r, hops))) <= 4 * attempts.std() / np.sqrt(DRAWS)


def test_arrivals_are_coupled_over_the_attempts_and_better_links_lose_less():
    draws = np.random.default_rng(2).random((DRAWS, 3))
    arrived = links.arrivals(draws, 0.6)
    assert (np.diff(arrived.astype(int), axis=1) >= 0).all()
    rho = delivery_probability(0.6, np.arange(3))
    assert (np.abs(arrived.mean(axis=0) - rho) <= 4 * np.sqrt(rho * (1 - rho) / DRAWS)).all()
    assert (links.arrivals(draws, 0.7) >= arrived).all()
    first = links.arrivals(draws, 0.6, 0.2)
    np.testing.assert_array_equal(first[:, 0], arrived[:, 0])
    assert (first <= arrived).all()


@pytest.mark.parametrize("link", [BurstLosses(0.1, 0.3), BurstLosses(0.2, 0.5, 0.7), BurstLosses.of(0.6, 5)])
def test_bursts_are_those_of_a_drawn_chain(link):
    rng, steps = np.random.default_rng(3), 40
    bad = link.start(DRAWS // 10, rng)
    passed = np.empty((steps, len(bad)), bool)
    for k in range(steps):
        bad, passed[k] = link.step(bad, rng)
    spread = passed.mean(axis=0).std() / np.sqrt(passed.shape[1])
    assert abs(passed.mean() - link.success) <= 4 * spread
    for m in (0, 1, 3):
        arrived = passed[: m + 1].any(axis=0)
        rho = link.delivery_probability(m)
        assert abs(arrived.mean() - rho) <= 4 * np.sqrt(rho * (1 - rho) / len(arrived)), m
        attempts = 1 + (~np.maximum.accumulate(passed[:m], axis=0)).sum(axis=0)
        assert abs(attempts.mean() - link.expected_attempts(m)) <= 4 * attempts.std() / np.sqrt(len(attempts)), m


def test_bursts_of_given_mean_and_length():
    link = BurstLosses.of(0.6, 5)
    assert link.success == pytest.approx(0.6) and link.to_good == pytest.approx(0.2)
    for m in range(4):
        assert link.delivery_probability(m) == pytest.approx(float(delivery_probability(0.6, m, 0.2)))
    independent = BurstLosses.of(0.6, 1 / 0.6)
    assert independent.to_bad + independent.to_good == pytest.approx(1)
    assert independent.delivery_probability(2) == pytest.approx(0.936)
    weak = BurstLosses.of(0.8, 4, loss_bad=0.5)
    assert weak.success == pytest.approx(0.8) and weak.bad_share == pytest.approx(0.4)


def test_retransmissions_in_time():
    assert most_retransmissions(60, 20) == 2
    assert most_retransmissions(0.3, 0.1) == 2, "a quotient just below a whole number"
    assert most_retransmissions(59, 20) == 1
    assert most_retransmissions(120, 20, hops=3) == 1
    with pytest.raises(ValueError, match=r"deadline of 30 ms is shorter than one attempt on each of 2 hops \(40 ms\)"):
        most_retransmissions(30, 20, hops=2)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: delivery_probability(0.0, 1), "success is 0; a probability must be above 0 and at most 1"),
        (lambda: delivery_probability(1.2, 1), "success is 1.2"),
        (lambda: delivery_probability(np.array([0.5, np.nan]), 1), "success is nan"),
        (lambda: expected_attempts(0.5, -1), "retransmissions is -1; it must not be negative"),
        (lambda: expected_attempts(0.5, 1, 0.0), "repeat is 0"),
        (lambda: BurstLosses(1.2, 0.5), "to_bad is 1.2"),
        (lambda: BurstLosses(0.1, 0.0), "to_good is 0; a probability must be above 0"),
        (
            lambda: BurstLosses.of(0.4, 1),
            "bursts of 1 steps are too short to lose 0.6 of all messages; they last at least 1.5",
        ),
        (lambda: BurstLosses.of(0.4, 5, 0.5), "loss_bad 0.5 is too low to lose 0.6"),
        (lambda: BurstLosses.of(0.4, 0.5), "burst length is 0.5; it must be at least 1 step"),
    ],
)
def test_what_cannot_be_is_named(call, text):
    with pytest.raises(ValueError, match=text.replace("(", r"\(")):
        call()
