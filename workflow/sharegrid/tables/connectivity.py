"""Table: graphs of who can trade with whom, what they cost with and without a limit of trades, and how fast they average."""

import numpy as np
import pandas as pd
import xarray as xr

from sharegrid.tables import selection
from sharegrid.tables.selection import Results

GRAPH = ("topology", "edge_probability", "graph_seed", "users", "trade_cost")  # what two scenarios of one graph share
CONSENSUS = "average-consensus"


def table(results: Results, *, families: list[str]) -> pd.DataFrame:
    """The rows of `graphs` without what only figures need."""
    return graphs(results, families).drop(columns=["limited", "unlimited"])


def graphs(results: Results, families: list[str]) -> pd.DataFrame:
    """One row per graph of the families that has a scenario with a limit of trades and one without.

    `topology` with the probability of er, `edges`, `lambda2`, `lambdaN`, `components`, `cost_cap05` and `cost_uncapped`: cost with
    the limit and without [$/h], `rounds` of averaging by the closed form, empty unless connected; `limited` and `unlimited`, the
    labels of the two scenarios.
    """
    data, cost = results["data"], results["cleared"]["objective"]
    found = pairs(data, families)
    rounds = selection.read(results, "coordination", "consensus_rounds", method=CONSENSUS)
    rows = []
    for limited, unlimited in found:
        one = data.sel(scenario=unlimited)
        rows.append(
            {
                "topology": named(one),
                "edges": int(one["edges"]),
                "lambda2": float(one["algebraic_connectivity"]),
                "lambdaN": float(one["largest_eigenvalue"]),
                "components": int(one["components"]),
                "cost_cap05": float(cost.sel(scenario=limited)),
                "cost_uncapped": float(cost.sel(scenario=unlimited)),
                "rounds": float(rounds.sel(graph=unlimited)),
                "limited": limited,
                "unlimited": unlimited,
            }
        )
    return selection.tidy(pd.DataFrame(rows))


def pairs(data: xr.Dataset, families: list[str]) -> list[tuple[str, str]]:
    """Labels of the scenarios with and without a limit of trades of each graph, in the order of the study.

    ValueError for a graph that has two scenarios with a limit, or without.
    """
    found: dict[tuple, dict[bool, str]] = {}
    for label in selection.scenarios(data, families):
        one = data.sel(scenario=label)
        sides = found.setdefault(tuple(one[name].item() for name in GRAPH), {})
        side = bool(np.isfinite(one["trade_limit"]))
        if side in sides:
            raise ValueError(f"option families: '{sides[side]}' and '{label}' are the same graph; give one limit each")
        sides[side] = label
    return [(sides[True], sides[False]) for sides in found.values() if len(sides) == 2]


def named(one: xr.Dataset) -> str:
    """Name of the graph of a scenario: the topology, of er with its probability."""
    topology = str(one["topology"].item())
    return f"{topology}{one['edge_probability'].item():g}" if topology == "er" else topology
