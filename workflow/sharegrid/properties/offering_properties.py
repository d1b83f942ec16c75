"""Check: the prices of a joint offer, and the settlement after the outcome is known (chapter 5.2).

With y_ts the internal price, q_s the risk-adjusted probability, l_t the day-ahead price and kappa_t the rent of the
offer limit:
    sum_s q_s = 1,   sum_s y_ts = l_t where 0 < P_t < sum_i K_i,   l+_ts q_s <= y_ts <= l-_ts q_s,
so y/q is an imbalance price of each outcome whose risk-adjusted mean is the day-ahead price. The offer is split into
P_it, sum_i P_it = P_t, and participant i is paid l_t P_it + (y_ts / q_s) (p_its - P_it): these payments add up to what the
pool earns in every hour and outcome, and their risk-adjusted mean is the participant's revenue at the internal price.
"""

import numpy as np
import xarray as xr

RELATIVE = 1e-6
PRICED = 1e-9  # a risk-adjusted probability below is 0: with risk weight 1 only the worst outcomes count
PROPERTIES = {  # name -> unit
    "risk probabilities sum to 1": "1",
    "internal price sums to the day-ahead price": "$/MWh",
    "internal price within the imbalance prices": "$/MWh",
    "payoffs sum to the value": "$",
    "settlement balances in every hour and outcome": "$",
    "settlement has the payoff as its mean": "$",
}


def check(data: xr.Dataset, cleared: xr.Dataset, values: xr.Dataset | None, payments: xr.Dataset) -> xr.Dataset:
    """offering_residual, offering_passed (scenario, offering_property), offer_share MW (scenario, participant, time) and
    settlement_payment (scenario, participant, outcome), the payment of the day in each outcome.

    A residual is the largest violation; it passes within 1e-6 of the prices, or of the value. NaN, not passed, where
    nothing tells: no hour has an offer between 0 and its limit. settlement_payment is NaN in an outcome without
    risk-adjusted probability, where y/q is no price.
    """
    share = offer_shares(data, cleared)
    paid = settlement(data, cleared, share)
    residual = xr.concat(_residuals(data, cleared, share, paid), "offering_property", join="exact")
    residual = residual.assign_coords(offering_property=list(PROPERTIES)).transpose("scenario", "offering_property")
    scale = xr.where(
        xr.DataArray([unit == "$" for unit in PROPERTIES.values()], dims="offering_property"),
        np.abs(cleared["objective"]).reset_coords(drop=True),
        data["price_da"].max("time").reset_coords(drop=True),
    )
    found = {
        "offering_residual": (residual, "1", "largest violation, in the property's unit"),
        "offering_passed": ((residual <= RELATIVE * np.maximum(1, scale)).astype("i1"), "1", "1 if the property holds"),
        "offer_share": (share, "MW", "participant's part of the day-ahead offer"),
        "settlement_payment": (
            paid.sum("time", skipna=False),
            data.attrs["money"],
            "payment when the outcome is known",
        ),
    }
    units = {"offering_unit": ("offering_property", list(PROPERTIES.values()), {"units": "1", "long_name": "unit"})}
    described = {name: array.assign_attrs(units=unit, long_name=text) for name, (array, unit, text) in found.items()}
    return xr.Dataset(described).reset_coords(drop=True).assign_coords(units)


def offer_shares(data: xr.Dataset, cleared: xr.Dataset) -> xr.DataArray:
    """P_it = E_q[p_its] + K_i / sum_j K_j (P_t - sum_j E_q[p_jts]) (scenario, participant, time) MW; 0 where P_t = 0.

    Any split with the sum P_t pays the same on average; without an offer there is nothing to split, and a split with sum
    zero would trade at l_t what y says is worth more.
    """
    mean = (cleared["risk_probability"] * cleared["power"]).sum("outcome")
    missing = cleared["offer"] - mean.sum("participant")
    share = mean + data["capacity"] / data["capacity"].sum("participant") * missing
    return share.where(cleared["offer"] > 0, 0.0).reset_coords(drop=True).transpose("scenario", "participant", "time")


def settlement(data: xr.Dataset, cleared: xr.Dataset, share: xr.DataArray) -> xr.DataArray:
    """l_t P_it + (y_ts / q_s) (p_its - P_it) (scenario, participant, time, outcome) $; NaN where q_s = 0."""
    weight = cleared["risk_probability"]
    imbalance_price = cleared["price_internal"] / weight.where(weight > PRICED)
    paid = data["price_da"] * share + imbalance_price * (cleared["power"] - share)
    return paid.reset_coords(drop=True).transpose("scenario", "participant", "time", "outcome")


def _residuals(data, cleared, share, paid) -> list[xr.DataArray]:
    """Residuals (scenario) in the order of PROPERTIES; NaN where no hour or outcome has one."""
    weight, price, at_da = cleared["risk_probability"], cleared["price_internal"], data["price_da"]
    limit = data["capacity"].sum("participant")
    inside = (cleared["offer"] > RELATIVE * limit) & (cleared["offer"] < (1 - RELATIVE) * limit)
    below, above = data["price_surplus"] * weight - price, price - data["price_shortage"] * weight
    payoff = cleared["price_revenue"] - cleared["reported_cost"]
    revenue = at_da * cleared["offer"] + data["price_surplus"] * cleared["surplus"]
    revenue = revenue - data["price_shortage"] * cleared["shortage"]
    mean = (weight * paid.fillna(0.0)).sum(["time", "outcome"])
    rent = cleared["capacity_price"] * (data["capacity"] - share)  # the settlement pays the rent by offer, not capacity
    residuals = [
        np.abs(weight.sum("outcome") - 1),
        np.abs(price.sum("outcome") - at_da).where(inside).max("time"),
        np.maximum(below, above).max(["time", "outcome"]),
        np.abs(payoff.sum("participant") + cleared["objective"]),
        np.abs(paid.sum("participant", skipna=False) - revenue).max(["time", "outcome"]),
        np.abs(mean + rent.sum("time") - cleared["price_revenue"]).max("participant"),
    ]
    return [np.maximum(0.0, one).reset_coords(drop=True) for one in residuals]
