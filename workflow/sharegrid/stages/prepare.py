"""Raw files and a study's options -> one checked Dataset."""

from pathlib import Path

import xarray as xr

from sharegrid import plugins, schema
from sharegrid.options import MARKETS
from sharegrid.preparation.inputs import Inputs


def prepare(config: dict, resources: Path | str) -> xr.Dataset:
    """The market's data from the raw files below `resources`, each checked against sources.yaml."""
    options = MARKETS[config["market"]].model_validate(config)
    data = plugins.load("preparation", options.market)(options, Inputs(Path(resources)))
    return schema.check(schema.described(data, "data", options.model_dump(mode="json")), "data")
