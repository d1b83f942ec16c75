"""The markets by the name that a study gives them."""

from sharegrid.options.ancillary_services import AncillaryServicesMarket
from sharegrid.options.base import Market
from sharegrid.options.community import CommunityMarket
from sharegrid.options.dc_opf import ReferenceMarket
from sharegrid.options.demand_response import DemandResponseMarket
from sharegrid.options.ev_fleets import EvFleetsMarket
from sharegrid.options.local_trades import LocalTradesMarket
from sharegrid.options.microgrid import MicrogridMarket
from sharegrid.options.multi_area import MultiAreaMarket
from sharegrid.options.retail import RetailMarket
from sharegrid.options.secure_dispatch import SecureDispatchMarket
from sharegrid.options.solar_storage import SolarStorageMarket
from sharegrid.options.spot import SpotMarket
from sharegrid.options.transfer_capability import TransferMarket
from sharegrid.options.two_stage import TwoStageMarket
from sharegrid.options.unreliable_response import UnreliableResponseMarket
from sharegrid.options.wind_csp import WindCspMarket

MARKETS: dict[str, type[Market]] = {
    "spot": SpotMarket,
    "dc-opf": ReferenceMarket,
    "community": CommunityMarket,
    "wind-csp": WindCspMarket,
    "retail": RetailMarket,
    "multi-area": MultiAreaMarket,
    "two-stage": TwoStageMarket,
    "secure-dispatch": SecureDispatchMarket,
    "transfer-capability": TransferMarket,
    "ancillary-services": AncillaryServicesMarket,
    "microgrid": MicrogridMarket,
    "demand-response": DemandResponseMarket,
    "ev-fleets": EvFleetsMarket,
    "local-trades": LocalTradesMarket,
    "solar-storage": SolarStorageMarket,
    "unreliable-response": UnreliableResponseMarket,
}
