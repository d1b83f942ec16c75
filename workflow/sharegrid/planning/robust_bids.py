"""Deviations that were not planned for: can the microgrids follow them after the bids are fixed?

Seeded deviations of all sources are drawn within their largest ones, independently for each source and hour. The schedule and
the products sold stay, all of them deliverable; how unit and battery divide products and margins is decided again for the
largest margin (a linear program over all hours and outcomes, whose optimum is that of each of them). A deviation above the
margin is a violation.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import xarray as xr

from sharegrid.markets import microgrid
from sharegrid.optimise.clear import solve_priced, split_model
from sharegrid.optimise.highs import LiveProgram
from sharegrid.optimise.program import SplitModel

MARKET = "microgrid"
FIXED = ("unit_power", "charge", "discharge", "stored", "curtailed", "energy_bid", "product_bid")
TOLERANCE = 1e-6  # MW


def plan(
    results: Mapping[str, xr.Dataset], *, families: list[str], samples: int = 1000, seed: int = 2024
) -> xr.Dataset:
    """violated_hours, violated_days (scenario) in percent, largest_violation (scenario) MW, and largest_margin (scenario,
    direction, time, outcome) MW, of the scenarios of `families`.

    violated_hours: of all draws, hours and outcomes; violated_days: draws of a day in which some hour of some outcome is
    violated. ValueError for another market, an unknown family, and fewer than one sample.
    """
    data = of_families(results["data"], families, "robust-bids")
    if samples < 1:
        raise ValueError(f"plan.methods: robust-bids: samples {samples}: draw one at least")
    margin = largest_margins(data)
    found = [violations(data.sel(scenario=name), margin.sel(scenario=name), samples, seed)
             for name in data["scenario"].values]  # fmt: skip
    texts = {
        "violated_hours": ("%", "deviations that cannot be followed, of all draws, hours and outcomes"),
        "violated_days": ("%", "draws of a day with a deviation that cannot be followed"),
        "largest_violation": ("MW", "largest part of a deviation that cannot be followed"),
    }
    columns = np.array(found).T
    arrays = {name: ("scenario", column, {"units": unit, "long_name": text})
              for (name, (unit, text)), column in zip(texts.items(), columns, strict=True)}  # fmt: skip
    described = margin.assign_attrs(units="MW", long_name="largest margin beside the schedule and the products sold")
    return xr.Dataset(arrays, {"scenario": data["scenario"].values}).assign(largest_margin=described)


def of_families(data: xr.Dataset, families: list[str], method: str) -> xr.Dataset:
    """The data of the scenarios of some families, for the planning method `method`; ValueError for another market, and for a
    family that the study does not have."""
    if (market := data.attrs.get("market")) != MARKET:
        raise ValueError(f"plan.methods: {method} serves the market {MARKET} only, not '{market}'; take it out")
    own = data["family"].values.astype(str)
    for name in families:
        if name not in own:
            known = ", ".join(dict.fromkeys(own))
            raise ValueError(f"plan: families: no '{name}'; the study has {known}")
    return data.isel(scenario=np.flatnonzero(np.isin(own, families)))


def largest_margins(data: xr.Dataset) -> xr.DataArray:
    """Largest margin (scenario, direction, time, outcome) MW beside the optimal schedule and bids of each scenario."""
    split = split_model(microgrid, data)
    found = [_margins_of(split, k) for k in range(len(split.scenarios))]
    labels = {"scenario": data["scenario"].values}
    return xr.concat(found, "scenario", join="exact").assign_coords(labels).reset_coords(drop=True)


def _margins_of(split: SplitModel, k: int) -> xr.DataArray:
    program, label = split.program(k), f"scenario {split.scenarios[k]}, largest margin"
    solved = solve_priced(program, split, label)
    lower, upper, cost = program.lower.copy(), program.upper.copy(), np.zeros(len(program.cost))
    for name in FIXED:
        columns = split.variables[name].position.values.ravel()
        lower[columns] = upper[columns] = solved.x[columns]
    margins = [split.variables[f"{resource}_margin"] for resource in ("unit", "battery")]
    for margin in margins:
        cost[margin.position.values.ravel()] = -1.0
    best = LiveProgram(replace(program, lower=lower, upper=upper, cost=cost, integer=None), label).solve()
    return sum(margin.read(best.x).sum("participant") for margin in margins)


def violations(data: xr.Dataset, margin: xr.DataArray, samples: int, seed: int) -> tuple[float, float, float]:
    """Shares of violated hours and days in percent, and the largest violation in MW, of one scenario.

    A deviation needs sum_r z_rt dev_rt more net generation, z_rt uniform in -1..1.
    """
    draws = np.random.Generator(np.random.PCG64(seed))
    largest = data["deviation"].sum("participant").transpose("source", "time").values
    needed = (draws.uniform(-1.0, 1.0, (samples, *largest.shape)) * largest).sum(axis=1)[..., None]
    up, down = (margin.sel(direction=way).transpose("time", "outcome").values for way in ("up", "down"))
    beyond = np.maximum(needed - up, -needed - down)
    violated = beyond > TOLERANCE
    return 100 * violated.mean(), 100 * violated.any(axis=(1, 2)).mean(), float(np.maximum(beyond, 0).max())
