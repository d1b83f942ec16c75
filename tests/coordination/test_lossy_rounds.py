"""Rounds in which replies are lost: against a plain loop and the known counts, the channel alone, and what cannot be."""

import time
from itertools import pairwise

import numpy as np
import pytest

import responses
from sharegrid.coordination import lossy_rounds
from sharegrid.coordination.device_responses import Reductions
from sharegrid.coordination.lossy_rounds import Link, LossyReplies, StaleReplies, links_of
from sharegrid.coordination.rounds import run
from sharegrid.preparation.device_draws import reductions

KNOWN = {  # success -> least and most rounds over the seeds, of the multiplier method and the gradient
    1.0: ((11, 11), (13, 13)),
    0.9: ((10, 11), (11, 12)),
    0.6: ((17, 20), (11, 17)),
    0.4: ((13, 32), (12, 27)),
}
USERS, SHARE, TOLERANCE = 1000, 0.4, 1e-3


def rounds_by_hand(success: float, seed: int, multiplier: bool) -> int:
    """The rounds until the true mismatch is small, written as one loop over plain arrays."""
    draws = np.random.default_rng(42)
    a, b, xbar = 0.5 + draws.random(USERS), 2 * draws.random(USERS), 0.5 + 1.5 * draws.random(USERS)
    required, slope, rng = SHARE * xbar.sum(), (1 / a).sum(), np.random.default_rng(seed)
    price, beta, before, last_x, last_s = 0.0, 1.0, None, None, None
    for count in range(1, 500):
        x = np.clip((price - b) / a, 0, xbar)
        s = np.where((b <= price) & (price < b + a * xbar), 1 / a, 0.0)
        ok = np.ones(USERS, bool) if last_x is None else rng.random(USERS) < success
        last_x = x if last_x is None else np.where(ok, x, last_x)
        last_s = s if last_s is None else np.where(ok, s, last_s)
        if abs(required - x.sum()) <= TOLERANCE * required:
            return count
        e = required - last_x.sum()
        if not multiplier:
            price += e / slope
            continue
        if before is not None:
            beta = beta / 2 if e * before < 0 and abs(e) > 0.5 * abs(before) else min(1.0, 1.5 * beta)
        before = e
        price = np.clip(price + beta * e / max(last_s.sum(), 0.05 * slope), b.min(), (b + a * xbar).max())
    raise AssertionError("does not stop")


@pytest.fixture(scope="module")
def found():
    links = {"losses": {"success": list(KNOWN)}}
    return {name: lossy_rounds.coordinate({}, algorithm=name, links=links) for name in ("multiplier", "gradient")}


@pytest.mark.parametrize("success", KNOWN)
@pytest.mark.parametrize(("place", "algorithm"), [(0, "multiplier"), (1, "gradient")])
def test_rounds_are_those_of_a_plain_loop(found, success, place, algorithm):
    run_ = found[algorithm]
    rounds = run_["rounds"].where(run_["success"] == success, drop=True).values
    assert rounds.tolist() == [rounds_by_hand(success, seed, algorithm == "multiplier") for seed in range(5)]
    assert (rounds.min(), rounds.max()) == KNOWN[success][place]


def test_the_ends_are_near_the_optimum(found):
    for run_ in found.values():
        assert (run_["converged"] == 1).all()
        assert (abs(run_["certified_gap"]) <= 0.01).all()
        assert (abs(run_["final_cost"] - run_["central_cost"]) <= 0.005 * run_["central_cost"]).all()
        assert (run_["lower_bound"].max("round") <= run_["central_cost"] * (1 + 1e-9)).all()
        assert (abs(run_["price"] - run_["optimal_price"]) <= 2e-3).all()


def test_losses_make_replies_old_and_heavy_losses_take_the_advantage(found):
    mean = {name: run_["rounds"].groupby(run_["success"]).mean() for name, run_ in found.items()}
    assert mean["multiplier"].sel(success=1) < mean["gradient"].sel(success=1)
    assert mean["multiplier"].sel(success=0.6) > mean["gradient"].sel(success=0.6)
    age = found["multiplier"]["reply_age"].groupby(found["multiplier"]["success"]).mean().values
    assert (np.diff(age) < 0).all() and age[-1] == 0, "sorted by success"


def test_retransmission_restores_the_rounds_and_long_bursts_take_them():
    links = {"repeats": {"success": [0.4], "retransmissions": [0, 4]}, "bursts": {"success": [0.6], "burst": [2, 20]}}
    for algorithm in ("multiplier", "gradient"):
        found = lossy_rounds.coordinate({}, algorithm=algorithm, links=links)
        mean = found[["rounds", "attempts", "slots"]].to_dataframe().groupby([found["links"].values, found["retransmissions"].values,
                                                                               found["burst"].fillna(0).values]).mean()  # fmt: skip
        assert mean.loc[("repeats", 4, 0), "rounds"] < mean.loc[("repeats", 0, 0), "rounds"] - 3
        assert mean.loc[("repeats", 4, 0), "slots"] > mean.loc[("repeats", 0, 0), "slots"], "it costs time"
        assert mean.loc[("bursts", 0, 20), "rounds"] > 2 * mean.loc[("bursts", 0, 2), "rounds"]


def link(success=0.6, burst=np.nan, loss_bad=1.0, retransmissions=0):
    return Link("links", success, burst, loss_bad, retransmissions)


def channel(of=None, fields=2, users=6, seed=0):
    return LossyReplies(users, fields, of or link(), np.random.default_rng(seed))


def message(number, users=6):
    return np.concatenate([np.full(users, number), 100 * number + np.arange(users)])


