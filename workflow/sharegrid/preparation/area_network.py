"""The areas of a study's options, each a network file or a bus with a load and units -> one joined system."""

from dataclasses import fields
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from sharegrid.options.multi_area import Area, MultiAreaMarket, Unit
from sharegrid.preparation import area_ties, dc_form, ratings
from sharegrid.preparation.area_offers import polynomial_blocks
from sharegrid.preparation.area_system import Branches, Renewables, System, Units, reserve_cost
from sharegrid.preparation.inputs import Inputs


class _Part(NamedTuple):
    """One area: its buses, their load in MW, and what is connected to them."""

    bus: np.ndarray
    load: np.ndarray
    branches: Branches
    units: Units


def system(options: MultiAreaMarket, inputs: Inputs) -> System:
    """The areas, ties and plants of the options; loads and plants are constant over the hours.

    ValueError names the file or the field of the options, the label and the cure.
    """
    parts = [
        _from_numbers(name, area, options) if area.path is None else _from_file(name, area, options, inputs)
        for name, area in options.areas.items()
    ]
    load = np.concatenate([part.load for part in parts])
    return System(
        source="prepare",
        area=list(options.areas),
        bus=np.concatenate([part.bus for part in parts]),
        bus_area=np.repeat(list(options.areas), [len(part.bus) for part in parts]),
        load=np.repeat(load[:, None], options.hours, axis=1),
        branches=_joined(Branches, [part.branches for part in parts]),
        units=_joined(Units, [part.units for part in parts]),
        renewables=_renewables(options),
        ties=area_ties.ties(options),
    )


def _joined(kind: type, parts: list) -> Any:
    return kind(**{one.name: np.concatenate([getattr(part, one.name) for part in parts]) for one in fields(kind)})


def _from_file(name: str, area: Area, options: MultiAreaMarket, inputs: Inputs) -> _Part:
    """An area whose network, units and loads are those of a file."""
    network = inputs.read(area.path, area.reader)
    _check_file(network, area)
    field = f"prepare.areas.{name}.ratings"
    rate = ratings.of_file(network, area.ratings, inputs, field) if area.ratings else network["rate"].values
    form = dc_form.branches(network, "matpower")
    return _Part(
        bus=_labels(name, network["bus"]),
        load=(network["load"] + network["shunt"]).values * area.load_factor,
        branches=Branches(
            label=_numbered(name, "b", network.sizes["branch"]),
            from_bus=_labels(name, form["from_bus"]),
            to_bus=_labels(name, form["to_bus"]),
            susceptance=form["susceptance"].values,
            limit=rate.astype(float),
        ),
        units=_units_of_file(name, area, network, options),
    )


def _labels(area: str, bus: xr.DataArray) -> np.ndarray:
    return np.array([f"{area}:{one}" for one in bus.values], dtype=str)


def _numbered(area: str, letter: str, size: int) -> np.ndarray:
    return np.array([f"{area}:{letter}{k + 1}" for k in range(size)], dtype=str)


def _check_file(network: xr.Dataset, area: Area) -> None:
    """ValueError for what an area cannot have: DC lines, costs by points, units that always consume; generators are numbered
    among those in service."""
    if "dcline" in network.dims:
        ends = f"{network['dcline_from'].values[0]} to {network['dcline_to'].values[0]}"
        raise ValueError(f"{area.path}: dcline {ends} is in service; take it out of service and give it as a tie")
    if "cost_point_mw" in network and not np.isnan(network["cost_point_mw"].values).all():
        place = np.flatnonzero(~np.isnan(network["cost_point_mw"].values).all(axis=1))[0]
        raise ValueError(f"{area.path}: generator {place + 1} in service: cost by points; give it a polynomial cost")
    if (network["p_max"].values < 0).any():
        place = np.flatnonzero(network["p_max"].values < 0)[0]
        raise ValueError(f"{area.path}: generator {place + 1} in service: p_max is negative; make it a load of its bus")


def _units_of_file(name: str, area: Area, network: xr.Dataset, options: MultiAreaMarket) -> Units:
    """The units of a file, numbered from 1 among those in service; their costs and reserve are scaled by the area's
    cost_factor."""
    linear = network["cost_linear"].values * area.cost_factor
    quadratic = network["cost_quadratic"].values * area.cost_factor
    capacity = network["p_max"].values.astype(float)
    width, price, exact = polynomial_blocks(capacity, linear, quadratic, options)
    free = np.full(len(capacity), np.inf)
    return Units(
        label=_numbered(name, "g", len(capacity)),
        bus=_labels(name, network["generator_bus"]),
        number=np.arange(len(capacity)) + 1,
        capacity=capacity,
        p_min=network["p_min"].values.astype(float),
        width=width,
        price=price,
        quadratic=exact,
        reserve_cost=reserve_cost(linear, options),
        ten_minutes=free,
        hourly=free,
    )


def _from_numbers(name: str, area: Area, options: MultiAreaMarket) -> _Part:
    """An area of one bus, called as the area."""
    none = np.array([], dtype=str)
    return _Part(
        bus=np.array([name]),
        load=np.array([area.load_mw * area.load_factor]),
        branches=Branches(label=none, from_bus=none, to_bus=none, susceptance=np.zeros(0), limit=np.zeros(0)),
        units=_units_of_numbers(name, area, options),
    )


def _units_of_numbers(name: str, area: Area, options: MultiAreaMarket) -> Units:
    """The units that the options give; a reserve offer that is not given is the market's share of the linear cost."""
    given = list(area.units.values())
    _check_costs(name, area)
    linear = np.array([unit.linear for unit in given]) * area.cost_factor
    quadratic = np.array([unit.quadratic for unit in given]) * area.cost_factor
    capacity = np.array([unit.capacity_mw for unit in given], dtype=float)
    width, price, exact = polynomial_blocks(capacity, linear, quadratic, options)
    limit = [np.inf if unit.reserve_limit_mw is None else unit.reserve_limit_mw for unit in given]
    return Units(
        label=np.array(list(area.units), dtype=str),
        bus=np.full(len(given), name),
        number=np.arange(len(given)) + 1,
        capacity=capacity,
        p_min=np.zeros(len(given)),
        width=width,
        price=price,
        quadratic=exact,
        reserve_cost=_own_or_share(given, reserve_cost(linear, options)),
        ten_minutes=np.array(limit, dtype=float),
        hourly=np.full(len(given), np.inf),
    )


def _check_costs(name: str, area: Area) -> None:
    """ValueError for a cost that is no number or not convex."""
    for label, unit in area.units.items():
        where = f"prepare.areas.{name}.units.{label}"
        for field in ("linear", "quadratic"):
            if not np.isfinite(getattr(unit, field)):
                raise ValueError(f"{where}.{field}: {getattr(unit, field)} is no cost; give a finite number")
        if unit.quadratic < 0:
            raise ValueError(f"{where}.quadratic: {unit.quadratic:g} makes the cost not convex; give 0 or more")


def _own_or_share(given: list[Unit], share: np.ndarray) -> np.ndarray:
    own = np.array([[unit.reserve_up, unit.reserve_down] for unit in given], dtype=float).reshape(share.shape)
    return np.where(np.isnan(own), share, own)


def _renewables(options: MultiAreaMarket) -> Renewables:
    plants = list(options.renewables.values())
    power = np.array([plant.power_mw for plant in plants], dtype=float)
    return Renewables(
        label=np.array(list(options.renewables), dtype=str),
        bus=np.array([plant.bus for plant in plants], dtype=str),
        available=np.repeat(power[:, None], options.hours, axis=1),
        needs_reserve=np.full(len(plants), True),
    )
