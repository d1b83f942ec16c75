"""Energy, regulation, spinning reserve and flexible ramping cleared together (chapter 7.2.1).

    min  sum_t { sum_ub c_ub x_ubt + sum_uk b_uk a_ukt + V (s_t + o_t) + sum_k pen_k y_kt },    p_ut = sum_b x_ubt
    s.t. sum_u p_ut + s_t - o_t = sum_l D_lt n_l                                             [lam_t, price of energy]
         sum_u a_ukt + y_kt >= sum_l Q_lkt n_l                                              [mu_kt, price of product k]
         p_ut + a_u,regU + a_u,spin + a_u,FRU <= P_ut m_u,   p_ut - a_u,regD - a_u,FRD >= p_u m_u
         a_u,regU + a_u,spin <= R10_u m_u,   a_u,regU <= R5_u m_u,   a_u,regD <= R5_u m_u
         the rows of markets/ramping_rows.py,   0 <= x_ubt <= width_ub,   a, s, o, y >= 0

p output, x bid blocks, a products, s lost load, o excess that nobody takes, y missing requirement [MW]; c, b bids, V
and pen penalties [$/MWh, $/MW]; D demand less hydro power, Q the part of the requirement that a load causes, P, p
limits of the output, R5, R10 ramps in five and ten minutes [MW]; m_u = n_l = 1. What units and loads bring is a
multiple of m and n, variables that they own: so all rows have the right-hand side 0, and without loads nothing is
needed. Hours are the time step. Duals are costs of one more MW: mu_kt <= pen_k, -V <= lam_t <= V. The price of energy
may be negative before a steep ramp.
"""

import linopy
import xarray as xr

from sharegrid.markets.ramping_rows import define_deliverability
from sharegrid.optimise.program import new_model

COUNTERFACTUAL: dict[str, tuple[str, str]] = {}
LOST_LOAD = "shed"
OF_UNITS = ("available", "minimum", "block_width", "ramp_5", "ramp_10", "ramp_60")  # what a unit brings
OF_LOADS = ("demand", "requirement")


def build(data: xr.Dataset) -> linopy.Model:
    """The model of all scenarios of `data` (dims scenario, unit, load, block, product, time)."""
    model = new_model()
    add_members(model, data)
    add_output(model, data)
    add_products(model, data)
    add_penalties(model, data)
    define_balance(model, data)
    define_requirements(model, data)
    define_capacity(model, data)
    define_ramps(model, data)
    define_ramping(model, data)
    model.add_objective(bid_cost(model, data) + penalty_cost(model, data))
    return model


def owners(data: xr.Dataset) -> dict[str, xr.DataArray]:
    """Who owns which variable: units their output and products, loads what they need; lost load belongs to nobody."""
    unit, load = (data[dim].astype(object).reset_coords(drop=True) for dim in ("unit", "load"))
    return dict.fromkeys(("committed", "block_output", "award"), unit) | {"present": load}


def add_members(model: linopy.Model, data: xr.Dataset) -> None:
    """m_u = 1 (scenario, unit) if committed, else 0; n_l = 1 (scenario, load)."""
    for name, dim in (("committed", "unit"), ("present", "load")):
        part = data["taking_part"].sel(participant=data[dim].values).rename(participant=dim).astype(float)
        model.add_variables(lower=part, upper=part, name=name)


def add_output(model: linopy.Model, data: xr.Dataset) -> None:
    """0 <= x_ubt <= width_ub (scenario, unit, block, time) MW."""
    width = data["block_width"].expand_dims(time=data["time"].values).transpose("scenario", "unit", "block", "time")
    model.add_variables(lower=xr.zeros_like(width), upper=width, name="block_output")


def add_products(model: linopy.Model, data: xr.Dataset) -> None:
    """a_ukt >= 0 (scenario, unit, product, time) MW, of what the unit offers."""
    zero = xr.zeros_like(data["available"] * data["offered"]).transpose("scenario", "unit", "product", "time")
    offered = (data["offered"] == 1).broadcast_like(zero).transpose(*zero.dims)
    model.add_variables(lower=zero, mask=offered, name="award")


