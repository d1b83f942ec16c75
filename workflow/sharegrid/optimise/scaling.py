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
    (down) or 1 + 1e-5 (up), of one scenario (dim scenario of size 1). NaN where the program is not linear.

    ValueError if the market does not tell how a participant is scaled (its function `scaled`), NotOptimal as clear.
    """
    if not hasattr(market, "scaled"):
        raise ValueError("value.scaled: this market cannot scale its participants; take `scaled` out of the study")
    names, scenario = one["participant"].values, one["scenario"].values[0]
    cases = [(name, side) for name in names for side in SIDES]
    parts = [market.scaled(one, name, SIDES[side]).assign_coords(scenario=[f"{scenario}, {name} scaled {side}"])
             for name, side in cases]  # fmt: skip
    if _curved_or_integer(market, one):
        return _table(np.full(len(cases), np.nan), one)
    together = xr.concat(parts, "scenario", data_vars="minimal", coords="minimal", compat="override", join="exact")
    cost = np.array([cost for part in scenario_parts(together) for cost in _objectives(market, part)])
    return _table(cost, one)


def _curved_or_integer(market: ModuleType, one: xr.Dataset) -> bool:
    """Whether the slopes would differ by the curvature of the cost, or by the gap of a mixed-integer program."""
    program = split_model(market, one).program(0)
    return program.integer is not None or (program.quadratic is not None and bool(program.quadratic.any()))


def _table(cost: np.ndarray, one: xr.Dataset) -> xr.Dataset:
    names, scenario = one["participant"].values, one["scenario"].values
    array = (("scenario", "participant", "side"), cost.reshape(1, len(names), len(SIDES)), {"step": STEP})
    return xr.Dataset({"scaled_cost": array}, {"scenario": scenario, "participant": names, "side": list(SIDES)})


def _objectives(market: ModuleType, part: xr.Dataset) -> list[float]:
    split = split_model(market, part)
    return [
        solve_named(live(split.program(k), f"scenario {name}"), split, values=False).objective
        for k, name in enumerate(split.scenarios)
    ]
