"""The Datasets of the market for energy and ancillary services."""

from sharegrid.contracts.base import MONEY, Variable
from sharegrid.contracts.base import variable as v

DATA = {
    "unit": v("1", "unit, a participant", "unit"),
    "load": v("1", "load, a participant", "load"),
    "product": v("1", "product beside energy", "product"),
    "day": v("1", "day", "scenario"),
    "fru_factor": v("1", "factor on the requirement of upward ramping", "scenario", low=0),
    "allocation": v("1", "who pays for ramping products", "scenario"),
    "frp_requirement": v("1", "what the ramping requirement covers", "scenario"),
    "available": v("MW", "largest output of the unit, 0 if not committed", "scenario unit time", low=0),
    "minimum": v("MW", "least output of the unit", "scenario unit", low=0),
    "block_width": v("MW", "width of the bid block", "scenario unit block", low=0),
    "block_price": v("$/MWh", "price of the bid block", "unit block"),
    "bid": v("$/MW", "bid for the product", "unit product", low=0),
    "offered": v("1", "1 if the unit offers the product", "unit product", low=0),
    "ramp_5": v("MW", "ramp in five minutes", "unit", False, 0),
    "ramp_10": v("MW", "ramp in ten minutes", "unit", False, 0),
    "ramp_60": v("MW", "ramp in an hour", "unit", False, 0),
    "demand": v("MW", "demand less hydro power", "scenario load time", low=0),
    "requirement": v("MW", "part of the requirement that the load causes", "scenario load product time", low=0),
    "penalty": v("$/MW", "penalty of a missing requirement", "product", low=0),
    "voll": v("$/MWh", "penalty of lost load and of output that nobody takes", "scenario", low=0),
}
CLEARED = {
    "price": v("$/MWh", "price of energy", "scenario time"),
    "product_price": v("$/MW", "clearing price of the product", "scenario product time", low=0),
    "power": v("MW", "output of the unit", "scenario unit time", low=0),
    "award": v("MW", "product of the unit", "scenario unit product time", low=0),
    "shed": v("MW", "lost load", "scenario time", low=0),
    "excess": v("MW", "output that nobody takes", "scenario time", low=0),
    "shortage": v("MW", "missing requirement", "scenario product time", low=0),
    "energy_revenue": v(MONEY, "revenue from energy, negative of a load", "scenario participant"),
    "product_revenue": v(MONEY, "revenue from the product, negative of a load", "scenario participant product"),
}


def variables() -> dict[str, dict[str, Variable]]:
    """The contract by Dataset."""
    return {"data": DATA, "cleared": CLEARED, "values": {}}
