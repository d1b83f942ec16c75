"""The optimum when the data of one participant are scaled a little: the slope of J in its size, from both sides."""

from collections.abc import Iterator
from itertools import product
from types import ModuleType

import numpy as np
import xarray as xr

from sharegrid.optimise.clear import scenario_parts, solve_named, split_model
from sharegrid.optimise.highs import LiveProgram
from sharegrid.optimise.program import SplitModel

STEP = 1e-5
SIDES = {"down": 1 - STEP, "up": 1 + STEP}


def scaled_costs(market: ModuleType, data: xr.Dataset, section: dict | None = None) -> xr.Dataset:
    """scaled_cost (scenario, participant, side): J when everything that the participant brings is multiplied by 1 - 1e-5
    (down) or 1 + 1e-5 (up). NaN where the program is not linear.

    ValueError if the market does not tell how a participant is scaled (its function `scaled`), NotOptimal as clear.
    """
    if not hasattr(market, "scaled"):
        raise ValueError("value.scaled: this market cannot scale its participants; take `scaled` out of the study")
    names, scenarios = data["participant"].values, data["scenario"].values
    cases = [(scenario, *case) for scenario in scenarios for case in [("", ""), *product(names, SIDES)]]
    cost, base = [], None
    for (_, name, _), (split, k) in zip(cases, changed_programs(market, _changes(market, data, cases)), strict=True):
        base = base if name else _optimum(split, k)
        cost.append(np.nan if base is None else _near(split, k, base))
    array = np.array(cost).reshape(len(scenarios), -1)[:, 1:].reshape(len(scenarios), len(names), len(SIDES))
    table = {"scaled_cost": (("scenario", "participant", "side"), array, {"step": STEP})}
    return xr.Dataset(table, {"scenario": scenarios, "participant": names, "side": list(SIDES)})


def changed_programs(market: ModuleType, changed: list[xr.Dataset]) -> Iterator[tuple[SplitModel, int]]:
    """A model and the number of a scenario in it for each of `changed`, the data of one scenario each with a name of its
    own: they are built together, up to the size that clear allows."""
    together = xr.concat(changed, "scenario", data_vars="minimal", coords="minimal", compat="override", join="exact")
    for part in scenario_parts(together):
        split = split_model(market, part)
        yield from ((split, k) for k in range(len(split.scenarios)))


def _changes(market: ModuleType, data: xr.Dataset, cases: list[tuple[str, str, str]]) -> list[xr.Dataset]:
    return [_changed(market, data, *case) for case in cases]


def _changed(market: ModuleType, data: xr.Dataset, scenario: str, name: str, side: str) -> xr.Dataset:
    """One scenario with one participant scaled, or as it is without a name."""
    one = data.sel(scenario=[scenario])
    return market.scaled(one, name, SIDES[side]).assign_coords(scenario=[f"{scenario}, {name} {side}"]) if name else one


def _optimum(split: SplitModel, k: int) -> LiveProgram | None:
    """The solved program of a scenario as it is; None if it is not linear, as slopes would differ by the curvature of the
    cost or by the gap."""
    program = split.program(k)
    if program.integer is not None or (program.quadratic is not None and program.quadratic.any()):
        return None
    live = LiveProgram(program, f"scenario {split.scenarios[k]}")
    solve_named(live, split, values=False)
    return live


def _near(split: SplitModel, k: int, base: LiveProgram) -> float:
    """J of a scaled scenario, from the optimal basis of the scenario as it is."""
    program = LiveProgram(split.program(k), f"scenario {split.scenarios[k]}")
    program.start_from(base)
    return solve_named(program, split, values=False).objective
