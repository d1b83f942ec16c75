"""Systems for energy and ancillary services that several tests share: three units, made-up ones, two real days."""

from functools import cache

import numpy as np
import xarray as xr

from sharegrid.options.ancillary_services import PRODUCTS
from sharegrid.stages.clear import clear
from sharegrid.stages.pay import pay
from sharegrid.stages.prepare import prepare
from spot import RESOURCES

MARKET = "ancillary-services"
BASE = {"base": {"label": "base"}}
TOY = {
    "market": MARKET,
    "system": {
        "units": {
            "A": {"blocks": [[120, 20]], "minimum_mw": 20, "ramp_60_mw": 60},
            "B": {"blocks": [[60, 35], [40, 44]], "ramp_60_mw": 90, "products": ["regU", "regD", "FRU"]},
        },
        "loads": {"city": [90, 100, 140, 120], "mill": [30, 30, 30, 30]},
        "renewable": [20, 10, 0, 15],
        "requirements": {"regU": [6, 6, 6, 6], "regD": [5, 5, 5, 5], "spin": [8, 8, 8, 8], "FRU": [10, 20, 10, 5],
                         "FRD": [8, 8, 8, 8]},
        "errors": {"city": 1, "mill": 3},
    },
    "scenarios": {
        "energy": {"label": "energy"},
        "causer": {"label": "causer", "allocation": ["causer-pays"]},
        "scarce": {"label": "scarce", "fru_factor": [4]},
    },
}  # fmt: skip
DAYS = {
    "market": MARKET,
    "scenarios": {
        "days": {"label": "{day}", "day": ["2020-01-13", "2020-07-09"]},
        "causer": {"label": "{day}|causer", "day": ["2020-07-09"], "allocation": ["causer-pays"]},
    },
}


def made(options: dict) -> xr.Dataset:
    """data.nc of a market."""
    return prepare(options, RESOURCES)


def numbered(units: dict, loads: list[float], **changes) -> xr.Dataset:
    """One scenario of units without bids for products; `changes` go to the system, others to the market."""
    own = {name: changes.pop(name) for name in ("scenarios", "penalties", "frp_requirement") if name in changes}
    free = {"bids": dict.fromkeys(PRODUCTS, 0), "scenarios": BASE} | own
    return made({"market": MARKET, "system": {"units": units, "loads": {"town": loads}} | changes} | free)


def random_system(seed: int, hours: int = 5, **changes) -> xr.Dataset:
    """Four units with two blocks, least outputs and few products each, renewable power, all requirements."""
    draws = np.random.default_rng(seed)
    units = {}
    for name in "ABCD":
        low, high = sorted(draws.uniform(10, 60, 2).round(2).tolist())
        widths = draws.uniform(20, 80, 2).round(2).tolist()
        offered = [product for product in PRODUCTS if draws.random() < 0.8]
        units[name] = {"blocks": [[widths[0], low], [widths[1], high]], "ramp_60_mw": float(draws.uniform(30, 90)),
                       "minimum_mw": float(draws.uniform(0, 10)), "products": offered}  # fmt: skip
    requirements = {product: draws.uniform(2, 25, hours).tolist() for product in PRODUCTS}
    system = {
        "units": units,
        "loads": {name: draws.uniform(30, 130, hours).tolist() for name in ("x", "y")},
        "renewable": draws.uniform(0, 60, hours).tolist(),
        "requirements": requirements,
    }
    return made({"market": MARKET, "system": system, "scenarios": BASE} | changes)


def cleared_of(data: xr.Dataset) -> xr.Dataset:
    """cleared.nc."""
    return clear(data, {"market": MARKET})


def paid(data: xr.Dataset, cleared: xr.Dataset, unique: list[str]) -> xr.Dataset:
    """payments.nc with the check of the prices."""
    checks = {"price-taking": {"unique": unique}}
    return pay(data, cleared, None, {"mechanisms": {"lmp": {}}, "deficit": None, "checks": checks})


@cache
def days() -> xr.Dataset:
    """Two real days."""
    return made(DAYS)


@cache
def days_cleared() -> xr.Dataset:
    """Two real days, cleared."""
    return cleared_of(days())
