"""Where transfers start and end: buses of the source, buses and participation factors of the sink."""

from typing import NamedTuple

import numpy as np
import xarray as xr

from sharegrid.options.transfer_capability import Place, TransferMarket
from sharegrid.readers.network import components

SUM = 1e-9  # of participation factors


class Ends(NamedTuple):
    """The system of a transfer, and which buses belong to it, to the source and to the sink, bool (bus); share (bus):
    the participation factors of the sink."""

    system: str
    own: np.ndarray
    source: np.ndarray
    sink: np.ndarray
    share: np.ndarray


def ends(options: TransferMarket, dispatch: xr.Dataset, name: str) -> Ends:
    """Both ends of a transfer by name.

    ValueError for an unknown system, area or bus, ends that overlap or are not connected, a source without a unit, and
    participation factors that do not sum to one.
    """
    transfer, where = options.transfers[name], f"prepare.transfers.{name}"
    own = dispatch["bus_system"].values == transfer.system
    if not own.any():
        known = ", ".join(dict.fromkeys(dispatch["bus_system"].values.astype(str).tolist()))
        raise ValueError(f"{where}.system: study {options.dispatch} has no system '{transfer.system}'; known: {known}")
    source, sink = (
        _buses(dispatch, own, transfer.system, place, f"{where}.{end}")
        for end, place in (("source", transfer.source), ("sink", transfer.sink))
    )
    if (source & sink).any():
        raise ValueError(
            f"{where}: bus {_short(dispatch, source & sink)} is in the source and in the sink; they must not overlap"
        )
    _check_connected(dispatch, source, sink, where)
    if not np.isin(dispatch["unit_bus"].values, dispatch["bus"].values[source]).any():
        raise ValueError(f"{where}.source: no unit is at these buses; choose buses with units")
    return Ends(transfer.system, own, source, sink, _shares(dispatch, transfer.sink, transfer.system, sink, where))


def _short(dispatch: xr.Dataset, chosen: np.ndarray) -> str:
    return str(dispatch["bus"].values[chosen][0]).partition(":")[2]


def _buses(dispatch: xr.Dataset, own: np.ndarray, system: str, place: Place, where: str) -> np.ndarray:
    """Which buses belong to a place, bool (bus)."""
    if place.area is not None:
        here = own & (dispatch["bus_area"].values == place.area)
        if not here.any():
            known = ", ".join(dict.fromkeys(dispatch["bus_area"].values[own].astype(str).tolist()))
            raise ValueError(f"{where}.area: no area '{place.area}' in {system}; known: {known}")
        return here
    labels = [f"{system}:{bus}" for bus in place.buses]
    for label in labels:
        if label not in dispatch.indexes["bus"]:
            raise ValueError(f"{where}.buses: no bus '{label.partition(':')[2]}' in {system}; name buses of its file")
    return np.isin(dispatch["bus"].values, labels)


def _check_connected(dispatch: xr.Dataset, source: np.ndarray, sink: np.ndarray, where: str) -> None:
    island = components(dispatch["bus"].values, dispatch["from_bus"].values, dispatch["to_bus"].values)
    if len(np.unique(island[source | sink])) > 1:
        first = island[source | sink][0]
        apart = (source | sink) & (island != first)
        raise ValueError(
            f"{where}: bus {_short(dispatch, apart)} is on another island; source and sink must be connected"
        )


def _shares(dispatch: xr.Dataset, place: Place, system: str, sink: np.ndarray, where: str) -> np.ndarray:
    """Participation factors (bus), those given or the shares of the loads."""
    if place.shares is not None:
        share = np.zeros(dispatch.sizes["bus"])
        share[dispatch.indexes["bus"].get_indexer([f"{system}:{bus}" for bus in place.buses])] = place.shares
        if abs(share.sum() - 1) > SUM:  # of what is at the buses, not of the list
            raise ValueError(f"{where}.sink.shares: they sum to {share.sum():g}; participation factors must sum to 1")
        return share
    weight = np.where(sink, dispatch["load_weight"].values, 0.0)
    if weight.sum() <= 0:
        raise ValueError(f"{where}.sink: no load at these buses, so they have no shares; give shares")
    return weight / weight.sum()
