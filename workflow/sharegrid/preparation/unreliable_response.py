"""A study's users and their links -> the data of demand response over unreliable links, all scenarios in one Dataset."""

import numpy as np
import xarray as xr

from sharegrid import schema
from sharegrid.options.unreliable_response import ResponseUser, UnreliableResponseMarket
from sharegrid.preparation.inputs import Inputs
from sharegrid.preparation.links import arrivals, delivery_probability, expected_attempts, most_retransmissions
from sharegrid.sweeps import Variant, coordinates, variants

USER, OPTION = ("scenario", "participant"), ("scenario", "participant", "option")
ROUNDING = 1e-9


def prepare(options: UnreliableResponseMarket, inputs: Inputs) -> xr.Dataset:
    """Dims scenario, participant (user), option (number of retransmissions), outcome (drawn loss scenario).

    The uniform draws (outcome, user, option) of one generator are the same in all scenarios, so that a better link loses
    a part of what a worse one loses; with several hops the draws have the hops last, those of a relay follow. ValueError names
    field, label and cure, and the most that users can deliver where more is required.
    """
    people = users_of(options)
    found, option = variants(options), np.arange(options.most_retransmissions + 1)
    data = coordinates(found).assign_coords(
        participant=list(people),
        option=option,
        relay_option=option if options.relay else option[:1],
        outcome=np.arange(1, options.loss_scenarios + 1),
        link_success=("scenario", [_missing(one.values["link_success"]) for one in found]),
        burst_length=("scenario", [_missing(one.values["burst_length"]) for one in found]),
        members=("scenario", [one.values["members"] or len(people) for one in found]),
    )
    hops = np.array([one.hops for one in people.values()])
    behind = _behind_relay(options, list(people))
    in_time = _in_time(options, people, behind)
    draws, relay_draws = _draws(options, hops)
    by_scenario = [_scenario(people, one, hops, in_time, draws) | _relay(options, one, relay_draws) for one in found]
    dims = {name: dim for name, (dim, _) in by_scenario[0].items()}
    data = data.assign({name: (dim, np.stack([one[name][1] for one in by_scenario])) for name, dim in dims.items()})
    taken, shared = hops[:, None] * (option + 1.0), data["relay_option"].values + (1.0 if options.relay else 0.0)
    data = data.assign(
        hops=("participant", hops),
        relayed=("participant", behind.astype("i1")),
        relay_slots=("relay_option", shared),
        slots_taken=(("participant", "option"), taken),
        path_in_time=(("participant", "option", "relay_option"), _path_in_time(options, taken, shared, behind)),
        backup_price=("scenario", np.full(len(found), options.backup_price)),
    )
    return schema.described(checked(data.assign_attrs(money="$", energy="kWh", centre="aggregator")), "data")


def _missing(value: float | None) -> float:
    return np.nan if value is None else value


def users_of(options: UnreliableResponseMarket) -> dict[str, ResponseUser]:
    """The users by name, in the order in which they join."""
    if options.users.listed:
        return dict(options.users.listed)
    one = options.users.pattern
    return {
        f"U{i}": ResponseUser(
            success=min(one.success + one.success_step * i, 1.0),
            limit_kw=one.limit_kw + one.limit_step_kw * (3 * i % 5),
            price=one.price + one.price_step * (5 * i % 8),
            hops=one.hops,
        )
        for i in range(one.count)
    }


def _behind_relay(options: UnreliableResponseMarket, names: list[str]) -> np.ndarray:
    """(user), whether the link ends in the relay; ValueError for a user that does not exist."""
    if options.relay is None:
        return np.zeros(len(names), dtype=bool)
    behind = names if options.relay.users is None else options.relay.users
    if unknown := [name for name in behind if name not in names]:
        raise ValueError(f"prepare.relay.users: no user '{unknown[0]}'; they are {', '.join(names)}")
    return np.isin(names, behind)


