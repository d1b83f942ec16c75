"""Communities that several tests share: a study's options given as keywords, prepared from the raw data."""

import numpy as np
import xarray as xr

from sharegrid.games.table import Game, game_of
from sharegrid.stages.clear import clear
from sharegrid.stages.prepare import prepare
from sharegrid.stages.value import value
from spot import RESOURCES

DAYS = {"2016-01-13": 0.25, "2016-04-13": 0.5, "2016-07-13": 0.25}
MARKET = {"market": "community"}


def community(scenarios: dict | None = None, **options) -> xr.Dataset:
    """Data of the community of the study, with one scenario `base` if no families are given."""
    config = MARKET | {"days": DAYS, "scenarios": scenarios or {"base": {"label": "base"}}} | options
    return prepare(config, RESOURCES)


def cleared(data: xr.Dataset) -> xr.Dataset:
    """The community cleared."""
    return clear(data, MARKET)


def valued(data: xr.Dataset, coalitions: str = "all", backend: str = "warm", **request) -> xr.Dataset:
    """The coalitions of one kind of all scenarios valued."""
    requests = [{"scenarios": ["*"], "coalitions": coalitions} | request]
    return value(data, MARKET | {"backend": backend, "requests": requests, "compare": None})


def game(data: xr.Dataset, scenario: str = "base") -> Game:
    """The game of one scenario."""
    return game_of(data, valued(data.sel(scenario=[scenario])), scenario)


def hours_with(exchange: xr.DataArray, more_than: float = 1.0) -> np.ndarray:
    """(day, time) numbers of the hours in which more than so many kW are exchanged."""
    return np.argwhere(exchange.transpose("day", "time").values > more_than)
