"""Tables or numbers of a system and a study's options -> the data of the market for energy and ancillary services."""

import numpy as np
import xarray as xr

from sharegrid import schema
from sharegrid.options.ancillary_services import PRODUCTS, AncillaryServicesMarket
from sharegrid.preparation.ancillary_rts import RtsOneBus
from sharegrid.preparation.ancillary_system import RENEWABLE, RENEWABLE_PRODUCTS, Fleet, Hours, NumberedSystem
from sharegrid.preparation.inputs import Inputs
from sharegrid.sweeps import Variant, coordinates, variants

UP, DOWN = PRODUCTS.index("FRU"), PRODUCTS.index("FRD")
MINUTES = (5, 10, 60)
HOUR = 60


def prepare(options: AncillaryServicesMarket, inputs: Inputs) -> xr.Dataset:
    """The market's data: dims scenario, unit (all that some scenario commits, and the renewable plant), load,
    participant (units and loads), block, product, time.

    ValueError names file, field, label and cure.
    """
    source = NumberedSystem(options) if options.system is not None else RtsOneBus(options, inputs)
    found = variants(options)
    days = {one.values["day"] for one in found}
    hours = {day: source.hours(day) for day in sorted(days, key=str)}
    used = np.any([one.committed > 0 for one in hours.values()], axis=0)
    fleet, places = _only(source.fleet, used), np.flatnonzero(used)
    _check_penalties(options, fleet)
    units, loads = [*fleet.label, RENEWABLE], source.loads
    data = coordinates(found).assign_coords(
        unit=units, load=loads, participant=[*units, *loads], product=list(PRODUCTS),
        block=np.arange(1, fleet.width.shape[1] + 1), time=np.arange(next(iter(hours.values())).demand.shape[1]),
        day=("scenario", ["" if one.values["day"] is None else one.values["day"].isoformat() for one in found]),
    )  # fmt: skip
    by_scenario = [_scenario(fleet, places, hours[one.values["day"]], one) for one in found]
    dims = {name: dim for name, (dim, _) in by_scenario[0].items()}
    stacked = {
        name: (("scenario", *dim), np.stack([one[name][1] for one in by_scenario])) for name, dim in dims.items()
    }
    data = data.assign(stacked | _constants(options, fleet, len(found)))
    data.attrs |= {"money": "$/day", "energy": "MWh"}
    return schema.described(data, "data")


def _only(fleet: Fleet, used: np.ndarray) -> Fleet:
    label = [name for name, here in zip(fleet.label, used, strict=True) if here]
    arrays = {name: getattr(fleet, name)[used] for name in ("width", "price", "minimum", "ramp", "offered")}
    return Fleet(label=label, **arrays)


def _check_penalties(options: AncillaryServicesMarket, fleet: Fleet) -> None:
    """ValueError where a penalty is below a bid, so that load would be lost or a product be missing although units have
    it."""
    block = np.where(fleet.width > 0, fleet.price, -np.inf).max(axis=1)
    unit = int(block.argmax())
    if options.voll < block[unit]:
        raise ValueError(
            f"voll {options.voll:g} $/MWh is below the {block[unit]:g} $/MWh that unit {fleet.label[unit]} bids for energy, "
            "which would never run; raise voll or lower the bid"
        )
    for k, product in enumerate(PRODUCTS):
        offering = [name for name, offers in zip(fleet.label, fleet.offered[:, k], strict=True) if offers]
        if product in RENEWABLE_PRODUCTS:
            offering.append(RENEWABLE)
        if offering and options.penalty(product) < options.bid(product):
            raise ValueError(
                f"penalties.{product} {options.penalty(product):g} $/MW is below the {options.bid(product):g} $/MW of "
                f"bids.{product} that unit {offering[0]} and all others that offer it bid, so that they would never hold it; "
                f"raise penalties.{product} or lower bids.{product}"
            )


def _scenario(fleet: Fleet, places: np.ndarray, hours: Hours, one: Variant) -> dict[str, tuple]:
    """(dims, values) of what differs between scenarios; the renewable plant is the last unit."""
    on = hours.committed[places]
    count, capacity = hours.demand.shape[1], fleet.width.sum(axis=1)
    width = np.zeros((len(on) + 1, fleet.width.shape[1]))
    width[:-1], width[-1, 0] = on[:, None] * fleet.width, hours.renewable.max()
    return {
        "taking_part": (("participant",), np.concatenate([on, np.ones(1 + len(hours.demand))]).astype("i1")),
        "available": (("unit", "time"), np.vstack([np.repeat((on * capacity)[:, None], count, 1), hours.renewable])),
        "minimum": (("unit",), np.append(on * fleet.minimum, 0.0)),
        "block_width": (("unit", "block"), width),
        "demand": (("load", "time"), hours.demand),
        "requirement": (("load", "product", "time"), _requirement(hours, one)),
    }


def _requirement(hours: Hours, one: Variant) -> np.ndarray:
    """(load, product, time) MW: the system's requirement, divided by energy or, for ramping, by the errors.

    Under 'total' ramping covers the forecast movement of the net load too, and fru_factor multiplies the sum.
    """
    total = hours.requirement.copy()
    if one.values["frp_requirement"] == "total":
        step = np.append(np.diff(hours.demand.sum(axis=0) - hours.renewable), 0.0)
        total[UP], total[DOWN] = np.maximum(total[UP] + step, 0), np.maximum(total[DOWN] - step, 0)
    total[UP] = total[UP] * one.values["fru_factor"]
    share = np.repeat(_shares(hours.demand)[:, None], len(PRODUCTS), axis=1)
    if one.values["allocation"] == "causer-pays":
        share[:, UP] = share[:, DOWN] = _shares(hours.error)
    return share * total


def _shares(weight: np.ndarray) -> np.ndarray:
    """(load, time), of the total in each hour; equal where there is none."""
    total = weight.sum(axis=0)
    return np.where(total > 0, weight / np.where(total > 0, total, 1), 1 / len(weight))


def _constants(options: AncillaryServicesMarket, fleet: Fleet, scenarios: int) -> dict[str, tuple]:
    """What is the same in all scenarios; the renewable plant has no cost and no limit of its ramp."""
    only = np.isin(PRODUCTS, RENEWABLE_PRODUCTS).astype(float)
    ramps = {f"ramp_{k}": ("unit", np.append(fleet.ramp / (HOUR / k), np.inf)) for k in MINUTES}
    bids, penalties = ([ask(product) for product in PRODUCTS] for ask in (options.bid, options.penalty))
    return ramps | {
        "block_price": (("unit", "block"), np.vstack([fleet.price, np.zeros(fleet.price.shape[1])])),
        "bid": (("unit", "product"), np.tile(bids, (len(fleet.label) + 1, 1))),
        "offered": (("unit", "product"), np.vstack([fleet.offered, only])),
        "penalty": ("product", penalties),
        "voll": ("scenario", np.full(scenarios, options.voll)),
    }
