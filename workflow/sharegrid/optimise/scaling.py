"""The optimum when the data of one participant are scaled a little: the slope of J in its size, from both sides."""

from types import ModuleType

import numpy as np
import xarray as xr

from sharegrid.optimise.clear import scenario_parts, solve_named, split_model
from sharegrid.optimise.quadratic import live

STEP = 1e-5
SIDES = {"down": 1 - STEP, "up": 1 + STEP}


def scaled_costs(market: ModuleType, one: xr.Dataset, section: dict | None = None) -> xr.Dataset:
    """scaled_cost (scenario, participant, side): J when everything that the participant brings is multiplied by 1 - 1e-5
    (down) or 1 + 1e-5 (up), of one scenario (dim scenario of size 1).

    ValueError if the market does not tell how a participant is scaled (its function `scaled`), NotOptimal as clear.
    """
    if not hasattr(market, "scaled"):
        raise ValueError("value.scaled: this market cannot scale its participants; take `scaled` out of the study")
    names, scenario = one["participant"].values, one["scenario"].values[0]
    cases = [(name, side) for name in names for side in SIDES]
    parts = [market.scaled(one, name, SIDES[side]).assign_coords(scenario=[f"{scenario}, {name} scaled {side}"])
             for name, side in cases]  # fmt: skip
    together = xr.concat(parts, "scenario", data_vars="minimal", coords="minimal", compat="override", join="exact")
    cost = np.array([cost for part in scenario_parts(together) for cost in _objectives(market, part)])
    dims = ("scenario", "participant", "side")
    return xr.Dataset({"scaled_cost": (dims, cost.reshape(1, len(names), len(SIDES)))},
                      {"scenario": [scenario], "participant": names, "side": list(SIDES)})  # fmt: skip


def _objectives(market: ModuleType, part: xr.Dataset) -> list[float]:
    split = split_model(market, part)
    return [
        solve_named(live(split.program(k), f"scenario {name}"), split, values=False).objective
        for k, name in enumerate(split.scenarios)
    ]
