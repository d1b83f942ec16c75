"""PyPSA networks (netCDF, HDF5 or a folder of CSV files) -> network Dataset of one snapshot.

PyPSA is an optional extra with an environment of its own, so it is imported only here and only when used. Per-unit
values are on base 1 MVA, as PyPSA's own: x [ohm] / v_nom² [kV²] for lines, x [p.u.] / s_nom [MVA] for transformers.
"""

import logging
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr

from sharegrid.readers import network

BASE_MVA = 1.0
OFFER = ("p_min_pu", "p_max_pu", "marginal_cost", "marginal_cost_quadratic")
SIZES = {"Line": "s_nom", "Transformer": "s_nom", "Link": "p_nom", "Generator": "p_nom"}

logger = logging.getLogger(__name__)


def read(path: str | Path, *, snapshot: str | None = None, storage: Literal["refuse", "drop"] = "refuse") -> xr.Dataset:
    """Network Dataset (see sharegrid.readers.network) of one snapshot of a PyPSA network.

    snapshot : label of the snapshot as printed by PyPSA (e.g. `2013-01-01 05:00:00`); the first one by default.
    storage : storage units and stores couple snapshots, which a one-hour market cannot represent: they are refused, or
        dropped on request.

    Lines and transformers become branches (tap ratio, phase shift, limit s_nom * s_max_pu; a limit of 0 stays 0), links
    become DC lines with the loss 1 - efficiency and their marginal cost, generators offer p_nom * p_min_pu ... p_nom *
    p_max_pu at marginal_cost + quadratic. A committable unit counts as running; global constraints and ramps do not
    bind one hour. The reference of each AC component is its slack bus, else its first bus.

    Raises ImportError without PyPSA, FileNotFoundError, and ValueError with file, component, label and cure.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such PyPSA network; check the path")
    grid = _load(path)
    fault = _Fault(path.name)
    now = _snapshot(grid, snapshot, fault)
    _refuse_unsupported(grid, storage, fault)
    buses = grid.buses.index.astype(str)
    generator, link = _active(grid, "Generator"), _active(grid, "Link")
    branch = _branches(grid, now)
    values = {
        "base_mva": BASE_MVA,
        "load": _sum_by_bus(_active(grid, "Load"), _at(grid, "Load", "p_set", now), buses),
        "shunt": _shunts(grid, buses),
        "area": np.ones(len(buses), dtype=np.int64),
        **branch,
        "bus_type": _bus_types(grid, buses, branch, generator),
        **_generators(grid, generator, now),
        **(_dclines(grid, link, now) if len(link) else {}),
    }
    return network.assemble(values, bus=_text(buses), name=path.stem, source=path.name)


class _Fault:
    """Errors of one file."""

    def __init__(self, source: str):
        self.source = source

    def __call__(self, field: str, labels, what: str, cure: str) -> ValueError:
        shown = ", ".join(str(label) for label in list(labels)[: network.SHOWN])
        return ValueError(f"{self.source}: {field}, {shown}: {what}; {cure}")


def _load(path: Path):
    """The PyPSA network of a netCDF or HDF5 file, or of a folder of CSV files."""
    try:
        import pypsa
    except ImportError as error:
        raise ImportError(
            f"{path}: reading a PyPSA network needs PyPSA, an optional extra: "
            "make its environment with `make env-pypsa`"
        ) from error
    logging.getLogger("pypsa").setLevel(logging.WARNING)
    try:
        grid = pypsa.Network(path)
        grid.calculate_dependent_values()
    except (OSError, KeyError, ValueError, RuntimeError) as error:
        raise ValueError(f"{path.name}: not a readable PyPSA network: {error}; export it again from PyPSA") from error
    return grid


def _snapshot(grid, snapshot: str | None, fault: _Fault):
    """The chosen snapshot as it stands in the index."""
    if grid.snapshots.empty:
        raise fault("snapshots", ["whole network"], "has none", "set at least one")
    if snapshot is None:
        return grid.snapshots[0]
    labels = [str(label) for label in grid.snapshots]
    if str(snapshot) not in labels:
        raise fault("snapshots", [snapshot], "is not in the network", f"choose from {labels[0]} ... {labels[-1]}")
    return grid.snapshots[labels.index(str(snapshot))]


def _static(grid, component: str) -> pd.DataFrame:
    return grid.components[component].static


def _active(grid, component: str) -> pd.DataFrame:
    """Rows of a component in service."""
    table = _static(grid, component)
    return table[table.active] if "active" in table else table


def _at(grid, component: str, attribute: str, now) -> pd.Series:
    """A static or time-dependent attribute at one snapshot, by name of the component."""
    static = _static(grid, component)[attribute].astype(float)
    dynamic = grid.components[component].dynamic[attribute]
    return (
        dynamic.loc[now].astype(float).combine_first(static).reindex(static.index) if len(dynamic.columns) else static
    )


def _refuse_unsupported(grid, storage: str, fault: _Fault) -> None:
    """Refuse what a one-hour DC market would misread."""
    for component, size in SIZES.items():
        table = _active(grid, component)
        open_size = table.index[table[f"{size}_extendable"].astype(bool)]
        if len(open_size):
            cure = "fix it first (n.optimize.fix_optimal_capacities())"
            raise fault(f"{component}.{size}_extendable", open_size, "the capacity is not decided", cure)
    stores = [*_active(grid, "StorageUnit").index, *_active(grid, "Store").index]
    if stores and storage == "refuse":
        cure = "remove it, replace it by a generator or a load, or drop all with storage: drop"
        raise fault("StorageUnit, Store", stores, "storage is not part of a one-hour market", cure)
    if stores:
        logger.warning("%s: %d storage units and stores dropped", fault.source, len(stores))
    link = _active(grid, "Link")
    ports = [column for column in link if column.startswith("bus") and column not in ("bus0", "bus1")]
    several = link.index[(link[ports].fillna("").astype(str) != "").any(axis=1)]
    if len(several):
        raise fault("Link.bus2", several, "has more than two ends", "split it into links with two ends")
    generator = _active(grid, "Generator")
    negative = generator.index[generator.sign.astype(float) != 1]
    if len(negative):
        raise fault("Generator.sign", negative, "is not 1", "model it as a load, or give it negative p_min_pu")


def _text(labels) -> np.ndarray:
    return np.asarray(labels, dtype=str)


def _sum_by_bus(table: pd.DataFrame, values: pd.Series, buses: pd.Index) -> np.ndarray:
    """Sum over the active loads of each bus, with their sign (a load has -1, a negative load +1)."""
    amount = -values.loc[table.index] * table.sign.astype(float)
    return amount.groupby(table.bus.astype(str)).sum().reindex(buses, fill_value=0.0).to_numpy()


def _shunts(grid, buses: pd.Index) -> np.ndarray:
    """Shunt conductance as demand at nominal voltage: g [S] * v_nom² [kV²] = MW."""
    shunt = _active(grid, "ShuntImpedance")
    power = shunt.g.astype(float) * grid.buses.v_nom.reindex(shunt.bus).to_numpy() ** 2
    return power.groupby(shunt.bus.astype(str)).sum().reindex(buses, fill_value=0.0).to_numpy()


def _branches(grid, now) -> dict[str, np.ndarray]:
    """Lines, then transformers, on base 1 MVA."""
    line, transformer = _active(grid, "Line"), _active(grid, "Transformer")
    table = pd.concat([line, transformer])
    share = pd.concat([_at(grid, kind, "s_max_pu", now).loc[rows.index] for kind, rows in _kinds(line, transformer)])
    ones = np.ones(len(line))
    limit = np.full(len(table), np.deg2rad(360.0))
    return {
        "from_bus": _text(table.bus0),
        "to_bus": _text(table.bus1),
        "resistance": table.r_pu.to_numpy(dtype=float),
        "reactance": table.x_pu.to_numpy(dtype=float),
        "tap": np.concatenate([ones, transformer.tap_ratio.to_numpy(dtype=float)]),
        "shift": np.deg2rad(np.concatenate([0 * ones, transformer.phase_shift.to_numpy(dtype=float)])),
        "rate": table.s_nom.to_numpy(dtype=float) * share.to_numpy(),
        "angle_min": -limit,
        "angle_max": limit,
    }


def _kinds(line: pd.DataFrame, transformer: pd.DataFrame):
    return ("Line", line), ("Transformer", transformer)


def _bus_types(grid, buses: pd.Index, branch: dict, generator: pd.DataFrame) -> np.ndarray:
    """Type 3 for the reference of each AC component, 2 for buses with a unit, 1 for the rest."""
    known = np.isin(branch["from_bus"], buses) & np.isin(branch["to_bus"], buses)
    component = network.components(_text(buses), branch["from_bus"][known], branch["to_bus"][known])
    slack = generator.bus.astype(str)[generator.control == "Slack"]
    rank = np.where(buses.isin(slack) | (grid.buses.control == "Slack").to_numpy(), 0, 1)
    order = np.lexsort([np.arange(len(buses)), rank, component])
    _, first = np.unique(component[order], return_index=True)
    types = np.where(buses.isin(generator.bus.astype(str)), 2, 1).astype(np.int8)
    types[order[first]] = network.REFERENCE
    return types


def _generators(grid, table: pd.DataFrame, now) -> dict[str, np.ndarray]:
    at = {name: _at(grid, "Generator", name, now).loc[table.index].to_numpy() for name in OFFER}
    size = table.p_nom.to_numpy(dtype=float)
    return {
        "generator_name": _text(table.index),
        "generator_bus": _text(table.bus),
        "p_min": size * at["p_min_pu"],
        "p_max": size * at["p_max_pu"],
        "cost_quadratic": at["marginal_cost_quadratic"],
        "cost_linear": at["marginal_cost"],
        "cost_constant": np.zeros(len(table)),
    }


def _dclines(grid, table: pd.DataFrame, now) -> dict[str, np.ndarray]:
    at = {name: _at(grid, "Link", name, now).loc[table.index].to_numpy() for name in (*OFFER, "efficiency")}
    size = table.p_nom.to_numpy(dtype=float)
    zero = np.zeros(len(table))
    return {
        "dcline_from": _text(table.bus0),
        "dcline_to": _text(table.bus1),
        "dcline_p_min": size * at["p_min_pu"],
        "dcline_p_max": size * at["p_max_pu"],
        "dcline_loss_constant": zero,
        "dcline_loss_linear": 1 - at["efficiency"],
        "dcline_cost_quadratic": at["marginal_cost_quadratic"],
        "dcline_cost_linear": at["marginal_cost"],
        "dcline_cost_constant": zero,
    }
