"""Check: the schedules of the fleets, the carbon account and the payments at the internal prices (chapter 7.4.3).

With lambda the internal carbon price, q_s the risk-adjusted probabilities, c+ and c- the prices of bought and sold
allowances:   sum_s q_s c-_s <= lambda,   lambda <= sum_s q_s c+_ks in the step k that is bought from.   No fleet charges and
discharges in one hour, whatever its energy is worth, and none uses more than the hour: ch / C + dis / D <= 1.
"""

import numpy as np
import xarray as xr

RELATIVE = 1e-6
IDLE = 1e-6  # t
PROPERTIES = {  # name -> unit: a power, energy, emissions, a price, or the money of the data
    "no charging and discharging at once": "MW",
    "charging and discharging fit into the hour": "MW",
    "energy of the vehicles is conserved": "MWh",
    "emissions are covered by allowances": "t",
    "carbon price within what is paid and got": "$/t",
    "payments sum to minus the least cost": "money",
}


def check(data: xr.Dataset, cleared: xr.Dataset, values: xr.Dataset | None, payments: xr.Dataset) -> xr.Dataset:
    """ev_residual, ev_passed (scenario, ev_property), with the unit of each property.

    A residual is the largest violation; it passes within 1e-6 of the largest amount of its kind, and at least of 1.
    """
    residual = xr.concat(
        [one.reset_coords(drop=True) for one in _residuals(data, cleared)], "ev_property", join="exact"
    )
    residual = residual.assign_coords(ev_property=list(PROPERTIES)).transpose("scenario", "ev_property")
    limit = RELATIVE * xr.concat(_scales(data, cleared), "ev_property", join="exact")
    passed = (residual <= limit).transpose(*residual.dims).astype("i1")
    units = [data.attrs["money"] if unit == "money" else unit for unit in PROPERTIES.values()]
    return xr.Dataset(
        {
            "ev_residual": residual.assign_attrs(units="1", long_name="largest violation, in the property's unit"),
            "ev_passed": passed.assign_attrs(units="1", long_name="1 if the property holds"),
        }
    ).assign_coords(ev_unit=("ev_property", units, {"units": "1", "long_name": "unit"}))


def _residuals(data: xr.Dataset, cleared: xr.Dataset):
    """The largest violation (scenario) of each property, in the order of PROPERTIES."""
    hours = ["participant", "time"]
    charge, discharge, energy = (cleared[name] for name in ("charge", "discharge", "energy"))
    carbon, weight = cleared["carbon_price_internal"], cleared["risk_probability"]
    yield np.minimum(charge, discharge).max(hours)
    most, least = data["charge_high"], data["discharge_high"]
    in_charging = xr.where(least > 0, discharge * most / least.where(least > 0, 1.0), discharge)  # MW of the same time
    yield np.maximum(0.0, charge + in_charging - most).max(hours)
    moved = data["energy_arriving"] - data["energy_leaving"]
    gained = data["charge_efficiency"] * charge - discharge / data["discharge_efficiency"] + moved
    yield np.abs(energy - energy.shift(time=1, fill_value=0.0) - gained).max(hours)
    bought, sold = cleared["allowances_bought"], cleared["allowances_sold"]
    short = (cleared["emissions"] - data["allowance"]).sum("participant")
    yield np.abs(bought.sum("step") - sold - short)
    low = (weight * data["carbon_price_sell"]).sum("outcome")
    high = (weight * data["carbon_price_buy"]).sum("outcome")
    above = (high - carbon).where(bought > IDLE, 0.0).max("step")  # what is bought is worth its price, and rent more
    yield np.maximum(0.0, np.maximum(low - carbon, np.maximum(carbon - high.isel(step=-1, drop=True), above)))
    payoff = (cleared["price_revenue"] - cleared["reported_cost"]).sum("participant")
    yield np.abs(payoff + cleared["objective"])


def _scales(data: xr.Dataset, cleared: xr.Dataset) -> list[xr.DataArray]:
    """What each violation (scenario) is compared with."""
    amounts = (
        data["charge_high"].max(["participant", "time"]),
        data["charge_high"].max(["participant", "time"]),
        data["energy_high"].max(["participant", "time"]),
        np.abs(cleared["emissions"]).sum("participant"),
        np.abs(data["carbon_price_buy"]).max(["outcome", "step"]),
        np.abs(cleared["objective"]),
    )
    return [np.maximum(1.0, one).reset_coords(drop=True) for one in amounts]
