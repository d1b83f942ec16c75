"""Demand response before the schedule: T of the bilevel program between a certified point and the high-point
relaxation.

The big M of the multipliers starts at `dual_bound` and is raised tenfold until T has stayed twice. The dispatch of the
last optimum is then compared with the cheapest secure dispatch at its demand response: if it costs no more, the point
is feasible and its T a lower bound of the largest T; the relaxation is an upper bound, and T without demand response on
the base schedule a lower one; T outside of both is an error. Of several ways to reach T the cheapest demand response is
reported.
"""

import logging
from collections.abc import Mapping

import numpy as np
import xarray as xr

from sharegrid.markets.transfer_bilevel import Bilevel, Point
from sharegrid.optimise.highs import NotOptimal

log = logging.getLogger(__name__)
METHOD = "transfer-bilevel"
CERTIFIED = 1e-6  # $/h
SAME = 1e-6  # MW
ORDERED = 1e-5  # MW that T may lie outside of its bounds
STEPS = 8
RAISED = 10.0
AGREED = 3  # the last so many steps have one T: it has stayed twice


def plan(results: Mapping[str, xr.Dataset], *, scenarios: list[str], dual_bound: float = 100.0) -> xr.Dataset:
    """bilevel_transfer, bilevel_upper, bilevel_gap, bilevel_cost (scenario), bilevel_reduction (scenario, site), and by
    step bound, bound_transfer, bound_gap, bound_price, bound_iterations (scenario, step).

    ValueError for another market, an unknown scenario, scenarios of several systems, a bound that is not positive, and
    as the bilevel program; RuntimeError where T does not stay within 8 steps, the certificate fails, or T is not
    between its bounds.
    """
    data = results["data"]
    if data.attrs.get("market") != "transfer-capability":
        raise ValueError(f"{METHOD}: this method is for the market transfer-capability")
    if unknown := [name for name in scenarios if name not in data.indexes["scenario"]]:
        raise ValueError(f"{METHOD}: no scenario '{unknown[0]}'; known: {', '.join(data['scenario'].values[:20])}")
    if not dual_bound > 0:
        raise ValueError(f"{METHOD}: dual_bound is {dual_bound:g}; it must be above 0")
    if len(systems := np.unique(data["system"].sel(scenario=scenarios).values)) > 1:
        raise ValueError(f"{METHOD}: scenarios are of {' and '.join(systems)}; give those of one system")
    programs = {label: Bilevel(data.sel(scenario=[label])) for label in scenarios}
    steps = [_raised(program, label, dual_bound) for label, program in programs.items()]
    upper = [program.relaxation() for program in programs.values()]
    for (label, program), found, most in zip(programs.items(), steps, upper, strict=True):
        check_order(label, program.sequential(), found[-1][1].transfer, most)
    return _described(programs, steps, upper, data.attrs["money"])


def check_order(label: str, sequential: float, transfer: float, upper: float) -> None:
    """RuntimeError unless T without demand response <= T <= T of the relaxation, MW: the first is a point of the
    bilevel program, whose points are points of the relaxation."""
    if not sequential - ORDERED <= transfer <= upper + ORDERED:
        raise RuntimeError(f"{METHOD}: scenario {label}: T of {transfer:.6f} MW is not between {sequential:.6f} MW "
                           f"without demand response and {upper:.6f} MW of the relaxation; please report "
                           "it")  # fmt: skip


def _raised(program: Bilevel, label: str, dual_bound: float) -> list[tuple[float, Point | None]]:
    """M and its optimum, None where M is so small that there is none, until T has stayed twice."""
    found: list[tuple[float, Point | None]] = []
    for step in range(STEPS):
        bound = dual_bound * RAISED**step
        try:
            found.append((bound, program.solve(bound)))
        except NotOptimal as error:
            if error.status != "infeasible":
                raise
            found.append((bound, None))
        last = [point.transfer if point else np.nan for _, point in found[-AGREED:]]
        if len(last) == AGREED and max(last) - min(last) <= SAME:
            _check_certificate(found[-1][1], label)
            return found
    raise RuntimeError(
        f"{METHOD}: scenario {label}: T still moves at M = {found[-1][0]:g} $/MWh; give a larger dual_bound"
    )


def _check_certificate(point: Point, label: str) -> None:
    if point.certificate > CERTIFIED:
        raise RuntimeError(f"{METHOD}: scenario {label}: the dispatch costs {point.certificate:.3g} $/h more than the "
                           "cheapest one, so it is no optimum of the lower level; give a larger "
                           "dual_bound")  # fmt: skip


def _described(programs: dict[str, Bilevel], steps, upper: list[float], money: str) -> xr.Dataset:
    last = [found[-1][1] for found in steps]
    price, site = (next(iter(programs.values())).numbers[name].values for name in ("price", "site"))
    by_scenario = {
        "bilevel_transfer": ([point.transfer for point in last], money, "transfer of the bilevel program, certified"),
        "bilevel_upper": (upper, money, "transfer of the high-point relaxation"),
        "bilevel_gap": ([point.certificate for point in last], "$/h", "cost of the dispatch above the cheapest one"),
        "bilevel_cost": ([float(price @ point.reduction) for point in last], "$/h", "cost of the demand response"),
    }
    arrays = {name: ("scenario", values, {"units": units, "long_name": text})
              for name, (values, units, text) in by_scenario.items()}  # fmt: skip
    about = {"units": "MW", "long_name": "demand response before the schedule"}
    arrays["bilevel_reduction"] = (("scenario", "site"), [point.reduction for point in last], about)
    labels = {"scenario": list(programs), "site": site}
    return xr.Dataset(arrays | _by_step(steps, money), labels)


def _by_step(steps: list[list[tuple[float, Point | None]]], money: str) -> dict[str, tuple]:
    """What each step of M gave (scenario, step), NaN where a scenario had fewer or M was too small."""
    about = {
        "bound": (lambda bound, point: bound, "$/MWh", "big M of the multipliers"),
        "bound_transfer": (lambda bound, point: point.transfer, money, "transfer with this M"),
        "bound_gap": (lambda bound, point: point.certificate, "$/h", "cost of the dispatch above the cheapest one"),
        "bound_price": (lambda bound, point: point.largest_price, "$/MWh", "largest multiplier"),
        "bound_iterations": (lambda bound, point: point.iterations, "1", "simplex iterations"),
    }
    arrays = {}
    for name, (of, units, text) in about.items():
        values = np.full((len(steps), STEPS), np.nan)
        for k, found in enumerate(steps):
            for step, (bound, point) in enumerate(found):
                if point or name == "bound":
                    values[k, step] = of(bound, point)
        arrays[name] = (("scenario", "step"), values, {"units": units, "long_name": text})
    return arrays
