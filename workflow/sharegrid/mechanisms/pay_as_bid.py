"""Pay-as-bid: each participant is paid what it asked for its accepted output."""

import xarray as xr


def pay(data: xr.Dataset, cleared: xr.Dataset, values: xr.Dataset | None) -> xr.Dataset:
    """payment (scenario, participant): the reported cost. `values` is not used."""
    payment = cleared["reported_cost"].reset_coords(drop=True)
    return xr.Dataset({"payment": payment.assign_attrs(long_name="payment of the reported cost")})
