"""Secure schedules of another study, transfers and providers of demand response -> the data of the transfer market."""

import numpy as np
import xarray as xr

from sharegrid import schema
from sharegrid.contracts.secure_dispatch import NETWORK
from sharegrid.options.transfer_capability import TransferMarket
from sharegrid.preparation.inputs import Inputs
from sharegrid.preparation.transfer_places import Ends, ends
from sharegrid.sweeps import Variant, coordinates, variants

LOST = 1e-6  # MW
MATCHED = ("date", "hour", "emergency_factor", "renewable_factor")  # of a scenario and of its base schedule


def prepare(options: TransferMarket, inputs: Inputs) -> xr.Dataset:
    """The market's data: dims scenario, bus, branch, unit, site, participant, slot (units of the source), place (sites
    that the scenario can use).

    ValueError names field, label and cure.
    """
    dispatch, found = inputs.cleared(options.dispatch), variants(options)
    known = {name: ends(options, dispatch, name) for name in dict.fromkeys(one.values["transfer"] for one in found)}
    schedules = [_schedule(dispatch, options, one) for one in found]
    for k, one in zip(schedules, found, strict=True):
        _check_served(dispatch.isel(schedule=k), options.dispatch, one.label)
    sites = _sites(options, dispatch, list(dict.fromkeys(known[one.values["transfer"]].system for one in found)))
    rows = [_scenario(dispatch.isel(schedule=k), known[one.values["transfer"]], one, sites)
            for k, one in zip(schedules, found, strict=True)]  # fmt: skip
    stacked = {name: (rows[0][name][0], _padded([row[name][1] for row in rows])) for name in rows[0]}
    data = _coordinates(options, found, dispatch["schedule"].values[schedules], known)
    data = data.assign_coords(
        {name: dispatch[name] for name in ("bus", "branch", "unit")}
        | {"site": sites["site_bus"], "participant": list(dict.fromkeys(sites["site_owner"]))}
    )
    network = {name: dispatch[name] for name in NETWORK}
    margins = {"reliability_margin": options.reliability_margin, "benefit_margin": options.benefit_margin_mw}
    data = data.assign(network | stacked | {name: ("site", values) for name, values in sites.items()} | margins)
    data = data.assign(capability_price=options.capability_price, taking_part=_taking_part(data))
    data.attrs = {"market": options.market, "money": "MW", "energy": "MW"}
    return schema.described(data, "data")


def _coordinates(options: TransferMarket, found: list[Variant], schedules, known: dict[str, Ends]) -> xr.Dataset:
    """Scenarios with their swept fields; no factor is NaN, no budget is inf."""
    swept = {"emergency_factor": np.nan, "budget": np.inf}
    columns = {name: [none if (one := v.values[name]) is None else one for v in found] for name, none in swept.items()}
    columns |= {"schedule": schedules, "system": [known[one.values["transfer"]].system for one in found]}
    return coordinates(found).assign_coords({name: ("scenario", values) for name, values in columns.items()})


def _schedule(dispatch: xr.Dataset, options: TransferMarket, one: Variant) -> int:
    """Number of the base schedule of a scenario; ValueError if the dispatch study has none."""
    system, values = options.transfers[one.values["transfer"]].system, one.values
    here = dispatch["system"].values == system
    for name in MATCHED:
        asked, given = values[name], dispatch[name].values
        here = here & (np.isnan(given) if asked is None else given == asked)
    if not here.any():
        asked = ", ".join(f"{name} {values[name]}" for name in MATCHED)
        raise ValueError(
            f"prepare: scenario '{one.label}': study {options.dispatch} has no schedule of {system} with {asked}; "
            "add it there"
        )
    return int(np.flatnonzero(here)[0])


def _check_served(base: xr.Dataset, study: str, label: str) -> None:
    """ValueError if the base schedule sheds load: a transfer on top of it would serve other load than its own."""
    lost = base["lost_load"].values
    if (total := lost.sum()) > LOST:
        bus = str(base["bus"].values[lost.argmax()]).partition(":")[2]
        raise ValueError(f"prepare: scenario '{label}': the base schedule '{base['schedule'].item()}' of study {study} "
                         f"sheds {total:.3f} MW, most at bus {bus}; lower the load_factor of the system or raise its "
                         "limits there")  # fmt: skip


