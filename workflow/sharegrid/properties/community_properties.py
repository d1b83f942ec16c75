"""Check: the internal price of a community and the bills that it makes (sections 5.3 and 5.4).

With the internal price p, the grid's prices pb and ps, the multiplier nu of the charged import and w the day's weight:
    ps <= p <= pb + nu / w,   p = pb + nu / w where the community imports,   p = ps where it exports,
and the revenues at the price sum to minus the least cost, those of the capacity price to minus the capacity charge.
"""

import numpy as np
import xarray as xr

RELATIVE = 1e-6
IDLE = 1e-6  # kW; an exchange with the grid below it is none
PROPERTIES = {  # name -> unit: a price, a power, or the money of the data
    "price within the band": "price",
    "price at the band's end that is traded at": "price",
    "no import and export at once": "kW",
    "exchange balances the users' net exports": "kW",
    "revenues sum to minus the least cost": "money",
    "capacity payments sum to minus the charge": "money",
}


def check(data: xr.Dataset, cleared: xr.Dataset, values: xr.Dataset | None, payments: xr.Dataset) -> xr.Dataset:
    """community_residual, community_passed (scenario, community_property), with the unit of each property.

    A residual is the largest violation; it passes within 1e-6 of the highest price, the largest power or the least cost.
    The two properties of the band are NaN, and pass, where a limit of the network has a price: that moves the ends.
    """
    names = list(PROPERTIES)
    residual = xr.concat([_bare(one) for one in _residuals(data, cleared)], "community_property", join="exact")
    residual = residual.assign_coords(community_property=names).transpose("scenario", "community_property")
    limit = RELATIVE * xr.concat([_scale(unit, data, cleared) for unit in PROPERTIES.values()], "community_property")
    passed = (residual.isnull() | (residual <= limit)).transpose(*residual.dims).astype("i1")
    price = data.attrs["money"].partition("/")[0] + "/kWh"
    units = [{"price": price, "money": data.attrs["money"]}.get(unit, unit) for unit in PROPERTIES.values()]
    return xr.Dataset(
        {
            "community_residual": residual.assign_attrs(
                units="1", long_name="largest violation, in the property's unit"
            ),
            "community_passed": passed.assign_attrs(units="1", long_name="1 if the property holds"),
        }
    ).assign_coords(community_unit=("community_property", units, {"units": "1", "long_name": "unit"}))


def _residuals(data: xr.Dataset, cleared: xr.Dataset):
    """The largest violation (scenario) of each property, in the order of PROPERTIES."""
    hours = ["day", "time"]
    price, low = cleared["price"], data["price_sell"]
    high = data["price_buy"] + cleared["capacity_price_signal"] / data["day_weight"]
    free = np.abs(cleared["network_payment"]).sum("participant") + cleared["network_rent"] <= RELATIVE
    yield np.maximum(low - price, price - high).max(hours).where(free)
    apart = xr.where(cleared["grid_import"] > IDLE, np.abs(price - high), 0.0)
    apart = np.maximum(apart, xr.where(cleared["grid_export"] > IDLE, np.abs(price - low), 0.0))
    yield apart.max(hours).where(free)
    yield np.minimum(cleared["grid_import"], cleared["grid_export"]).max(hours)
    exchange = cleared["grid_import"] - cleared["grid_export"]
    yield np.abs(exchange + cleared["net_export"].sum("participant")).max(hours)
    yield np.abs(cleared["price_revenue"].sum("participant") + cleared["network_rent"] + cleared["objective"])
    charge = data["capacity_charge"] * cleared["charged_peak"]
    yield np.abs(cleared["capacity_payment"].sum("participant") + charge)


def _scale(unit: str, data: xr.Dataset, cleared: xr.Dataset) -> xr.DataArray:
    """What a violation (scenario) in this unit is compared with."""
    if unit == "price":
        return xr.full_like(_bare(cleared["objective"]), float(data["price_buy"].max()))
    if unit == "kW":
        return np.maximum(1.0, _bare(cleared["grid_import"].max(["day", "time"])))
    return np.maximum(1.0, np.abs(_bare(cleared["objective"])))


def _bare(array: xr.DataArray) -> xr.DataArray:
    return array.reset_coords(drop=True)
