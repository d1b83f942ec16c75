"""VSC-HVDC ties: from the options, their capacity by scenario, and the tangents of their losses.

The loss of a tie that sends f MW is L(f) = l0 + l1 f + l2 f^2. Its tangent at f_j has the slope l1 + 2 l2 f_j and is
l2 f_j^2 below 0 without flow (`loss_credit`), so that delivered <= f - (slope f - credit) at all tangents.
"""

import numpy as np

from sharegrid.options.multi_area import MultiAreaMarket, Tie
from sharegrid.preparation.area_system import System, Ties
from sharegrid.sweeps import Variant


def ties(options: MultiAreaMarket) -> Ties:
    """The ties of the options."""
    given = list(options.ties.values())
    return Ties(
        label=np.array(list(options.ties), dtype=str),
        from_bus=np.array([tie.from_bus for tie in given], dtype=str),
        to_bus=np.array([tie.to_bus for tie in given], dtype=str),
        capacity=np.array([_capacity(tie) for tie in given], dtype=float),
        constant=np.array([tie.constant_loss_mw for tie in given], dtype=float),
        linear=np.array([tie.linear_loss for tie in given], dtype=float),
        quadratic=np.array([tie.quadratic_loss for tie in given], dtype=float),
        allow_intra=np.array([tie.allow_intra for tie in given], dtype=bool),
    )


def _capacity(tie: Tie) -> float:
    """Active power in MW; of converters what their rating leaves beside the reactive power."""
    return tie.capacity_mw if tie.rating_mva is None else np.sqrt(tie.rating_mva**2 - tie.reactive_mvar**2)


def in_scenario(system: System, one: Variant, options: MultiAreaMarket) -> dict[str, tuple]:
    """(dims, values) of a scenario: tie_capacity, constant_loss (tie) in MW, loss_slope, loss_credit (tie, loss_point)
    and chord_slope (tie). ValueError where a tie would lose more than what is sent, or has no capacity of its own."""
    own, common = system.ties, one.values["tie_capacity_mw"]
    _check_common(options, common, one.label)
    capacity = (own.capacity if common is None else np.full(len(own.label), common)) * one.values["tie_factor"]
    _check_losses(system, capacity, one.label)
    curved = own.quadratic * (options.loss_model == "tangents")
    point = capacity[:, None] * _shares(options)
    return {
        "tie_capacity": (("tie",), capacity),
        "constant_loss": (("tie",), np.where(capacity > 0, own.constant, 0.0)),
        "loss_slope": (("tie", "loss_point"), own.linear[:, None] + 2 * curved[:, None] * point),
        "loss_credit": (("tie", "loss_point"), curved[:, None] * point**2),
        "chord_slope": (("tie",), own.linear + curved * capacity),
    } | _converters(options, one.values["tie_factor"], capacity > 0)


def _converters(options: MultiAreaMarket, factor: float, in_service: np.ndarray) -> dict[str, tuple]:
    """Rating in MVA and reactive power in Mvar of the converters (tie), and the sides of the polygon, where the reactive power
    of some tie is a variable."""
    given = list(options.ties.values())
    if not any(tie.reactive_range_mvar for tie in given):
        return {}
    limits = np.array([tie.reactive_range_mvar or (0.0, 0.0) for tie in given], dtype=float).T * factor * in_service
    rating = [tie.rating_mva * factor if tie.reactive_range_mvar else np.inf for tie in given]
    return {
        "converter_rating": (("tie",), np.where(in_service, rating, np.inf)),
        "reactive_min": (("tie",), limits[0]),
        "reactive_max": (("tie",), limits[1]),
    }


def _shares(options: MultiAreaMarket) -> np.ndarray:
    """Where the losses have tangents, in shares of the capacity: at no flow, which alone serves for linear losses, and
    in the middle of equal parts."""
    middles = (np.arange(options.loss_points) + 0.5) / options.loss_points
    return np.append(0.0, middles if options.loss_model == "tangents" else [])


def _check_common(options: MultiAreaMarket, common: float | None, scenario: str) -> None:
    """ValueError where ties whose power is what reactive power leaves of a rating are to have one capacity above 0."""
    for name, tie in options.ties.items():
        if common and tie.reactive_range_mvar:
            raise ValueError(
                f"prepare: ties: '{name}', scenario '{scenario}': tie_capacity_mw {common:g} says nothing of its rating_mva, "
                "which reactive_range_mvar shares; use tie_factor, which scales both, or 0 to close the ties"
            )


def _check_losses(system: System, capacity: np.ndarray, scenario: str) -> None:
    """ValueError unless more power sent means more delivered, up to the capacity: l1 + 2 l2 capacity < 1."""
    own = system.ties
    marginal = own.linear + 2 * own.quadratic * capacity
    for k in np.flatnonzero(~(marginal < 1)):
        raise ValueError(
            f"{system.source}: ties: '{own.label[k]}', scenario '{scenario}': losses over 100 %: at {capacity[k]:g} MW one "
            f"more MW sent loses {marginal[k]:g} MW; lower linear_loss, quadratic_loss or the capacity"
        )
