"""The back ends of the value engine on the same counterfactuals: solver counts and agreement."""

from types import ModuleType

import numpy as np
import xarray as xr

from sharegrid.optimise import coalitions, values

ENGINES = ("rebuild", "warm", "reduced")


def compare(market: ModuleType, data: xr.Dataset, section: dict) -> xr.Dataset:
    """Solver counts of the engines (scenario, engine) on the removals of each scenario, and how far they agree."""
    scenarios = [data.isel(scenario=[k]) for k in range(data.sizes["scenario"])]
    return xr.concat([_compare(market, one, section) for one in scenarios], "scenario", join="exact")


def _compare(market: ModuleType, one: xr.Dataset, section: dict) -> xr.Dataset:
    """Solver counts of the engines on one scenario's removals, and the largest difference of J between an engine and
    another on the counterfactuals that both solved."""
    full, sample = coalitions.removals(one.sizes["participant"]), section["rebuild_sample"]
    some = np.unique(np.linspace(0, len(full) - 1, len(full) if sample is None else sample + 1).astype(int))
    rows = {engine: some if engine == "rebuild" else np.arange(len(full)) for engine in ENGINES}
    found = {engine: values.Engine(market, one, engine).solve(0, full[rows[engine]]) for engine in ENGINES}
    cost = {engine: dict(zip(rows[engine], found[engine].cost, strict=True)) for engine in ENGINES}
    difference = [
        max(abs(cost[a][k] - cost[b][k]) for b in ENGINES if b != a for k in cost[a].keys() & cost[b].keys())
        for a in ENGINES
    ]
    counts = {
        "engine_counterfactuals": [len(rows[engine]) - 1 for engine in ENGINES],
        "engine_lp_solves": [found[engine].counts["lp_solves"] for engine in ENGINES],
        "engine_iterations": [found[engine].counts["iterations"] for engine in ENGINES],
        "engine_lines_generated": [found[engine].counts.get("n_lines_generated", 0) for engine in ENGINES],
        "engine_max_abs_dj": difference,
    }
    arrays = {name: (("scenario", "engine"), np.array(column, float)[None]) for name, column in counts.items()}
    return xr.Dataset(arrays, {"scenario": one["scenario"].values, "engine": list(ENGINES)})
