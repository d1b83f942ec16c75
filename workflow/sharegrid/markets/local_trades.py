"""Prosumers who generate, buy from the grid and trade with their neighbours in a graph (section 9.3).

    min  sum_i (a_i/2 x_i^2 + b_i x_i + p g_i) + c sum_ij e_ij
    s.t. x_i + g_i - sum_j e_ij + sum_j e_ji - d_i m_i = 0                                     [lambda_i]
         sum_i e_ij - (sum_i E_ij) m_j <= 0
         0 <= x_i <= X_i,  g_i >= 0,  0 <= e_ij <= E_ij,  m_i = 1

x own generation, g purchase from the grid, which buys nothing, e_ij what i sells to j, E_ij the limit of an edge (0 without an
edge) [kW]; d load; a, b cost of generation, p price of the grid, c cost of a traded kWh [$/kWh]. Hours are the time step.

The load is a multiple of m_i, a variable fixed at 1 that its user owns; sales belong to the seller, and the second rows, which do
not bind while everybody is there, close those to a buyer who is not. So nobody passes energy on who does not take part, all rows
have the right-hand side 0, and payments at the prices lambda are in the core (Owen, Math. Programming 9:358-370, 1975). Without
a limit an edge carries at most all loads, as no optimum needs more.
"""

import linopy
import numpy as np
import xarray as xr

from sharegrid.optimise.program import new_model

COUNTERFACTUAL: dict[str, tuple[str, str]] = {}
LOST_LOAD = None


def build(data: xr.Dataset) -> linopy.Model:
    """The model of all scenarios of `data` (dims scenario, participant, partner)."""
    model = new_model()
    add_generation(model, data)
    add_trades(model, data)
    define_balance(model, data)
    define_purchase_limit(model, data)
    model.add_objective(cost(model, data))
    return model


def owners(data: xr.Dataset) -> dict[str, xr.DataArray]:
    """Who owns which variable: everything belongs to a prosumer, a trade to its seller."""
    user = data["participant"].astype(str).reset_coords(drop=True)
    return dict.fromkeys(("member", "generation", "grid_purchase", "trade"), user)


def add_generation(model: linopy.Model, data: xr.Dataset) -> None:
    """m_i = 1, 0 of who does not take part; 0 <= x_i <= X_i and 0 <= g_i in kW (scenario, participant)."""
    member, limit = data["taking_part"].astype(float), data["generation_limit"]
    model.add_variables(lower=member, upper=member, name="member")
    model.add_variables(lower=xr.zeros_like(limit), upper=limit, name="generation")
    model.add_variables(lower=xr.zeros_like(limit), name="grid_purchase")


def add_trades(model: linopy.Model, data: xr.Dataset) -> None:
    """0 <= e_ij <= E_ij (scenario, participant, partner) kW."""
    most = trade_limits(data)
    model.add_variables(lower=xr.zeros_like(most), upper=most, name="trade")


def trade_limits(data: xr.Dataset) -> xr.DataArray:
    """E_ij (scenario, participant, partner) kW: the limit of an edge, at most the sum of the loads; 0 without an edge."""
    limit = np.minimum(data["trade_limit"].reset_coords(drop=True), data["load"].sum("participant"))
    return (limit * data["adjacency"]).transpose("scenario", "participant", "partner").reset_coords(drop=True)


def define_balance(model: linopy.Model, data: xr.Dataset) -> None:
    """x_i + g_i - sum_j e_ij + sum_j e_ji - d_i m_i = 0 (scenario, participant) kW; its dual is the local price lambda_i."""
    of = model.variables
    sold = of["trade"].sum("partner")
    bought = of["trade"].sum("participant").rename(partner="participant")
    own = of["generation"] + of["grid_purchase"] - data["load"] * of["member"]
    model.add_constraints(own - sold + bought == 0, name="balance")


def define_purchase_limit(model: linopy.Model, data: xr.Dataset) -> None:
    """sum_i e_ij - (sum_i E_ij) m_j <= 0 (scenario, participant j) kW: nobody sells to who is absent."""
    of = model.variables
    bought = of["trade"].sum("participant").rename(partner="participant")
    most = trade_limits(data).sum("participant").rename(partner="participant")
    model.add_constraints(bought - most * of["member"] <= 0, name="purchase_limit")


def cost(model: linopy.Model, data: xr.Dataset):
    """sum_i (a_i/2 x_i^2 + b_i x_i + p g_i) + c sum_ij e_ij (all scenarios) in $/h."""
    of = model.variables
    generation = 0.5 * data["quadratic_cost"] * of["generation"] * of["generation"]
    generation = generation + data["linear_cost"] * of["generation"]
    bought = data["grid_price"] * of["grid_purchase"]
    return generation.sum() + bought.sum() + (data["trade_cost"].reset_coords(drop=True) * of["trade"]).sum()


def read_out(data: xr.Dataset, primal: xr.Dataset, dual: xr.Dataset, reduced_cost: xr.Dataset) -> xr.Dataset:
    """Generation, purchases, trades, local prices, and what each prosumer pays or gets for its trades.

    price_revenue: sales less purchases at the prices of the trades (trade_prices). primal and reduced_cost by variable, dual by
    constraint family.
    """
    price, trade = dual["balance"].where(data["taking_part"] == 1, 0.0), primal["trade"]
    value = trade_prices(data, price) * trade
    sold, bought = value.sum("partner"), value.sum("participant").rename(partner="participant")
    x, own = primal["generation"], data["quadratic_cost"] / 2 * primal["generation"] ** 2
    carried = data["trade_cost"] * trade.sum("partner")
    paid = own + data["linear_cost"] * x + data["grid_price"] * primal["grid_purchase"] + carried
    cleared = xr.Dataset(
        {
            "price": price,
            "generation": x,
            "grid_purchase": primal["grid_purchase"],
            "trade": trade,
            "traded": trade.sum(["participant", "partner"]),
            "edge_rent": (edge_rent(data, price) * trade).sum(["participant", "partner"]),
            "output": trade.sum("partner") - trade.sum("participant").rename(partner="participant"),
            "reported_cost": paid,
            "true_cost": paid,
            "price_revenue": sold - bought,
            "active": data["taking_part"],
        }
    )
    return cleared.reset_coords(drop=True)


def edge_rent(data: xr.Dataset, price: xr.DataArray) -> xr.DataArray:
    """lambda_j - lambda_i - c where positive (scenario, participant i, partner j) $/kWh: value of one more kW from i to j."""
    at_buyer = price.rename(participant="partner")
    return (at_buyer - price - data["trade_cost"]).clip(min=0.0)


def trade_prices(data: xr.Dataset, price: xr.DataArray) -> xr.DataArray:
    """What j pays i per kWh (scenario, participant i, partner j) $/kWh: the buyer's price less half of the edge's rent.

    A limit of an edge is there only if both are, so any division of its rent is in the core; the halves treat them alike.
    """
    return price.rename(participant="partner") - edge_rent(data, price) / 2
