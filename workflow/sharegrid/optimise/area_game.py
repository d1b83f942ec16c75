"""What the interconnection is worth to each set of areas: the minimised cost with the ties within the set only."""

from types import ModuleType

import numpy as np
import xarray as xr

from sharegrid.optimise import coalitions
from sharegrid.optimise.clear import check_exact, exact_model, kept_of, relaxed, solve_named
from sharegrid.optimise.program import SplitModel
from sharegrid.optimise.quadratic import live
from sharegrid.optimise.scaling import changed_programs

MOST_AREAS = 8


def area_costs(market: ModuleType, data: xr.Dataset, section: dict | None = None) -> xr.Dataset:
    """interconnection_cost (scenario, area_set), J in money when all ties but those with both ends in the set of areas are
    out of service (their capacity and constant loss 0); area_member (area_set, area), 1 if the area is in the set.

    All 2^A sets, with all participants; a set is called by its areas, "A1+A2", the empty one "". ValueError if the market
    does not tell which ties are within a set (its function `within`) or has more than 8 areas, NotOptimal as clear.
    """
    if not hasattr(market, "within"):
        raise ValueError("value.areas: this market has no areas; take `areas` out of the study")
    areas, scenarios = data["area"].values.astype(str), data["scenario"].values
    if len(areas) > MOST_AREAS:
        raise ValueError(f"value.areas: {len(areas)} areas form 2^{len(areas)} sets; merge areas until there are at most "
                         f"{MOST_AREAS}, or take `areas` out of the study")  # fmt: skip
    member = coalitions.subsets(len(areas))
    sets = ["+".join(areas[row]) for row in member]
    changed = [_within(market, data, scenario, name, areas[row])
               for scenario in scenarios for name, row in zip(sets, member, strict=True)]  # fmt: skip
    programs = changed_programs(market, changed)
    cost = [_cost(market, one, *program) for one, program in zip(changed, programs, strict=True)]
    arrays = {
        "interconnection_cost": (("scenario", "area_set"), np.reshape(cost, (len(scenarios), len(sets)))),
        "area_member": (("area_set", "area"), member.astype("i1")),
    }
    return xr.Dataset(arrays, {"scenario": scenarios, "area_set": sets, "area": areas})


def _within(market: ModuleType, data: xr.Dataset, scenario: str, name: str, areas: np.ndarray) -> xr.Dataset:
    """One scenario with the ties within `areas` only."""
    one = market.within(data.sel(scenario=[scenario]), areas)
    return one.assign_coords(scenario=[f"{scenario}, ties within '{name}'"])


def _cost(market: ModuleType, one: xr.Dataset, split: SplitModel, k: int) -> float:
    """J of the scenario of `one`, the k-th of the model; where that is a relaxation and not exact, of the exact model."""
    label = f"scenario {split.scenarios[k]}"
    solved = solve_named(live(split.program(k), label), split, cold=True)
    if relaxed(market, one, kept_of(market, split, solved)):
        data = market.exact(one)
        exact = exact_model(market, data)
        solved = solve_named(live(exact.program(0), label), exact, cold=True)
        check_exact(market, data, kept_of(market, exact, solved))
    return solved.objective
