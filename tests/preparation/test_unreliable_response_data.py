"""The data of demand response over unreliable links: draws in the named order, links by hand, and options that cannot be."""

from itertools import product

import numpy as np
import pytest
from pydantic import ValidationError

import responses
from sharegrid.preparation.unreliable_response import most_deliverable


def test_users_follow_the_pattern():
    data, i = responses.data(), np.arange(8)
    np.testing.assert_allclose(data["success"][0], 0.55 + 0.05 * i)
    np.testing.assert_allclose(data["reduction_limit"][0], 2 + 0.5 * ((3 * i) % 5))
    np.testing.assert_allclose(data["reduction_price"][0], 1 + 0.3 * ((5 * i) % 8))


def test_outcomes_are_drawn_in_the_named_order():
    data = responses.data({"links": {"label": "p{link_success}", "link_success": [0.6, 0.8]}})
    draws = np.random.default_rng(2024).random((40, 8, 4))
    for k, p in enumerate((0.6, 0.8)):
        np.testing.assert_array_equal(
            data["arrived"][k].transpose("outcome", ...), np.maximum.accumulate(draws < p, axis=2)
        )
    np.testing.assert_array_equal(responses.data(seed=7)["arrived"][0, :, 0, 0],
                                  np.random.default_rng(7).random((40, 8, 4))[0, :, 0] < 0.55 + 0.05 * np.arange(8))  # fmt: skip


def test_hops_deadlines_and_members():
    users = {
        "near": {"success": 0.8, "limit_kw": 1, "price": 1},
        "far": {"success": 0.8, "limit_kw": 1, "price": 1, "hops": 3},
    }
    data = responses.data(users={"listed": users}, deadline_ms=125, slot_ms=20, requirement_kw=0.5)
    assert data["allowed"][0].values.tolist() == [[1, 1, 1, 1], [1, 1, 0, 0]]
    assert data["delivered"][0].sel(participant="far", option=1).item() == pytest.approx(0.96**3)
    assert data["slots_taken"].sel(participant="far", option=1) == 6
    assert data["attempts"][0].sel(participant="far", option=0).item() == pytest.approx(1 + 0.8 + 0.64)
    shares = data["arrived"][0].mean("outcome")
    assert (shares.sel(participant="far") <= 1).all() and (shares.diff("option") >= 0).all()
    fewer = responses.data({"few": {"label": "few", "members": [3]}}, requirement_kw=2)
    assert fewer["taking_part"].values.tolist() == [[1, 1, 1, 0, 0, 0, 0, 0]]
    assert not fewer["reduction_limit"][0, 3:].any() and not fewer["allowed"][0, 3:].any()


def test_a_relay_is_drawn_after_the_users():
    data = responses.data(relay={"success": 0.7, "users": ["U1", "U2"]}, requirement_kw=3)
    rng = np.random.default_rng(2024)
    rng.random((40, 8, 4))
    np.testing.assert_array_equal(
        data["relay_arrived"][0].transpose("outcome", ...), np.maximum.accumulate(rng.random((40, 4)) < 0.7, axis=1)
    )
    assert data["relayed"].values.tolist() == [0, 1, 1, 0, 0, 0, 0, 0]
    assert data["relay_slots"].values.tolist() == [1, 2, 3, 4]
    np.testing.assert_allclose(data["relay_delivered"][0], 1 - 0.3 ** np.arange(1, 5))


