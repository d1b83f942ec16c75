"""How tables of games name the mechanisms and the study's money."""

import re

import xarray as xr

GAME_NAMES = {"vcg": "marginal"}  # what a mechanism is called where games are meant


def method(mechanism: str) -> str:
    """Name of a mechanism in a table of games, as an identifier: vcg is marginal, an @ becomes an underscore."""
    return re.sub(r"\W+", "_", GAME_NAMES.get(mechanism, mechanism)).lower()


def in_money(column: str, data: xr.Dataset) -> str:
    """Name of a column with the study's money in it, such as sum_usd_per_day."""
    unit = data.attrs.get("money", "$/h").replace("$", "usd").replace("/", "_per_").lower()
    return f"{column}_{unit}"
