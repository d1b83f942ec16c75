"""Families of scenarios as points of sweeps."""

import pytest

from sharegrid.options.base import Family, Market
from sharegrid.sweeps import coordinates, variants


class MadeUpFamily(Family):
    spread: list[float] | None = None
    day: list[str] | None = None


class MadeUp(Market):
    spread: float = 1.25
    day: str = "summer"
    scenarios: dict[str, MadeUpFamily]


def market(**families):
    return MadeUp(scenarios={name: MadeUpFamily(**family) for name, family in families.items()})


def test_a_family_is_the_product_of_its_lists_and_keeps_the_other_values_of_the_market():
    found = variants(
        market(base={"label": "base"}, both={"label": "{day}|{spread}", "spread": [1, 2], "day": ["a", "b"]})
    )
    assert [(one.family, one.label) for one in found] == [
        ("base", "base"), ("both", "a|1"), ("both", "b|1"), ("both", "a|2"), ("both", "b|2"),
    ]  # fmt: skip
    assert found[0].values == {"spread": 1.25, "day": "summer"}
    assert found[4].values == {"spread": 2.0, "day": "b"}


def test_scenarios_are_coordinates_with_their_swept_values():
    coords = coordinates(variants(market(s={"label": "s{spread}", "spread": [1, 1.5]})))
    assert coords["scenario"].values.tolist() == coords["base"].values.tolist() == ["s1", "s1.5"]
    assert coords["spread"].values.tolist() == [1, 1.5]
    assert coords["deviator"].values.tolist() == ["", ""]


def test_bad_labels_are_named():
    with pytest.raises(ValueError, match=r"prepare\.scenarios: label 'x' stands twice, in one and two"):
        variants(market(one={"label": "x"}, two={"label": "x"}))
    with pytest.raises(ValueError, match=r"prepare\.scenarios\.one: label '\{night\}': the fields are day, spread"):
        variants(market(one={"label": "{night}"}))
