"""Security of the schedules that transfers start from: factors, limits, and the names of lines and outages."""

import numpy as np
import xarray as xr

from sharegrid.contracts.transfer_capability import INTACT
from sharegrid.optimise.contingencies import Outages, Rows, Security
from sharegrid.optimise.dc_network import DcNetwork

OVERLOAD = 1e-5  # MW above which a base schedule counts as overloaded
BINDING = 1e-9  # smallest shadow price of a binding row


def of_system(data: xr.Dataset, name: str) -> xr.Dataset:
    """The buses, branches and units of one system; labels stay."""
    unit_system = data["bus_system"].sel(bus=data["unit_bus"].values).values
    here = {"bus": data["bus_system"].values, "branch": data["branch_system"].values, "unit": unit_system}
    return data.isel({dim: np.flatnonzero(system == name) for dim, system in here.items()})


def outages_of(system: xr.Dataset) -> Outages:
    """Factors of the one system in a Dataset; its first bus is the reference, which no result depends on."""
    names = "from_bus", "to_bus", "susceptance", "shift"
    bus = system["bus"].values
    network = DcNetwork(bus, *(system[name].values for name in names), bus[0])
    return Outages(network, np.flatnonzero(system["outage"].values))


def security_of(outages: Outages, one: xr.Dataset, intact_only: bool = False) -> Security:
    """With the limits of one schedule or scenario; `intact_only`: no limits after outages."""
    emergency = one["emergency_limit"].values
    return Security(outages, one["limit"].values, np.full_like(emergency, np.inf) if intact_only else emergency)


def names_of(rows: Rows, system: xr.Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Branch of each row, and the branch whose outage it is for, INTACT for none, without the system's name."""
    branch = np.array([label.partition(":")[2] for label in system["branch"].values.astype(str)], dtype=object)
    outage = np.append([INTACT], branch[np.flatnonzero(system["outage"].values)])
    return branch[rows.line], outage[rows.state]


def binding(shadow: np.ndarray, rows: Rows, system: xr.Dataset) -> tuple[str, str, float]:
    """Line and outage of the row with the largest shadow price (row), and that price; empty names and 0 if none
    binds."""
    if not len(shadow) or shadow.max() <= BINDING:
        return "", "", 0.0
    best = int(shadow.argmax())
    line, outage = names_of(Rows(*(part[best : best + 1] for part in rows)), system)
    return str(line[0]), str(outage[0]), float(shadow[best])


def check_secure(security: Security, injection: np.ndarray, system: xr.Dataset, label: str) -> None:
    """ValueError naming the worst line and outage if the base injection (bus) MW is overloaded by more than 1e-5 MW."""
    excess = security.excess(injection)
    line, state = np.unravel_index(excess.argmax(), excess.shape)
    if excess[line, state] > OVERLOAD:
        one = Rows(np.array([line]), np.array([state]), np.ones(1))
        branch, outage = (part[0] for part in names_of(one, system))
        when = "in the intact network" if outage == INTACT else f"after the outage of {outage}"
        raise ValueError(
            f"{label}: the base schedule already overloads line {branch} {when} by {excess[line, state]:.3f} MW; "
            "change the schedule or the limits"
        )
