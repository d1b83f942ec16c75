"""The community's Datasets; power in kW, a step of time is an hour. Prices of energy are in the unit of the tariff."""

from sharegrid.contracts.base import OWN, Variable
from sharegrid.contracts.base import variable as v

WHO, HOURLY, EACH = "scenario participant", "scenario day time", "scenario participant day time"
DATA = {
    "users": v("1", "number of users", "scenario", low=1),
    "pv_share": v("1", "share of the users that own PV", "scenario", low=0),
    "battery_share": v("1", "share of the users that own a battery", "scenario", low=0),
    "flexible_share": v("1", "share of the users with flexible load", "scenario", low=0),
    "capacity_price": v(OWN, "capacity price per kW and month", "scenario", low=0),
    "network": v("1", "whether the limits of the network bind: none or limits", "scenario"),
    "network_rights": v("1", "who brings the limits: pro_rata, dso_player or shared", "scenario"),
    "interface_kw": v("kW", "limit of the exchange with the grid", "scenario", low=0),
    "price_buy": v(OWN, "price of energy from the grid", "day time"),
    "price_sell": v(OWN, "price of energy sent to the grid", "day time"),
    "day_weight": v("1", "weight of the day", "day", low=0),
    "peak_hour": v("1", "1 if import is charged by the capacity price", "time", low=0),
    "capacity_charge": v("money/kW", "capacity price per average day", "scenario", low=0),
    "load": v("kW", "load that cannot be moved", EACH, low=0),
    "pv_available": v("kW", "available PV", EACH, low=0),
    "battery_energy": v("kWh", "size of the battery", WHO, low=0),
    "battery_power": v("kW", "largest charge and discharge", WHO, low=0),
    "charge_efficiency": v("1", "stored energy per charged energy", low=0),
    "discharge_efficiency": v("1", "energy that comes back per stored energy", low=0),
    "flexible_energy": v("kWh", "energy of the day that can be moved", "scenario participant day", low=0),
    "flexible_power": v("kW", "largest flexible load", WHO, low=0),
    "flexible_hour": v("1", "1 if flexible energy can be taken", "time", low=0),
    "user_bus": v("1", "bus of the user", "participant"),
    "peak_load": v("kW", "peak load of the user", "participant", low=0),
    "drop_per_kw": v("1/kW", "fall of the squared voltage at the bus per kW of active power", "bus participant"),
    "load_drop_per_kw": v("1/kW", "the same per kW of load with its reactive power", "bus participant"),
    "voltage_min": v("p.u.", "lowest voltage", "bus", low=0),
    "voltage_max": v("p.u.", "highest voltage", "bus", low=0),
    "drop_right": v("1", "fall of the squared voltage that the participant brings", f"{WHO} bus"),
    "rise_right": v("1", "rise of the squared voltage that the participant brings", f"{WHO} bus"),
    "import_right": v("kW", "import that the participant brings", WHO, low=0),
    "export_right": v("kW", "export that the participant brings", WHO, low=0),
    "drop_common": v("1", "fall of the squared voltage that every coalition has", "scenario bus", False),
    "rise_common": v("1", "rise of the squared voltage that every coalition has", "scenario bus", False),
    "import_common": v("kW", "import that every coalition has; infinite = no limit", "scenario", False, 0),
    "export_common": v("kW", "export that every coalition has; infinite = no limit", "scenario", False, 0),
}
CLEARED = {
    "price": v(OWN, "internal price: cost of one more kWh of load on that day", HOURLY),
    "grid_import": v("kW", "import from the grid", HOURLY, low=0),
    "grid_export": v("kW", "export to the grid", HOURLY, low=0),
    "net_export": v("kW", "net export of the participant to the community", EACH),
    "pv": v("kW", "used PV", EACH, low=0),
    "battery_output": v("kW", "discharge minus charge", EACH),
    "flexible_load": v("kW", "flexible load", EACH, low=0),
    "charged_peak": v("kW", "import that the capacity price is paid on", "scenario", low=0),
    "capacity_price_signal": v("money/kW", "multiplier of the import in the peak hours", HOURLY, low=0),
    "capacity_payment": v("money", "part of the revenue that the capacity price makes", WHO),
    "network_payment": v("money", "part of the revenue that the network's limits make", WHO),
    "network_rent": v("money", "value of the network's limits that nobody brings", "scenario"),
    "traded_energy_value": v("money", "energy traded with other users at half the band of the price", WHO, low=0),
    "voltage": v("p.u.", "voltage at the bus", "scenario bus day time", low=0),
}


def variables() -> dict[str, dict[str, Variable]]:
    """The contract by Dataset."""
    return {"data": DATA, "cleared": CLEARED, "values": {}}
