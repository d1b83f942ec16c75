"""Families of scenarios of a market whose scenarios are points of sweeps -> one record per scenario.

A family lists values for some fields of the market's section; every other field keeps the market's own value.
"""

from collections.abc import Iterator
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

from sharegrid.options.base import Market

if TYPE_CHECKING:
    import xarray as xr


class Variant(NamedTuple):
    """One market to clear: its family, its label, and the value of every field that families can sweep."""

    family: str
    label: str
    values: dict[str, Any]


def variants(options: Market) -> list[Variant]:
    """All scenarios in the order of the file; ValueError names a bad template or a label that stands twice."""
    found = [one for name in options.scenarios for one in _family(options, name)]
    seen: dict[str, str] = {}
    for one in found:
        if one.label in seen:
            raise ValueError(
                f"prepare.scenarios: label '{one.label}' stands twice, in {seen[one.label]} and {one.family}"
            )
        seen[one.label] = one.family
    return found


def _family(options: Market, name: str) -> Iterator[Variant]:
    family = options.scenarios[name]
    fields = [field for field in type(family).model_fields if field != "label"]
    given = {field: getattr(family, field) for field in fields}
    axes = [[getattr(options, field)] if values is None else values for field, values in given.items()]
    for point in product(*axes):
        values = dict(zip(fields, point, strict=True))
        yield Variant(name, _label(family.label, values, name), values)


def _label(template: str, values: dict[str, Any], family: str) -> str:
    shown = {field: f"{value:g}" if isinstance(value, float) else str(value) for field, value in values.items()}
    try:
        return template.format(**shown)
    except (KeyError, IndexError, ValueError):
        fields = ", ".join(sorted(shown))
        raise ValueError(f"prepare.scenarios.{family}: label '{template}': the fields are {fields}") from None


def coordinates(found: list[Variant]) -> "xr.Dataset":
    """The scenarios and the swept fields that are numbers or words, as coordinates along the dim scenario."""
    import xarray as xr  # the rest is read at every parse, which need not wait for xarray

    labels = [one.label for one in found]
    columns = {"family": [one.family for one in found], "base": labels, "deviator": [""] * len(found)}
    for field in found[0].values:
        values = [one.values[field] for one in found]
        if all(isinstance(value, str | int | float) for value in values):
            columns[field] = values
    coords = {name: ("scenario", values, {"units": "1", "long_name": name}) for name, values in columns.items()}
    return xr.Dataset(coords=coords | {"scenario": labels})
