"""Retail markets that several tests share, and the closed forms of chapter 2.5 written plainly: the reference.

A case is one community over some hours, given by arrays; nothing here uses the library's model.
"""

from pathlib import Path

import numpy as np
import xarray as xr

from sharegrid import schema
from sharegrid.stages.clear import clear
from sharegrid.stages.pay import pay
from sharegrid.stages.prepare import prepare
from sharegrid.stages.value import value as valued

RESOURCES = Path(__file__).parents[1] / "resources"
TARIFF = {"buy": 0.18, "off_peak": 0.09, "feed_in": 0.05}
FLEXIBLE = {
    "1": {"capacity_kwh": 3, "quadratic": 0.02},
    "2": {"capacity_kwh": 2, "quadratic": 0.03},
    "3": {"capacity_kwh": 4, "quadratic": 0.015},
    "4": {"capacity_kwh": 1, "quadratic": 0.05},
}
COMMUNITIES = {
    "toy": {"users": {"toy": {}}, "tariff": TARIFF},
    "rts": {"users": {"rts": {}}, "tariff": TARIFF},
    "flexible": {
        "users": {"listed": {"load_kwh": {name: [0] for name in FLEXIBLE}}},
        "tariff": {"buy": 0.2, "feed_in": 0.05},
        "flexible": FLEXIBLE,
    },
}


def retail_market(scenarios: dict | None = None, community: str = "toy", **options) -> xr.Dataset:
    """Prepared data of one of COMMUNITIES, or of `communities`; without families one scenario, named as it."""
    families = scenarios or {"cases": {"label": "{community}"}}
    given = {"market": "retail", "communities": COMMUNITIES, "community": community, "scenarios": families}
    return prepare(given | options, RESOURCES)


def made_up(net_load, tariff_buy, tariff_feed_in, grid_buy=None, grid_feed_in=None) -> xr.Dataset:
    """Data of cases without flexible resources: net_load (scenario, user, hour), prices (scenario, hour) or numbers."""
    net_load = np.asarray(net_load, float)
    cases, users, hours = net_load.shape
    prices = {
        "tariff_buy": tariff_buy,
        "tariff_feed_in": tariff_feed_in,
        "grid_buy": tariff_buy if grid_buy is None else grid_buy,
        "grid_feed_in": tariff_feed_in if grid_feed_in is None else grid_feed_in,
    }
    labels = [f"s{k}" for k in range(cases)]
    coords = {"scenario": labels, "participant": [str(k + 1) for k in range(users)], "time": np.arange(hours)}
    coords |= {name: ("scenario", labels) for name in ("family", "base")} | {"deviator": ("scenario", [""] * cases)}
    coords |= {"community": ("scenario", labels), "seller": ("scenario", [""] * cases)}
    coords |= {"surplus_factor": ("scenario", np.ones(cases))}
    arrays = {name: (("scenario", "time"), np.broadcast_to(price, (cases, hours))) for name, price in prices.items()}
    arrays["base_load"] = (("scenario", "time"), np.zeros((cases, hours)))
    arrays["net_load"] = (("scenario", "participant", "time"), net_load)
    arrays["taking_part"] = (("scenario", "participant"), np.ones((cases, users), "i1"))
    attrs = {"market": "retail", "money": "$/day", "energy": "kWh"}
    return schema.described(xr.Dataset(arrays, coords, attrs), "data")


def random_market(seed: int, cases: int = 8, users: int = 5, hours: int = 3, equal_prices: bool = True) -> xr.Dataset:
    """Random net loads in kWh of both signs and random prices in their order."""
    rng = np.random.default_rng(seed)
    net_load = rng.uniform(-4, 4, (cases, users, hours)) * (rng.random((cases, users, hours)) > 0.1)
    low, high = np.sort(rng.uniform(0, 0.3, (2, cases, hours)), axis=0)
    if equal_prices:
        return made_up(net_load, high, low)
    inner = np.sort(low + (high - low) * rng.random((2, cases, hours)), axis=0)
    return made_up(net_load, high, low, inner[1], inner[0])


def settled(data: xr.Dataset, commission: float = 0.0) -> dict[str, xr.Dataset]:
    """The Datasets of all stages with the payments of the study and the check of the properties, all coalitions valued."""
    mechanisms = {"lmp": {}, "vcg": {}, "sharing-contribution": {"commission": commission}}
    asked = [{"scenarios": data["scenario"].values.tolist(), "coalitions": "all"}]
    cleared = clear(data, {"market": "retail"})
    values = valued(data, {"market": "retail", "backend": "warm", "requests": asked})
    config = {"mechanisms": mechanisms, "deficit": None, "checks": {"retail-properties": {"cases": 5}}}
    return {"data": data, "cleared": cleared, "values": values, "payments": pay(data, cleared, values, config)}


def bill(exchange, buy, feed_in):
    """G(X) = g^b max(X, 0) - g^s max(-X, 0), $."""
    return buy * np.maximum(exchange, 0) - feed_in * np.maximum(-exchange, 0)


def value(net_load, tariff_buy, tariff_feed_in, grid_buy, grid_feed_in, members) -> np.ndarray:
    """v(S) = sum_i C_i - G(sum_i n_i) by hour for the users `members` of net_load (user, hour), $."""
    some = net_load[list(members)]
    alone = bill(some, tariff_buy, tariff_feed_in).sum(axis=0)
    return alone - bill(some.sum(axis=0), grid_buy, grid_feed_in)


def contributions(net_load, *prices) -> np.ndarray:
    """v(N) - v(N without i) (user, hour), $."""
    everybody = range(len(net_load))
    without = [value(net_load, *prices, [k for k in everybody if k != user]) for user in everybody]
    return value(net_load, *prices, everybody) - np.array(without)


def rate_gain(net_load, *prices) -> np.ndarray:
    """What SCR gives (user, hour), $, hour by hour: the value in proportion to the contributions."""
    gain, found = np.zeros(net_load.shape), contributions(net_load, *prices)
    for hour, whole in enumerate(value(net_load, *prices, range(len(net_load)))):
        if found[:, hour].sum() > 1e-12:
            gain[:, hour] = whole * found[:, hour] / found[:, hour].sum()
    return gain


def toy_prices() -> tuple[np.ndarray, ...]:
    """The four prices (hour) of TARIFF, $/kWh: those of the agent are those of the users."""
    buy = np.array([TARIFF["buy"] if 8 <= hour < 22 else TARIFF["off_peak"] for hour in range(24)])
    return buy, np.full(24, TARIFF["feed_in"]), buy, np.full(24, TARIFF["feed_in"])
