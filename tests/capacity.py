"""The study ch5-der-capacity with ten users and three capacity prices, for the tests of its figures and tables."""

from functools import cache

from communities import MARKET, cleared, community
from sharegrid.stages.coordinate import coordinate
from sharegrid.stages.plan import plan

PRICES = [0, 2, 10]
LABELS = [f"capacity {price}" for price in PRICES]


@cache
def results():
    """Datasets of the stages prepare, clear, plan and coordinate."""
    data = community({"capacity": {"label": "capacity {capacity_price}", "capacity_price": PRICES}}, users=10)
    made = {"data": data, "cleared": cleared(data)}
    storage = {"users": ["0", "5", "6"], "storage_price": [0.03, 0.1, 0.17], "peak": 0.3, "off_peak": 0.1, "seed": 1}
    planned = {
        "separate-schedules": {"scenarios": LABELS},
        "storage-sharing": {"scenario": LABELS[0]} | storage,
    }
    made["plan"] = plan(made, MARKET | {"methods": planned})
    methods = {"dantzig-wolfe": {"scenarios": LABELS[:2]}, "sharing-admm": {"scenarios": LABELS[1:2], "rho": 0.003}}
    made["coordination"] = coordinate(made, MARKET | {"methods": methods})
    return made
