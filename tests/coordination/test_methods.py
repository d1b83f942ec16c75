"""Dantzig-Wolfe and sharing ADMM reach the central optimum, by what members may tell only."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp

from coordinated import program_of, random_program, ten_users
from sharegrid.coordination import dantzig_wolfe, sharing_admm
from sharegrid.coordination.dantzig_wolfe import DantzigWolfe
from sharegrid.coordination.decomposition import decompose
from sharegrid.coordination.proximal import Proximal, Tolerance
from sharegrid.coordination.rounds import run
from sharegrid.coordination.sharing_admm import SharingAdmm
from sharegrid.optimise.highs import Program
from sharegrid.optimise.quadratic import live
from sharegrid.schema import check

BOTH = ["capacity 0", "capacity 5"]
AGREES = 1e-4  # relative; what the multipliers must reach of the central optimum


@pytest.mark.parametrize("options", [{}, {"pieces": False}, {"smoothing": 0.5}, {"pieces": False, "smoothing": 0.5}])
@pytest.mark.parametrize("seed", range(3))
def test_bounds_bracket_the_optimum_in_every_round(seed, options):
    program, owned = random_program(seed)
    optimum = live(program).solve().objective
    history = run(DantzigWolfe(decompose(program, owned), 1e-6, **options), 200)
    costs = np.array([one.objective for one in history.progress])
    bounds = np.array([one.lower_bound for one in history.progress])
    assert (costs >= optimum - 1e-7 * abs(optimum)).all() and (bounds <= optimum + 1e-7 * abs(optimum)).all()
    assert (np.diff(bounds) >= 0).all() and (costs[1:] <= costs[:-1]).all()
    assert history.progress[-1].done and costs[-1] == pytest.approx(optimum, rel=2e-6)


def test_dantzig_wolfe_on_the_community_is_certified():
    found = check(dantzig_wolfe.coordinate(ten_users(), scenarios=BOTH), "own")
    assert (found["converged"] == 1).all() and (found["certified_gap"] <= 1e-3).all()
    central = ten_users()["cleared"]["objective"].sel(scenario=BOTH)
    assert (found["final_cost"] >= central - 1e-6).all()
    assert (np.abs(found["final_cost"] - central) <= 1e-3 * central).all()
    assert (found["lower_bound"] <= central + 1e-6).sum() == found["lower_bound"].notnull().sum()
    np.testing.assert_array_equal(found["messages"], 10 * found["rounds"])


def test_sharing_admm_on_the_community_reaches_the_optimum():
    found = check(sharing_admm.coordinate(ten_users(), scenarios=BOTH, rho=0.003), "own")
    assert (found["converged"] == 1).all()
    central = ten_users()["cleared"]["objective"].sel(scenario=BOTH)
    assert (np.abs(found["final_cost"] - central) <= AGREES * central).all()
    last = found.isel(scenario=0)
    stopped = int(last["rounds"]) - 1
    assert max(last["primal_residual"][stopped], last["dual_residual"][stopped]) <= 1e-4
    assert max(last["primal_residual"][stopped - 1], last["dual_residual"][stopped - 1]) > 1e-4


@pytest.mark.parametrize("seed", range(3))
def test_sharing_admm_takes_quadratic_costs(seed):
    program, owned = random_program(seed, quadratic=True)
    optimum = live(program).solve().objective
    method = SharingAdmm(decompose(program, owned), 0.5, 1e-6, balanced_rounds=100)
    history = run(method, 1000)
    assert history.progress[-1].done
    assert method.settle() == pytest.approx(optimum, rel=AGREES)


@pytest.mark.parametrize("seed", range(3))
def test_prices_of_both_methods_are_the_duals(seed):
    program, owned = random_program(seed, quadratic=True)
    split = decompose(program, owned)
    dual = live(split.program).solve().row_dual[split.coupling]
    method = SharingAdmm(split, 0.5, 1e-7, balanced_rounds=100)
    run(method, 3000)
    np.testing.assert_allclose(method.prices, dual, atol=1e-4)
    program, owned = random_program(seed)
    split = decompose(program, owned)
    method = DantzigWolfe(split, 1e-9)
    run(method, 200)
    at_prices = sum(
        live(_at(part.program, part.contribution, method.prices[part.rows])).solve().objective
        for part in (split.nobody, *split.members)
    )
    optimum = live(program).solve().objective
    assert at_prices + method.prices @ split.low == pytest.approx(optimum, rel=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_prices_are_in_the_units_of_the_rows_of_the_market(seed):
    program, owned = random_program(seed, quadratic=True)
    units = np.ones(program.matrix.shape[0])
    units[:4] = [10.0, 0.1, 5.0, 1.0]
    program = replace(program, matrix=sp.csr_matrix(sp.diags(units) @ program.matrix),
                      row_lower=program.row_lower * units, row_upper=program.row_upper * units)  # fmt: skip
    split = decompose(program, owned)
    np.testing.assert_allclose(split.factor, 1 / units[:4])
    method = SharingAdmm(split, 0.5, 1e-7, balanced_rounds=100)
    run(method, 3000)
    dual = live(program).solve().row_dual[split.coupling]
    np.testing.assert_allclose(method.prices * units[:4], dual * units[:4], atol=1e-4)
    assert split.by_row(method.prices).keys() == {0, 1, 2, 3}


def test_told_prices_are_the_central_duals_of_the_balances():
    program, owned = program_of("capacity 0")
    split = decompose(program, owned)
    dual = live(program).solve().row_dual[split.coupling]
    for method, options in ((dantzig_wolfe, {"tolerance": 1e-7}), (sharing_admm, {"rho": 0.003})):
        found = check(method.coordinate(ten_users(), scenarios=["capacity 0"], **options), "own")
        price = found["row_price"].isel(scenario=0)
        np.testing.assert_array_equal(price["coupling_row"], split.coupling)
        assert price.attrs["units"] == "CAD/day per unit of the row"
        np.testing.assert_allclose(price, dual, atol=1e-3 * np.abs(dual).max())


def _at(program: Program, contribution, prices) -> Program:
    return Program(program.cost - contribution.T @ prices, program.lower, program.upper, program.matrix,
                   program.row_lower, program.row_upper)  # fmt: skip


def test_members_hear_prices_and_tell_contributions_only():
    split = decompose(*program_of("capacity 5"))
    rows = sum(len(member.rows) for member in split.members)
    admm = run(SharingAdmm(split, 0.003, 1e-4), 2)
    assert admm.floats == [2 * rows + len(split.members)] * 2  # and rho
    numbers = 2 * len(split.members)  # of the round, heard and told
    whole = run(DantzigWolfe(split, pieces=False), 2)
    assert whole.floats == [2 * rows + len(split.members) + numbers] * 2  # and one cost
    pieces = sum(member.pieces.count for member in split.members)
    assert run(DantzigWolfe(split), 2).floats == [2 * rows + pieces + numbers] * 2


def test_pieces_need_fewer_rounds_and_the_same_start_the_same_rounds():
    split = decompose(*program_of("capacity 5"))
    rounds = {pieces: len(run(DantzigWolfe(split, 1e-4, pieces), 300).progress) for pieces in (True, False)}
    assert rounds[True] < rounds[False]
    again = run(DantzigWolfe(decompose(*program_of("capacity 5")), 1e-4), 300)
    assert len(again.progress) == rounds[True]


def repeating(seed: int, share: float = 0.3):
    """A channel that loses `share` of the messages after the first round; the coordinator then has the member's last one."""
    draws, last, lost = np.random.default_rng(seed), {}, []

    def channel(told):
        for k, message in enumerate(told):
            if k in last and draws.random() < share:
                lost.append(k)
            else:
                last[k] = message
        return [last[k] for k in range(len(told))]

    return channel, lost


