"""Areas, ties and a study's options -> the data of the multi-area market, all scenarios in one Dataset."""

import numpy as np
import xarray as xr

from sharegrid import schema
from sharegrid.options.multi_area import MultiAreaMarket, Wave
from sharegrid.preparation import area_checks, area_network, area_offers, area_requirements, area_ties
from sharegrid.preparation.area_system import DIRECTIONS, System
from sharegrid.preparation.inputs import Inputs
from sharegrid.sweeps import Variant, coordinates, variants

OR_OWN = {"tie_capacity_mw": "MW", "ramp10": "1", "ramp": "1/h"}  # fields that are NaN where each has its own
PERIOD = {1: "$/h", 24: "$/day"}


def prepare(options: MultiAreaMarket, inputs: Inputs) -> xr.Dataset:
    """The multi-area market's data: dims scenario, area, bus, branch, generator, block, renewable, tie, time, direction,
    way, loss_point, participant.

    ValueError names file or field, label and cure. Reserve that the units cannot hold is a warning in the log.
    """
    found = variants(options)
    systems = _systems(options, inputs, found)
    system = systems[found[0].values["day"]]
    area_offers.check_bidders(found, system)
    by_scenario = [_scenario(options, systems[one.values["day"]], one) for one in found]
    stacked = {
        name: (("scenario", *dims), np.stack([one[name][1] for one in by_scenario]))
        for name, (dims, _) in by_scenario[0].items()
    }
    data = _labels(options, system, found).assign(_network(options, system) | stacked)
    data = data.assign_coords(loss_point=np.arange(data.sizes["loss_point"]))
    data = data.assign(_plants(options, system) | area_requirements.requirements(options.requirements))
    data = data.assign(voll=options.voll, reserve_penalty=options.reserve_penalty, polygon_sides=options.polygon_sides)
    data = data.assign(one_way=("scenario", np.zeros(len(found), dtype="i1")))
    energy = "MW" if options.hours == 1 else "MWh"
    data.attrs |= {
        "money": PERIOD.get(options.hours, f"$ per {options.hours} h"),
        "energy": energy,
        "centre": area_checks.LOADS,
    }
    area_requirements.check_lower_limits(data)
    area_requirements.check_penalty(data)
    area_requirements.warn(data)
    return schema.described(data, "data")


def _systems(options: MultiAreaMarket, inputs: Inputs, found: list[Variant]) -> dict[str | None, System]:
    """The system by day, each checked; days differ in loads and renewable power."""
    if options.rts is None:
        return {None: area_checks.checked(area_network.system(options, inputs))}
    from sharegrid.preparation import rts_areas

    days = dict.fromkeys(one.values["day"] for one in found)
    return {day: area_checks.checked(rts_areas.system(options, options.rts.days[day], inputs)) for day in days}


def _labels(options: MultiAreaMarket, system: System, found: list[Variant]) -> xr.Dataset:
    """The coordinates along all dims, and the scenarios' own."""
    plants = system.renewables.label if options.participants == "all" else system.renewables.label[:0]
    deviator, base = area_offers.deviations(found, system)
    swept = {
        field: (
            "scenario",
            [np.nan if (v := one.values[field]) is None else float(v) for one in found],
            {"units": unit},
        )
        for field, unit in OR_OWN.items()
    }
    return coordinates(found).assign_coords(
        **swept,
        deviator=("scenario", deviator),
        base=("scenario", base),
        area=system.area,
        bus=system.bus,
        branch=system.branches.label,
        generator=system.units.label,
        renewable=system.renewables.label,
        tie=system.ties.label,
        participant=np.concatenate([system.units.label, plants]),
        block=np.arange(system.units.width.shape[1]),
        time=np.arange(options.hours),
        direction=list(DIRECTIONS),
        way=["forward", "backward"],
    )


def _network(options: MultiAreaMarket, system: System) -> dict[str, tuple]:
    """(dims, values) of buses, branches, units and the ends of ties, the same in all scenarios."""
    lines, units, ties = system.branches, system.units, system.ties
    kept = units.p_min if options.pmin == "keep" else np.zeros(len(units.label))
    return {
        "bus_area": ("bus", system.bus_area),
        "from_bus": ("branch", lines.from_bus),
        "to_bus": ("branch", lines.to_bus),
        "susceptance": ("branch", lines.susceptance),
        "generator_bus": ("generator", units.bus),
        "generator_area": ("generator", system.area_of(units.bus)),
        "owner": ("generator", units.label),
        "p_min": ("generator", kept),
        "tie_from": ("tie", ties.from_bus),
        "tie_to": ("tie", ties.to_bus),
        "tie_from_area": ("tie", system.area_of(ties.from_bus)),
        "tie_to_area": ("tie", system.area_of(ties.to_bus)),
    }


def _plants(options: MultiAreaMarket, system: System) -> dict[str, tuple]:
    """(dims, values) of the renewable plants, the same in all scenarios."""
    plants = system.renewables
    owner = plants.label if options.participants == "all" else np.full(len(plants.label), "")
    return {
        "renewable_bus": ("renewable", plants.bus),
        "renewable_area": ("renewable", system.area_of(plants.bus)),
        "renewable_owner": ("renewable", owner),
        "needs_reserve": ("renewable", plants.needs_reserve.astype("i1")),
    }


def _scenario(options: MultiAreaMarket, system: System, one: Variant) -> dict[str, tuple]:
    """(dims, values) of what differs between scenarios; of a longer day the first hours."""
    limit, hours = system.branches.limit, options.hours
    load = system.load[:, :hours] * wave(options.load_profile, hours, "load_profile") * one.values["load_factor"]
    power = system.renewables.available[:, :hours] * wave(options.renewable_profile, hours, "renewable_profile")
    return {
        "demand": (("bus", "time"), load),
        "available": (("renewable", "time"), power),
        "line_limit": (("branch",), limit if one.values["limits"] == "case" else np.full(limit.shape, np.inf)),
        **area_offers.in_scenario(system, one, options),
        **area_ties.in_scenario(system, one, options),
    }


def wave(profile: Wave, hours: int, field: str) -> np.ndarray:
    """Factors (time) mean + swing sin(2 pi (hour - zero_hour) / 24); ValueError if one is negative."""
    hour = np.arange(hours)
    factor = profile.mean + profile.swing * np.sin(2 * np.pi * (hour - profile.zero_hour) / 24)
    for k in np.flatnonzero(factor < 0)[:1]:
        raise ValueError(f"prepare.{field}: the factor is {factor[k]:g} in hour {k}; give a mean of at least the swing")
    return factor
