"""Stages whose methods are plug-ins that read the earlier Datasets and return one: planning, coordination."""

from collections.abc import Mapping

import xarray as xr

from sharegrid import plugins, schema
from sharegrid.optimise import highs


def along_methods(kind: str, results: Mapping[str, xr.Dataset], config: dict) -> xr.Dataset:
    """The results of the methods of config["methods"] along the dim method; `kind` is the package of the plug-ins."""
    highs.configure(**config.get("solver", {}))
    made = {name: plugins.load(kind, name)(results, **options) for name, options in config["methods"].items()}
    method = xr.DataArray(list(made), dims="method", name="method", coords={"method": list(made)})
    together = xr.concat(list(made.values()), method, join="outer", coords="minimal", compat="override",
                         combine_attrs="override")  # fmt: skip
    return schema.check(together, "own")
