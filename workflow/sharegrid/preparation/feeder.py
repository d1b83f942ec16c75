"""A radial feeder in the form that voltages need: how much each user's power lowers the voltage at each bus.

LinDistFlow without losses (Baran and Wu, IEEE Trans. Power Delivery 4(2):1401-1407, 1989): along a branch the squared
voltage falls by 2 (r P + x Q). Over the radial path it falls at bus b by

    2 sum_i (R_bi P_i + X_bi Q_i),      R_bi, X_bi: resistance and reactance common to the paths from the root to b and to i

with power in per unit and the root at its nominal voltage.
"""

import numpy as np
import pandas as pd
import xarray as xr

COLUMNS = ("bus", "pd_kw", "qd_kvar", "vmin_pu", "vmax_pu")
KW_PER_MW = 1000.0
ROOT_TYPE = 3  # bus type of the feeder's head


def feeder(network: xr.Dataset, table: pd.DataFrame, name: str) -> xr.Dataset:
    """The feeder's buses except its root: peak_load kW, drop_per_kw and drop_per_kvar (bus, bus_of_load) 1/kW, voltage
    limits p.u.

    network: the network Dataset; table: its bus table with pd_kw, qd_kvar, vmin_pu, vmax_pu. Raises ValueError with the name of
    the file if the network is not radial, and with column, bus and cure for a fault of the bus table.
    """
    _check(table, f"{name}_bus.csv")
    buses, root = network["bus"].values, _root(network, name)
    common_r, common_x = (_common(network, root, part, name) for part in ("resistance", "reactance"))
    table = table.set_index("bus").loc[buses]
    per_kw = 2 / (float(network["base_mva"]) * KW_PER_MW)
    square = ("bus", "bus_of_load")
    result = xr.Dataset(
        {
            "peak_load": ("bus", network["load"].values * KW_PER_MW),
            "reactive_load": ("bus", table["qd_kvar"].to_numpy(float)),
            "drop_per_kw": (square, per_kw * common_r),
            "drop_per_kvar": (square, per_kw * common_x),
            "voltage_min": ("bus", table["vmin_pu"].to_numpy(float)),
            "voltage_max": ("bus", table["vmax_pu"].to_numpy(float)),
        },
        {"bus": buses, "bus_of_load": buses},
        attrs={"root": int(root)},
    )
    others = buses[buses != root]
    return result.sel(bus=others, bus_of_load=others)


def _check(table: pd.DataFrame, file: str) -> None:
    """ValueError names file, column and bus of what cannot be the load or the limits of a feeder's bus."""
    missing = [column for column in COLUMNS if column not in table]
    if missing:
        raise ValueError(f"{file}: column {missing[0]} is missing; a feeder needs {', '.join(COLUMNS)}")
    numbers = table.set_index("bus")[list(COLUMNS[1:])].apply(pd.to_numeric, errors="coerce")
    for column in numbers:
        _refuse(numbers[column].isna(), f"{file}: column {column}", "not a number; enter it")
    _refuse(
        numbers["pd_kw"] < 0, f"{file}: column pd_kw", "below 0; a load is not negative, generation is PV of a user"
    )
    _refuse(
        numbers["vmin_pu"] > numbers["vmax_pu"], f"{file}: column vmin_pu", "above vmax_pu; exchange the two limits"
    )


def _refuse(wrong: pd.Series, where: str, what: str) -> None:
    if wrong.any():
        raise ValueError(f"{where}, bus {wrong.idxmax()}: {what}")


def _root(network: xr.Dataset, name: str):
    buses = network["bus"].values[network["bus_type"].values == ROOT_TYPE]
    if len(buses) != 1 or network.sizes["branch"] != network.sizes["bus"] - 1:
        raise ValueError(
            f"{name}: not a radial feeder with one root: {len(buses)} buses of type {ROOT_TYPE}, "
            f"{network.sizes['branch']} branches for {network.sizes['bus']} buses; open the ties (status 0)"
        )
    return buses[0]


def _common(network: xr.Dataset, root, part: str, name: str) -> np.ndarray:
    """Resistance or reactance in per unit that the paths from the root to two buses have in common (bus, bus)."""
    place = {bus: k for k, bus in enumerate(network["bus"].values)}
    ends = [(place[a], place[b]) for a, b in zip(network["from_bus"].values, network["to_bus"].values, strict=True)]
    on_path = np.zeros((len(place), len(ends)))  # 1 if the branch lies between the root and the bus
    reached, waiting = {place[root]}, dict(enumerate(ends))
    while waiting:
        k = next((k for k, (a, b) in waiting.items() if (a in reached) != (b in reached)), None)
        if k is None:
            raise ValueError(f"{name}: not radial: a part is not connected to bus {root}, or there is a loop")
        near, far = sorted(waiting.pop(k), key=lambda bus: bus not in reached)
        on_path[far] = on_path[near]
        on_path[far, k] = 1
        reached.add(far)
    return (on_path * network[part].values) @ on_path.T
