"""Faults of a multi-area system, whatever its source: names, ends, areas in one piece, limits and costs."""

from dataclasses import fields

import numpy as np

from sharegrid.preparation.area_system import System
from sharegrid.readers.network import components

LOADS = "loads"  # name of the centre, the player who keeps what is left
UNLIMITED = ("limit", "ten_minutes", "hourly")  # infinity says that there is no limit


def checked(system: System) -> System:
    """The system, if it is sound; ValueError names the source, the field, the label and the cure otherwise."""
    for check_one in (
        check_names,
        check_numbers,
        check_ends,
        check_ties,
        check_one_piece,
        check_units,
    ):
        check_one(system)
    return system


def _fault(system: System, field: str, label, what: str) -> ValueError:
    return ValueError(f"{system.source}: {field}: '{label}': {what}")


def check_names(system: System) -> None:
    """No name stands twice: neither that of a bus, branch or tie, nor one of a unit, plant, area or of the loads, who are a
    player as the units are."""
    groups = {
        "buses": [(name, f"a bus of area {area}") for name, area in zip(system.bus, system.bus_area, strict=True)],
        "branches": [(name, "a branch") for name in system.branches.label],
        "ties": [(name, "a tie") for name in system.ties.label],
        "units, plants and areas": bidders(system),
    }
    for field, named in groups.items():
        first: dict[str, str] = {}
        for name, what in named:
            if name in first:
                raise _fault(system, field, name, f"the name stands twice, for {first[name]} and {what}; rename one")
            first[name] = what


def bidders(system: System) -> list[tuple[str, str]]:
    """(name, what it is) of the loads, the areas, units and plants."""
    parts = (("a unit", system.units), ("a plant", system.renewables))
    return [(LOADS, "the loads"), *((name, "an area") for name in system.area)] + [
        (name, f"{what} at bus {bus}") for what, part in parts for name, bus in zip(part.label, part.bus, strict=True)
    ]


def check_numbers(system: System) -> None:
    """All numbers are finite; limits that may be absent may be infinite."""
    parts = {"branches": system.branches, "units": system.units, "plants": system.renewables, "ties": system.ties}
    for name, part in parts.items():
        for one in fields(part):
            _check_array(system, f"{name}: {one.name}", getattr(part, one.name), part.label, one.name in UNLIMITED)
    _check_array(system, "load", system.load, system.bus, may_be_infinite=False)


def _check_array(system: System, field: str, values: np.ndarray, labels: np.ndarray, may_be_infinite: bool) -> None:
    if values.dtype.kind == "f":
        wrong = np.isnan(values) if may_be_infinite else ~np.isfinite(values)
        for place in np.argwhere(wrong)[:1]:
            raise _fault(system, field, labels[place[0]], f"{values[tuple(place)]} is no number; enter the value")


def check_ends(system: System) -> None:
    """Everything is connected to a bus that exists."""
    ends = {
        "branches: from_bus": (system.branches.label, system.branches.from_bus),
        "branches: to_bus": (system.branches.label, system.branches.to_bus),
        "units: bus": (system.units.label, system.units.bus),
        "renewables: bus": (system.renewables.label, system.renewables.bus),
        "ties: from_bus": (system.ties.label, system.ties.from_bus),
        "ties: to_bus": (system.ties.label, system.ties.to_bus),
    }
    for field, (labels, buses) in ends.items():
        for k in np.flatnonzero(~np.isin(buses, system.bus))[:1]:
            what = f"no bus '{buses[k]}'; buses are called {system.bus[0]} to {system.bus[-1]}"
            raise _fault(system, field, labels[k], what)


def check_ties(system: System) -> None:
    """Capacities are not negative, and a tie joins two areas."""
    ties = system.ties
    for k in np.flatnonzero(ties.capacity < 0)[:1]:
        raise _fault(system, "ties: capacity_mw", ties.label[k], f"{ties.capacity[k]:g} is negative; give 0 or more")
    same_bus = ties.from_bus == ties.to_bus
    for k in np.flatnonzero(same_bus)[:1]:
        raise _fault(system, "ties", ties.label[k], f"both ends are at bus '{ties.to_bus[k]}'; correct one")
    area = system.area_of(ties.from_bus)
    for k in np.flatnonzero((area == system.area_of(ties.to_bus)) & ~ties.allow_intra)[:1]:
        what = f"both ends are in area '{area[k]}'; correct one, or set allow_intra: true"
        raise _fault(system, "ties", ties.label[k], what)


def check_one_piece(system: System) -> None:
    """Branches stay within areas, and connect all buses of each."""
    lines = system.branches
    start, end = system.area_of(lines.from_bus), system.area_of(lines.to_bus)
    for k in np.flatnonzero(start != end)[:1]:
        what = f"joins the areas '{start[k]}' and '{end[k]}'; give it as a tie"
        raise _fault(system, "branches", lines.label[k], what)
    piece = components(system.bus, lines.from_bus, lines.to_bus)
    for area in system.area:
        own = np.flatnonzero(system.bus_area == area)
        for k in own[piece[own] != piece[own[:1]]][:1]:
            what = (
                f"the area is disconnected: no branches lead from bus '{system.bus[own[0]]}' to bus '{system.bus[k]}'"
            )
            raise _fault(system, "areas", area, f"{what}; connect them, or make two areas of it")


def check_units(system: System) -> None:
    """Lower limits do not exceed the capacity, and marginal costs do not fall."""
    units = system.units
    for k in np.flatnonzero((units.capacity < 0) | (units.p_min > units.capacity))[:1]:
        what = f"capacity {units.capacity[k]:g} MW is below the lower limit {max(units.p_min[k], 0):g} MW; correct one"
        raise _fault(system, "units", units.label[k], what)
    used = units.width > 0
    top = np.maximum.accumulate(np.where(used, units.price, -np.inf), axis=1)
    falling = (used & (units.price < top - 1e-9)).any(axis=1)
    for k in np.flatnonzero(falling | (units.quadratic < 0))[:1]:
        raise _fault(system, "units", units.label[k], "the marginal cost falls: not convex; c2 must be 0 or more")