def _sites(options: TransferMarket, dispatch: xr.Dataset, systems: list[str]) -> dict[str, np.ndarray]:
    """site_bus, site_owner, site_price (site): the buses of the systems that have load in some hour."""
    loaded = (dispatch["load"] > 0).any("schedule").values
    bus, system = dispatch["bus"].values.astype(str), dispatch["bus_system"].values.astype(str)
    chosen = [k for name in systems for k in np.flatnonzero(loaded & (system == name))]
    group = {
        "bus": bus,
        "area": _joined(system, ":", dispatch["bus_area"].values),
        "voltage": _joined(_joined(system, ":", dispatch["bus_area"].values), "/", _volts(dispatch)),
    }
    for name in systems:
        if (
            options.providers[name].group == "voltage"
            and np.isnan(dispatch["bus_voltage"].values[system == name]).any()
        ):
            raise ValueError(
                f"prepare.providers.{name}.group: the source does not tell voltage levels; use bus or area"
            )
    return {
        "site_bus": bus[chosen],
        "site_owner": np.array([group[options.providers[system[k]].group][k] for k in chosen], dtype=str),
        "site_price": np.array([options.providers[system[k]].price for k in chosen]),
    }


def _volts(dispatch: xr.Dataset) -> np.ndarray:
    return np.array([f"{volts:g} kV" for volts in dispatch["bus_voltage"].values])


def _joined(left: np.ndarray, between: str, right: np.ndarray) -> np.ndarray:
    return np.array([f"{a}{between}{b}" for a, b in zip(left, right, strict=True)])


def _scenario(base: xr.Dataset, between: Ends, one: Variant, sites: dict[str, np.ndarray]) -> dict[str, tuple]:
    """(dims, values) of one scenario; arrays along slot and place have their own length. An empty slot is called ""."""
    bus = base.indexes["bus"]
    net = (base["load"] - base["must_take"]).values
    at = bus.get_indexer(sites["site_bus"])
    within = between.sink[at] if one.values["reduction_at"] == "sink" else between.own[at]
    units = np.flatnonzero(between.source[bus.get_indexer(base["unit_bus"].values)])
    room = (base["unit_capacity"] - base["output"]).values[units].clip(min=0)
    places = np.flatnonzero(within)
    return {
        "injection": (("scenario", "bus"), np.where(between.own, base["injection"].values, 0.0)),
        "net_load": (("scenario", "bus"), np.where(between.own, net, 0.0)),
        "base_output": (("scenario", "unit"), base["output"].values),
        "sink_share": (("scenario", "bus"), between.share),
        "in_source": (("scenario", "bus"), between.source.astype("i1")),
        "in_sink": (("scenario", "bus"), between.sink.astype("i1")),
        "limit": (("scenario", "branch"), base["limit"].values),
        "emergency_limit": (("scenario", "branch"), base["emergency_limit"].values),
        "source_unit": (("scenario", "slot"), base["unit"].values[units].astype(str)),
        "source_room": (("scenario", "slot"), room),
        "site_here": (("scenario", "place"), places),
        "site_used": (("scenario", "place"), np.ones(len(places), "i1")),
        "reduction_limit": (("scenario", "site"), within * one.values["reduction_level"] * net[at].clip(min=0)),
    }


def _padded(rows: list[np.ndarray]) -> np.ndarray:
    """Arrays of different lengths as one (scenario, ...), filled with zeros or empty text."""
    most = max(len(row) for row in rows)
    return np.stack([np.concatenate([row, np.zeros(most - len(row), dtype=row.dtype)]) for row in rows])


def _taking_part(data: xr.Dataset) -> xr.DataArray:
    """(scenario, participant), 1 if the provider has a site that the scenario can use."""
    owner = data["site_owner"].values[data["site_here"].values]
    here = [[(owner[k][used == 1] == name).any() for name in data["participant"].values]
            for k, used in enumerate(data["site_used"].values)]  # fmt: skip
    return xr.DataArray(np.array(here, dtype="i1"), dims=("scenario", "participant"))
