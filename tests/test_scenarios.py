"""Scenario families of a study file become scenarios with unique labels and existing bases."""

import pytest

from sharegrid.options.spot import ScenarioFamily
from sharegrid.scenarios import expand

UNITS = ["0", "1"]


def families(**raw):
    return {name: ScenarioFamily.model_validate(one) for name, one in raw.items()}


def test_a_family_is_the_product_of_its_axes():
    found = expand(families(f={"label": "{limits}/{demand}", "limits": ["none", 0.5], "demand_mw": [10, 20.5]}), UNITS)
    assert [one.label for one in found] == ["none/10", "none/20.5", "0.5/10", "0.5/20.5"]
    assert all(one.base == one.label and one.deviator == "" for one in found)


def test_misreports_leave_out_the_truth_and_point_to_their_base():
    misreport = {"base": "{limits}", "price_multiplier": [0.9, 1], "quantity_multiplier": [1, 0.5]}
    found = expand(
        families(
            v={"label": "{limits}", "limits": [0.5]},
            m={"label": "{limits}|{deviator}|{price}|{quantity}", "limits": [0.5], "misreport": misreport},
        ),
        UNITS,
    )
    deviating = [one for one in found if one.deviator]
    assert [one.label for one in deviating if one.deviator == "1"] == ["0.5|1|0.9|1", "0.5|1|0.9|0.5", "0.5|1|1|0.5"]
    assert {one.base for one in deviating} == {"0.5"}


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({"f": {"label": "x", "limits": [0.5, 0.6]}}, "'x' stands twice"),
        ({"f": {"label": "{limit}"}}, "the fields are"),
        ({"f": {"label": "{deviator}", "misreport": {"base": "no", "price_multiplier": [2]}}}, "base 'no'"),
        (
            {"f": {"label": "{deviator}", "misreport": {"base": "0", "price_multiplier": [2], "participants": ["7"]}}},
            "no participant '7'",
        ),
    ],
)
def test_faults_are_named(raw, words):
    with pytest.raises(ValueError, match=words):
        expand(families(**raw), UNITS)


def test_backstop_needs_its_price():
    with pytest.raises(ValueError, match="backstop_price"):
        families(f={"label": "x", "n1_rule": ["backstop"]})


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"limits": [0.6]}, "limits"),
        ({"voll": [500]}, "voll"),
        ({"demand_mw": [70]}, "demand_mw"),
        ({"offer_price": {"1": 9}}, "offer_price"),
        ({"without": ["1"]}, "without"),
        ({"distortion": {"lie": {"1": 2}}}, "distortion"),
        ({"split": "1"}, "split"),
        ({"n1_rule": ["curtailed"]}, "n1_rule"),
    ],
)
def test_a_base_differs_in_the_report_of_the_deviator_only(change, field):
    misreport = {"base": "truth", "price_multiplier": [1.1]}
    both = {
        "v": {"label": "truth", "limits": [0.5]},
        "m": {"label": "{deviator}", "limits": [0.5], "misreport": misreport},
    }
    assert len(expand(families(**both), UNITS)) == 3
    both["m"] |= change
    with pytest.raises(ValueError, match=f"differ in {field} "):
        expand(families(**both), UNITS)
