"""The Datasets of prosumers who trade with their neighbours; power in kW, a step of time is an hour."""

from sharegrid.contracts.base import Variable
from sharegrid.contracts.base import variable as v

WHO, PAIR = "scenario participant", "scenario participant partner"
DATA = {
    "partner": v("1", "prosumer who buys", "partner"),
    "topology": v("1", "graph of who can trade with whom", "scenario"),
    "edge_probability": v("1", "probability of an edge of the topology er", "scenario", low=0),
    "graph_seed": v("1", "seed of the random graphs", "scenario", low=0),
    "trade_limit": v("kW", "largest trade per edge and direction; infinite = no limit", "scenario", False, 0),
    "trade_cost": v("$/kWh", "cost of a traded kWh", "scenario", low=0),
    "users": v("1", "number of prosumers", "scenario", low=1),
    "load": v("kW", "load", WHO, low=0),
    "quadratic_cost": v("$/kWh/kW", "slope of the marginal cost of own generation", WHO, low=0),
    "linear_cost": v("$/kWh", "marginal cost of own generation at 0", WHO, low=0),
    "generation_limit": v("kW", "largest own generation", WHO, low=0),
    "grid_price": v("$/kWh", "price of energy from the grid", "scenario", low=0),
    "adjacency": v("1", "1 if the two can trade", PAIR, low=0),
    "edges": v("1", "number of edges", "scenario", low=0),
    "component": v("1", "number of the part of the graph that the prosumer is in", WHO),
    "components": v("1", "number of parts of the graph that are not connected", "scenario", low=1),
    "algebraic_connectivity": v("1", "second smallest eigenvalue of the Laplacian", "scenario", low=0),
    "largest_eigenvalue": v("1", "largest eigenvalue of the Laplacian", "scenario", low=0),
}
CLEARED = {
    "price": v(
        "$/kWh", "local price: cost of one more kWh of load at the prosumer; 0 of who does not take part", WHO, low=0
    ),
    "generation": v("kW", "own generation", WHO, low=0),
    "grid_purchase": v("kW", "bought from the grid", WHO, low=0),
    "trade": v("kW", "sold by the prosumer to the partner", PAIR, low=0),
    "traded": v("kWh", "energy traded on all edges", "scenario", low=0),
    "edge_rent": v("$/h", "value of the limits of all trades", "scenario", low=0),
}


def variables() -> dict[str, dict[str, Variable]]:
    """The contract by Dataset."""
    return {"data": DATA, "cleared": CLEARED, "values": {}}
