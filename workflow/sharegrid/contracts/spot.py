"""The spot market's Datasets."""

from sharegrid.contracts.base import Variable
from sharegrid.contracts.base import variable as v

DATA = {
    "demand": v("MW", "demand with shunts; negative = fixed injection", "scenario bus"),
    "voll": v("$/MWh", "price of lost load in the model", "scenario", low=0),
    "from_bus": v("1", "bus where the branch starts", "branch"),
    "to_bus": v("1", "bus where the branch ends", "branch"),
    "susceptance": v("MW/rad", "susceptance of the branch", "branch"),
    "shift": v("rad", "phase shift of the branch", "branch"),
    "line_limit": v("MW", "limit of the branch; infinite = none", "scenario branch", False, 0),
    "reference_bus": v("1", "bus with angle 0"),
    "generator_bus": v("1", "bus of the generator", "generator"),
    "offer_quantity": v("MW", "reported width of the block", "scenario generator block", low=0),
    "offer_price": v("$/MWh", "reported price of the block", "scenario generator block"),
    "offer_quadratic": v("$/MW^2h", "reported quadratic cost", "scenario generator", low=0),
    "must_run": v("MW", "forced part of the output", "generator"),
    "must_run_cost": v("$/h", "cost of the forced part", "generator"),
    "cost_quantity": v("MW", "true width of the block", "generator block", low=0),
    "cost_price": v("$/MWh", "true price of the block", "generator block"),
    "cost_quadratic": v("$/MW^2h", "true quadratic cost", "generator", low=0),
    "owner": v("1", "participant that owns the generator", "generator"),
    "variant": v("1", "line limits: none, case or a factor on the case's", "scenario"),
    "n1_rule": v("1", "rule for counterfactuals without enough capacity", "scenario"),
    "distortion": v("1", "false report of several participants", "scenario"),
    "price_multiplier": v("1", "deviator's factor on its offer prices", "scenario"),
    "quantity_multiplier": v("1", "deviator's factor on its offered quantities", "scenario"),
    "demand_mw": v("MW", "total demand", "scenario"),
}
CLEARED = {
    "dispatch": v("MW", "output of the generator", "scenario generator"),
    "block_dispatch": v("MW", "accepted part of the block", "scenario generator block"),
    "shed": v("MW", "lost load", "scenario bus", low=0),
    "served": v("MW", "served demand", "scenario bus"),
    "flow": v("MW", "flow from from_bus to to_bus", "scenario branch"),
    "price": v("$/MWh", "locational marginal price: cost of one more MW of demand", "scenario bus"),
    "line_multiplier": v("$/MWh", "multiplier of the upper minus that of the lower flow limit", "scenario branch"),
    "congestion_rent": v("$/h", "load payment minus generators' revenue at the marginal prices", "scenario"),
}
VALUES = {
    "price_without": v("$/MWh", "marginal price without the participant", "scenario participant bus", False),
    "shed_without": v("MW", "lost load without the participant", "scenario participant bus", False),
}


def variables() -> dict[str, dict[str, Variable]]:
    """The contract by Dataset."""
    return {"data": DATA, "cleared": CLEARED, "values": VALUES}
