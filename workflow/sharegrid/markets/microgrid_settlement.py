"""What microgrids bid, and what each of them is due at the duals of the pool's program."""

import xarray as xr

from sharegrid.markets import risk

KEPT = ("energy_bid", "product_bid", "unit_power", "charge", "discharge", "stored", "curtailed", "unit_product",
        "battery_product", "unit_margin", "battery_margin", "missing_margin")  # fmt: skip
MISSING = 1e-6  # MW


def read_out(data: xr.Dataset, primal: xr.Dataset, dual: xr.Dataset, reduced_cost: xr.Dataset) -> xr.Dataset:
    """Bids, schedules, internal prices, and revenue and cost of each owner at them.

    Costs are means under the risk-adjusted probabilities. primal and reduced_cost by variable, dual by row family.
    """
    cleared = primal[list(KEPT)].assign(
        price_internal=-dual["power_balance"],
        price_held=dual["held_products"],
        price_margin=dual["margin"],
        price_deviation=dual["deviation"],
        risk_probability=-dual["profit"],
        worst_deviation=data["gamma"] * primal["deviation_price"] + primal["deviation_excess"].sum("source"),
    )
    sale, cost = net_sale(data, primal), _cost(data, primal)
    expected, adjusted = data["probability"], (cleared["risk_probability"] * cost).sum("outcome")
    cleared = cleared.assign(
        output=(expected * sale.sum("time")).sum("outcome"),
        reported_cost=adjusted,
        true_cost=adjusted,
        price_revenue=_revenue(data, cleared, sale),
        active=data["taking_part"],
        energy_revenue=(expected * data["price_energy"] * primal["energy_bid"]).sum(["time", "outcome"]),
        product_revenue=(data["price_product"] * primal["product_bid"]).sum("time"),
        expected_cost=(expected * cost).sum(["participant", "outcome"]),
    )
    return cleared.assign(_profits(data, primal)).reset_coords(drop=True)


def report(_data: xr.Dataset, cleared: xr.Dataset) -> list[str]:
    """A line for each scenario and direction whose margin is missing, with its worst hour and outcome."""
    lines = []
    for scenario in cleared["scenario"].values:
        for direction in cleared["direction"].values:
            missing = cleared["missing_margin"].sel(scenario=scenario, direction=direction).transpose("time", "outcome")
            most = missing.max("outcome")
            if float(most.max()) > MISSING:
                hour = most["time"].values[int(most.values.argmax())]
                lines.append(
                    f"scenario {scenario}: {float(most.max()):.6g} MW of the {direction} margin are missing (hour {hour}), "
                    f"{float(most.sum()):.6g} MW h in all hours; the deviations of the budget cannot be followed"
                )
    return lines


def net_sale(data: xr.Dataset, primal: xr.Dataset) -> xr.DataArray:
    """g + dis - ch + d + pv - load of each owner (scenario, participant, time, outcome) MW."""
    own = primal["unit_power"] + primal["discharge"] - primal["charge"] + primal["curtailed"]
    return own + data["pv"] - data["load"]


def _cost(data: xr.Dataset, primal: xr.Dataset) -> xr.DataArray:
    """c g + w (ch + dis) + v d (scenario, participant, outcome) $."""
    throughput = data["battery_cost"] * (primal["charge"] + primal["discharge"])
    cost = data["unit_cost"] * primal["unit_power"] + throughput + data["curtailment_cost"] * primal["curtailed"]
    return cost.sum("time")


def _revenue(data: xr.Dataset, cleared: xr.Dataset, sale: xr.DataArray) -> xr.DataArray:
    """sum lam P_i + sum eta a_i + sum rho m_i - sum del dev_i (scenario, participant) $."""
    held = cleared["unit_product"] + cleared["battery_product"]
    margin = cleared["unit_margin"] + cleared["battery_margin"]
    parts = {
        ("time", "outcome"): cleared["price_internal"] * sale,
        ("product", "time", "outcome"): cleared["price_held"] * held,
        ("direction", "time", "outcome"): cleared["price_margin"] * margin,
        ("source", "time"): -cleared["price_deviation"] * data["deviation"],
    }
    return sum(part.sum(dims) for dims, part in parts.items())


def _profits(data: xr.Dataset, primal: xr.Dataset) -> dict[str, xr.DataArray]:
    """Profit by outcome, its mean and its conditional value at risk, $.

    All are without the cost of missing margins, which nobody is paid: that is in the objective only.
    """
    penalty = data["missing_margin_cost"] * primal["missing_margin"].sum(["direction", "time"])
    profit, probability = primal["outcome_profit"] + penalty, data["probability"]
    return {
        "outcome_profit": profit,
        "expected_profit": (probability * profit).sum("outcome"),
        "cvar": risk.conditional_value_at_risk(profit, probability, data["alpha"]),
    }
