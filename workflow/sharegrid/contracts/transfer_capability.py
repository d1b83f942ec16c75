"""The Datasets of the transfer capability market. Amounts and values are MW of transfer capability."""

from sharegrid.contracts.base import ENERGY, MONEY, Variable
from sharegrid.contracts.base import variable as v
from sharegrid.contracts.secure_dispatch import NETWORK

INTACT = "intact"  # the outage of a row that binds without one
DATA = {
    "transfer": v("1", "transfer", "scenario"),
    "system": v("1", "system", "scenario"),
    "schedule": v("1", "base schedule", "scenario"),
    "date": v("1", "day", "scenario"),
    "hour": v("h", "hour of the day", "scenario", low=0),
    "emergency_factor": v("1", "emergency limit over the normal one; NaN = that of the source", "scenario", False, 0),
    "renewable_factor": v("1", "factor on wind and photovoltaic power", "scenario", low=0),
    "contingencies": v("1", "n-1: after the loss of any line; none: intact network", "scenario"),
    "reduction_level": v("1", "capability of demand response over the net load of the bus", "scenario", low=0),
    "reduction_at": v("1", "where demand response is", "scenario"),
    "budget": v("$/h", "what demand response may cost; inf = no limit", "scenario", False, 0),
    "site_bus": v("1", "bus of the site of demand response", "site"),
    "site_owner": v("1", "provider of the site", "site"),
    "site_price": v("$/MWh", "price of demand response", "site", low=0),
    "site_here": v("1", "number of a site that the scenario can use", "scenario place", low=0),
    "site_used": v("1", "1 if the place holds a site, 0 if it only fills the array", "scenario place", low=0),
    "reduction_limit": v("MW", "capability of demand response", "scenario site", low=0),
    "source_unit": v("1", "unit of the source, empty where there is none", "scenario slot"),
    "source_room": v("MW", "capacity of the source's unit above its base output", "scenario slot", low=0),
    "sink_share": v("1", "participation factor of the bus in the sink", "scenario bus", low=0),
    "in_source": v("1", "1 if the bus belongs to the source", "scenario bus", low=0),
    "in_sink": v("1", "1 if the bus belongs to the sink", "scenario bus", low=0),
    "injection": v("MW", "injection of the base schedule", "scenario bus"),
    "net_load": v("MW", "load less must-take power", "scenario bus"),
    "base_output": v("MW", "output of the unit in the base schedule", "scenario unit", low=0),
    "limit": v("MW", "flow limit of the intact network, inf = none", "scenario branch", False, 0),
    "emergency_limit": v("MW", "flow limit after an outage, inf = none", "scenario branch", False, 0),
    "reliability_margin": v("1", "TRM over the larger of TTC and transfer", low=0),
    "benefit_margin": v("MW", "CBM", low=0),
    "capability_price": v("$/MWh", "value of a MW of transfer capability for an hour", low=0),
}
CLEARED = {
    "transfer_mw": v("MW", "largest transfer on top of the base schedule", "scenario", low=0),
    "existing": v("MW", "existing commitment: base flow from source to sink on their direct lines (ETC)", "scenario"),
    "total": v("MW", "total transfer capability (TTC), negative where counterflow is larger", "scenario"),
    "reliability": v("MW", "transmission reliability margin (TRM)", "scenario", low=0),
    "benefit": v("MW", "capacity benefit margin (CBM)", "scenario", low=0),
    "available_capability": v("MW", "available transfer capability (ATC)", "scenario", low=0),
    "binding_line": v("1", "line with the largest shadow price, empty if none binds", "scenario"),
    "binding_outage": v("1", "outage after which that line binds, or intact", "scenario"),
    "binding_value": v("1", "transfer capability per MW of that line's limit", "scenario", low=0),
    "increase": v("MW", "output of the source's unit above its base output", "scenario slot", low=0),
    "reduction": v("MW", "demand response", "scenario site", low=0),
    "marginal_value": v("MW/MW", "transfer capability per MW of demand response at the site", "scenario site"),
    "security_rows": v("1", "rows of lines and outages that some coalition could reach", "scenario", low=0),
    "used": v(ENERGY, "least demand response that reaches the transfer", "scenario", low=0),
    "beyond_reduction": v(MONEY, "transfer capability less the least demand response that reaches it", "scenario"),
}


def variables() -> dict[str, dict[str, Variable]]:
    """The contract by Dataset."""
    return {"data": NETWORK | DATA, "cleared": CLEARED, "values": {}}
