"""The optimum with everybody, scenario by scenario."""

import logging
from types import ModuleType

import numpy as np
import xarray as xr

from sharegrid.optimise.highs import LiveProgram, NotOptimal, Solved
from sharegrid.optimise.program import SplitModel
from sharegrid.optimise.quadratic import live

log = logging.getLogger(__name__)
COLUMNS_AT_ONCE = 400_000  # scenarios are built together up to this size, to bound the memory


def clear(market: ModuleType, data: xr.Dataset) -> xr.Dataset:
    """The market's read-out (scenario, ...) and objective(scenario) $/h.

    Each scenario is solved cold, so that a degenerate vertex does not depend on its neighbours. Raises NotOptimal
    naming scenario and status and, if infeasible, the constraint families in conflict.
    """
    return xr.concat([_clear(market, part) for part in scenario_parts(data)], "scenario", data_vars="minimal",
                     coords="minimal", compat="override", join="exact")  # fmt: skip


def _clear(market: ModuleType, data: xr.Dataset) -> xr.Dataset:
    split = split_model(market, data)
    solved = []
    for k, scenario in enumerate(split.scenarios):
        solved.append(solve_named(live(split.program(k), f"scenario {scenario}"), split, cold=True))
        log.info("cleared scenario %s (%d of %d)", scenario, k + 1, len(split.scenarios))
    cleared = market.read_out(data, *_families(split, solved))
    gap = xr.DataArray([one.gap for one in solved], dims="scenario")
    return cleared.assign(objective=("scenario", [one.objective for one in solved]), relative_gap=gap)


def scenario_parts(data: xr.Dataset) -> list[xr.Dataset]:
    """The data in parts of consecutive scenarios that are built as one model each."""
    columns = sum(int(np.prod([size for dim, size in variable.sizes.items() if dim != "scenario"]))
                  for variable in data.data_vars.values() if "scenario" in variable.dims)  # fmt: skip
    step = max(1, COLUMNS_AT_ONCE // max(1, columns))
    return [data.isel(scenario=slice(k, k + step)) for k in range(0, data.sizes["scenario"], step)]


def split_model(market: ModuleType, data: xr.Dataset) -> SplitModel:
    """The market's model of `data`, split by scenario."""
    return SplitModel(market.build(data), market.owners(data), data["participant"].values)


def solve_named(program: LiveProgram, split: SplitModel, label: str = "", **how) -> Solved:
    """solve, with the constraint families in conflict named where it is infeasible."""
    try:
        return program.solve(label, **how)
    except NotOptimal as error:
        if error.status != "infeasible":
            raise
        families = split.families(program.conflict())
        raise NotOptimal(error.label, error.status, f"in conflict: {', '.join(families) or 'not found'}") from None


def _families(split: SplitModel, solved: list[Solved]) -> list[xr.Dataset]:
    """primal, dual and reduced cost by family, stacked over the scenarios."""
    scenario = xr.DataArray(split.scenarios, dims="scenario", coords={"scenario": split.scenarios}, name="scenario")
    parts = (
        (split.variables, "x"),
        (split.constraints, "row_dual"),
        (split.variables, "reduced_cost"),
    )
    return [
        xr.Dataset(
            {
                name: xr.concat([layout.read(getattr(one, what)) for one in solved], scenario)
                for name, layout in layouts.items()
            }
        )
        for layouts, what in parts
    ]
