"""Draws of a seed and a study's options -> the data of prosumers who trade with their neighbours, all scenarios in one Dataset."""

import numpy as np
import xarray as xr

from sharegrid import schema
from sharegrid.options.local_trades import LocalTradesMarket
from sharegrid.preparation import topologies
from sharegrid.preparation.inputs import Inputs
from sharegrid.sweeps import Variant, coordinates, variants

WHO = ("scenario", "participant")
BY_USER = ("load", "quadratic_cost", "linear_cost", "generation_limit")


def prepare(options: LocalTradesMarket, inputs: Inputs) -> xr.Dataset:
    """The market's data: dims scenario, participant, partner (the same people, as buyers)."""
    found = variants(options)
    most = max(one.values["users"] for one in found)
    names = [f"u{k:0{len(str(most - 1))}d}" for k in range(most)]
    graphs = [graph_of(options, one.values) for one in found]
    limits = [np.inf if one.values["trade_limit"] == "unlimited" else one.values["trade_limit"] for one in found]
    data = coordinates(found).assign_coords(
        participant=names, partner=names, trade_limit=("scenario", np.array(limits, float))
    )
    data = data.assign(_users(options, found, most) | _graphs(graphs, most))
    data.attrs |= {"money": "$/h", "energy": "kWh"}
    return schema.described(data, "data")


def graph_of(options: LocalTradesMarket, values: dict) -> np.ndarray:
    """The graph of a scenario (user, user)."""
    users, seed = values["users"], values["graph_seed"]
    if values["topology"] == "er":
        return topologies.erdos_renyi(users, values["edge_probability"], seed)
    if values["topology"] == "ws":
        return topologies.watts_strogatz(users, options.ws_neighbours, options.ws_rewiring, seed)
    if values["topology"] == "ba":
        return topologies.barabasi_albert(users, options.ba_edges, seed)
    return getattr(topologies, values["topology"])(users)


def draw_users(count: int, seed: int) -> dict[str, np.ndarray]:
    """Cost slope a [$/kWh/kW], cost at 0 b [$/kWh], load d [kW] and generation limit [kW] (user), drawn in this order."""
    rng = np.random.default_rng(seed)
    return {
        "quadratic_cost": 0.5 + rng.random(count),
        "linear_cost": 0.5 + 2 * rng.random(count),
        "load": 1 + 2 * rng.random(count),
        "generation_limit": 1 + 3 * rng.random(count),
    }


def _users(options: LocalTradesMarket, found: list[Variant], most: int) -> dict[str, tuple]:
    """What the prosumers bring, 0 of who does not take part."""
    counts = [one.values["users"] for one in found]
    drawn = {count: draw_users(count, options.seed) for count in set(counts)}
    arrays = {name: (WHO, np.stack([_padded(drawn[count][name], most) for count in counts])) for name in BY_USER}
    return arrays | {
        "taking_part": (WHO, (np.arange(most) < np.array(counts)[:, None]).astype("i1")),
        "grid_price": ("scenario", np.full(len(found), options.grid_price)),
    }


def _graphs(graphs: list[np.ndarray], most: int) -> dict[str, tuple]:
    """The graphs and what their spectrum says; who does not take part is in no component (-1)."""
    spectra = [topologies.spectrum(graph) for graph in graphs]
    parts = [topologies.components(graph) for graph in graphs]
    return {
        "adjacency": (("scenario", "participant", "partner"), np.stack([_padded(graph, most) for graph in graphs])),
        "edges": ("scenario", [int(graph.sum()) // 2 for graph in graphs]),
        "component": (WHO, np.stack([_padded(part, most, -1) for part in parts])),
        "components": ("scenario", [int(part.max()) + 1 for part in parts]),
        "algebraic_connectivity": ("scenario", [one.connectivity for one in spectra]),
        "largest_eigenvalue": ("scenario", [one.largest for one in spectra]),
    }


def _padded(array: np.ndarray, most: int, fill: int = 0) -> np.ndarray:
    """The array with `most` entries along each of its axes; truth values become 0 and 1."""
    kept = array.astype("i1") if array.dtype == bool else array
    return np.pad(kept, [(0, most - size) for size in array.shape], constant_values=fill)