def add_penalties(model: linopy.Model, data: xr.Dataset) -> None:
    """s_t, o_t >= 0 (scenario, time) and y_kt >= 0 (scenario, product, time) MW; o: of units with a least output."""
    needed = data["requirement"].sum("load")
    for name in ("shed", "excess"):
        model.add_variables(lower=xr.zeros_like(data["demand"].sum("load")), name=name)
    model.add_variables(lower=xr.zeros_like(needed), name="shortage")


def output_of(model: linopy.Model):
    """p_ut (scenario, unit, time) MW."""
    return model.variables["block_output"].sum("block")


def award_of(model: linopy.Model, product: str):
    """a_ukt (scenario, unit, time) MW of one product, 0 of who does not offer it."""
    return (1 * model.variables["award"].sel(product=product)).fillna(0).drop_vars("product")


def define_balance(model: linopy.Model, data: xr.Dataset) -> None:
    """sum_u p_ut + s_t - o_t - sum_l D_lt n_l = 0 (scenario, time) MW; the dual is the price of energy."""
    of = model.variables
    needed = (data["demand"] * of["present"]).sum("load")
    supplied = output_of(model).sum("unit") + of["shed"] - of["excess"]
    model.add_constraints(supplied - needed == 0, name="balance")


def define_requirements(model: linopy.Model, data: xr.Dataset) -> None:
    """sum_u a_ukt + y_kt - sum_l Q_lkt n_l >= 0 (scenario, product, time) MW; the dual is the price of the product."""
    of = model.variables
    held = (1 * of["award"]).fillna(0).sum("unit")
    needed = (data["requirement"] * of["present"]).sum("load")
    model.add_constraints(held + of["shortage"] - needed >= 0, name="requirement")


def define_capacity(model: linopy.Model, data: xr.Dataset) -> None:
    """p + regU + spin + FRU - P_ut m_u <= 0 and p - regD - FRD - p_u m_u >= 0 (scenario, unit, time) MW."""
    up = sum(award_of(model, product) for product in ("regU", "spin", "FRU"))
    down = sum(award_of(model, product) for product in ("regD", "FRD"))
    largest, least = _limits(model, data)
    model.add_constraints(output_of(model) + up - largest <= 0, name="capacity")
    model.add_constraints(output_of(model) - down - least >= 0, name="least_output")


def define_ramps(model: linopy.Model, data: xr.Dataset) -> None:
    """regU + spin - R10 m <= 0, regU - R5 m <= 0, regD - R5 m <= 0 (scenario, unit, time) MW."""
    ten, five = (_ramp(model, data, minutes) for minutes in (10, 5))
    regulation = award_of(model, "regU")
    model.add_constraints(regulation + award_of(model, "spin") - ten <= 0, name="ten_minutes")
    model.add_constraints(regulation - five <= 0, name="five_minutes_up")
    model.add_constraints(award_of(model, "regD") - five <= 0, name="five_minutes_down")


def define_ramping(model: linopy.Model, data: xr.Dataset) -> None:
    """Ramping products can be delivered beside the schedule of the next hour, see markets/ramping_rows.py."""
    products = (award_of(model, product) for product in ("FRU", "FRD"))
    included = (data["frp_requirement"] == "uncertainty").astype(float).reset_coords(drop=True)
    ramp = _ramp(model, data, 60)
    define_deliverability(model, output_of(model), *products, *_limits(model, data), ramp, included)


def _limits(model: linopy.Model, data: xr.Dataset):
    """P_ut m_u and p_u m_u (scenario, unit, time) MW."""
    on = model.variables["committed"]
    least = data["minimum"].expand_dims(time=data["time"].values).transpose("scenario", "unit", "time")
    return data["available"] * on, least * on


def _ramp(model: linopy.Model, data: xr.Dataset, minutes: int):
    """min(R_u, largest P_ut) m_u (scenario, unit, time) MW: nobody ramps by more than its whole output."""
    limit = xr.where(data["available"] >= 0, data["available"].max("time"), 0.0)
    limit = limit.clip(max=data[f"ramp_{minutes}"]).transpose("scenario", "unit", "time")
    return limit * model.variables["committed"]


def bid_cost(model: linopy.Model, data: xr.Dataset):
    """sum c_ub x_ubt + sum b_uk a_ukt, $."""
    of = model.variables
    return (data["block_price"] * of["block_output"]).sum() + (data["bid"] * (1 * of["award"]).fillna(0)).sum()