@pytest.mark.parametrize("pieces", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_old_messages_make_no_bound(seed, pieces):
    split = decompose(*program_of("capacity 5"))
    optimum = live(split.program).solve().objective
    channel, lost = repeating(seed, 0.1)
    history = run(DantzigWolfe(split, 1e-3, pieces), 150, channel)
    bounds = np.array([one.lower_bound for one in history.progress])
    assert lost and np.isfinite(bounds).any()
    assert (bounds <= optimum + 1e-7 * optimum).all()
    assert all(one.objective >= optimum - 1e-7 * optimum for one in history.progress)
    last = history.progress[-1]
    assert last.done == (last.objective - last.lower_bound <= 1e-3 * last.objective)


def test_a_round_with_an_old_message_moves_no_bound():
    split = decompose(*random_program(0))
    method = DantzigWolfe(split, 1e-9)
    heard, told = method.initialise(), []
    for _ in range(5):
        told.append([method.local_solve(k, message) for k, message in enumerate(heard)])
        heard, before = method.update(told[-1])
    fresh = [method.local_solve(k, message) for k, message in enumerate(heard)]
    _, progress = method.update([told[0][0], *fresh[1:]])
    assert np.isfinite(before.lower_bound) and progress.lower_bound == before.lower_bound


def test_used_up_rounds_are_told():
    found = dantzig_wolfe.coordinate(ten_users(), scenarios=["capacity 5"], rounds=2)
    assert found["converged"].item() == 0 and found["rounds"].item() == 2


@pytest.mark.parametrize("seed", range(2))
def test_a_member_remembers_what_it_told_not_what_arrived(seed):
    split = decompose(*random_program(seed, quadratic=True))
    told = {}

    class Kept(SharingAdmm):
        def local_solve(self, member, heard):
            asked = heard[:-1] + told.get(member, 0)  # the member's own last contribution plus what its rows lack
            part = split.members[member]
            self._inexact = Tolerance(1e-9, 1e-9)
            told[member] = super().local_solve(member, heard)
            alone = Proximal(part.program, part.contribution).solve(heard[-1], asked, Tolerance(1e-9, 1e-9), 20000)
            np.testing.assert_allclose(told[member], part.contribution @ alone, atol=1e-4)
            return told[member]

    method = Kept(split, 0.5, 1e-6)
    history = run(method, 5, lambda sent: [np.zeros_like(message) for message in sent])
    members = sum(
        part.program.cost @ x + part.program.quadratic @ x**2
        for part, x in zip(split.members, method._schedules, strict=True)
    )
    lacking = split.low - split.total([told[k] for k in range(3)])
    bought = split.nobody.program.cost[4:] @ np.maximum(-lacking, 0) + split.nobody.program.cost[:4] @ np.maximum(
        lacking, 0
    )
    assert history.progress[-1].objective == pytest.approx(members + bought, rel=1e-6)


def test_the_last_round_is_a_round_and_the_settlement_is_the_final_cost():
    split = decompose(*program_of("capacity 5"))
    method = SharingAdmm(split, 0.003, 1e-4, balanced_rounds=250)
    history = run(method, 500)
    found = sharing_admm.coordinate(ten_users(), scenarios=["capacity 5"], rho=0.003).isel(scenario=0)
    stopped = int(found["rounds"]) - 1
    assert found["coordinated_cost"][stopped].item() == pytest.approx(history.progress[-1].objective, rel=1e-9)
    assert found["final_cost"].item() == pytest.approx(method.settle(), rel=1e-9)
    assert found["final_cost"].item() != pytest.approx(history.progress[-1].objective, rel=1e-9)
    optimum = found["central_cost"].item()
    np.testing.assert_allclose(found["gap"], (found["coordinated_cost"] - optimum) / optimum, rtol=1e-12)


def test_a_settlement_that_is_not_solved_is_an_error(monkeypatch):
    monkeypatch.setattr(sharing_admm, "SETTLING", 5)
    with pytest.raises(RuntimeError, match="the last problem of member .* in 5 iterations; try another rho"):
        sharing_admm.coordinate(ten_users(), scenarios=["capacity 5"], rounds=3)


@pytest.mark.parametrize(("wrong", "message"), [
    ({"scenarios": []}, "no scenarios are named; known: capacity 0"),
    ({"scenarios": ["capacity 5", "capacity 7"]}, "no scenario 'capacity 7'; known: capacity 0"),
    ({"rounds": 0}, "rounds is 0; it must be at least 1"),
    ({"tolerance": -1.0}, "tolerance is -1; it must be above 0 and below 1"),
    ({"tolerance": float("nan")}, "tolerance is nan"),
])  # fmt: skip
@pytest.mark.parametrize("method", [dantzig_wolfe, sharing_admm])
def test_wrong_options_are_named(method, wrong, message):
    with pytest.raises(ValueError, match=message):
        method.coordinate(ten_users(), **({"scenarios": ["capacity 0"]} | wrong))


@pytest.mark.parametrize(("wrong", "message"), [
    ({"rho": 0.0}, "rho is 0; it must be positive and finite"),
    ({"rho": float("nan")}, "rho is nan"),
    ({"rho": float("inf")}, "rho is inf"),
    ({"relaxation": 0.0}, "relaxation is 0; it must be above 0 and below 2"),
    ({"relaxation": 2.0}, "relaxation is 2; it must be above 0 and below 2"),
])  # fmt: skip
def test_wrong_options_of_sharing_admm_are_named(wrong, message):
    with pytest.raises(ValueError, match=message):
        sharing_admm.coordinate(ten_users(), scenarios=["capacity 0"], **wrong)


def test_errors_name_what_is_wrong():
    program, owned = random_program(0, quadratic=True)
    with pytest.raises(ValueError, match="use sharing-admm"):
        DantzigWolfe(decompose(program, owned))
    with pytest.raises(ValueError, match="smoothing is 1"):
        dantzig_wolfe.coordinate(ten_users(), scenarios=["capacity 0"], smoothing=1.0)
