"""The retail market's Datasets; energy in kWh, money in $/day."""

from sharegrid.contracts.base import ENERGY, MONEY, Variable
from sharegrid.contracts.base import variable as v

DATA = {
    "net_load": v(ENERGY, "load less generation", "scenario participant time"),
    "base_load": v(ENERGY, "net load that belongs to nobody", "scenario time"),
    "tariff_buy": v("$/kWh", "price that users pay under their own contract", "scenario time", low=0),
    "tariff_feed_in": v(
        "$/kWh", "price that users get for their surplus under their own contract", "scenario time", low=0
    ),
    "grid_buy": v("$/kWh", "price that the agent pays to the grid", "scenario time", low=0),
    "grid_feed_in": v("$/kWh", "price that the agent gets from the grid", "scenario time", low=0),
    "flexible_capacity": v(ENERGY, "most that the flexible resource delivers", "scenario participant time", low=0),
    "flexible_linear": v("$/kWh", "linear cost of the flexible resource", "scenario participant"),
    "flexible_quadratic": v("$/kWh^2", "quadratic cost of the flexible resource", "scenario participant", low=0),
    "community": v("1", "community of users", "scenario"),
    "day": v("1", "day of the time series; empty if the users have none", "scenario"),
    "pv_kw": v("kW", "PV of a user who has one, where its size is a choice", "scenario", False, 0),
    "base_load_kwh": v("kWh", "net load of each hour that belongs to nobody", "scenario"),
    "seller": v("1", "user whose surplus is multiplied", "scenario"),
    "surplus_factor": v("1", "factor on the seller's surplus", "scenario", low=0),
}
CLEARED = {
    "exchange": v(ENERGY, "what the agent buys from the grid; negative = feeds in", "scenario time"),
    "grid_bill": v(MONEY, "what the agent pays to the grid for the hour", "scenario time"),
    "price": v("$/kWh", "internal price: cost of one more kWh of net load", "scenario time"),
    "flexible_output": v(ENERGY, "output of the flexible resource", "scenario participant time", low=0),
    "outside_option_by_time": v(MONEY, "profit of staying out in the hour", "scenario participant time"),
}
VALUES = {
    "grid_bill": v(MONEY, "what the agent pays to the grid for the hour, for the coalition's members only",
                   "scenario coalition time", False),
}  # fmt: skip


def variables() -> dict[str, dict[str, Variable]]:
    """The contract by Dataset."""
    return {"data": DATA, "cleared": CLEARED, "values": VALUES}