def _in_time(options: UnreliableResponseMarket, people: dict[str, ResponseUser], behind: np.ndarray) -> np.ndarray:
    """(user, option), whether as many attempts on all own hops, and one of the relay, end before the deadline."""
    option = np.arange(options.most_retransmissions + 1)
    most = np.full(len(people), options.most_retransmissions)
    for k, (name, one) in enumerate(people.items() if options.deadline_ms else ()):
        try:
            most_retransmissions(options.deadline_ms, options.slot_ms, one.hops + int(behind[k]))
            own_ms = options.deadline_ms - int(behind[k]) * options.slot_ms
            most[k] = most_retransmissions(own_ms, options.slot_ms, one.hops)
        except ValueError as error:
            raise ValueError(f"prepare.users: user '{name}': {error}") from None
    return option <= most[:, None]


def _path_in_time(options: UnreliableResponseMarket, taken, shared, behind) -> np.ndarray:
    """(user, option, relay option), 1 where h_i (m + 1) + (n + 1) attempts, those of the relay only behind it, end before the
    deadline; taken (user, option) and shared (relay option) are the attempts, behind (user) tells who is relayed."""
    attempts = taken[:, :, None] + np.where(behind[:, None, None], shared, 0.0)
    if options.deadline_ms is None:
        return np.ones(attempts.shape, "i1")
    return (attempts * options.slot_ms <= options.deadline_ms * (1 + ROUNDING)).astype("i1")


