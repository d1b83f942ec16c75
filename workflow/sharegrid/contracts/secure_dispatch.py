"""The Datasets of the N-1 secure dispatch: a schedule per hour; systems lie side by side in the dims bus, branch,
unit."""

from sharegrid.contracts.base import Variable
from sharegrid.contracts.base import variable as v

NETWORK = {
    "bus_system": v("1", "system of the bus", "bus"),
    "bus_area": v("1", "area of the bus", "bus"),
    "bus_voltage": v("kV", "voltage level of the bus; NaN where the source does not tell", "bus", False),
    "branch_system": v("1", "system of the branch", "branch"),
    "from_bus": v("1", "bus where the branch starts", "branch"),
    "to_bus": v("1", "bus where the branch ends", "branch"),
    "susceptance": v("MW/rad", "susceptance of the branch", "branch"),
    "shift": v("rad", "phase shift of the branch", "branch"),
    "outage": v("1", "1 if the loss of the branch is secured against", "branch", low=0),
    "islanding": v("1", "1 if the loss of the branch would leave an island", "branch", low=0),
    "unit_bus": v("1", "bus of the unit", "unit"),
    "unit_capacity": v("MW", "capacity of the unit", "unit", low=0),
    "unit_cost": v("$/MWh", "cost of the unit with its tie break", "unit"),
}
HOURS = {
    "schedule": v("1", "schedule of one system in one hour", "schedule"),
    "family": v("1", "family of schedules", "schedule"),
    "system": v("1", "system", "schedule"),
    "date": v("1", "day", "schedule"),
    "hour": v("h", "hour of the day", "schedule", low=0),
    "emergency_factor": v("1", "emergency limit over the normal one; NaN = that of the source", "schedule", False, 0),
    "renewable_factor": v("1", "factor on wind and photovoltaic power", "schedule", low=0),
    "load": v("MW", "load", "schedule bus", low=0),
    "must_take": v("MW", "hydro and rooftop photovoltaic power, which is not curtailed", "schedule bus", low=0),
    "available": v("MW", "available wind and photovoltaic power", "schedule bus", low=0),
    "available_cost": v("$/MWh", "cost of wind and photovoltaic power that breaks ties", "bus", low=0),
    "load_weight": v("1", "weight of the bus where load is spread over an area", "bus", low=0),
    "limit": v("MW", "flow limit of the intact network, inf = none", "schedule branch", False, 0),
    "emergency_limit": v("MW", "flow limit after an outage, inf = none", "schedule branch", False, 0),
    "contract": v("MW", "contract output of the unit; NaN = least-cost dispatch", "unit", False, 0),
    "value_of_lost_load": v("$/MWh", "cost of load that is not served"),
}
CLEARED = {
    "output": ("MW", "output of the unit"),
    "used": ("MW", "wind and photovoltaic power that is used"),
    "lost_load": ("MW", "load that is not served"),
    "injection": ("MW", "injection of the bus: output, renewable power and lost load less load"),
    "dispatch_cost": ("$/h", "least cost, with the tie breaks"),
    "binding_line": ("1", "line with the largest shadow price, empty if none binds"),
    "binding_outage": ("1", "outage after which that line binds, or intact"),
    "binding_price": ("$/MWh", "what one more MW of that limit would save"),
    "security_rows": ("1", "rows of lines and outages that the dispatch needed"),
}


def variables() -> dict[str, dict[str, Variable]]:
    """The contract by Dataset; what is cleared is described in CLEARED."""
    return {"data": NETWORK | HOURS, "cleared": {}, "values": {}}
