"""The optimum of each asked coalition."""

import fnmatch
import logging

import numpy as np
import xarray as xr

from sharegrid import plugins, schema
from sharegrid.optimise import coalitions, core, highs, values
from sharegrid.optimise.clear import scenario_parts
from sharegrid.optimise.coalitions import Counterfactuals
from sharegrid.options.stages import CoalitionRequest

log = logging.getLogger(__name__)
ENGINES = ("rebuild", "warm", "reduced")
ASKED = {
    "removals": coalitions.removals,
    "pairs": coalitions.pairs,
    "all": coalitions.subsets,
    "core": coalitions.removals,
}


def value(data: xr.Dataset, config: dict, chunk: int = 0, chunks: int = 1) -> xr.Dataset:
    """Costs of the coalitions that the study asks for: the `chunk`-th of `chunks` parts.

    Parts are scenarios; where there are fewer scenarios than parts, the coalitions of a scenario are shared too. A part
    can be empty. Raises ValueError for a scenario that does not exist, NotOptimal as the value engine.
    """
    highs.configure(**config.get("solver", {}))
    market = plugins.load_module("markets", config["market"])
    schema.check(data, "data")
    asked = _asked(data, [CoalitionRequest.model_validate(request) for request in config["requests"]])
    compare = config["compare"]
    for name in _matching(data, compare["scenarios"]) if compare else []:
        if name not in asked:
            raise ValueError(f"value.compare: scenario '{name}' is in no request; add it to value.requests")
    blocks = max(1, chunks // len(asked))
    mine = [(name, block) for name in asked for block in range(blocks)]
    mine = [mine[k] for k in np.array_split(np.arange(len(mine)), chunks)[chunk]]
    parts = _parts(market, data, asked, mine, blocks, config["backend"])
    result = gather(parts) if parts else xr.Dataset(coords={"scenario": [], "coalition": []})
    if compare:
        result = _with_comparison(market, data, result, compare, {name for name, block in mine if block == 0})
    return schema.check(schema.described(result, "values", config, data), "values")


def _parts(market, data: xr.Dataset, asked, mine, blocks: int, backend: str) -> list[xr.Dataset]:
    """One values Dataset per (scenario, block of its coalitions) of `mine`."""
    parts, mine_by_scenario = [], {}
    for name, block in mine:
        mine_by_scenario.setdefault(name, []).append(block)
    for some in scenario_parts(data.sel(scenario=list(mine_by_scenario))) if mine else []:
        engine = values.Engine(market, some, backend)
        for k, scenario in enumerate(some["scenario"].values):
            log.info("scenario %s (%d of %d)", scenario, len(parts) + 1, len(mine))
            absent = _absent(some.sizes["participant"], asked[scenario])
            for block in mine_by_scenario[scenario]:
                rows = _block(absent, asked[scenario], block, blocks)
                if len(rows):
                    parts.append(_scenario(market, engine, k, some.isel(scenario=[k]), asked[scenario], rows))
    return parts


def _block(absent: np.ndarray, kinds: set[str], block: int, blocks: int) -> np.ndarray:
    """The rows of one block; core constraints are generated from all removals, so that scenario stays whole."""
    if "core" in kinds:
        return absent if block == 0 else absent[:0]
    return np.array_split(absent, blocks)[block]


def _with_comparison(market, data: xr.Dataset, result: xr.Dataset, compare: dict, mine: set[str]) -> xr.Dataset:
    names = [name for name in _matching(data, compare["scenarios"]) if name in mine]
    if not names:
        return result
    counts = xr.concat([_compare(market, data.sel(scenario=[name]), compare["rebuild_sample"]) for name in names],
                       "scenario", join="exact")  # fmt: skip
    return result.merge(counts.reindex(scenario=result["scenario"]), join="exact")


def gather(parts: list[xr.Dataset]) -> xr.Dataset:
    """Values of several scenarios or chunks in one Dataset; coalitions keep the order in which they first appear."""
    parts = [part for part in parts if part.sizes["scenario"]]
    order = list(dict.fromkeys(name for part in parts for name in part["coalition"].values))
    member = xr.concat([part["member"] for part in parts], "coalition", join="exact")
    member = member.isel(coalition=np.unique(member["coalition"].values.astype(str), return_index=True)[1])
    rest = [part.drop_vars("member").reindex(coalition=order) for part in parts]
    result = _one_row_per_scenario(xr.concat(rest, "scenario", data_vars="all", coords="minimal", compat="override",
                                             join="outer", combine_attrs="override"))  # fmt: skip
    return schema.described(result.assign(member=member.sel(coalition=order)), "values")


def _one_row_per_scenario(values_: xr.Dataset) -> xr.Dataset:
    """Blocks of the coalitions of one scenario become one row."""
    names = list(dict.fromkeys(values_["scenario"].values.tolist()))
    if len(names) == values_.sizes["scenario"]:
        return values_
    rows = []
    for name in names:
        blocks = values_.isel(scenario=np.flatnonzero(values_["scenario"].values == name))
        row = blocks.isel(scenario=[0])
        for k in range(1, blocks.sizes["scenario"]):
            row = row.combine_first(blocks.isel(scenario=[k]))
        rows.append(row)
    return xr.concat(rows, "scenario", data_vars="all", coords="minimal", compat="override", join="exact")


def _asked(data: xr.Dataset, requests: list[CoalitionRequest]) -> dict[str, set[str]]:
    """Scenario -> the kinds of coalitions asked for, scenarios in the order of the data."""
    asked: dict[str, set[str]] = {}
    for request in requests:
        for name in _matching(data, request.scenarios):
            asked.setdefault(name, set()).add(request.coalitions)
    return {name: asked[name] for name in data["scenario"].values.tolist() if name in asked}


def _matching(data: xr.Dataset, patterns: list[str]) -> list[str]:
    """Scenarios by label, family or pattern; ValueError names a pattern that matches none."""
    labels, families = data["scenario"].values.tolist(), data["family"].values.tolist()
    found = []
    for pattern in patterns:
        hits = [name for name, family in zip(labels, families, strict=True)
                if family == pattern or fnmatch.fnmatchcase(name, pattern)]  # fmt: skip
        if not hits:
            raise ValueError(f"value: scenarios: '{pattern}' is no label, family or pattern of one")
        found += hits
    return list(dict.fromkeys(found))


def _absent(count: int, kinds: set[str]) -> np.ndarray:
    """(coalition, participant), True = absent: all coalitions of the kinds."""
    return _distinct(np.vstack([ASKED[kind](count) for kind in sorted(kinds)]))


def _scenario(
    market, engine: values.Engine, k: int, one: xr.Dataset, kinds: set[str], absent: np.ndarray
) -> xr.Dataset:
    """Some coalitions of the k-th scenario of the engine, with those that the core needs, as a values Dataset."""
    found, complete = engine.solve(k, absent), "all" in kinds
    if "core" in kinds and not complete:
        absent, cost = core.generate(market, one, absent, found.cost)
        found, complete = _with_more(found, cost), True
    return _dataset(one, absent, found, complete)


def _distinct(absent: np.ndarray) -> np.ndarray:
    """The rows without repetition, in the order of their first appearance."""
    return absent[np.sort(np.unique(absent, axis=0, return_index=True)[1])]


def _with_more(found: Counterfactuals, cost: np.ndarray) -> Counterfactuals:
    """`found` with the costs of further coalitions, of which nothing else is kept."""
    more = len(cost) - len(found.cost)
    padded = [np.append(array, np.full(more, np.nan)) for array in (found.lost_load, found.iterations, found.fallback)]
    return Counterfactuals(cost, *padded, found.details, found.counts)


def _dataset(one: xr.Dataset, absent: np.ndarray, found: Counterfactuals, complete: bool) -> xr.Dataset:
    """One scenario's counterfactuals as a values Dataset; details only where one participant alone is absent."""
    participants = one["participant"].values
    coords = {
        "scenario": one["scenario"].values,
        "participant": participants,
        "coalition": coalitions.labels(participants, absent),
    }
    by_coalition = {"cost": found.cost, "lost_load": found.lost_load, "iterations": found.iterations,
                    "fallback": found.fallback}  # fmt: skip
    arrays = {name: (("scenario", "coalition"), np.asarray(array, float)[None]) for name, array in by_coalition.items()}
    arrays["member"] = (("coalition", "participant"), (~absent).astype("i1"))
    arrays["core_complete"] = ("scenario", [complete])
    alone = {int(np.flatnonzero(row)[0]): k for k, row in enumerate(absent) if row.sum() == 1}
    for name in {"price", "shed"} & found.details.keys():
        detail = found.details[name]
        without = np.full((1, len(participants), *detail.shape[1:]), np.nan)
        without[0, list(alone)] = detail[list(alone.values())]
        arrays[f"{name}_without"] = (("scenario", "participant", "bus"), without)
        coords["bus"] = one["bus"].values
    return xr.Dataset(arrays, coords)  # at once: adding variables one by one costs ten times as much


def _compare(market, one: xr.Dataset, sample: int | None) -> xr.Dataset:
    """Solver counts of the engines on one scenario's removals, and the largest difference of J between an engine and
    another on the counterfactuals that both solved."""
    full = coalitions.removals(one.sizes["participant"])
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