def test_a_lost_reply_is_the_last_that_arrived_and_the_first_round_is_safe():
    of, draws = channel(), np.random.default_rng(0)
    expected = message(1.0).reshape(2, -1)
    np.testing.assert_array_equal(of([message(1.0)])[0].reshape(2, -1), expected)
    for number in range(2, 30):
        expected = np.where(draws.random(6) < 0.6, message(float(number)).reshape(2, -1), expected)
        (got,) = of([message(float(number))])
        np.testing.assert_array_equal(got.reshape(2, -1), expected)
        np.testing.assert_array_equal(got[6:] - np.arange(6), 100 * got[:6], "reply and its round stay together")


@pytest.mark.parametrize("burst", [np.nan, 3.0])
def test_edges_change_nothing(burst):
    one, three = (channel(link(burst=burst, retransmissions=1)) for _ in range(2))
    for number in range(1, 20):
        whole = message(float(number)).reshape(2, -1)
        parts = [whole[:, :1].ravel(), whole[:, 1:4].ravel(), whole[:, 4:].ravel()]
        together = np.concatenate([part.reshape(2, -1) for part in three(parts)], axis=1)
        np.testing.assert_array_equal(one([whole.ravel()])[0].reshape(2, -1), together)


@pytest.mark.parametrize(
    "of",
    [
        link(burst=1 / 0.6),
        link(burst=4.0),
        link(burst=4.0, retransmissions=2),
        link(burst=4.0, loss_bad=0.8, retransmissions=1),
    ],
)
def test_replies_arrive_as_often_as_the_link_says(of):
    users, rounds = 4000, 60
    replies = channel(of, users=users)
    replies([message(1.0, users)])
    fresh = np.array([replies([message(float(k), users)])[0][:users] == k for k in range(2, rounds)])
    spread = fresh.mean(axis=0).std() / np.sqrt(users)
    assert abs(fresh.mean() - of.delivery) <= 4 * spread
    if of.loss_bad == 1 and not of.retransmissions:
        lost_after_lost = (~fresh[1:] & ~fresh[:-1]).sum() / (~fresh[:-1]).sum()
        assert lost_after_lost == pytest.approx(1 - 1 / of.burst, abs=0.01)


def test_a_link_without_bursts_is_one_with_those_of_independent_losses():
    for m in range(4):
        alone, chain = link(retransmissions=m), link(burst=1 / 0.6, retransmissions=m)
        assert alone.delivery == pytest.approx(chain.delivery) and alone.attempts == pytest.approx(chain.attempts)


def test_without_a_solution_in_time_the_run_says_so():
    found = lossy_rounds.coordinate({}, algorithm="gradient", links={"losses": {"success": [0.4]}}, rounds=3, losses=2)
    assert found["rounds"].values.tolist() == [3, 3] and not found["converged"].any()
    assert found["final_cost"].isnull().all() and (found["lower_bound"] < found["central_cost"]).all()


def test_a_round_of_many_users_is_quick():
    users = 100_000
    devices = Reductions(*reductions(users, 42))
    method = StaleReplies(devices, SHARE * devices.limit.sum(), 1e-12, "multiplier")
    of = channel(fields=3, users=users)
    heard, seconds = method.initialise(), []
    for _ in range(12):
        start = time.perf_counter()
        heard, progress = method.update(of([method.local_solve(0, heard[0])]))
        seconds.append(time.perf_counter() - start)
    assert not progress.done and min(seconds) < 0.1


def test_numbers_told_are_counted():
    devices = Reductions(*reductions(50, 42))
    for algorithm, numbers in (("multiplier", 3), ("gradient", 2)):
        method = StaleReplies(devices, SHARE * devices.limit.sum(), TOLERANCE, algorithm)
        history = run(method, 200, channel(link(1.0), numbers, 50))
        assert history.floats == [2 + numbers * 50] * len(history.progress)
        assert not any(first.done for first, _ in pairwise(history.progress)) and history.progress[-1].done


@pytest.mark.parametrize(
    ("links", "text"),
    [
        ({"a": {"burst": [2]}}, "links.a: success is missing"),
        (
            {"a": {"success": [0.5], "length": [2]}},
            "links.a: no field 'length'; known: success, burst, loss_bad, retransmissions",
        ),
        ({"a": {"success": [0.0]}}, "links.a: success is 0; a probability must be above 0"),
        ({"a": {"success": [1.5]}}, "links.a: success is 1.5"),
        ({"a": {"success": [0.5], "retransmissions": [-1]}}, "links.a: retransmissions is -1"),
        (
            {"a": {"success": [0.5], "retransmissions": [1.5]}},
            "links.a: retransmissions is 1.5; it must be a whole number",
        ),
        ({"a": {"success": [0.3], "burst": [1]}}, "links.a: bursts of 1 steps are too short"),
        ({"a": {"success": [0.4], "burst": [2], "loss_bad": [0.5]}}, "links.a: loss_bad 0.5 is too low to lose 0.6"),
        ({"a": {"success": [0.4], "burst": [2], "loss_bad": [0]}}, "links.a: loss_bad 0 is too low to lose 0.6"),
        ({"a": {"success": [0.5, 0.5]}}, "links.a: 'a p0.5 m0' stands twice"),
    ],
)
def test_links_that_cannot_be_are_named(links, text):
    with pytest.raises(ValueError, match=text):
        links_of(links)


def test_a_study_has_the_runs_of_both_methods():
    coordination = responses.results()["coordination"]
    assert coordination["method"].values.tolist() == ["lossy-rounds@multiplier", "lossy-rounds@gradient"]
    assert coordination.sizes["scenario"] == 5 * (3 + 2 + 2)
    assert coordination["rounds"].notnull().all()
