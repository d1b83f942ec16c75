"""The optimum with everybody."""

import xarray as xr

from sharegrid import plugins, schema
from sharegrid.optimise import highs
from sharegrid.optimise.clear import clear as clear_scenarios


def clear(data: xr.Dataset, config: dict) -> xr.Dataset:
    """Cleared quantities, prices and objectives of all scenarios of the data."""
    highs.configure(**config.get("solver", {}), mip_gap=config.get("mip_gap"))
    market = plugins.load_module("markets", config["market"])
    schema.check(data, "data")
    if hasattr(market, "clear"):  # a market without scenarios clears itself, and describes its own results
        return schema.check(schema.described(market.clear(data), "own", config, data), "own")
    return schema.check(schema.described(clear_scenarios(market, data), "cleared", config, data), "cleared")
