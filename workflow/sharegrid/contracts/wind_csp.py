"""The Datasets of the joint offer of wind farms and concentrating solar power."""

from sharegrid.contracts.base import ENERGY, MONEY, Variable
from sharegrid.contracts.base import variable as v

FLOW = "scenario csp time outcome"
PLANT = "scenario csp"
DATA = {
    "wind": v("1", "wind farm, a participant", "wind"),
    "csp": v("1", "concentrating solar plant, a participant", "csp"),
    "day": v("1", "day", "scenario"),
    "rho_minus": v("1", "shortage price relative to the day-ahead price", "scenario", low=1),
    "beta": v("1", "weight of the conditional value at risk", "scenario", low=0),
    "alpha": v("1", "level of the conditional value at risk", "scenario", low=0),
    "storage_hours": v("h", "storage size of all solar plants; NaN = each its own", "scenario", False, 0),
    "csp_count": v("1", "number of solar plants that take part", "scenario", low=0),
    "commitment": v("1", "linear, or integer on/off decisions", "scenario"),
    "probability": v("1", "probability of the outcome", "scenario outcome", low=0),
    "price_da": v("$/MWh", "day-ahead price", "scenario time"),
    "price_surplus": v("$/MWh", "price paid for a surplus", "scenario time outcome"),
    "price_shortage": v("$/MWh", "price charged for a shortage", "scenario time outcome"),
    "capacity": v("MW", "capacity of the participant", "scenario participant", low=0),
    "wind_available": v("MW", "available wind power", "scenario wind time outcome", low=0),
    "heat_available": v("MWth", "heat of the solar field in electric equivalents", FLOW, low=0),
    "block_efficiency": v("1", "power per heat of the power block", "csp", low=0),
    "charge_efficiency": v("1", "heat stored per heat sent to the storage", "csp", low=0),
    "discharge_efficiency": v("1", "heat delivered per heat taken from the storage", "csp", low=0),
    "storage_loss": v("1/h", "share of the stored heat lost in an hour", "csp", low=0),
    "variable_cost": v("$/MWh", "variable cost of the output", "csp", low=0),
    "storage_limit": v("MWhth", "size of the storage", PLANT, low=0),
    "initial_storage": v("MWhth", "stored heat at the start, and at least as much at the end", PLANT, low=0),
    "charge_limit": v("MWth", "largest heat sent to the storage", PLANT, low=0),
    "discharge_limit": v("MWth", "largest heat delivered by the storage", PLANT, low=0),
    "minimum_power": v("MW", "least output when committed", PLANT, low=0),
    "startup_heat": v("MWhth", "heat of a start", PLANT, low=0),
}
CLEARED = {
    "offer": v("MW", "day-ahead offer", "scenario time", low=0),
    "surplus": v("MW", "delivered above the offer", "scenario time outcome", low=0),
    "shortage": v("MW", "delivered below the offer", "scenario time outcome", low=0),
    "power": v("MW", "output of the participant", "scenario participant time outcome", low=0),
    "field_heat": v("MWth", "heat used of the solar field", FLOW, low=0),
    "charge": v("MWth", "heat sent to the storage", FLOW, low=0),
    "discharge": v("MWth", "heat delivered by the storage", FLOW, low=0),
    "storage": v("MWhth", "stored heat at the end of the hour", FLOW, low=0),
    "committed": v("1", "1 if the power block is on", "scenario csp time", low=0),
    "price_internal": v("$/MWh", "value of one more MW in one outcome, weighted by its probability", "scenario time outcome"),
    "capacity_price": v("$/MWh", "value of one more MW of capacity to offer", "scenario time", low=0),
    "risk_probability": v("1", "risk-adjusted probability of the outcome", "scenario outcome", low=0),
    "outcome_profit": v(MONEY, "profit in the outcome", "scenario outcome"),
    "expected_profit": v(MONEY, "expected profit", "scenario"),
    "cvar": v(MONEY, "conditional value at risk of the profit", "scenario"),
    "expected_imbalance": v(ENERGY, "expected surplus and shortage of the day", "scenario", low=0),
    "contribution_da": v(MONEY, "payoff from the day-ahead price", "scenario participant"),
    "contribution_balancing": v(MONEY, "payoff from the imbalance prices", "scenario participant"),
}  # fmt: skip


def variables() -> dict[str, dict[str, Variable]]:
    """The contract by Dataset."""
    return {"data": DATA, "cleared": CLEARED, "values": {}}
