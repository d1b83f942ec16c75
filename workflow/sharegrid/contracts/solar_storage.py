"""The Datasets of a household that invests in solar power and storage against rare outages."""

from sharegrid.contracts.base import MONEY, Variable
from sharegrid.contracts.base import variable as v

BY = "scenario"
DATA = {
    "outage_days": v("1/year", "days of outage per year", BY, low=0),
    "voll": v("$/kWh", "value of lost load", BY, low=0),
    "feed_in": v("$/kWh", "price of energy sent to the grid", BY, low=0),
    "storage_cost": v("$/kWh/year", "annual cost of storage", BY, low=0),
    "devices": v("1", "what there is to invest in", BY),
    "days": v("1/year", "days of the year", BY, low=0),
    "day_load": v("kWh/day", "load while the sun shines", BY, low=0),
    "night_load": v("kWh/day", "load at night", BY, low=0),
    "pv_yield": v("kWh/kW/day", "energy of solar power", BY, low=0),
    "price_day": v("$/kWh", "price of energy by day", BY, low=0),
    "price_night": v("$/kWh", "price of energy at night", BY, low=0),
    "efficiency": v("1", "energy that comes back per energy stored", BY, low=0),
    "pv_cost": v("$/kW/year", "annual cost of solar power", BY, low=0),
    "pv_limit": v("kW", "largest solar power on the roof", BY, low=0),
    "hour": v("h", "hour of the year", "hour"),
    "hourly_yield": v("kW/kW", "solar power per kW", "hour", low=0),
    "hourly_load": v("kW", "load of the household", "hour", low=0),
    "storm": v("1", "storm whose restoration is reported", "storm"),
    "report": v("1", "number of the report on a storm", "report"),
    "restoration_days": v("day", "days since the largest number of customers was out", "storm report", False, 0),
    "still_out": v("1", "customers still out relative to the largest number", "storm report", False, 0),
    "year": v("1", "year", "year"),
    "major_minutes": v("min/year", "interruption of a customer by major events", "year", low=0),
    "major_interruptions": v("1/year", "interruptions of a customer by major events", "year", low=0),
    "minor_minutes": v("min/year", "interruption of a customer otherwise", "year", low=0),
    "widespread_events": v("1/year", "severe-weather outages of 50 000 customers or more in the US", low=0),
    "voll_source": v("1", "name of a public value of lost load", "voll_source"),
    "public_voll": v("$/kWh", "public value of lost load", "voll_source", low=0),
}
CLEARED = {
    "pv_size": v("kW", "solar power", BY, low=0),
    "storage_size": v("kWh", "storage", BY, low=0),
    "day_service": v("kWh/day", "load served by solar power by day, on normal days", BY, low=0),
    "night_service": v("kWh/day", "load served by storage at night, on normal days", BY, low=0),
    "outage_day_service": v("kWh/day", "load served by day in an outage", BY, low=0),
    "outage_night_service": v("kWh/day", "load served at night in an outage", BY, low=0),
    "sent": v("kWh/day", "energy sent to the grid on normal days", BY, low=0),
    "reliability_value": v(MONEY, "value of the load served in outages", BY, low=0),
    "economic_value": v(MONEY, "value of the energy on normal days", BY, low=0),
    "investment_cost": v(MONEY, "annual cost of solar power and storage", BY, low=0),
}


def variables() -> dict[str, dict[str, Variable]]:
    """The contract by Dataset."""
    return {"data": DATA, "cleared": CLEARED, "values": {}}