def penalty_cost(model: linopy.Model, data: xr.Dataset):
    """sum V (s_t + o_t) + sum pen_k y_kt, $."""
    of = model.variables
    unbalanced = (data["voll"].reset_coords(drop=True) * (of["shed"] + of["excess"])).sum()
    return unbalanced + (data["penalty"] * of["shortage"]).sum()


def read_out(data: xr.Dataset, primal: xr.Dataset, dual: xr.Dataset, reduced_cost: xr.Dataset) -> xr.Dataset:
    """Schedules, prices, and what each unit and load is paid at them; loads bear lost load, excess and what is missing.

    primal and reduced_cost by variable, dual by constraint family.
    """
    cleared = xr.Dataset(
        {
            "price": dual["balance"],
            "product_price": dual["requirement"].transpose("scenario", "product", "time"),
            "power": primal["block_output"].sum("block"),
            "award": primal["award"],
            "shed": primal["shed"],
            "excess": primal["excess"],
            "shortage": primal["shortage"],
        }
    )
    energy, products, cost = (
        _by_participant(data, *parts)
        for parts in zip(_units(data, primal, cleared), _loads(data, cleared), strict=True)
    )
    volume = _by_participant(data, cleared["power"].sum("time"), -served(data, cleared).sum("time"))
    return cleared.assign(
        energy_revenue=energy,
        product_revenue=products,
        price_revenue=energy + products.sum("product"),
        reported_cost=cost,
        true_cost=cost,
        output=volume,
        lost_load=cleared["shed"].sum("time"),
        active=data["taking_part"],
    ).reset_coords(drop=True)


def _units(data: xr.Dataset, primal: xr.Dataset, cleared: xr.Dataset) -> tuple[xr.DataArray, ...]:
    """Revenue from energy (scenario, unit) and products (scenario, unit, product), and bid cost (scenario, unit), $."""
    energy = (cleared["price"] * cleared["power"]).sum("time")
    products = (cleared["product_price"] * cleared["award"]).sum("time")
    cost = (data["block_price"] * primal["block_output"]).sum(["block", "time"])
    return energy, products, cost + (data["bid"] * cleared["award"]).sum(["product", "time"])


def _loads(data: xr.Dataset, cleared: xr.Dataset) -> tuple[xr.DataArray, ...]:
    """As of units: loads pay for what is served and held, and bear the penalties.

    What is missing or in excess is shared in proportion.
    """
    unbalanced = _share(data["demand"]) * (cleared["shed"] + cleared["excess"])
    short = _share(data["requirement"]) * cleared["shortage"]
    energy = -(cleared["price"] * served(data, cleared)).sum("time")
    products = -(cleared["product_price"] * (data["requirement"] - short)).sum("time")
    cost = data["voll"] * unbalanced.sum("time") + (data["penalty"] * short).sum(["product", "time"])
    return energy, products, cost


def served(data: xr.Dataset, cleared: xr.Dataset) -> xr.DataArray:
    """Demand less lost load, with the excess (scenario, load, time) MW."""
    return data["demand"] - _share(data["demand"]) * (cleared["shed"] - cleared["excess"])


def _share(of_loads: xr.DataArray) -> xr.DataArray:
    """Share of each load in the total of all, 0 where there is none."""
    total = of_loads.sum("load")
    return of_loads / total.where(total > 0, 1.0)


def _by_participant(data: xr.Dataset, units: xr.DataArray, loads: xr.DataArray) -> xr.DataArray:
    """One array over all participants."""
    parts = [units.rename(unit="participant"), loads.rename(load="participant")]
    together = xr.concat([part.reset_coords(drop=True) for part in parts], "participant", join="exact")
    return together.transpose("scenario", "participant", ...)


def scaled(data: xr.Dataset, participant: str, factor: float) -> xr.Dataset:
    """The data with everything that `participant` brings multiplied by `factor`."""
    changed = {}
    for dim, names in (("unit", OF_UNITS), ("load", OF_LOADS)):
        own = xr.where(data[dim] == participant, factor, 1.0).reset_coords(drop=True)
        changed |= {name: (data[name] * own).transpose(*data[name].dims) for name in names}
    return data.assign(changed)
