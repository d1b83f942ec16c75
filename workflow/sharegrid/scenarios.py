"""Scenario families of a study file -> one record per scenario."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from sharegrid.options.spot import ScenarioFamily

TRUTHFUL = "truthful"
SAME = ("limits", "demand_mw", "voll", "n1_rule", "backstop_price", "distortion", "offer_price", "without", "split")


if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True)
class Scenario:
    """One market to clear: the family that it comes from and its point on the family's axes.

    limits: "none", "case" or a factor; demand_mw, voll: None = as in the data; distortion: name of a false report of
    several; deviator: the participant that alone deviates from scenario `base`, "" if nobody.
    """

    family: str
    limits: str | float
    demand_mw: float | None
    voll: float | None
    n1_rule: str
    distortion: str
    deviator: str = ""
    price_multiplier: float = 1.0
    quantity_multiplier: float = 1.0
    label: str = ""
    base: str = ""

    @property
    def variant(self) -> str:
        """The line limits as a label: none, case, or the factor."""
        return self.limits if isinstance(self.limits, str) else f"{self.limits:g}"

    def named(self, template: str) -> str:
        """A label from a template of the study file."""
        numbers = {"demand": self.demand_mw, "voll": self.voll, "price": self.price_multiplier,
                   "quantity": self.quantity_multiplier}  # fmt: skip
        words = {
            "limits": self.variant,
            "n1_rule": self.n1_rule,
            "distortion": self.distortion,
            "deviator": self.deviator,
        }
        shown = {key: "" if value is None else f"{value:g}" for key, value in numbers.items()}
        try:
            return template.format(**words, **shown)
        except (KeyError, IndexError, ValueError):
            fields = ", ".join(sorted({**words, **shown}))
            raise ValueError(f"prepare.scenarios.{self.family}: label '{template}': the fields are {fields}") from None


def expand(families: dict[str, ScenarioFamily], participants: list[str]) -> list[Scenario]:
    """All scenarios in the order of the file; ValueError names a label that stands twice or a base that is none."""
    scenarios = [one for name, family in families.items() for one in _family(name, family, participants)]
    _check_labels(scenarios)
    _check_bases(scenarios, families)
    return scenarios


def _family(name: str, family: ScenarioFamily, participants: list[str]) -> Iterator[Scenario]:
    axes = (
        family.limits,
        family.demand_mw or [None],
        family.voll or [None],
        family.n1_rule,
        list(family.distortion) or [TRUTHFUL],
    )
    for point in product(*axes):
        plain = Scenario(name, *point)
        yield from _deviations(plain, family, participants) if family.misreport else [_labelled(plain, family.label)]


def _deviations(plain: Scenario, family: ScenarioFamily, participants: list[str]) -> Iterator[Scenario]:
    misreport = family.misreport
    who = participants if misreport.participants == "all" else misreport.participants
    for deviator, price, quantity in product(who, misreport.price_multiplier, misreport.quantity_multiplier):
        if deviator not in participants:
            raise ValueError(f"prepare.scenarios.{plain.family}.misreport: no participant '{deviator}'")
        if price == quantity == 1:
            continue  # the truth is the base
        moved = Scenario(**(vars(plain) | {"deviator": deviator, "price_multiplier": price,
                                           "quantity_multiplier": quantity}))  # fmt: skip
        yield _labelled(moved, family.label, misreport.base)


def _labelled(scenario: Scenario, template: str, base: str | None = None) -> Scenario:
    label = scenario.named(template)
    return Scenario(**(vars(scenario) | {"label": label, "base": scenario.named(base) if base else label}))


def _check_labels(scenarios: list[Scenario]) -> None:
    seen = {}
    for one in scenarios:
        if one.label in seen:
            raise ValueError(
                f"prepare.scenarios: label '{one.label}' stands twice, in {seen[one.label]} and {one.family}"
            )
        seen[one.label] = one.family
    for one in scenarios:
        if one.base not in seen:
            raise ValueError(f"prepare.scenarios.{one.family}: base '{one.base}' of '{one.label}' is no scenario")


def _check_bases(scenarios: list[Scenario], families: dict[str, ScenarioFamily]) -> None:
    """ValueError if a deviation differs from its base in more than the deviator's report.

    Payments take J without the deviator from the base, which is right only if everything else is the same.
    """
    by_label = {one.label: one for one in scenarios}
    for one in scenarios:
        base = by_label[one.base]
        for field, here, there in zip(SAME, _surroundings(one, families), _surroundings(base, families), strict=True):
            if here != there:
                raise ValueError(f"prepare.scenarios.{one.family}: '{one.label}' and its base '{base.label}' differ in {field}"
                                 f" ({here} and {there}); name a base that differs in the deviator's report only")  # fmt: skip


def _surroundings(one: Scenario, families: dict[str, ScenarioFamily]) -> tuple:
    """Everything but the deviator's report, in the order of SAME."""
    family = families[one.family]
    false = family.distortion.get(one.distortion, {})
    own = (
        one.limits,
        one.demand_mw,
        one.voll,
        one.n1_rule,
        family.backstop_price if one.n1_rule == "backstop" else None,
    )
    return (*own, false, family.offer_price, sorted(family.without), family.split)


def coordinates(scenarios: list[Scenario]) -> "xr.Dataset":
    """The scenarios as coordinates along the dim scenario."""
    import xarray as xr  # the rest is read at every parse, which need not wait for xarray

    fields = (
        "family",
        "variant",
        "n1_rule",
        "distortion",
        "deviator",
        "price_multiplier",
        "quantity_multiplier",
        "base",
    )
    columns = {name: ("scenario", [getattr(one, name) for one in scenarios]) for name in fields}
    return xr.Dataset(coords=columns | {"scenario": [one.label for one in scenarios]})
