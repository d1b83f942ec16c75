"""Who pays and earns what at the marginal prices of energy, reserve and ties (chapter 4.3.1).

    unit     sum_t lam_nt p_gt + sum_k mu_akt r_gkt
    plant    sum_t (lam_nt - sum_k rho_wk mu_akt) w_wt
    load     sum_t sum_{n in a} lam_nt (D_nt - s_nt) + sum_k rho_dk mu_akt D_at
    tie      sum_t d_kt (lam_to - sum_k rho_tk mu_to,k) - f_kt lam_from, less the standby losses at lam
    lines    sum_lt |kappa_lt| F_l,      missing reserve  sum_kt mu_akt u_akt

By strong duality loads - units - plants = ties + lines + missing reserve. The import-driven part of the reserve cost is
borne by the tie, not by the load. In a market with states (a schedule and outcomes) the sums are also over these, whose
prices hold their probabilities; costs, output and lost load are then expected ones.
"""

import numpy as np
import xarray as xr

from sharegrid.optimise.dc_rows import gathered

ENDS = {
    "forward": ("tie_from", "tie_to"),
    "backward": ("tie_to", "tie_from"),
}  # where the power of each way starts and ends

PERIODS = ("state", "time")


def weight(data: xr.Dataset) -> xr.DataArray:
    """Probability with which costs arise: 1, of a market with states `state_weight` (state)."""
    return data.get("state_weight", xr.DataArray(1.0))


def total(values: xr.DataArray) -> xr.DataArray:
    """Sum over the hours, and the states of a market that has some."""
    return values.sum([dim for dim in PERIODS if dim in values.dims])


def settlement(data: xr.Dataset, cleared: xr.Dataset, standby: xr.DataArray, area_load: xr.DataArray) -> xr.Dataset:
    """`cleared` with costs, revenues, payments and rents, in the money of the data.

    cleared: quantities and prices with block_output; standby (scenario, bus) MW; area_load (scenario, area, time) MW.
    """
    lam, areas = cleared["price"], data["area"].values
    served = lam * (data["demand"] - cleared["shed"])
    of_load = (data["load_requirement"] * cleared["reserve_price"]).sum("direction") * area_load
    load = total(gathered(served, data["bus_area"], "area", areas)) + total(of_load)
    plants = plant_revenue(data, cleared)
    nobody = (data["renewable_owner"] == "").reset_coords(drop=True)
    rent = np.abs(cleared["flow_price"]) * data["line_limit"].where(np.isfinite(data["line_limit"]), 0.0)
    area_of_line = data["bus_area"].sel(bus=data["from_bus"]).drop_vars("bus")
    missing = total((cleared["reserve_price"] * cleared["shortfall"]).sum("direction"))
    return cleared.assign(by_participant(data, cleared, plants)).assign(
        area_load_payment=load.transpose("scenario", "area"),
        load_payment=load.sum("area"),
        renewable_payment=total(plants),
        paid_to_others=total(plants).where(nobody, 0.0).sum("renewable"),
        tie_rent=tie_rent(data, cleared, standby),
        line_rent=gathered(total(rent), area_of_line, "area", areas).transpose("scenario", "area"),
        shortfall_rent=missing,
        lost_load=total(weight(data) * cleared["shed"]).sum("bus"),
    )


def by_participant(data: xr.Dataset, cleared: xr.Dataset, plants: xr.DataArray) -> dict[str, xr.DataArray]:
    """output, reported_cost, true_cost, price_revenue (scenario, participant), with the plants that have an owner."""
    unit = {
        "output": total(weight(data) * cleared["dispatch"]),
        "reported_cost": cost_of(data, cleared, "block_price", "quadratic_offer", "reserve_offer"),
        "true_cost": cost_of(data, cleared, "true_block_price", "true_quadratic", "true_reserve_cost"),
        "price_revenue": unit_revenue(data, cleared),
    }
    power = total(weight(data) * cleared["renewable_output"])
    plant = {"output": power, "price_revenue": total(plants)}
    found = {}
    for name, values in unit.items():
        parts = [_by_owner(values, data["owner"], data)]
        if data.sizes["renewable"] and (data["renewable_owner"] != "").any():
            parts.append(_by_owner(plant.get(name, 0 * power), data["renewable_owner"], data))
        found[name] = sum(parts)
    held = _by_owner(total(cleared["reserve"].sum("direction")), data["owner"], data)
    found["active"] = ((found["output"] > 1e-9) | (held > 1e-9)).astype(float)  # MW: reserve alone is a part too
    return found


def _by_owner(values: xr.DataArray, owner: xr.DataArray, data: xr.Dataset) -> xr.DataArray:
    return gathered(values, owner, "participant", data["participant"].values).transpose("scenario", "participant")


def cost_of(data: xr.Dataset, cleared: xr.Dataset, price: str, quadratic: str, reserve: str) -> xr.DataArray:
    """Cost of output and reserve (scenario, generator) in money, at the offers or at the true costs that are named."""
    output = cleared["block_output"]
    energy = (data[price] * output).sum("block") + data[quadratic] * cleared["dispatch"] ** 2
    return total(weight(data) * energy) + total((data[reserve] * cleared["reserve"]).sum("direction"))


def unit_revenue(data: xr.Dataset, cleared: xr.Dataset) -> xr.DataArray:
    """sum_t lam p + sum_k mu r (scenario, generator) in money."""
    lam = cleared["price"].sel(bus=data["generator_bus"]).drop_vars("bus")
    mu = cleared["reserve_price"].sel(area=data["generator_area"]).drop_vars("area")
    return total(lam * cleared["dispatch"]) + total((mu * cleared["reserve"]).sum("direction"))


def plant_revenue(data: xr.Dataset, cleared: xr.Dataset) -> xr.DataArray:
    """(lam - sum_k rho_wk mu_k) w (scenario, ..., renewable, time) in money; only plants that need reserve bear its price."""
    lam = cleared["price"].sel(bus=data["renewable_bus"]).drop_vars("bus")
    mu = cleared["reserve_price"].sel(area=data["renewable_area"]).drop_vars("area")
    reserve = (data["renewable_requirement"] * mu).sum("direction") * data["needs_reserve"]
    return ((lam - reserve) * cleared["renewable_output"]).transpose("scenario", ..., "renewable", "time")


def tie_rent(data: xr.Dataset, cleared: xr.Dataset, standby: xr.DataArray) -> xr.DataArray:
    """(scenario, tie) in money; with linear losses it is the tie's price times its capacity."""
    asked = (data["import_requirement"] * cleared["reserve_price"]).sum("direction")
    rent = 0
    for way, (start, end) in ENDS.items():
        at_start, at_end = (cleared["price"].sel(bus=data[name]).drop_vars("bus") for name in (start, end))
        reserve = asked.sel(area=data[f"{end}_area"]).drop_vars("area")
        sent, delivered = (cleared[name].sel(way=way, drop=True) for name in ("sent", "delivered"))
        rent = rent + delivered * (at_end - reserve) - sent * at_start - data["constant_loss"] / 2 * at_start
    return total(rent).transpose("scenario", "tie")
