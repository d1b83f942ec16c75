"""A cleared market, or numbers, and a study's options -> the data of microgrids that bid alone or as a pool."""

import numpy as np
import xarray as xr

from sharegrid import schema
from sharegrid.options.ancillary_services import PRODUCTS
from sharegrid.options.microgrid import Battery, Microgrid, MicrogridMarket
from sharegrid.preparation.inputs import Inputs
from sharegrid.preparation.microgrid_week import WeekData, week_data
from sharegrid.sweeps import Variant, coordinates, variants

DIRECTIONS = ("up", "down")


def prepare(options: MicrogridMarket, inputs: Inputs) -> xr.Dataset:
    """The microgrids' data: dims scenario, participant, product, source, direction, time, outcome.

    ValueError names file, field, label and cure.
    """
    weeks = {name: week_data(options, week, inputs) for name, week in options.weeks.items()}
    hours, outcomes = _common_sizes(weeks)
    found = variants(options)
    sizes = [one.values["battery_mwh"] for one in found]
    data = coordinates(found).assign_coords(
        participant=list(options.microgrids),
        product=list(PRODUCTS),
        source=list(options.deviations),
        direction=list(DIRECTIONS),
        time=np.arange(hours),
        outcome=np.arange(1, outcomes + 1),
        battery_mwh=("scenario", [np.nan if size is None else size for size in sizes]),
    )
    by_scenario = [_scenario(options, weeks[one.values["week"]], one) for one in found]
    dims = {name: dim for name, (dim, _) in by_scenario[0].items()}
    stacked = {
        name: (("scenario", *dim), np.stack([one[name][1] for one in by_scenario])) for name, dim in dims.items()
    }
    data = data.assign(stacked | {"held_hours": ("product", options.held())})
    data.attrs |= {"money": "$/day", "energy": "MWh"}
    return schema.described(data, "data")


def _common_sizes(weeks: dict[str, WeekData]) -> tuple[int, int]:
    """Hours and outcomes, the same in all weeks; ValueError names a week with others."""
    first, *others = weeks
    for name in others:
        if weeks[name].energy.shape != weeks[first].energy.shape:
            raise ValueError(f"weeks.{name}: other hours or outcomes than {first}; all weeks must have as many")
    return weeks[first].energy.shape


def _scenario(options: MicrogridMarket, week: WeekData, one: Variant) -> dict[str, tuple]:
    """(dims, values) of one scenario; who is not in the pool brings nothing."""
    here = np.array([name in options.pools[one.values["pool"]] for name in options.microgrids], dtype=float)
    owners = list(options.microgrids.values())
    load = np.outer(here * [owner.load_mw for owner in owners], week.load)
    pv = np.outer(here * [owner.pv_mw for owner in owners], week.pv)
    forecast = {"pv": pv, "load": load}
    deviation = np.stack([share * forecast[name] for name, share in options.deviations.items()], axis=1)
    most = here * [0.0 if owner.curtailable is None else owner.curtailable.power_mw for owner in owners]
    sold = options.product_sets[one.values["products"]]
    return {
        "taking_part": (("participant",), here.astype("i1")),
        "alpha": ((), options.alpha),
        "one_way": ((), 0.0),
        "missing_margin_cost": ((), options.missing_margin_cost),
        "probability": (("outcome",), week.probability),
        "price_energy": (("time", "outcome"), week.energy),
        "price_product": (("product", "time"), week.products),
        "offered": (("product",), np.isin(PRODUCTS, sold).astype(float)),
        "load": (("participant", "time"), load),
        "pv": (("participant", "time"), pv),
        "deviation": (("participant", "source", "time"), deviation),
        "curtailable": (("participant", "time"), np.minimum(most[:, None], load)),
    } | _resources(owners, here, one.values["battery_mwh"])


def _resources(owners: list[Microgrid], here: np.ndarray, size: float | None) -> dict[str, tuple]:
    """Limits and costs (participant); what a microgrid lacks has the size 0."""
    columns = [_unit(owner) | _battery(owner.battery, size) for owner in owners]
    arrays = {name: np.array([column[name] for column in columns]) for name in columns[0]}
    costs = ("unit_cost", "battery_cost", "charge_efficiency", "discharge_efficiency")
    found = {name: (("participant",), values if name in costs else here * values) for name, values in arrays.items()}
    curtailment = [0.0 if owner.curtailable is None else owner.curtailable.cost for owner in owners]
    return found | {"curtailment_cost": (("participant",), np.array(curtailment))}


def _unit(owner: Microgrid) -> dict[str, float]:
    unit, names = owner.unit, {"unit_capacity": "capacity_mw", "unit_minimum": "minimum_mw", "unit_cost": "cost",
                               "ramp_10": "ramp_10_mw", "ramp_60": "ramp_60_mw"}  # fmt: skip
    return {name: 0.0 if unit is None else getattr(unit, field) for name, field in names.items()}


def _battery(battery: Battery | None, size: float | None) -> dict[str, float]:
    """`size` in MWh replaces the own one of a battery that is there."""
    if battery is None:
        battery, size = Battery(energy_mwh=0, power_per_energy=1), 0.0
    energy = battery.energy_mwh if size is None else size
    return {
        "battery_energy": energy,
        "battery_power": battery.power_per_energy * energy,
        "battery_initial": battery.initial_share * energy,
        "battery_cost": battery.cost,
        "charge_efficiency": battery.charge_efficiency,
        "discharge_efficiency": battery.discharge_efficiency,
    }
