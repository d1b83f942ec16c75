"""Who may use the limits of the network: shares that the members bring, a network owner's, or everybody's (section 5.0).

A limit that every coalition has in full is not additive in the members: the core can be empty. So each member brings a
share, or the participant `dso` brings all of it.
"""

import numpy as np
import xarray as xr

from sharegrid.sweeps import Variant

DSO = "dso"
PRO_RATA, DSO_PLAYER, SHARED = "pro_rata", "dso_player", "shared"
LIMITS = "limits"


def has_dso(scenario: Variant) -> bool:
    """Whether the network owner is a participant of the scenario."""
    return scenario.values["network"] == LIMITS and scenario.values["network_rights"] == DSO_PLAYER


def in_scenario(data: xr.Dataset, taking_part: np.ndarray, scenario: Variant) -> dict[str, np.ndarray]:
    """Rights of the participants and what every coalition has in common, by variable of the data.

    data: drop_at_peak (bus, participant), peak_load (participant), voltage_min, voltage_max (bus); taking_part
    (participant). `<limit>_right` (participant, ...) is what a member brings, `<limit>_common` what each coalition has:
    infinite without limits. Limits: the fall and the rise of the squared voltage at a bus [p.u.], import and export [kW].
    ValueError names a bus whose voltage the loads do not lower, as its limit cannot be shared by that.
    """
    if scenario.values["network"] == LIMITS and scenario.values["network_rights"] == PRO_RATA:
        _check_weights(data, taking_part, scenario.label)
    interface = scenario.values["interface_kw"] if scenario.values["network"] == LIMITS else None
    exchange = np.inf if interface is None else interface
    whole = {
        "drop": (1 - data["voltage_min"].values ** 2, data["drop_at_peak"].values),
        "rise": (data["voltage_max"].values ** 2 - 1, data["drop_at_peak"].values),
        "import": (np.array([exchange]), data["peak_load"].values[None]),
        "export": (np.array([exchange]), data["peak_load"].values[None]),
    }
    result = {}
    for name, (limit, weight) in whole.items():
        limit = np.full_like(limit, np.inf) if scenario.values["network"] != LIMITS else limit
        right, common = _split(limit, weight * taking_part, scenario.values["network_rights"])
        if name in ("import", "export"):
            right, common = right[:, 0], common[0]
        result |= {f"{name}_right": right, f"{name}_common": common}
    return result


def _check_weights(data: xr.Dataset, taking_part: np.ndarray, label: str) -> None:
    lowered = (data["drop_at_peak"].values * taking_part).sum(axis=1)
    without = np.flatnonzero(lowered <= 0)
    if len(without):
        raise ValueError(
            f"prepare: scenario {label}: network_rights pro_rata: no user's load lowers the voltage at bus "
            f"{data['bus'].values[without[0]]}, so nobody has a share of its limit; choose other network_rights or take "
            "the bus out of the feeder's tables"
        )


def _split(limit: np.ndarray, weight: np.ndarray, rights: str) -> tuple[np.ndarray, np.ndarray]:
    """(rights (participant, row), in common (row)) of limits (row), weights (row, participant); the last one is the dso."""
    finite = np.isfinite(limit)
    common = np.where(finite, 0.0, np.inf)
    if rights == SHARED:
        return np.zeros_like(weight.T), limit
    if rights == DSO_PLAYER:
        share = np.zeros_like(weight)
        share[:, -1] = 1.0
    else:
        share = weight / weight.sum(axis=1, keepdims=True)
    return (share * np.where(finite, limit, 0.0)[:, None]).T, common
