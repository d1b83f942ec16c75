"""Who the users of a community are and what each owns: profiles, PV, batteries, flexible load (case 5.5.2, our reading)."""

import math
from dataclasses import dataclass

import numpy as np
import xarray as xr

from sharegrid.options.community import Devices
from sharegrid.sweeps import Variant

SPREAD = {"pv": (7, 0), "battery": (11, 5), "flexible": (5, 3)}  # device -> step and start of the ownership rule
LOAD_SERIES, PV_SERIES = 25, 8  # the series of the profile files are taken in turn


@dataclass(frozen=True)
class Users:
    """peak_load (user) kW, load and pv (user, day, time) kW if everybody owned PV; `modulus`: users at the feeder."""

    peak_load: np.ndarray
    load: np.ndarray
    pv: np.ndarray
    modulus: int


def users(peak_load: np.ndarray, count: int, load_profile: xr.DataArray, pv_profile: xr.DataArray, pv_kw: float):
    """The first `count` users; beyond the feeder's `peak_load` (kW) they are copies in the same order.

    User j takes the column j mod 25 of the load file and PV(1 + j mod 8), profiles (day, time, series) in per unit.
    """
    which = np.arange(count) % len(peak_load)
    load = load_profile.transpose("series", "day", "time").values[:LOAD_SERIES][which % LOAD_SERIES]
    pv_names = [f"PV{1 + k % PV_SERIES}" for k in which]
    pv = pv_profile.sel(series=pv_names).transpose("series", "day", "time").values
    peak = peak_load[which]
    return Users(peak, load * peak[:, None, None], pv_kw * pv * peak[:, None, None], len(peak_load))


def check_profiles(load_profile: xr.DataArray, pv_profile: xr.DataArray, load_file: str, pv_file: str) -> None:
    """ValueError names the file with fewer load series, or without a PV series, than the users take in turn."""
    found = load_profile.sizes["series"]
    if found < LOAD_SERIES:
        raise ValueError(f"{load_file}: {found} profiles; the users take {LOAD_SERIES} in turn: restore the file")
    names = [f"PV{k + 1}" for k in range(PV_SERIES)]
    missing = [name for name in names if name not in pv_profile["series"].values]
    if missing:
        raise ValueError(f"{pv_file}: column {missing[0]} is missing; it needs {names[0]} to {names[-1]}")


def check_ownership(modulus: int, feeder: str) -> None:
    """ValueError if the steps of the ownership rule do not reach every one of the feeder's `modulus` users.

    Then a share of owners could not be met: a j + b runs through all residues mod n only if a and n have no common divisor.
    """
    for device, (step, _) in SPREAD.items():
        if math.gcd(step, modulus) != 1:
            raise ValueError(
                f"prepare.feeder: {feeder} has {modulus} buses with load; the owners of {device} are spread with the step "
                f"{step}, which must have no common divisor with it: add a bus with load or take one away"
            )


def owns(device: str, share: float, count: int, modulus: int) -> np.ndarray:
    """(user), whether the user owns the device: (a j + b) mod n < round(n share), so that owners are nested in the share."""
    step, start = SPREAD[device]
    return (step * np.arange(count) + start) % modulus < round(modulus * share)


def in_scenario(everybody: Users, devices: Devices, scenario: Variant) -> dict[str, np.ndarray]:
    """What the users bring in one scenario, by variable of the data; zero for users that do not take part."""
    count, values = len(everybody.peak_load), scenario.values
    here = np.arange(count) < values["users"]
    pv, battery, flexible = (
        here & owns(device, values[f"{device}_share"], count, everybody.modulus) for device in SPREAD
    )
    moved = np.where(flexible, devices.flexible_load, 0.0)
    energy = moved[:, None] * everybody.load.sum(axis=2)
    battery_kwh = np.where(battery, devices.battery_kwh * everybody.peak_load, 0.0)
    return {
        "taking_part": here.astype("i1"),
        "load": np.where(here, 1 - moved, 0.0)[:, None, None] * everybody.load,
        "pv_available": pv[:, None, None] * everybody.pv,
        "battery_energy": battery_kwh,
        "battery_power": devices.battery_kw_per_kwh * battery_kwh,
        "flexible_energy": energy,
        "flexible_power": energy.max(axis=1, initial=0.0) / devices.flexible_hours,
    }
