"""Solar power and storage of a household against rare outages (section 9.5).

    max  (N - n)(pi_d u + pi_n q + pi_f f) + n v (u' + q') - c_s s - c_b B
    s.t. u + q/eta + f - gamma s = 0,   u' + q'/eta - gamma s <= 0
         u, u' - L_d m <= 0,   q, q' - L_n m <= 0,   q, q' - B <= 0
         0 <= s <= S,   u, q, f, u', q', B >= 0,   m = 1

s solar power [kW], B storage [kWh]; u, q load served by day and at night, f energy sent to the grid on a normal day, u', q' in an
outage [kWh/day]; N days of the year, n of them without the grid; L_d, L_n loads, gamma yield, eta efficiency, S the roof; prices
pi_d, pi_n, pi_f, value of lost load v [$/kWh], annual costs c_s, c_b. Solved as a minimisation of the negative.

The household owns its load m, the seller of solar power s, the seller of storage B; what is done with them belongs to nobody, and
all rows have the right-hand side 0. So payments at the marginal values are in the core, and nobody's absence makes a row fail.
"""

import linopy
import numpy as np
import xarray as xr

from sharegrid.optimise.program import new_model

COUNTERFACTUAL: dict[str, tuple[str, str]] = {}
LOST_LOAD = None
HOUSEHOLD, PV, STORAGE = "household", "pv", "storage"
FLOWS = ("day_service", "night_service", "sent", "outage_day_service", "outage_night_service")


def build(data: xr.Dataset) -> linopy.Model:
    """The model of all scenarios of `data` (dims scenario, participant)."""
    model = new_model()
    add_investment(model, data)
    add_service(model, data)
    define_energy(model, data)
    define_load_limits(model, data)
    define_storage_limit(model, data)
    model.add_objective(-net_value(model, data))
    return model


def owners(data: xr.Dataset) -> dict[str, xr.DataArray]:
    """Who owns which variable; the flows belong to nobody."""
    return {name: xr.DataArray(who) for name, who in (("member", HOUSEHOLD), ("pv", PV), ("battery", STORAGE))}


def add_investment(model: linopy.Model, data: xr.Dataset) -> None:
    """m = 1, 0 <= s <= S in kW, B >= 0 in kWh (scenario); 0 of who does not take part."""
    here = data["taking_part"] == 1
    one = _of(here, HOUSEHOLD).astype(float)
    model.add_variables(lower=one, upper=one, name="member")
    zero = xr.zeros_like(one)
    model.add_variables(lower=zero, upper=data["pv_limit"].where(_of(here, PV), 0.0), name="pv")
    model.add_variables(lower=zero, upper=(zero + np.inf).where(_of(here, STORAGE), 0.0), name="battery")


def _of(values: xr.DataArray, who: str) -> xr.DataArray:
    return values.sel(participant=who, drop=True).reset_coords(drop=True)


def add_service(model: linopy.Model, data: xr.Dataset) -> None:
    """u, q, f, u', q' >= 0 (scenario) kWh/day."""
    for name in FLOWS:
        model.add_variables(lower=xr.zeros_like(data["pv_limit"]), name=name)


def define_energy(model: linopy.Model, data: xr.Dataset) -> None:
    """u + q/eta + f - gamma s = 0 and u' + q'/eta - gamma s <= 0 (scenario) kWh/day."""
    of, back = model.variables, 1 / data["efficiency"]
    made = data["pv_yield"] * of["pv"]
    used = of["day_service"] + back * of["night_service"] + of["sent"]
    model.add_constraints(used - made == 0, name="energy")
    outage = of["outage_day_service"] + back * of["outage_night_service"]
    model.add_constraints(outage - made <= 0, name="outage_energy")


def define_load_limits(model: linopy.Model, data: xr.Dataset) -> None:
    """u, u' - L_d m <= 0 and q, q' - L_n m <= 0 (scenario) kWh/day."""
    of = model.variables
    for flow in ("day_service", "outage_day_service"):
        model.add_constraints(of[flow] - data["day_load"] * of["member"] <= 0, name=f"{flow}_limit")
    for flow in ("night_service", "outage_night_service"):
        model.add_constraints(of[flow] - data["night_load"] * of["member"] <= 0, name=f"{flow}_limit")


