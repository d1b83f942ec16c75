"""Offers of thermal units for energy and reserve: from costs, and what a bidder of a scenario asks instead.

Blocks of a quadratic cost c2 p^2 + c1 p: K blocks of the width capacity/K at the marginal cost of their middle,
c1 + c2 (2 b - 1) capacity/K for b = 1..K, exact at the block edges.
"""

import numpy as np

from sharegrid.options.multi_area import MultiAreaMarket
from sharegrid.preparation.area_system import System
from sharegrid.sweeps import Variant

RESERVE = ("generator", "direction")


def polynomial_blocks(
    capacity: np.ndarray, linear: np.ndarray, quadratic: np.ndarray, options: MultiAreaMarket
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Widths in MW and prices in $/MWh (unit, block), and the quadratic coefficients in $/MW^2h (unit) beside them.

    With cost_model quadratic one block at the linear cost, and the coefficients; else the equal blocks, and zeros.
    """
    if options.cost_model == "quadratic":
        return capacity[:, None], linear[:, None], quadratic
    width = np.repeat(capacity[:, None] / options.blocks, options.blocks, axis=1)
    odd = 2 * np.arange(options.blocks) + 1
    return width, linear[:, None] + quadratic[:, None] * odd * width, np.zeros(len(capacity))


def in_scenario(system: System, one: Variant, options: MultiAreaMarket) -> dict[str, tuple]:
    """(dims, values) of a scenario: offered and true prices of energy and reserve, and the limits on reserve and ramps.

    tie_break is part of the true cost; the bidder's factors change what is offered only.
    """
    units, fields = system.units, one.values
    bids = _bids(system, fields["bidder"])
    energy, up = np.where(bids, fields["energy_bid"], 1.0), np.where(bids, fields["reserve_bid"], 1.0)
    price = units.price + options.tie_break * units.number[:, None]
    reserve_bid = np.stack([up, np.ones(len(up))], axis=1)
    block = ("generator", "block")
    return {
        "block_quantity": (block, units.width),
        "block_price": (block, price * energy[:, None]),
        "true_block_price": (block, price),
        "quadratic_offer": (("generator",), units.quadratic * energy),
        "true_quadratic": (("generator",), units.quadratic),
        "reserve_offer": (RESERVE, units.reserve_cost * reserve_bid),
        "true_reserve_cost": (RESERVE, units.reserve_cost),
        "reserve_limit": (("generator",), _ten_minutes(system, fields)),
        "ramp_limit": (("generator",), units.hourly if fields["ramp"] is None else fields["ramp"] * units.capacity),
    }


def _bids(system: System, bidder: str) -> np.ndarray:
    """(unit), whether the unit is the bidder's, which is the unit itself or its area."""
    return (system.units.label == bidder) | (system.area_of(system.units.bus) == bidder)


def _ten_minutes(system: System, fields: dict) -> np.ndarray:
    """What units can ramp in ten minutes in MW (unit), never more than the capacity, which is the limit if none is known."""
    units, share = system.units, fields["ramp10"]
    own = np.minimum(units.ten_minutes, units.capacity) if share is None else share * units.capacity
    return np.minimum(own * fields["ramp10_factor"], units.capacity)


def check_bidders(found: list[Variant], system: System) -> None:
    """ValueError for a bidder that is neither a unit nor an area, such as a plant."""
    for one in found:
        bidder = one.values["bidder"]
        if bidder and bidder in system.renewables.label:
            raise ValueError(
                f"prepare.scenarios.{one.family}.bidder: '{bidder}' is a plant; plants cannot bid, as they offer their power at "
                "no cost; name a unit or an area"
            )
        if bidder and bidder not in system.units.label and bidder not in system.area:
            raise ValueError(
                f"prepare.scenarios.{one.family}.bidder: '{bidder}' is no unit and no area; units are called "
                f"{system.units.label[0]} to {system.units.label[-1]} (those of a file by their number in service), areas {', '.join(system.area)}"
            )


def deviations(found: list[Variant], system: System) -> tuple[list[str], list[str]]:
    """By scenario: the unit that alone offers something else than its true cost, "" if there is none, and the label of
    the scenario that differs in this offer only. ValueError if that is missing.

    Payments take J without the unit from there.
    """
    truthful: dict[tuple, str] = {}
    for one in found:
        if not _false(one):
            truthful.setdefault(_surroundings(one), one.label)
    unit = [one.values["bidder"] if _false(one) and one.values["bidder"] in system.units.label else "" for one in found]
    return unit, [_base(one, truthful) if who else one.label for one, who in zip(found, unit, strict=True)]


def _false(one: Variant) -> bool:
    return bool(one.values["bidder"]) and not one.values["energy_bid"] == one.values["reserve_bid"] == 1


def _surroundings(one: Variant) -> tuple:
    """Everything but the bid."""
    return tuple(value for field, value in one.values.items() if field not in ("bidder", "energy_bid", "reserve_bid"))


def _base(one: Variant, truthful: dict[tuple, str]) -> str:
    try:
        return truthful[_surroundings(one)]
    except KeyError:
        raise ValueError(
            f"prepare.scenarios.{one.family}: '{one.label}': no scenario has the same values with true offers of "
            f"'{one.values['bidder']}'; add one with energy_bid and reserve_bid 1"
        ) from None
