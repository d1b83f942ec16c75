"""Deviations that were not planned for: can the microgrids follow them after the bids are fixed?

Hour by hour: seeded deviations of all sources are drawn within their largest ones, independently for each source and
hour. Each hour is tested alone, with stored energy restored before the next: schedule and products sold stay, all of
them deliverable; how unit and battery divide products and margins is decided again for the largest margin (a linear
program over all hours and outcomes, whose optimum is that of each of them). A deviation above the margin is a
violation.

All day: all sources deviate by their largest deviations in all hours, up (more net generation is needed) or down. Bids
stay; units, batteries and curtailed load are scheduled again for the whole day, known in advance, all products stay
deliverable, and batteries end at least as full as they begin:

    min  sum_t ( s + o )_t,   P_t - s_t + o_t = sum_i ( g + dis - ch + d + pv - load )_it - z sum_r dev_rt,   s, o >= 0

z 1 up, -1 down, s energy of the bid that is not delivered, o energy beyond it that nobody takes [MWh]. The sum is a
lower bound where batteries would charge and discharge at once.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import scipy.sparse as sp
import xarray as xr

from sharegrid.markets import microgrid
from sharegrid.optimise.clear import solve_priced, split_model
from sharegrid.optimise.highs import LiveProgram, Solved
from sharegrid.optimise.program import SplitModel
from sharegrid.planning.scenarios import of_families

MARKET = "microgrid"
BIDS = ("energy_bid", "product_bid")
FIXED = ("unit_power", "charge", "discharge", "stored", "curtailed", *BIDS)
TOLERANCE = 1e-6  # MW


def plan(
    results: Mapping[str, xr.Dataset], *, families: list[str], samples: int = 1000, seed: int = 2024
) -> xr.Dataset:
    """violated_hours, violated_days (scenario) in percent, largest_violation (scenario) MW, largest_margin (scenario,
    direction, time, outcome) MW, missed_up_day and missed_down_day (scenario) MWh, of the scenarios of `families`.

    violated_hours: of all draws, hours and outcomes; violated_days: draws of a day in which some hour of some outcome
    is violated, each hour alone; missed_up_day, missed_down_day: departure from the energy bid, in the worst outcome,
    where all deviations last all day. ValueError for another market, an unknown family, and fewer than one sample.
    """
    data = of_families(results["data"], families, MARKET, "robust-bids")
    if samples < 1:
        raise ValueError(f"plan.methods: robust-bids: samples {samples}: draw one at least")
    margin, missed = tested(data)
    found = [(*violations(data.sel(scenario=name), margin.sel(scenario=name), samples, seed), *missed[k])
             for k, name in enumerate(data["scenario"].values)]  # fmt: skip
    texts = {
        "violated_hours": (
            "%",
            "deviations that cannot be followed, of all draws, hours and outcomes, each hour alone",
        ),
        "violated_days": ("%", "draws of a day with a deviation that cannot be followed, each hour alone"),
        "largest_violation": ("MW", "largest part of a deviation that cannot be followed, each hour alone"),
        "missed_up_day": ("MWh", "departure from the bid where less net generation of all sources lasts all day"),
        "missed_down_day": ("MWh", "departure from the bid where more net generation of all sources lasts all day"),
    }
    columns = np.array(found).T
    arrays = {name: ("scenario", column, {"units": unit, "long_name": text})
              for (name, (unit, text)), column in zip(texts.items(), columns, strict=True)}  # fmt: skip
    described = margin.assign_attrs(units="MW", long_name="largest margin beside the schedule and the products sold")
    return xr.Dataset(arrays, {"scenario": data["scenario"].values}).assign(largest_margin=described)


def tested(data: xr.Dataset) -> tuple[xr.DataArray, list[tuple[float, float]]]:
    """Of the optimal bids of each scenario the largest margin (scenario, direction, time, outcome) MW beside the
    schedule, and the least departure from the bid where all deviations last all day, up and down, MWh."""
    split = split_model(microgrid, data)
    margins, missed = [], []
    for k, name in enumerate(split.scenarios):
        solved = solve_priced(split.program(k), split, f"scenario {name}, bids")
        margins.append(_margins_of(split, k, solved))
        missed.append(_missed_of(split, k, solved, data.isel(scenario=k)))
    margin = xr.concat(margins, "scenario", join="exact").assign_coords(scenario=data["scenario"].values)
    return margin.reset_coords(drop=True), missed


def _margins_of(split: SplitModel, k: int, solved: Solved) -> xr.DataArray:
    margins = [split.variables[f"{resource}_margin"] for resource in ("unit", "battery")]
    cost = np.zeros(len(solved.x))
    for margin in margins:
        cost[margin.position.values.ravel()] = -1.0
    best = _with_fixed(split, k, solved, FIXED, cost).solve()
    return sum(margin.read(best.x).sum("participant") for margin in margins)


def _with_fixed(split: SplitModel, k: int, solved: Solved, names: tuple[str, ...], cost: np.ndarray) -> LiveProgram:
    """The program of a scenario with other costs and some variables kept as in `solved`."""
    program = split.program(k)
    lower, upper = program.lower.copy(), program.upper.copy()
    for name in names:
        columns = split.variables[name].position.values.ravel()
        lower[columns] = upper[columns] = solved.x[columns]
    changed = replace(program, lower=lower, upper=upper, cost=cost, integer=None)
    return LiveProgram(changed, f"scenario {split.scenarios[k]}, bids fixed")


def _missed_of(split: SplitModel, k: int, solved: Solved, data: xr.Dataset) -> tuple[float, float]:
    """Largest over the outcomes of min sum_t (s + o)_t, up and down, MWh.

    Margins need not be kept: what is missing of them costs nothing here.
    """
    balance = split.constraints["power_balance"].position.transpose("time", "outcome").values
    engine, count = _with_fixed(split, k, solved, BIDS, np.zeros(len(solved.x))), balance.size
    place = np.tile(balance.ravel(), 2), np.arange(2 * count)
    # s enters the row P - own = 0 with -1, o with 1
    entries = sp.csc_matrix((np.repeat([-1.0, 1.0], count), place), shape=(engine.num_rows, 2 * count))
    engine.add_columns(np.ones(2 * count), np.zeros(2 * count), np.full(2 * count, np.inf), entries)
    needed = np.repeat(data["deviation"].sum(["participant", "source"]).values, balance.shape[1])
    return tuple(_departure(engine, balance, z * needed) for z in (1.0, -1.0))


def _departure(engine: LiveProgram, balance: np.ndarray, needed: np.ndarray) -> float:
    """The largest departure of an outcome, MWh, where `needed` more net generation is needed (time x outcome) MW."""
    engine.set_row_bounds(balance.ravel(), -needed, -needed)
    missed = engine.solve(cold=True).x[-2 * balance.size :].reshape(2, *balance.shape)
    worst = float(missed.sum(axis=(0, 1)).max())
    return worst if worst > TOLERANCE else 0.0


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