def define_storage_limit(model: linopy.Model, data: xr.Dataset) -> None:
    """q - B <= 0 and q' - B <= 0 (scenario) kWh: the storage is filled once a day."""
    of = model.variables
    for flow in ("night_service", "outage_night_service"):
        model.add_constraints(of[flow] - of["battery"] <= 0, name=f"{flow}_storage")


def net_value(model: linopy.Model, data: xr.Dataset):
    """Value of the energy on normal days and of the load served in outages less the costs (all scenarios) in $/year."""
    of = model.variables
    normal, lost = _normal_days(data), _value_of_outages(data)
    economic = (normal * data["price_day"] * of["day_service"]).sum()
    economic = economic + (normal * data["price_night"] * of["night_service"]).sum()
    economic = economic + (normal * _plain(data["feed_in"]) * of["sent"]).sum()
    reliable = (lost * of["outage_day_service"]).sum() + (lost * of["outage_night_service"]).sum()
    cost = (data["pv_cost"] * of["pv"]).sum() + (_plain(data["storage_cost"]) * of["battery"]).sum()
    return economic + reliable - cost


def _plain(values: xr.DataArray) -> xr.DataArray:
    """A swept field, which is a coordinate, as a plain array."""
    return values.reset_coords(drop=True)


def _normal_days(data: xr.Dataset) -> xr.DataArray:
    """N - n (scenario) days per year."""
    return data["days"] - _plain(data["outage_days"])


def _value_of_outages(data: xr.Dataset) -> xr.DataArray:
    """n v (scenario) $/year per kWh/day."""
    return _plain(data["outage_days"]) * _plain(data["voll"])


def read_out(data: xr.Dataset, primal: xr.Dataset, dual: xr.Dataset, reduced_cost: xr.Dataset) -> xr.Dataset:
    """Sizes, flows and values, and what each of the three contributes at the marginal values.

    price_revenue: cost and rent of what the participant owns; the rents sum to the net value. primal and reduced_cost by variable,
    dual by constraint family.
    """
    normal, cost = (
        _normal_days(data),
        {PV: data["pv_cost"] * primal["pv"], STORAGE: data["storage_cost"] * primal["battery"]},
    )
    economic = normal * sum(
        _plain(data[price]) * primal[flow]
        for price, flow in (("price_day", "day_service"), ("price_night", "night_service"), ("feed_in", "sent"))
    )
    served = primal["outage_day_service"] + primal["outage_night_service"]
    spent = _by_participant(data, {HOUSEHOLD: 0 * served} | cost)
    rent = _by_participant(data, {who: -reduced_cost[name] * primal[name] for name, who in _OWNED.items()})
    output = {PV: data["pv_yield"] * primal["pv"], STORAGE: primal["night_service"], HOUSEHOLD: 0 * served}
    cleared = xr.Dataset(
        {
            "pv_size": primal["pv"],
            "storage_size": primal["battery"],
            "reliability_value": _value_of_outages(data) * served,
            "economic_value": economic,
            "investment_cost": spent.sum("participant"),
            "output": _by_participant(data, output),
            "reported_cost": spent,
            "true_cost": spent,
            "price_revenue": spent + rent,
            "active": data["taking_part"],
        }
    )
    return cleared.assign({name: primal[name] for name in FLOWS}).reset_coords(drop=True)


_OWNED = {"member": HOUSEHOLD, "pv": PV, "battery": STORAGE}


def _by_participant(data: xr.Dataset, of: dict[str, xr.DataArray]) -> xr.DataArray:
    """(scenario, participant) from one array (scenario) each."""
    names = data["participant"].values
    parts = [_plain(of[name]) for name in names]
    return xr.concat(parts, xr.DataArray(names, dims="participant", name="participant")).transpose("scenario", ...)
