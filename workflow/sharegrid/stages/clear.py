"""The optimum with everybody."""

import xarray as xr

from sharegrid import plugins, schema
from sharegrid.optimise.clear import clear as clear_scenarios


def clear(data: xr.Dataset, config: dict) -> xr.Dataset:
    """Cleared quantities, prices and objectives of all scenarios of the data."""
    market = plugins.load_module("markets", config["market"])
    clear_market = getattr(market, "clear", None)
    cleared = clear_market(data) if clear_market else clear_scenarios(market, data)
    return schema.check(schema.described(cleared, "cleared"), "cleared")
