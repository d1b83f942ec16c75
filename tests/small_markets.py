"""A small instance of every market with participants, from the raw data; the stages run on it as a study would.

In some scenarios not everybody takes part; retail has an agent with better prices than the tariff, and a flexible user.
"""

from functools import cache

import xarray as xr

import ancillary
import carbon
import microgrids
import multi_area
import transfers
import two_stage
from sharegrid.stages import clear, prepare, value
from spot import NETWORKS, RESOURCES

SPOT = {
    "market": "spot",
    "network": NETWORKS["case5"],
    "scenarios": {"cases": {"label": "{limits}", "limits": ["case"]}},
}
TARIFF = {"buy": 0.18, "off_peak": 0.09, "feed_in": 0.05}
RETAIL = {
    "market": "retail",
    "community": "toy",
    "communities": {
        "toy": {"users": {"toy": {"count": 5}}, "tariff": TARIFF},
        "grid": {"users": {"toy": {"count": 3}}, "tariff": TARIFF, "grid": {"buy": 0.15, "off_peak": 0.08, "feed_in": 0.06}},
        "flexible": {"users": {"toy": {"count": 4}}, "tariff": TARIFF,
                     "flexible": {"1": {"capacity_kwh": 0.5, "linear": 0.06, "quadratic": 0.04}}},
    },
    "scenarios": {"cases": {"label": "{community}", "community": ["toy", "grid", "flexible"]}},
}  # fmt: skip
WIND_CSP = {
    "market": "wind-csp",
    "days": {"summer": {"date": "2020-07-09", "price": "nodal", "bus": "212"}},
    "day": "summer",
    "wind": {"W1": {"unit": "309_WIND_1"}, "W2": {"unit": "122_WIND_1", "capacity_mw": 150}},
    "csp": {"C1": {"capacity_mw": 200, "storage_hours": 6}, "C2": {"capacity_mw": 100, "storage_hours": 3}},
    "error_days": 2,
    "scenarios": {
        "cases": {"label": "{commitment}", "commitment": ["linear", "integer"]},
        "fewer": {"label": "one plant", "csp_count": [1]},
    },
}
COMMUNITY = {
    "market": "community",
    "days": {"2016-04-13": 0.5, "2016-07-13": 0.5},
    "users": 5,
    "scenarios": {
        "energy": {"label": "energy"},
        "capacity": {"label": "capacity", "capacity_price": [5]},
        "free limit": {"label": "{network_rights}", "network": ["limits"], "network_rights": ["shared"],
                       "interface_kw": [180]},
        "fewer": {"label": "three users", "users": [3]},
    },
}  # fmt: skip
MULTI_AREA = multi_area.TOY | {
    "participants": "all",
    "scenarios": {
        "cases": {"label": "tie {tie_factor}", "tie_factor": [1.0, 0.3]},
        "scarce": {"label": "little reserve", "ramp10": [0.1], "load_factor": [1.2]},
    },
}
LOCAL_TRADES = {
    "market": "local-trades",
    "users": 5,
    "seed": 3,
    "scenarios": {
        "cases": {"label": "{topology}", "topology": ["ring", "star"], "trade_limit": [0.3]},
        "free": {"label": "free", "topology": ["complete"], "trade_cost": [0.0]},
        "fewer": {"label": "three users", "topology": ["path"], "users": [3]},
    },
}
DEMAND_RESPONSE = {
    "market": "demand-response",
    "users": 5,
    "scenarios": {
        "cases": {"label": "{program}", "program": ["single", "loose", "tight"]},
        "fewer": {"label": "{program}, {users} users", "program": ["single", "tight"], "users": [3]},
    },
}
EV_FLEETS = carbon.CONFIG | {
    "carbon_price": 40,
    "allowance_t": 30,
    "scenarios": {
        "cases": {"label": "{strategy}", "strategy": ["v1g", "v2g"], "sell_ratio": [0.8]},
        "steps": {"label": "{ladder}", "ladder": ["rising"]},
    },
    "ladders": {"rising": [{"price": 20, "quantity_t": 3}, {"price": 60}]},
}
UNRELIABLE_RESPONSE = {
    "market": "unreliable-response",
    "users": {"pattern": {"count": 4, "success": 0.7}},
    "relay": {"success": 0.9, "users": ["U0", "U1"]},
    "most_retransmissions": 2,
    "requirement_kw": 4,
    "slots": 15,  # for all attempts of everybody and the relay
    "message_price": 0,
    "loss_scenarios": 6,
    "scenarios": {
        "free": {"label": "{delivery}", "delivery": ["expected", "chance"], "epsilon": [0], "requirement_kw": [3.5]},
        "integer": {"label": "integer", "slots": [6], "message_price": [0.4]},
        "fewer": {"label": "three users", "members": [3]},
    },
}
SOLAR_STORAGE = {
    "market": "solar-storage",
    "scenarios": {
        "cases": {"label": "{outage_days} days", "outage_days": [2, 8]},
        "roof": {"label": "more sold", "feed_in": [0.12]},
        "fewer": {"label": "solar power alone", "devices": ["pv"]},
    },
}
MARKETS = {
    "spot": SPOT,
    "retail": RETAIL,
    "wind-csp": WIND_CSP,
    "community": COMMUNITY,
    "multi-area": MULTI_AREA,
    "two-stage": two_stage.TOY | {"participants": "all"},
    "ev-fleets": EV_FLEETS,
    "transfer-capability": transfers.TOY,
    "local-trades": LOCAL_TRADES,
    "solar-storage": SOLAR_STORAGE,
    "ancillary-services": ancillary.TOY,
    "microgrid": microgrids.TOY,
    "demand-response": DEMAND_RESPONSE,
    "unreliable-response": UNRELIABLE_RESPONSE,
}
OTHERS = {"transfer-capability": transfers.others}  # cleared markets of other studies that a market takes


@cache
def data(market: str) -> xr.Dataset:
    """data.nc of the small market."""
    return prepare.prepare(MARKETS[market], RESOURCES, OTHERS[market]() if market in OTHERS else None)


@cache
def cleared(market: str) -> xr.Dataset:
    """cleared.nc of the small market."""
    return clear.clear(data(market), {"market": market, "mip_gap": 1e-6})


@cache
def valued(market: str, coalitions: str = "all", **request) -> xr.Dataset:
    """values.nc of the small market with the coalitions of one kind."""
    asked = {"scenarios": ["*"], "coalitions": coalitions} | request
    config = {"market": market, "backend": "warm", "requests": [asked], "compare": None, "mip_gap": 1e-6}
    return value.value(data(market), config)
