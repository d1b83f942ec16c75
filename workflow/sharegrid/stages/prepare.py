"""Raw files and a study's options -> one checked Dataset."""

from functools import partial
from pathlib import Path

import xarray as xr

from sharegrid import plugins, schema
from sharegrid.options import MARKETS
from sharegrid.readers import raw


def prepare(config: dict, resources: Path | str) -> xr.Dataset:
    """The market's data from the raw files below `resources`, each checked against sources.yaml."""
    options = MARKETS[config["market"]].model_validate(config)
    data = plugins.load("preparation", options.market)(options, partial(_read, Path(resources)))
    return schema.check(data, "data")


def _read(resources: Path, path: str, reader: str):
    """One raw input, by the reader plug-in; the facts reader takes the common start of its tables."""
    files = [path] if reader != "facts" else [f"{path}_{table}.csv" for table in ("bus", "branch", "generator")]
    for file in files:
        raw.verify(resources / file, resources)
    return plugins.load("readers", reader)(resources / path)
