"""Raw files and a study's options -> one checked Dataset."""

from collections.abc import Mapping
from pathlib import Path
from typing import get_type_hints

import xarray as xr

from sharegrid import plugins, schema
from sharegrid.preparation.inputs import Inputs


def prepare(config: dict, resources: Path | str, others: Mapping[str, xr.Dataset] | None = None) -> xr.Dataset:
    """The market's data from the raw files below `resources`, each checked against sources.yaml, and from the cleared markets
    of the `others`, studies by name as cleared_of_<study>, whose prices it takes."""
    preparation = plugins.load("preparation", config["market"])
    options = get_type_hints(preparation)["options"].model_validate(config)  # the market's own section
    data = preparation(options, Inputs(Path(resources), others or {})).assign_attrs(market=options.market)
    return schema.check(schema.described(data, "data", options.model_dump(mode="json")), "data")
