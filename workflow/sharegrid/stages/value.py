"""The optimum of each asked coalition."""

import logging
from types import ModuleType

import numpy as np
import xarray as xr

from sharegrid import plugins, schema
from sharegrid.optimise import coalitions, highs, values
from sharegrid.optimise.area_game import area_costs
from sharegrid.optimise.clear import scenario_parts
from sharegrid.optimise.coalitions import Counterfactuals
from sharegrid.optimise.scaling import scaled_costs
from sharegrid.options.stages import CoalitionRequest
from sharegrid.stages import engines
from sharegrid.stages.generation import GENERATORS
from sharegrid.stages.requests import absent, asked, matching

log = logging.getLogger(__name__)
EXTRAS = {"compare": engines.compare, "scaled": scaled_costs, "areas": area_costs}  # section -> what values it adds
BY_COALITION = {"grid_bill": "time"}  # what is kept of every coalition, and its dim; other details of removals only
AREAS = "area_member"  # like the members of coalitions the same in all scenarios
SUMMED = {"shortfall"}  # kept of every coalition as a sum


def value(data: xr.Dataset, config: dict, chunk: int = 0, chunks: int = 1) -> xr.Dataset:
    """Costs of the coalitions that the study asks for: the `chunk`-th of `chunks` parts.

    Parts are scenarios; where there are fewer scenarios than parts, the coalitions of a scenario are shared too. A part
    can be empty. Raises ValueError for a scenario that does not exist, NotOptimal as the value engine.
    """
    highs.configure(**config.get("solver", {}), mip_gap=config.get("mip_gap"))
    market = plugins.load_module("markets", config["market"])
    schema.check(data, "data")
    requests = asked(data, [CoalitionRequest.model_validate(request) for request in config["requests"]])
    for extra in EXTRAS:
        _check_asked(data, config.get(extra), requests, extra)
    blocks = max(1, chunks // len(requests))
    mine = [(name, block) for name in requests for block in range(blocks)]
    mine = [mine[k] for k in np.array_split(np.arange(len(mine)), chunks)[chunk]]
    parts = _parts(market, data, requests, mine, blocks, config["backend"])
    result = gather(parts) if parts else xr.Dataset(coords={"scenario": [], "coalition": []})
    first = {name for name, block in mine if block == 0}
    for extra, function in EXTRAS.items():
        result = _with_extra(market, data, result, config.get(extra), first, function)
    return schema.check(schema.described(result, "values", config, data), "values")


def _check_asked(data: xr.Dataset, section: dict | None, requests: dict, name: str) -> None:
    for scenario in matching(data, section["scenarios"]) if section else []:
        if scenario not in requests:
            raise ValueError(f"value.{name}: scenario '{scenario}' is in no request; add it to value.requests")


def _parts(market, data: xr.Dataset, requests, mine, blocks: int, backend: str) -> list[xr.Dataset]:
    """One values Dataset per (scenario, block of its coalitions) of `mine`."""
    parts, mine_by_scenario = [], {}
    for name, block in mine:
        mine_by_scenario.setdefault(name, []).append(block)
    for some in scenario_parts(data.sel(scenario=list(mine_by_scenario))) if mine else []:
        engine = values.Engine(market, some, backend)
        for k, scenario in enumerate(some["scenario"].values):
            log.info("scenario %s (%d of %d)", scenario, len(parts) + 1, len(mine))
            one = some.isel(scenario=[k])
            rows = absent(one, requests[scenario])
            for block in mine_by_scenario[scenario]:
                own = _block(rows, requests[scenario], block, blocks)
                if len(own):
                    parts.append(_scenario(market, engine, k, one, requests[scenario], own))
    return parts


def _block(rows: np.ndarray, requests: list[CoalitionRequest], block: int, blocks: int) -> np.ndarray:
    """The rows of one block; constraints are generated from all removals, so that scenario stays whole."""
    if any(request.coalitions in GENERATORS for request in requests):
        return rows if block == 0 else rows[:0]
    return np.array_split(rows, blocks)[block]


def _with_extra(
    market: ModuleType, data: xr.Dataset, result: xr.Dataset, section: dict | None, mine: set[str], function
) -> xr.Dataset:
    """The values with what function(market, data, section) adds for the scenarios of the section."""
    names = [name for name in matching(data, section["scenarios"]) if name in mine] if section else []
    if not names:
        return result
    more = function(market, data.sel(scenario=names), section)
    return result.merge(more.reindex(scenario=result["scenario"]), join="exact")


def gather(parts: list[xr.Dataset]) -> xr.Dataset:
    """Values of several scenarios or chunks in one Dataset; coalitions keep the order in which they first appear."""
    parts = [part for part in parts if part.sizes["scenario"]]
    order = list(dict.fromkeys(name for part in parts for name in part["coalition"].values))
    member = xr.concat([part["member"] for part in parts], "coalition", join="exact")
    member = member.isel(coalition=np.unique(member["coalition"].values.astype(str), return_index=True)[1])
    rest = [part.drop_vars(["member", AREAS], errors="ignore").reindex(coalition=order) for part in parts]
    result = _one_row_per_scenario(xr.concat(rest, "scenario", data_vars="all", coords="minimal", compat="override",
                                             join="outer", combine_attrs="override"))  # fmt: skip
    shared = {"member": member.sel(coalition=order)}
    for part in parts:
        shared |= {AREAS: part[AREAS]} if AREAS in part else {}
    return schema.described(result.assign(shared), "values")


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


def _scenario(
    market: ModuleType,
    engine: values.Engine,
    k: int,
    one: xr.Dataset,
    requests: list[CoalitionRequest],
    rows: np.ndarray,
) -> xr.Dataset:
    """Some coalitions of the k-th scenario of the engine, with those that are generated, as a values Dataset."""
    kinds = {request.coalitions for request in requests}
    found = engine.solve(k, rows)
    for kind in sorted(GENERATORS.keys() & kinds) if "all" not in kinds else ():
        rows, cost = GENERATORS[kind](market, one, rows, found.cost)
        found = _with_more(found, cost)
    values_ = _dataset(one, rows, found, {kind: bool({kind, "all"} & kinds) for kind in GENERATORS})
    drawn = {}
    for request in requests:
        if request.coalitions == "sampled":
            drawn |= {"sampling_draws": request.samples, "sampling_seed": request.seed}
        elif request.coalitions == "random":
            drawn["random_coalitions"] = drawn.get("random_coalitions", 0) + request.samples
    return values_.assign({name: ("scenario", [float(number)]) for name, number in drawn.items()})


def _with_more(found: Counterfactuals, cost: np.ndarray) -> Counterfactuals:
    """`found` with the costs of further coalitions, of which nothing else is kept."""
    more = len(cost) - len(found.cost)

    def padded(array: np.ndarray) -> np.ndarray:
        return np.concatenate([array, np.full((more, *array.shape[1:]), np.nan)])

    details = {name: padded(array) for name, array in found.details.items()}
    plain = [padded(array) for array in (found.lost_load, found.iterations, found.fallback)]
    gap = None if found.relative_gap is None else padded(found.relative_gap)
    return Counterfactuals(cost, *plain, details, found.counts, gap)


def _dataset(one: xr.Dataset, rows: np.ndarray, found: Counterfactuals, complete: dict[str, bool]) -> xr.Dataset:
    """One scenario's counterfactuals as a values Dataset; details only where one participant alone is absent."""
    participants = one["participant"].values
    coords = {
        "scenario": one["scenario"].values,
        "participant": participants,
        "coalition": coalitions.labels(participants, rows),
    }
    by_coalition = {"cost": found.cost, "lost_load": found.lost_load, "iterations": found.iterations,
                    "fallback": found.fallback}  # fmt: skip
    if found.relative_gap is not None and found.relative_gap.any():
        by_coalition["relative_gap"] = found.relative_gap
    arrays = {name: (("scenario", "coalition"), np.asarray(array, float)[None]) for name, array in by_coalition.items()}
    arrays["member"] = (("coalition", "participant"), (~rows).astype("i1"))
    arrays |= {f"{plugins.snake(kind)}_complete": ("scenario", [known]) for kind, known in complete.items()}
    alone = {int(np.flatnonzero(row)[0]): k for k, row in enumerate(rows) if row.sum() == 1}
    for name in {"price", "shed"} & found.details.keys():
        detail = found.details[name]
        without = np.full((1, len(participants), *detail.shape[1:]), np.nan)
        without[0, list(alone)] = detail[list(alone.values())]
        arrays[f"{name}_without"] = (("scenario", "participant", "bus"), without)
        coords["bus"] = one["bus"].values
    for name in BY_COALITION.keys() & found.details.keys():
        dim = BY_COALITION[name]
        arrays[name] = (("scenario", "coalition", dim), found.details[name][None])
        coords[dim] = one[dim].values
    for name in SUMMED & found.details.keys():
        arrays[name] = (("scenario", "coalition"), found.details[name].reshape(len(rows), -1).sum(axis=1)[None])
    return xr.Dataset(arrays, coords)  # at once: adding variables one by one costs ten times as much
