"""The Datasets of fleets of electric vehicles in energy and carbon markets."""

from sharegrid.contracts.base import MONEY, Variable
from sharegrid.contracts.base import variable as v

HOURLY = "scenario participant time"
FLEET = "scenario participant"
DATA = {
    "step": v("1", "step of the carbon price, from the cheapest", "step"),
    "vehicle": v("1", "drawn vehicle", "vehicle"),
    "strategy": v("1", "uncontrolled, v1g (charging only), v2g (discharging too)", "scenario"),
    "v2g_share": v("1", "largest discharging power relative to the charging power", "scenario", low=0),
    "carbon_price": v("$/t", "carbon price", "scenario"),
    "sell_ratio": v("1", "price of sold allowances relative to that of bought ones", "scenario", low=0),
    "allowance_t": v("t", "allowances of all fleets", "scenario", low=0),
    "benchmark": v("t/MWh", "allowances per energy that the vehicles receive", "scenario", low=0),
    "ladder": v("1", "ladder of the carbon price", "scenario"),
    "credit_export": v("1", "1 if discharging earns the emission factor", "scenario", low=0),
    "number": v("1", "number of vehicles", "scenario", low=1),
    "energy_price": v("1", "source of the energy price", "scenario"),
    "factor": v("1", "kind of the emission factor", "scenario"),
    "spread": v("1", "how far outcomes are from the expected prices", "scenario", low=0),
    "beta": v("1", "weight of the conditional value at risk", "scenario", low=0),
    "alpha": v("1", "level of the conditional value at risk", "scenario", low=0),
    "probability": v("1", "probability of the outcome", "scenario outcome", low=0),
    "price": v("$/MWh", "energy price", "scenario outcome time"),
    "carbon_price_buy": v("$/t", "price of bought allowances", "scenario outcome step"),
    "carbon_price_sell": v("$/t", "price of sold allowances", "scenario outcome"),
    "emission_factor": v("t/MWh", "emissions of one more MWh", "scenario time"),
    "allowance": v("t", "allowances of the fleet", FLEET, low=0),
    "step_right": v(
        "t", "the fleet's part of a step of the ladder; the last step has no limit", "scenario participant step", low=0
    ),
    "one_way": v("1", "1 if fleets have decisions not to charge and discharge at once", "scenario", low=0),
    "charge_low": v("MW", "least charging power", HOURLY, low=0),
    "charge_high": v("MW", "largest charging power", HOURLY, low=0),
    "discharge_high": v("MW", "largest discharging power", HOURLY, low=0),
    "energy_low": v("MWh", "least energy at the end of the hour", HOURLY, low=0),
    "energy_high": v("MWh", "largest energy at the end of the hour", HOURLY, low=0),
    "energy_arriving": v("MWh", "energy of the vehicles that arrive at the start of the hour", HOURLY, low=0),
    "energy_leaving": v("MWh", "energy of the vehicles that leave at the start of the hour", HOURLY, low=0),
    "charge_efficiency": v("1", "energy stored per energy taken from the grid", "participant", low=0),
    "discharge_efficiency": v("1", "energy delivered per energy taken from the battery", "participant", low=0),
    "wear_cost": v("$/MWh", "cost of wear of charging and of discharging", "participant", low=0),
    "vehicle_fleet": v("1", "fleet of the vehicle", "vehicle"),
    "vehicle_arrival": v("h", "first hour in which the vehicle is connected", "vehicle", low=0),
    "vehicle_departure": v("h", "first hour in which it is gone", "vehicle", low=0),
    "vehicle_capacity": v("MWh", "capacity of its battery", "vehicle", low=0),
    "vehicle_power": v("MW", "its largest power", "vehicle", low=0),
    "vehicle_arrival_energy": v("MWh", "its energy on arrival", "vehicle", low=0),
    "vehicle_departure_energy": v("MWh", "its energy on departure", "vehicle", low=0),
    "vehicle_least_energy": v("MWh", "its least energy while connected", "vehicle", low=0),
    "vehicle_charge_efficiency": v("1", "energy stored per energy taken from the grid", "vehicle", low=0),
    "vehicle_discharge_efficiency": v("1", "energy delivered per energy taken from the battery", "vehicle", low=0),
    "vehicle_wear_cost": v("$/MWh", "its cost of wear of charging and of discharging", "vehicle", low=0),
}
CLEARED = {
    "charge": v("MW", "charging power", HOURLY, low=0),
    "discharge": v("MW", "discharging power", HOURLY, low=0),
    "energy": v("MWh", "energy at the end of the hour", HOURLY, low=0),
    "allowances_bought": v("t", "allowances bought", "scenario step", low=0),
    "allowances_sold": v("t", "allowances sold", "scenario", low=0),
    "carbon_price_internal": v("$/t", "value of one more allowance", "scenario"),
    "step_rent": v("$/t", "value of one more tonne of a step of the ladder", "scenario step", low=0),
    "risk_probability": v("1", "risk-adjusted probability of the outcome", "scenario outcome", low=0),
    "emissions": v("t", "emissions of the fleet's net charging", FLEET),
    "energy_cost": v(MONEY, "expected cost of net energy", "scenario"),
    "carbon_cost": v(MONEY, "expected cost of allowances bought less sold", "scenario"),
    "outcome_profit": v(MONEY, "profit in the outcome, minus the cost", "scenario outcome"),
    "expected_profit": v(MONEY, "expected profit, minus the cost", "scenario"),
    "cvar": v(MONEY, "conditional value at risk of the profit", "scenario"),
}  # fmt: skip


def variables() -> dict[str, dict[str, Variable]]:
    """The contract by Dataset."""
    return {"data": DATA, "cleared": CLEARED, "values": {}}
