"""What an agent tells about shared columns: its least cost, multipliers and their sensitivity, on random programs and by hand."""

import numpy as np
import pytest
import scipy.sparse as sp

from area_programs import VOLL, random_areas
from sharegrid.coordination.area_values import AreaValue
from sharegrid.coordination.shared_columns import split_at
from sharegrid.optimise.highs import Program
from sharegrid.optimise.quadratic import live

STEP = 1e-5  # MW, of finite differences


def inside(split, seed):
    """A point of the box where, with probability one, the least costs are smooth."""
    return split.lower + np.random.default_rng(seed).uniform(0.05, 0.5, len(split.lower)) * (split.upper - split.lower)


def answers(split, z):
    return [AreaValue(agent).at(z[agent.shared]) for agent in split.agents]


@pytest.mark.parametrize("quadratic", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_least_costs_at_the_optimum_sum_to_the_optimum_without_artificial_columns(seed, quadratic):
    program, shared = random_areas(seed, quadratic=quadratic)
    solved = live(program).solve()
    split = split_at(program, shared, 10 * VOLL)
    told = answers(split, solved.x[shared])
    assert len(split.agents) == 3
    assert split.apart + sum(one.value for one in told) == pytest.approx(solved.objective, rel=1e-9)
    assert sum(one.lacking for one in told) <= 1e-9


@pytest.mark.parametrize("quadratic", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_multipliers_and_sensitivities_are_finite_differences(seed, quadratic):
    split = split_at(*random_areas(seed, quadratic=quadratic), 10 * VOLL)
    z = inside(split, seed)
    for agent in split.agents:
        value, here = AreaValue(agent), z[agent.shared]
        told = value.at(here)
        for k, step in enumerate(STEP * np.identity(len(here))):
            after, before = value.at(here + step), value.at(here - step)
            slope = (after.value - before.value) / (2 * STEP)
            assert slope == pytest.approx(told.gradient[k], rel=1e-5, abs=1e-5)
            bend = (after.gradient - before.gradient) / (2 * STEP)
            expected = told.sensitivity[k] if quadratic else 0.0
            np.testing.assert_allclose(bend, expected, atol=1e-5)
        assert (told.sensitivity is not None) == quadratic


@pytest.mark.parametrize("quadratic", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_cuts_are_below_the_least_cost_everywhere(seed, quadratic):
    split = split_at(*random_areas(seed, quadratic=quadratic), 10 * VOLL)
    z, rng = inside(split, seed), np.random.default_rng(100 + seed)
    told = answers(split, z)
    for _ in range(20):
        there = split.lower + rng.uniform(size=len(z)) * (split.upper - split.lower)
        for agent, here, at in zip(split.agents, told, answers(split, there), strict=True):
            cut = here.value + here.gradient @ (there - z)[agent.shared]
            assert cut <= at.value + 1e-7 * abs(at.value)


def test_every_point_of_the_box_has_a_schedule():
    program, shared = random_areas(0)
    program.upper[shared] = 500.0  # more than the areas have
    split = split_at(program, shared, 10 * VOLL)
    told = answers(split, np.where(np.arange(len(shared)) % 2, 0, split.upper))
    assert sum(one.lacking for one in told) > 1
    assert all(np.isfinite(one.value) for one in told)


def test_costs_of_shared_columns_and_what_they_do_not_touch_are_counted_once():
    program, shared = random_areas(1)
    program.cost[shared] = np.linspace(0.1, 0.8, len(shared))
    one = sp.csr_matrix([[1.0]])
    program = Program(np.append(program.cost, 7.0), np.append(program.lower, 0.0), np.append(program.upper, 5.0),
                      sp.block_diag([program.matrix, one], format="csr"), np.append(program.row_lower, 2.0),
                      np.append(program.row_upper, np.inf), constant=3.0)  # fmt: skip
    solved = live(program).solve()
    split = split_at(program, shared, 10 * VOLL)
    assert split.apart == pytest.approx(17)
    total = split.apart + sum(one.value for one in answers(split, solved.x[shared]))
    assert total == pytest.approx(solved.objective, rel=1e-9)


def with_delivery(upper: float) -> tuple[Program, np.ndarray]:
    """A load of 10 far from a unit at 2 $/MWh, a tie with 10 % loss, and a unit at 5 $/MWh; columns: sent, delivered, the units."""
    matrix = sp.csr_matrix([[-0.9, 1, 0, 0], [-1.0, 0, 1, 0], [0, 1.0, 0, 1]])
    cost, limits = np.array([0, 0, 2, 5.0]), np.array([8, upper, 20, 20.0])
    rhs = np.array([0, 0, 10.0])
    return Program(cost, np.zeros(4), limits, matrix, rhs, rhs), np.array([0])


def test_what_an_equation_determines_is_put_in_terms_of_the_shared_columns():
    split = split_at(*with_delivery(np.inf), 100.0)
    told = answers(split, np.ones(1))
    assert [one.value for one in told] == pytest.approx([2, 9.1 * 5])
    assert sum(one.gradient[0] for one in told) == pytest.approx(2 - 0.9 * 5)
    narrow = split_at(*with_delivery(6.0), 100.0)  # the box would drive the delivery to 7.2
    assert sum(one.value for one in answers(narrow, np.full(1, 5.0))) == pytest.approx(10 + 5.5 * 5)
    assert sum(one.lacking for one in answers(narrow, np.full(1, 8.0))) > 1


def test_what_cannot_be_taken_apart_is_refused():
    program, shared = random_areas(0)
    with pytest.raises(ValueError, match="do not separate"):
        split_at(program, shared[:2], 1.0)
    program.upper[shared[0]] = np.inf
    with pytest.raises(ValueError, match="no finite bounds"):
        split_at(program, shared, 1.0)
    program.upper[shared[0]] = 1.0
    program.integer = np.arange(len(program.cost)) == len(shared)
    with pytest.raises(ValueError, match="integer columns"):
        split_at(program, shared, 1.0)
    program.integer, program.quadratic = None, (np.arange(len(program.cost)) == 0).astype(float)
    with pytest.raises(ValueError, match="quadratic cost"):
        split_at(program, shared, 1.0)