def _draws(options: UnreliableResponseMarket, hops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Uniform draws (outcome, user, option, hop), hops that a link does not have are drawn and not used, then those of the
    relay (outcome, option)."""
    rng, attempts = np.random.default_rng(options.seed), options.most_retransmissions + 1
    users = rng.random((options.loss_scenarios, len(hops), attempts, int(hops.max())))
    return users, rng.random((options.loss_scenarios, attempts))


def _scenario(people: dict[str, ResponseUser], one: Variant, hops, in_time, draws) -> dict[str, tuple]:
    """(dims, values) of what differs between scenarios."""
    common, length, count = (one.values[name] for name in ("link_success", "burst_length", "members"))
    joins = np.arange(len(people)) < (count or len(people))
    success = np.array([user.success if common is None else common for user in people.values()])
    repeat = success if length is None else np.full(len(people), 1 / length)
    _check_bursts(list(people), success, length)
    option = np.arange(in_time.shape[1])
    link = {"repeat": repeat[:, None], "hops": hops[:, None]}
    over_hops = arrivals(np.moveaxis(draws, 3, 2), success[:, None], repeat[:, None])  # (outcome, user, hop, option)
    unused = np.arange(draws.shape[3]) >= hops[:, None]
    arrived = (over_hops | unused[:, :, None]).all(axis=2)
    return {
        "taking_part": (USER, joins.astype("i1")),
        "success": (USER, success),
        "reduction_limit": (USER, np.array([user.limit_kw for user in people.values()]) * joins),
        "reduction_price": (USER, np.array([user.price for user in people.values()])),
        "allowed": (OPTION, (in_time & joins[:, None]).astype("i1")),
        "delivered": (OPTION, delivery_probability(success[:, None], option, **link)),
        "attempts": (OPTION, expected_attempts(success[:, None], option, **link)),
        "arrived": ((*OPTION, "outcome"), np.moveaxis(arrived, 0, 2).astype("i1")),
    }


def _relay(options: UnreliableResponseMarket, one: Variant, draws: np.ndarray) -> dict[str, tuple]:
    """(dims, values) of the relay in a scenario; without one every call passes, for nothing."""
    dims = ("scenario", "relay_option")
    if options.relay is None:
        passes = {"relay_delivered": (dims, np.ones(1)), "relay_attempts": (dims, np.zeros(1))}
        return passes | {"relay_arrived": ((*dims, "outcome"), np.ones((1, len(draws)), "i1"))}
    length, success, option = one.values["burst_length"], options.relay.success, np.arange(draws.shape[1])
    repeat = success if length is None else 1 / length
    _check_bursts(["the relay"], np.array([success]), length)
    arrived = arrivals(draws, success, repeat)
    return {
        "relay_delivered": (dims, delivery_probability(success, option, repeat)),
        "relay_attempts": (dims, expected_attempts(success, option, repeat)),
        "relay_arrived": ((*dims, "outcome"), arrived.T.astype("i1")),
    }


def _check_bursts(names: list[str], success: np.ndarray, length: float | None) -> None:
    """ValueError for a burst that is shorter than losses of this probability can be."""
    if length is None:
        return
    worst = int(np.argmin(success))
    shortest = (1 - success[worst]) / success[worst]
    if length < shortest - ROUNDING:
        raise ValueError(
            f"prepare: burst_length {length:g} is too short for user '{names[worst]}', which loses "
            f"{1 - success[worst]:g} of its messages: bursts last at least {shortest:g} attempts"
        )


def checked(data: xr.Dataset) -> xr.Dataset:
    """The data, if users can deliver what is required; ValueError names scenario, requirement and the most they can."""
    for scenario in data["scenario"].values:
        one = data.sel(scenario=scenario)
        most = most_deliverable(one)
        if float(one["requirement_kw"]) > most * (1 + ROUNDING) + ROUNDING:
            how = "in expectation" if one["delivery"] == "expected" else f"but in a share {float(one['epsilon']):g}"
            raise ValueError(
                f"prepare: scenario '{scenario}': requirement_kw {float(one['requirement_kw']):g} is above "
                f"{most:.6g} kW, the most that users can deliver {how} within {int(one['slots'])} slots; "
                "lower it, or raise slots"
            )
    return data


def most_deliverable(one: xr.Dataset) -> float:
    """The most that users can deliver in one scenario, kW.

    In expectation max sum_im rho_im xbar_i z_im within the slots, exactly. With chance: what is delivered in all but
    floor(epsilon S) outcomes if retransmissions could be chosen after the losses, which no choice before exceeds.
    """
    chance = bool(one["delivery"] == "chance")
    passes, relay = ("arrived", "relay_arrived") if chance else ("delivered", "relay_delivered")
    own = (one["reduction_limit"] * one["allowed"] * one[passes]).transpose("participant", "option", ...).values
    own, shared = own.reshape(*own.shape[:2], -1), one[relay].values.reshape(one.sizes["relay_option"], -1)
    behind, slots, taken = one["relayed"].values[:, None, None] == 1, int(one["slots"]), one["slots_taken"].values
    best = _most_within(np.where(behind, 0.0, own), taken, slots)
    in_time = one["path_in_time"].values
    for n, used in enumerate(one["relay_slots"].values.astype(int)):
        if used <= slots:
            passed = np.where(behind, shared[n] * in_time[:, :, n, None], 1.0) * own
            best = np.maximum(best, _most_within(passed, taken, slots - used))
    missed = allowed_misses(float(one["epsilon"]), len(best)) if chance else 0
    return float(np.sort(best)[min(missed, len(best) - 1)])


def allowed_misses(epsilon: float, outcomes: int) -> int:
    """floor(epsilon S), safe against a product just below a whole number."""
    return int(np.floor(epsilon * outcomes + ROUNDING))


def _most_within(worth: np.ndarray, taken: np.ndarray, slots: int) -> np.ndarray:
    """max sum_i worth_i,m(i) with sum_i taken_i,m(i) <= slots, at most one option each (case): a dynamic program.

    worth (user, option, case), taken (user, option) in whole slots.
    """
    best = np.zeros((slots + 1, worth.shape[2]))
    for values, needs in zip(worth, taken.astype(int), strict=True):
        before = best.copy()
        for value, need in zip(values, needs, strict=True):
            if need <= slots:
                best[need:] = np.maximum(best[need:], before[: slots + 1 - need] + value)
    return best[-1]
