"""The optimum with everybody."""

import logging

import xarray as xr

from sharegrid import plugins, schema
from sharegrid.optimise import highs
from sharegrid.optimise.clear import clear as clear_scenarios

log = logging.getLogger(__name__)


def clear(data: xr.Dataset, config: dict) -> xr.Dataset:
    """Cleared quantities, prices and objectives of all scenarios of the data; what the market has to `report` of them goes to
    the log."""
    highs.configure(**config.get("solver", {}), mip_gap=config.get("mip_gap"))
    market = plugins.load_module("markets", config["market"])
    schema.check(data, "data")
    if hasattr(market, "clear"):  # a market without scenarios clears itself, and describes its own results
        return schema.check(schema.described(market.clear(data), "own", config, data), "own")
    cleared = schema.check(schema.described(clear_scenarios(market, data), "cleared", config, data), "cleared")
    for line in market.report(data, cleared) if hasattr(market, "report") else ():
        log.warning("%s", line)
    return cleared
