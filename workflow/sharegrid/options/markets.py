"""The markets by the name that a study gives them."""

from sharegrid.options.base import Market
from sharegrid.options.dc_opf import ReferenceMarket
from sharegrid.options.spot import SpotMarket

MARKETS: dict[str, type[Market]] = {"spot": SpotMarket, "dc-opf": ReferenceMarket}
