"""What a variable of a Dataset must be. A market's contract is a module of this package: `variables()` gives, for each
Dataset (data, cleared, values), its own variables by name."""

from typing import NamedTuple

MONEY, ENERGY = "money", "energy"  # units that the data name, such as $/day and MWh
OWN = "own"  # a unit that differs between studies and stands at the variable itself


class Variable(NamedTuple):
    """Unit, meaning and dims of a variable. `finite` forbids NaN, which says "not asked", and infinity, which says "no
    limit"; `low` is the smallest value."""

    unit: str
    meaning: str
    dims: tuple[str, ...]
    finite: bool = True
    low: float = -float("inf")


def variable(unit: str, meaning: str, dims: str = "", finite: bool = True, low: float = -float("inf")) -> Variable:
    """A Variable with its dims in one text, "scenario participant"."""
    return Variable(unit, meaning, tuple(dims.split()), finite, low)
