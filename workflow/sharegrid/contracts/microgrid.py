"""The Datasets of a microgrid's bid."""

from sharegrid.contracts.base import MONEY, Variable
from sharegrid.contracts.base import variable as v

OWN = "scenario participant"
FLOW = "scenario participant time outcome"
MARGIN = "scenario participant direction time outcome"
SPLIT = "scenario participant product time outcome"
DATA = {
    "product": v("1", "product beside energy", "product"),
    "source": v("1", "source of deviations", "source"),
    "direction": v("1", "up, more net generation, or down", "direction"),
    "week": v("1", "week", "scenario"),
    "products": v("1", "set of products", "scenario"),
    "gamma": v("1", "budget of the deviations", "scenario", low=0),
    "beta": v("1", "weight of the conditional value at risk", "scenario", low=0),
    "battery_mwh": v("MWh", "size of all batteries; NaN = each its own", "scenario", False, 0),
    "bid": v("1", "curve, or quantity", "scenario"),
    "pool": v("1", "pool", "scenario"),
    "alpha": v("1", "level of the conditional value at risk", "scenario", low=0),
    "probability": v("1", "probability of the outcome", "scenario outcome", low=0),
    "price_energy": v("$/MWh", "price of energy", "scenario time outcome"),
    "price_product": v("$/MW", "price of the product", "scenario product time", low=0),
    "offered": v("1", "1 if the product may be sold", "scenario product", low=0),
    "held_hours": v("h", "hours for which a battery can deliver the product", "product", low=0),
    "load": v("MW", "load", "scenario participant time", low=0),
    "pv": v("MW", "photovoltaic power", "scenario participant time", low=0),
    "deviation": v("MW", "largest deviation from the forecast", "scenario participant source time", low=0),
    "missing_margin_cost": v("$/MW", "cost of a missing margin", "scenario", low=0),
    "unit_capacity": v("MW", "largest output of the unit", OWN, low=0),
    "unit_minimum": v("MW", "least output of the unit", OWN, low=0),
    "unit_cost": v("$/MWh", "marginal cost of the unit", OWN, low=0),
    "ramp_10": v("MW", "ramp of the unit in ten minutes", OWN, low=0),
    "ramp_60": v("MW", "ramp of the unit in an hour", OWN, low=0),
    "battery_energy": v("MWh", "size of the battery", OWN, low=0),
    "battery_power": v("MW", "power of the battery", OWN, low=0),
    "battery_initial": v("MWh", "stored energy at the start, and at least as much at the end", OWN, low=0),
    "battery_cost": v("$/MWh", "cost of charge and discharge", OWN, low=0),
    "charge_efficiency": v("1", "energy stored per energy charged", OWN, low=0),
    "discharge_efficiency": v("1", "energy delivered per energy taken", OWN, low=0),
    "curtailable": v("MW", "largest curtailment of load", "scenario participant time", low=0),
    "curtailment_cost": v("$/MWh", "cost of curtailment", OWN, low=0),
    "one_way": v("1", "1 if batteries have decisions not to charge and discharge at once", "scenario", low=0),
}
CLEARED = {
    "energy_bid": v("MW", "net sale of energy", "scenario time outcome"),
    "product_bid": v("MW", "product sold", "scenario product time", low=0),
    "unit_power": v("MW", "output of the unit", FLOW, low=0),
    "charge": v("MW", "charge of the battery", FLOW, low=0),
    "discharge": v("MW", "discharge of the battery", FLOW, low=0),
    "stored": v("MWh", "stored energy at the end of the hour", FLOW, low=0),
    "curtailed": v("MW", "curtailed load", FLOW, low=0),
    "unit_product": v("MW", "product held by the unit", SPLIT, low=0),
    "battery_product": v("MW", "product held by the battery", SPLIT, low=0),
    "unit_margin": v("MW", "margin for deviations held by the unit", MARGIN, low=0),
    "battery_margin": v("MW", "margin for deviations held by the battery", MARGIN, low=0),
    "missing_margin": v("MW", "margin that is missing", "scenario direction time outcome", low=0),
    "worst_deviation": v("MW", "largest deviation within the budget", "scenario time", low=0),
    "price_internal": v("$/MWh", "value of one more MWh in one outcome, weighted by its probability", "scenario time outcome"),
    "price_held": v("$/MW", "value of one more MW of the product held in one outcome", "scenario product time outcome", low=0),
    "price_margin": v("$/MW", "value of one more MW of margin in one outcome", "scenario direction time outcome", low=0),
    "price_deviation": v("$/MW", "cost of one more MW of deviation", "scenario source time", low=0),
    "risk_probability": v("1", "risk-adjusted probability of the outcome", "scenario outcome", low=0),
    "outcome_profit": v(MONEY, "profit in the outcome, without the cost of missing margins", "scenario outcome"),
    "expected_profit": v(MONEY, "expected profit, without the cost of missing margins", "scenario"),
    "cvar": v(MONEY, "conditional value at risk of the profit", "scenario"),
    "energy_revenue": v(MONEY, "expected revenue from energy", "scenario"),
    "product_revenue": v(MONEY, "revenue from the product", "scenario product"),
    "expected_cost": v(MONEY, "expected cost of the resources", "scenario"),
}  # fmt: skip


def variables() -> dict[str, dict[str, Variable]]:
    """The contract by Dataset."""
    return {"data": DATA, "cleared": CLEARED, "values": {}}
