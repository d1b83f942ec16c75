"""Locational marginal pricing: each participant is paid the price at its bus for every MWh that it delivers.

F. Schweppe, M. Caramanis, R. Tabors, R. Bohn, Spot Pricing of Electricity, 1988.
"""

import xarray as xr


def pay(data: xr.Dataset, cleared: xr.Dataset, values: xr.Dataset | None) -> xr.Dataset:
    """payment (scenario, participant): price times output, in any market what is due at its marginal prices."""
    payment = cleared["price_revenue"].reset_coords(drop=True)
    return xr.Dataset({"payment": payment.assign_attrs(long_name="payment at the locational price")})
