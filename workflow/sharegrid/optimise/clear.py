"""The optimum with everybody, scenario by scenario."""

import logging
from dataclasses import replace
from types import ModuleType

import numpy as np
import xarray as xr

from sharegrid.optimise.dual_face import nearest_dual
from sharegrid.optimise.highs import LiveProgram, NotOptimal, Program, Solved
from sharegrid.optimise.program import SplitModel
from sharegrid.optimise.quadratic import live

log = logging.getLogger(__name__)
EXACT = "%s: the relaxation is not exact for %s; solved again with the exact model"
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
    preferred = _preferred(market, data, split)
    solved, splits = [], []
    for k, scenario in enumerate(split.scenarios):
        target = preferred[k] if preferred else None
        own, one = split, solve_priced(split.program(k), split, f"scenario {scenario}", target)
        if burnt := relaxed(market, data.isel(scenario=[k]), kept_of(market, split, one)):
            log.warning(EXACT, f"scenario {scenario}", ", ".join(burnt))
            exact = market.exact(data.isel(scenario=[k]))
            own = exact_model(market, exact)
            one = solve_priced(own.program(0), own, f"scenario {scenario}", target)
            check_exact(market, exact, kept_of(market, own, one))
        solved.append(one)
        splits.append(own)
        log.info("cleared scenario %s (%d of %d)", scenario, k + 1, len(split.scenarios))
    with xr.set_options(keep_attrs=False):  # a product does not have the unit of its factors
        cleared = market.read_out(data, *_families(splits, solved, split.scenarios))
    if preferred:
        cleared["price_nearest"] = ("scenario", [int(one.nearest) for one in solved])
    gap = xr.DataArray([one.gap for one in solved], dims="scenario")
    return cleared.assign(objective=("scenario", [one.objective for one in solved]), relative_gap=gap)


def solve_priced(program: Program, split: SplitModel, label: str, preferred=None) -> Solved:
    """The optimum, with duals; those of a mixed-integer program belong to its continuous program with the integers fixed.

    preferred: rows and the targets of their duals, if one of several optimal duals is preferred.
    """
    solved = solve_named(live(program, label), split, cold=True)
    if program.integer is None:
        return nearest_dual(program, solved, *preferred, f"{label}, price") if preferred else solved
    fixed = {name: np.where(program.integer, np.round(solved.x), bound)
             for name, bound in (("lower", program.lower), ("upper", program.upper))}  # fmt: skip
    priced = solve_priced(replace(program, integer=None, **fixed), split, f"{label}, integers fixed", preferred)
    return replace(priced, gap=solved.gap, iterations=solved.iterations + priced.iterations)


def _preferred(market: ModuleType, data: xr.Dataset, split: SplitModel) -> list[tuple[np.ndarray, np.ndarray]]:
    """Rows and the targets of their duals, by scenario; empty if the market prefers none of several optimal prices."""
    if not hasattr(market, "preferred_dual"):
        return []
    family, target = market.preferred_dual(data)
    position = split.constraints[family].position
    rows = position.values.ravel()
    target = target.broadcast_like(position).transpose("scenario", *position.dims)
    return [(rows[rows >= 0], one.ravel()[rows >= 0]) for one in target.values]


def scenario_parts(data: xr.Dataset) -> list[xr.Dataset]:
    """The data in parts of consecutive scenarios that are built as one model each."""
    columns = sum(int(np.prod([size for dim, size in variable.sizes.items() if dim != "scenario"]))
                  for variable in data.data_vars.values() if "scenario" in variable.dims)  # fmt: skip
    step = max(1, COLUMNS_AT_ONCE // max(1, columns))
    return [data.isel(scenario=slice(k, k + step)) for k in range(0, data.sizes["scenario"], step)]


def split_model(market: ModuleType, data: xr.Dataset) -> SplitModel:
    """The market's model of `data`, split by scenario."""
    return SplitModel(market.build(data), market.owners(data), data["participant"].values)


def solve_named(program: LiveProgram, split: SplitModel, label: str = "", rows=slice(None), **how) -> Solved:
    """solve, with the constraint families in conflict named where it is infeasible; `rows`: the model's row numbers of those
    of the program, where it has not all."""
    try:
        return program.solve(label, **how)
    except NotOptimal as error:
        if error.status != "infeasible":
            raise
        families = split.families(np.arange(split.row_count)[rows][program.conflict()])
        raise NotOptimal(error.label, error.status, f"in conflict: {', '.join(families) or 'not found'}") from None


def relaxed(market: ModuleType, data: xr.Dataset, kept: dict[str, np.ndarray]) -> list[str]:
    """What a relaxation of the market gets wrong in the scenario of `data`, from the arrays that COUNTERFACTUAL names; empty if
    its model is no relaxation, or exact at this solution."""
    return market.inexact(data, kept) if hasattr(market, "inexact") else []


def exact_model(market: ModuleType, exact: xr.Dataset) -> SplitModel:
    """The exact model of one scenario; ValueError if it has integer columns beside quadratic costs, which is not solved."""
    split = split_model(market, exact)
    program = split.program(0)
    if program.integer is not None and program.quadratic is not None and program.quadratic.any():
        raise ValueError(
            f"scenario {split.scenarios[0]}: the relaxation is not exact, and the exact model has integer columns beside "
            "quadratic costs, which is not solved; give the costs as blocks"
        )
    return split


def check_exact(market: ModuleType, exact: xr.Dataset, kept: dict[str, np.ndarray]) -> None:
    """RuntimeError if the solution of the exact model of the scenario of `exact` has the same fault as a relaxation's."""
    if burnt := relaxed(market, exact, kept):
        scenario = exact["scenario"].item()
        raise RuntimeError(
            f"scenario {scenario}: the exact model is not exact for {', '.join(burnt)}; please report it"
        )


def kept_of(market: ModuleType, split: SplitModel, solved: Solved, rows=slice(None)) -> dict[str, np.ndarray]:
    """The arrays of a solution that the market's COUNTERFACTUAL names; `rows`: numbers of the program's rows."""
    dual = np.zeros(split.row_count)
    dual[rows] = 0.0 if solved.row_dual is None else solved.row_dual
    families = {"primal": (split.variables, solved.x), "dual": (split.constraints, dual)}
    kept = {}
    for name, (kind, family) in market.COUNTERFACTUAL.items():
        layouts, values = families[kind]
        kept[name] = layouts[family].pick(values)
    return kept


def _families(splits: list[SplitModel], solved: list[Solved], scenarios: list[str]) -> list[xr.Dataset]:
    """primal, dual and reduced cost by family, stacked over the scenarios, each read with its own layout, 0 where a
    scenario lacks the family."""
    scenario = xr.DataArray(scenarios, dims="scenario", coords={"scenario": scenarios}, name="scenario")
    parts = (("variables", "x"), ("constraints", "row_dual"), ("variables", "reduced_cost"))
    stacked = []
    for layouts, what in parts:
        of_scenario = [getattr(split, layouts) for split in splits]
        arrays = {}
        for name, layout in {name: own[name] for own in of_scenario for name in own}.items():
            absent = xr.zeros_like(layout.position, dtype=float)
            read = [own[name].read(getattr(one, what)) if name in own else absent
                    for own, one in zip(of_scenario, solved, strict=True)]  # fmt: skip
            arrays[name] = xr.concat(read, scenario)
        stacked.append(xr.Dataset(arrays))
    return stacked
