"""What a multi-area market is made of before a scenario changes it: the one form that all sources of areas return.

Arrays are plain numpy; the word in parentheses is their axis, and every axis keeps the order of its labels.
"""

from dataclasses import dataclass

import numpy as np

from sharegrid.options.multi_area import MultiAreaMarket

DIRECTIONS = ("up", "down")


@dataclass(frozen=True)
class Branches:
    """AC lines and transformers in service, both ends in one area."""

    label: np.ndarray
    """Name (branch), unique among all areas."""
    from_bus: np.ndarray
    """Bus label where the branch starts (branch)."""
    to_bus: np.ndarray
    """Bus label where the branch ends (branch)."""
    susceptance: np.ndarray
    """Base/(x tap) in MW/rad (branch)."""
    limit: np.ndarray
    """Flow limit in both directions in MW, inf if there is none (branch)."""


@dataclass(frozen=True)
class Units:
    """Thermal units."""

    label: np.ndarray
    """Name (unit), unique among all areas."""
    bus: np.ndarray
    """Bus label (unit)."""
    number: np.ndarray
    """Row number within its area from 1 (unit), which multiplies tie_break."""
    capacity: np.ndarray
    """Largest output in MW (unit)."""
    p_min: np.ndarray
    """Least output in MW (unit), as in the source."""
    width: np.ndarray
    """Widths of the cost blocks in MW (unit, block); 0 where a unit has fewer."""
    price: np.ndarray
    """True marginal costs of the blocks in $/MWh (unit, block), scaled, without tie_break; never falling."""
    quadratic: np.ndarray
    """True quadratic cost coefficient in $/MW^2h (unit), beside a single block; else 0."""
    reserve_cost: np.ndarray
    """True cost of reserve in $/MW per h (unit, direction as in DIRECTIONS); by `reserve_cost` where a share."""
    ten_minutes: np.ndarray
    """What it can ramp in ten minutes in MW (unit); inf if there is no limit."""
    hourly: np.ndarray
    """What it can ramp in an hour in MW/h (unit); inf if there is no limit."""


@dataclass(frozen=True)
class Renewables:
    """Plants without fuel cost whose output may be curtailed."""

    label: np.ndarray
    """Name (plant)."""
    bus: np.ndarray
    """Bus label (plant)."""
    available: np.ndarray
    """Available power in MW (plant, time)."""
    needs_reserve: np.ndarray
    """Whether the area holds reserve for its output (plant), bool: not for hydro."""


@dataclass(frozen=True)
class Ties:
    """VSC-HVDC ties; loss = constant + linear f + quadratic f^2 in MW of the power sent f."""

    label: np.ndarray
    """Name (tie)."""
    from_bus: np.ndarray
    """Bus label where the positive direction starts (tie)."""
    to_bus: np.ndarray
    """Bus label where the positive direction ends (tie)."""
    capacity: np.ndarray
    """Largest power sent in MW (tie)."""
    constant: np.ndarray
    """Loss while in service in MW (tie)."""
    linear: np.ndarray
    """Loss per power sent (tie)."""
    quadratic: np.ndarray
    """Loss per square of the power sent in 1/MW (tie)."""
    allow_intra: np.ndarray
    """Whether both ends may be in one area (tie), bool."""


@dataclass(frozen=True)
class System:
    """Areas with their networks, units and plants, and the ties between them."""

    source: str
    """Where the data come from, for messages: a path below resources, or `prepare` for the study's options."""
    area: list[str]
    """Names of the areas."""
    bus: np.ndarray
    """Names of the buses (bus), unique among all areas."""
    bus_area: np.ndarray
    """Area of the bus (bus)."""
    load: np.ndarray
    """Load in MW (bus, time), before load_profile and load_factor of the market."""
    branches: Branches
    units: Units
    renewables: Renewables
    ties: Ties

    def area_of(self, bus: np.ndarray) -> np.ndarray:
        """Areas of buses, each of which must be one of the system's."""
        area = dict(zip(self.bus, self.bus_area, strict=True))
        return np.array([area[one] for one in bus], dtype=str)


def reserve_cost(base: np.ndarray, options: MultiAreaMarket) -> np.ndarray:
    """Cost of reserve in $/MW per h (unit, direction): the market's shares of a price `base` in $/MWh (unit)."""
    return np.outer(base, [options.reserve_up_share, options.reserve_down_share])
