"""Data of demand response: the named draws in their order, populations in a row, bad input refused."""

import numpy as np
import pytest
from pydantic import ValidationError

from sharegrid.options.demand_response import DemandResponseMarket
from sharegrid.preparation import device_draws
from sharegrid.stages import prepare
from spot import RESOURCES

BASE = {"market": "demand-response", "scenarios": {"base": {"label": "{program}", "program": ["single", "tight"]}}}


def made(**changes):
    return prepare.prepare(BASE | changes, RESOURCES)


def test_draws_are_the_named_ones_in_the_named_order():
    rng = np.random.default_rng(42)
    a, b, limit = 0.5 + rng.random(7), 2 * rng.random(7), 0.5 + 1.5 * rng.random(7)
    for found, expected in zip(device_draws.reductions(7, 42), (a, b, limit), strict=True):
        np.testing.assert_array_equal(found, expected)
    rng, hour = np.random.default_rng(7), np.arange(24)
    a = 0.5 + rng.random(7)
    d = (
        (1 + 0.6 * np.sin(2 * np.pi * (hour - 12) / 24))
        * (0.5 + rng.random((7, 1)))
        * (0.8 + 0.4 * rng.random((7, 24)))
    )
    loose = device_draws.loads(7, 7, tight=False)
    np.testing.assert_allclose(loose.discomfort, a)
    np.testing.assert_allclose(loose.limit, 2 * d.mean(axis=1))
    np.testing.assert_allclose(loose.wanted, np.minimum(d, loose.limit[:, None]))
    tight = device_draws.loads(7, 7, tight=True)
    np.testing.assert_allclose(tight.limit, 1.25 * loose.wanted.mean(axis=1))
    np.testing.assert_allclose(tight.wanted, np.minimum(loose.wanted, tight.limit[:, None]))
    slope, base = device_draws.supply(8, "tight")
    assert slope == 0.5 and base[20] == pytest.approx(1.8) and base[14] == 1
    assert device_draws.supply(8, "loose")[0] == 0.25 and device_draws.supply(8, "loose")[1][20] == pytest.approx(1.5)


def test_a_scenario_has_what_its_program_has():
    data = made(users=4)
    single, tight = (data.sel(scenario=name) for name in ("single", "tight"))
    assert single["requirement"] == pytest.approx(0.4 * device_draws.reductions(4, 42).limit.sum())
    assert (single[["wanted_load", "load_limit", "supply_slope"]].to_array() == 0).all()
    assert (tight[["requirement", "reduction_limit", "reduction_linear"]].to_array() == 0).all()
    np.testing.assert_array_equal(tight["wanted_load"], device_draws.loads(4, 7, tight=True).wanted)


def test_fewer_users_stand_first_and_the_others_do_not_take_part():
    data = made(scenarios={"base": {"label": "{users}", "users": [2, 5], "program": ["tight"]}})
    assert data["taking_part"].sum("participant").values.tolist() == [2, 5]
    assert (data["wanted_load"].sel(scenario="2").sum("time") > 0).values.tolist() == [True, True, False, False, False]


def test_populations_stand_in_a_row():
    data = made(populations={"single": [3, 5], "loose": [2], "tight": [4]})
    assert data["population"].values.tolist() == ["single 3", "single 5", "loose 2", "tight 4"]
    assert data["population_first"].values.tolist() == [0, 3, 0, 2]
    assert data.sizes["reducer"] == 8 and data.sizes["mover"] == 6
    np.testing.assert_array_equal(data["reducer_linear"][3:], device_draws.reductions(5, 42).linear)
    np.testing.assert_array_equal(data["mover_wanted"][2:], device_draws.loads(4, 7, tight=True).wanted)
    assert "population" not in made().dims


def test_seeds_and_requirements_are_options():
    other = made(reduction_seed=1, load_seed=2)
    assert (other["reduction_linear"] != made()["reduction_linear"]).any()
    assert (other["wanted_load"] != made()["wanted_load"]).any()
    data = made(scenarios={"base": {"label": "{requirement_kw}", "requirement_kw": [1.5, 0]}})
    assert data["requirement"].values.tolist() == [1.5, 0]


def test_more_than_users_can_reduce_is_refused_with_the_most():
    most = device_draws.reductions(20, 42).limit.sum()
    wrong = {"base": {"label": "{requirement_share}", "requirement_share": [0.4, 1.5]}}
    with pytest.raises(
        ValueError, match=rf"base, '1.5': requirement_share: {1.5 * most:g} kW are asked for; .* reduce {most:g} kW"
    ):
        made(scenarios=wrong)
    with pytest.raises(
        ValueError, match=rf"requirement_kw: 100 kW are asked for; all users together can reduce {most:g} kW"
    ):
        made(requirement_kw=100)
    with pytest.raises(ValueError, match="prepare.populations, 'single 3': requirement_share"):
        made(requirement_share=2, populations={"single": [3]}, scenarios={"base": {"label": "a", "program": ["loose"]}})
    assert made(requirement_share=1.0)["requirement"].max() == pytest.approx(most)


@pytest.mark.parametrize("field", ["requirement_share", "requirement_kw"])
def test_requirements_of_programs_that_have_none_are_refused(field):
    swept = {"base": {"label": f"{{program}} {{{field}}}", "program": ["single", "tight"], field: [0.2, 0.3]}}
    with pytest.raises(ValueError, match=rf"scenarios.base.{field}: nothing is asked for in the program 'tight'"):
        made(scenarios=swept)
    own = {"base": {"label": f"{{{field}}}", field: [0.2, 0.3]}}
    with pytest.raises(ValueError, match=rf"scenarios.base.{field}: nothing is asked for in the program 'loose'"):
        made(program="loose", scenarios=own)
    assert made(scenarios=own).sizes["scenario"] == 2


def test_populations_are_asked_for_a_share_only():
    with pytest.raises(
        ValueError, match="prepare.requirement_kw: populations of the program 'single' are asked for a share"
    ):
        made(requirement_kw=5, populations={"single": [20]})
    swept = {"base": {"label": "{requirement_kw}", "requirement_kw": [5, 6]}}
    data = made(scenarios=swept, populations={"single": [20]}, requirement_share=0.3)
    assert data["requirement"].values.tolist() == [5, 6]
    assert data["population_requirement"].item() == pytest.approx(0.3 * device_draws.reductions(20, 42).limit.sum())
    assert made(requirement_kw=5, populations={"tight": [4]})["requirement"][0] == 5


def test_lost_load_cheaper_than_a_reduction_is_refused():
    drawn = device_draws.reductions(20, 42)
    dearest = (drawn.linear + drawn.quadratic * drawn.limit).max()
    with pytest.raises(ValueError, match=rf"voll 2 \$/kWh is below the dearest reduction; give at least {dearest:g}"):
        made(voll=2)


@pytest.mark.parametrize(("changes", "message"), [
    ({"users": 0}, "greater than or equal to 1"),
    ({"requirement_share": -0.1}, "greater than or equal to 0"),
    ({"voll": 0}, "greater than 0"),
    ({"program": "double"}, "'single', 'loose' or 'tight'"),
    ({"populations": {"single": [0]}}, "greater than or equal to 1"),
    ({"populations": {"other": [3]}}, "'single', 'loose' or 'tight'"),
])  # fmt: skip
def test_wrong_options_are_refused(changes, message):
    with pytest.raises(ValidationError, match=message):
        DemandResponseMarket.model_validate(BASE | changes)


def test_a_population_that_stands_twice_is_refused():
    with pytest.raises(ValueError, match="'loose 3' stands twice"):
        made(populations={"loose": [3, 3]})
