"""The form in which sources hand over a system on one bus, and the system that a study gives by numbers."""

from dataclasses import dataclass

import numpy as np

from sharegrid.options.ancillary_services import PRODUCTS, AncillaryServicesMarket, System

RENEWABLE = "res"  # all wind and photovoltaic power, one unit without cost
RENEWABLE_PRODUCTS = ("FRD",)


@dataclass(frozen=True)
class Fleet:
    """Units without the renewable one: label, width [MW] and price [$/MWh] of blocks (unit, block), minimum [MW], ramp
    in an hour [MW], offered (unit, product) 0 or 1."""

    label: list[str]
    width: np.ndarray
    price: np.ndarray
    minimum: np.ndarray
    ramp: np.ndarray
    offered: np.ndarray


@dataclass(frozen=True)
class Hours:
    """A day: committed (unit) 0 or 1, renewable (time), demand and error (load, time), requirement (product, time), in
    MW; error in any one unit, None if not known."""

    committed: np.ndarray
    renewable: np.ndarray
    demand: np.ndarray
    requirement: np.ndarray
    error: np.ndarray | None


class NumberedSystem:
    """A system that a study gives by numbers: its loads by name, its fleet, and its hours."""

    def __init__(self, options: AncillaryServicesMarket):
        self._system: System = options.system
        self.loads = list(self._system.loads)

    @property
    def fleet(self) -> Fleet:
        """The units; those with fewer blocks repeat their last price with width 0."""
        units = list(self._system.units.values())
        most = max(len(one.blocks) for one in units)
        blocks = np.array([one.blocks + [(0.0, one.blocks[-1][1])] * (most - len(one.blocks)) for one in units])
        return Fleet(
            label=list(self._system.units),
            width=blocks[..., 0],
            price=blocks[..., 1],
            minimum=np.array([one.minimum_mw for one in units]),
            ramp=np.array([one.ramp_60_mw for one in units]),
            offered=np.array([[product in one.products for product in PRODUCTS] for one in units], dtype=float),
        )

    def hours(self, _day: None) -> Hours:
        """Its hours; all units are committed."""
        system = self._system
        demand = np.array(list(system.loads.values()), dtype=float)
        zero = np.zeros(demand.shape[1])
        error = None if system.errors is None else np.array([[system.errors[name]] for name in self.loads]) + zero
        return Hours(
            committed=np.ones(len(system.units)),
            renewable=zero if system.renewable is None else np.array(system.renewable, dtype=float),
            demand=demand,
            requirement=np.array([system.requirements.get(product, zero) for product in PRODUCTS], dtype=float),
            error=error,
        )
