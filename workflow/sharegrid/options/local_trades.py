"""Options of prosumers who trade with their neighbours in a graph (section 9.3)."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from sharegrid.options.base import Family, Market, NotNegative, Positive, Share

Count = Annotated[int, Field(ge=1)]
Probability = Annotated[float, Field(gt=0, le=1)]
Seed = Annotated[int, Field(ge=0)]
Topology = Literal["empty", "path", "ring", "star", "complete", "er", "ws", "ba"]
Limit = NotNegative | Literal["unlimited"]
LEAST = {"ring": 3, "ws": 4}  # users that a topology needs; others need one


class TradesFamily(Family):
    """Scenarios that belong together: the product of the listed values."""

    label: str
    """Template of the labels; fields {topology} {edge_probability} {graph_seed} {trade_limit} {trade_cost} {users}."""
    topology: list[Topology] | None = None
    """Graphs of who can trade with whom."""
    edge_probability: list[Probability] | None = None
    """Probabilities of an edge, of the topology er [1]."""
    graph_seed: list[Seed] | None = None
    """Seeds of the random graphs."""
    trade_limit: list[Limit] | None = None
    """Largest trades per edge and direction [kW], or unlimited."""
    trade_cost: list[NotNegative] | None = None
    """Costs of a traded kWh [$/kWh]."""
    users: list[Count] | None = None
    """Numbers of prosumers."""


class LocalTradesMarket(Market):
    """Prosumers with flexible generation who buy from the grid or from their neighbours in a graph."""

    market: Literal["local-trades"]
    """The market's plug-in."""
    users: Count = 20
    """Number of prosumers."""
    seed: Seed = 2024
    """Seed of the prosumers' costs, loads and generation limits."""
    grid_price: Positive = 4.0
    """Price of energy from the grid, which buys none [$/kWh]."""
    topology: Topology = "ring"
    """Graph of who can trade with whom."""
    edge_probability: Probability = 0.2
    """Probability of an edge, of the topology er [1]."""
    graph_seed: Seed = 11
    """Seed of the random graphs er, ws and ba."""
    ws_neighbours: Annotated[int, Field(ge=2, multiple_of=2)] = 4
    """Neighbours of a user in the ring lattice from which a ws graph begins."""
    ws_rewiring: Share = 0.1
    """Probability that an edge of that lattice gets another end [1]."""
    ba_edges: Count = 2
    """Edges that each user brings that joins a ba graph."""
    trade_limit: Limit = "unlimited"
    """Largest trade per edge and direction [kW], or unlimited."""
    trade_cost: NotNegative = 0.01
    """Cost of a traded kWh, for the use of communication and transfer [$/kWh]."""
    scenarios: Annotated[dict[str, TradesFamily], Field(min_length=1)]
    """The families of scenarios by name."""

    @model_validator(mode="after")
    def _graphs_exist(self):
        for name, family in self.scenarios.items():
            users = min(family.users or [self.users])
            for topology in family.topology or [self.topology]:
                if users < (least := self._least_users(topology)):
                    raise ValueError(f"scenarios.{name}: topology {topology} needs at least {least} users, not {users}")
        return self

    def _least_users(self, topology: str) -> int:
        own = {"ws": self.ws_neighbours + 1, "ba": self.ba_edges + 1}.get(topology, 1)
        return max(LEAST.get(topology, 1), own)

    def raw_files(self, resources: Path) -> list[str]:
        """None: prosumers and graphs are drawn."""
        return []
