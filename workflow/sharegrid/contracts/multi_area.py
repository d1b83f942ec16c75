"""The Datasets of the multi-area market."""

from sharegrid.contracts.base import MONEY, Variable
from sharegrid.contracts.base import variable as v

RESERVE = "generator direction"
WAY = "scenario tie way time"
DATA = {
    "area": v("1", "area", "area"),
    "renewable": v("1", "plant without fuel cost", "renewable"),
    "tie": v("1", "VSC-HVDC tie", "tie"),
    "way": v("1", "direction of the power in a tie, seen from its from_bus", "way"),
    "direction": v("1", "direction of reserve", "direction"),
    "loss_point": v("1", "tangent of the losses", "loss_point"),
    "day": v("1", "day", "scenario"),
    "limits": v("1", "line limits within the areas", "scenario"),
    "tie_factor": v("1", "factor on the capacities of the ties", "scenario", low=0),
    "tie_capacity_mw": v("MW", "capacity of every tie; NaN = each its own", "scenario", False, 0),
    "ramp10": v("1", "ten-minute ramp in shares of the capacity; NaN = each its own", "scenario", False, 0),
    "ramp10_factor": v("1", "factor on the ten-minute ramps", "scenario", low=0),
    "ramp": v("1/h", "hourly ramp in shares of the capacity; NaN = each its own", "scenario", False, 0),
    "load_factor": v("1", "factor on all loads", "scenario", low=0),
    "bidder": v("1", "unit or area that offers something else than its true cost", "scenario"),
    "energy_bid": v("1", "factor on the bidder's energy offers", "scenario", low=0),
    "reserve_bid": v("1", "factor on the bidder's upward reserve offers", "scenario", low=0),
    "bus_area": v("1", "area of the bus", "bus"),
    "demand": v("MW", "demand", "scenario bus time"),
    "from_bus": v("1", "bus where the branch starts", "branch"),
    "to_bus": v("1", "bus where the branch ends", "branch"),
    "susceptance": v("MW/rad", "susceptance of the branch", "branch"),
    "line_limit": v("MW", "flow limit in both directions, inf if there is none", "scenario branch", False, 0),
    "generator_bus": v("1", "bus of the unit", "generator"),
    "generator_area": v("1", "area of the unit", "generator"),
    "owner": v("1", "participant that owns the unit", "generator"),
    "block_quantity": v("MW", "width of the offer block", "scenario generator block", low=0),
    "block_price": v("$/MWh", "offered price of the block", "scenario generator block"),
    "true_block_price": v("$/MWh", "true marginal cost of the block", "scenario generator block"),
    "quadratic_offer": v("$/MW^2h", "offered quadratic cost coefficient, with one block only", "scenario generator", low=0),
    "true_quadratic": v("$/MW^2h", "true quadratic cost coefficient, with one block only", "scenario generator", low=0),
    "reserve_offer": v("$/MW per h", "offered price of reserve", f"scenario {RESERVE}"),
    "true_reserve_cost": v("$/MW per h", "true cost of reserve", f"scenario {RESERVE}"),
    "reserve_limit": v("MW", "what the unit can ramp in ten minutes", "scenario generator", low=0),
    "ramp_limit": v("MW/h", "what the unit can ramp in an hour, inf if there is no limit", "scenario generator", False, 0),
    "p_min": v("MW", "minimum output", "generator", low=0),
    "renewable_bus": v("1", "bus of the plant", "renewable"),
    "renewable_area": v("1", "area of the plant", "renewable"),
    "renewable_owner": v("1", "participant that owns the plant, empty for nobody", "renewable"),
    "needs_reserve": v("1", "1 if the area holds reserve for the plant's output", "renewable", low=0),
    "available": v("MW", "available power", "scenario renewable time", low=0),
    "tie_from": v("1", "bus where the tie's positive direction starts", "tie"),
    "tie_to": v("1", "bus where the tie's positive direction ends", "tie"),
    "tie_from_area": v("1", "area where the tie's positive direction starts", "tie"),
    "tie_to_area": v("1", "area where the tie's positive direction ends", "tie"),
    "tie_capacity": v("MW", "largest power sent over the tie", "scenario tie", low=0),
    "converter_rating": v("MVA", "apparent power of the tie's converters, inf if not modelled", "scenario tie", False, 0),
    "reactive_min": v("Mvar", "least reactive power of each converter of the tie", "scenario tie"),
    "reactive_max": v("Mvar", "most reactive power of each converter of the tie", "scenario tie"),
    "polygon_sides": v("1", "sides of the polygon within the circle of a converter's rating", "", low=4),
    "constant_loss": v("MW", "loss of the tie while in service, half of it at each end", "scenario tie", low=0),
    "loss_slope": v("1", "slope of the tangent of the losses", "scenario tie loss_point", low=0),
    "loss_credit": v("MW", "what the tangent of the losses is below 0 without flow", "scenario tie loss_point", low=0),
    "chord_slope": v("1", "loss per power sent at the capacity of the tie", "scenario tie", low=0),
    "one_way": v("1", "1 if ties are modelled with one direction at a time", "scenario", low=0),
    "load_requirement": v("1", "reserve held per load", "direction", low=0),
    "import_requirement": v("1", "reserve held per power delivered over ties", "direction", low=0),
    "renewable_requirement": v("1", "reserve held per scheduled renewable power", "direction", low=0),
    "voll": v("$/MWh", "value of lost load", "", low=0),
    "reserve_penalty": v("$/MW per h", "cost of missing reserve", "", low=0),
}  # fmt: skip
CLEARED = {
    "price": v("$/MWh", "price of one more MW withdrawn, without reserve held for it", "scenario bus time"),
    "reserve_price": v("$/MW per h", "price of one more MW of required reserve", "scenario area direction time"),
    "tie_price": v("$/MW per h", "value of one more MW of tie capacity, or MVA of its converters", "scenario tie time"),
    "flow_price": v("$/MW per h", "value of one more MW of line limit", "scenario branch time"),
    "dispatch": v("MW", "output of the unit", "scenario generator time"),
    "reserve": v("MW", "reserve held by the unit", f"scenario {RESERVE} time", low=0),
    "renewable_output": v("MW", "output of the plant", "scenario renewable time", low=0),
    "shed": v("MW", "load that is not served", "scenario bus time", low=0),
    "shortfall": v("MW", "reserve that is missing", "scenario area direction time", low=0),
    "flow": v("MW", "flow of the branch", "scenario branch time"),
    "sent": v("MW", "power sent into the tie", WAY, low=0),
    "delivered": v("MW", "power delivered by the tie", WAY, low=0),
    "exchange": v("MW", "power sent in the tie's positive direction less what is sent back", "scenario tie time"),
    "area_import": v("MW", "power delivered to the area over its ties, gross", "scenario area time", low=0),
    "area_export": v("MW", "power sent by the area into its ties, gross", "scenario area time", low=0),
    "area_load_payment": v(MONEY, "payment of the area's load for energy and reserve", "scenario area"),
    "renewable_payment": v(MONEY, "revenue of the plant at the marginal prices", "scenario renewable"),
    "paid_to_others": v(MONEY, "revenue at the marginal prices of who is no participant", "scenario"),
    "tie_rent": v(MONEY, "what the tie earns at the marginal prices", "scenario tie"),
    "line_rent": v(MONEY, "what the area's lines earn at the marginal prices", "scenario area"),
    "shortfall_rent": v(MONEY, "value of the area's missing reserve at its price", "scenario area"),
}
VALUES = {
    "interconnection_cost": v(
        MONEY, "minimised cost with the ties within the set of areas only", "scenario area_set", False
    ),
    "area_member": v("1", "1 if the area belongs to the set", "area_set area", low=0),
    "shortfall": v("MW", "reserve that is missing with the coalition's members only", "scenario coalition", False),
}


def variables() -> dict[str, dict[str, Variable]]:
    """The contract by Dataset."""
    return {"data": DATA, "cleared": CLEARED, "values": VALUES}
