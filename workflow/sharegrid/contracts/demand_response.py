"""The Datasets of demand response; power in kW, a step of time is an hour."""

from sharegrid.contracts.base import Variable
from sharegrid.contracts.base import variable as v

WHO, HOURLY, EACH = "scenario participant", "scenario time", "scenario participant time"
DATA = {
    "program": v("1", "single: reductions in one hour; loose, tight: loads that move within a day", "scenario"),
    "users": v("1", "number of users", "scenario", low=1),
    "requirement_share": v("1", "reduction asked for, share of all that users can reduce", "scenario", low=0),
    "requirement_kw": v("kW", "reduction asked for in the study; NaN = by share", "scenario", False, 0),
    "requirement": v("kW", "reduction asked for", "scenario", low=0),
    "voll": v("$/kWh", "cost of a kWh that is not reduced, worth of a kWh served", "scenario", low=0),
    "reduction_quadratic": v("$/kW^2h", "quadratic cost of the reduction (a of a/2 x^2)", WHO, low=0),
    "reduction_linear": v("$/kWh", "linear cost of the reduction", WHO, low=0),
    "reduction_limit": v("kW", "largest reduction", WHO, low=0),
    "discomfort": v("$/kW^2h", "discomfort of load that is moved (a of a/2 (x - d)^2)", WHO, low=0),
    "load_limit": v("kW", "largest load", WHO, low=0),
    "wanted_load": v("kW", "load without a price", EACH, low=0),
    "supply_slope": v("$/kW^2h", "slope of the supply's price", "scenario", low=0),
    "supply_base": v("$/kWh", "price of the supply at no load", HOURLY),
    "population": v("1", "population that is coordinated", "population"),
    "population_program": v("1", "program of the population", "population"),
    "population_users": v("1", "number of users", "population", low=1),
    "population_first": v("1", "place of its first user along the dim reducer or mover", "population", low=0),
    "population_requirement": v("kW", "reduction asked for", "population", low=0),
    "population_slope": v("$/kW^2h", "slope of the supply's price", "population", low=0),
    "population_base": v("$/kWh", "price of the supply at no load", "population time"),
    "reducer_quadratic": v("$/kW^2h", "quadratic cost of the reduction (a of a/2 x^2)", "reducer", low=0),
    "reducer_linear": v("$/kWh", "linear cost of the reduction", "reducer", low=0),
    "reducer_limit": v("kW", "largest reduction", "reducer", low=0),
    "mover_discomfort": v("$/kW^2h", "discomfort of load that is moved (a of a/2 (x - d)^2)", "mover", low=0),
    "mover_limit": v("kW", "largest load", "mover", low=0),
    "mover_wanted": v("kW", "load without a price", "mover time", low=0),
}
CLEARED = {
    "reduction": v("kW", "reduction", WHO, low=0),
    "load": v("kW", "load", EACH, low=0),
    "supply": v("kW", "load of all users", HOURLY, low=0),
    "price_reduction": v("$/kWh", "uniform price of reductions: cost of one more kW asked for", "scenario"),
    "price": v("$/kWh", "price of load: cost of one more kWh of load", HOURLY),
    "program_cost": v(
        "money", "users' costs and cost of supply, without lost load and the worth of energy", "scenario"
    ),
}


def variables() -> dict[str, dict[str, Variable]]:
    """The contract by Dataset."""
    return {"data": DATA, "cleared": CLEARED, "values": {}}