def test_a_deadline_counts_the_attempts_of_user_and_relay():
    users = {
        name: {"success": 0.9, "limit_kw": 1, "price": 1, "hops": hops} for name, hops in (("far", 2), ("near", 1))
    }
    relay = {"success": 0.4, "users": ["far"]}
    data = responses.data(users={"listed": users}, relay=relay, deadline_ms=100, slot_ms=20, requirement_kw=0.5)
    assert data["allowed"][0].values.tolist() == [[1, 1, 0, 0], [1, 1, 1, 1]]
    assert data["path_in_time"].sel(participant="far").values.tolist() == [
        [1, 1, 1, 0], [1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]  # fmt: skip
    assert (data["path_in_time"].sel(participant="near") == 1).all()
    text = "user 'far': deadline of 40 ms is shorter than one attempt on each of 3 hops"
    with pytest.raises(ValueError, match=text):
        responses.data(users={"listed": users}, relay=relay, deadline_ms=40, slot_ms=20, requirement_kw=0.5)


@pytest.mark.parametrize("deadline", [None, 60])
@pytest.mark.parametrize("relay", [None, {"success": 0.7, "users": ["U0", "U2"]}])
@pytest.mark.parametrize("slots", [1, 3, 6])
def test_the_most_that_users_deliver_is_that_of_every_choice(slots, relay, deadline):
    data = responses.data(
        users={"pattern": {"count": 4}}, slots=slots, relay=relay, deadline_ms=deadline, requirement_kw=0.1
    )
    one = data.isel(scenario=0)
    delivered, limit, behind = one["delivered"].values, one["reduction_limit"].values, one["relayed"].values
    best = 0.0
    for choice in product(range(-1, 4), repeat=4):
        for n in range(-1 if relay else 0, data.sizes["relay_option"]):
            through = 0.0 if n < 0 else one["relay_delivered"].values[n]
            used = sum(m + 1 for m in choice) + (0 if n < 0 else one["relay_slots"].values[n])
            total = sum(
                limit[i] * delivered[i, m] * (through if behind[i] else 1)
                for i, m in enumerate(choice)
                if m >= 0 and (deadline is None or m + 1 + (n + 1 if behind[i] else 0) <= deadline / 20)
            )
            best = max(best, total if used <= slots else 0.0)
    assert most_deliverable(one) == pytest.approx(best)


def test_more_than_users_deliver_is_refused_with_the_most():
    most = most_deliverable(responses.data(slots=3, requirement_kw=1).isel(scenario=0))
    responses.data(slots=3, requirement_kw=most)
    text = rf"requirement_kw {most * 1.001:g} is above {most:.6g} kW, the most .* in expectation within 3 slots"
    with pytest.raises(ValueError, match=text):
        responses.data(slots=3, requirement_kw=most * 1.001)
    with pytest.raises(ValueError, match="the most that users can deliver but in a share 0 within 1 slots"):
        responses.data(
            {"certain": {"label": "certain", "delivery": ["chance"], "epsilon": [0]}}, slots=1, requirement_kw=4
        )


PATTERN = {"pattern": {"count": 8}}


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"users": {}}, "users come from one of pattern, listed"),
        ({"users": PATTERN | {"listed": {"a": {"success": 0.5, "limit_kw": 1, "price": 1}}}}, "name exactly one"),
        ({"users": {"pattern": {"count": 11}}}, "success of user 10 is 1.05"),
        ({"users": {"listed": {"a": {"success": 0, "limit_kw": 1, "price": 1}}}}, "greater than 0"),
        ({"users": {"listed": {"a": {"success": 1.1, "limit_kw": 1, "price": 1}}}}, "less than or equal to 1"),
        ({"members": 9}, "members 9: there are 8 users only"),
        ({"scenarios": {"few": {"label": "few", "members": [9]}}}, "scenarios.few.members 9"),
        ({"link_success": 0.0}, "greater than 0"),
        ({"scenarios": {"x": {"label": "x", "epsilon": [1.0]}}}, "less than 1"),
        ({"most_retransmissions": -1}, "greater than or equal to 0"),
        ({"deadline_ms": 10.0}, "user 'U0': deadline of 10 ms is shorter than one attempt"),
        ({"burst_length": 0.5}, "greater than or equal to 1"),
        ({"burst_length": 1.0, "link_success": 0.4}, "too short for user 'U0', which loses 0.6 of its messages"),
        ({"relay": {"success": 0.9, "users": ["X"]}}, "no user 'X'; they are U0"),
        ({"relay": {"success": 0.3}, "burst_length": 2.0}, "too short for user 'the relay'"),
    ],
)
def test_options_that_cannot_be_are_named(options, text):
    with pytest.raises((ValueError, ValidationError), match=text):
        responses.data(**options)
