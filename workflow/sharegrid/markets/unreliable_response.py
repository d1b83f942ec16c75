"""Demand response over links that lose messages: whom to call, for how much, and how often to repeat the call (chapter 9.4).

    min  sum_imn b_i w_imn + k (sum_im a_im z_im + sum_n a_n r_n) + v u
    s.t. w_imn <= xbar_i y_imn,   y_imn = z_im r_n,   sum_m z_im <= 1,   sum_n r_n <= 1
         sum_im l_im z_im + sum_n l_n r_n <= W                                              (slots)
         expected:  sum_imn rho_im rho_n w_imn + u >= R                                     [lambda]
         chance:    sum_imn U_ims U_ns w_imn + u + R o_s >= R,   sum_s o_s <= floor(eps S)  [mu_s]
         w >= 0, u >= 0, z, r and o binary

x_i = sum_mn w_imn called reduction [kW]; z, r chosen: m retransmissions of the user's own link, n of the relay; u certain power
that replaces what is not delivered [kW]; o outcome that may be missed. b price [$/kWh], a expected attempts, k price of an
attempt [$], rho probability of arrival, U 1 if a call passes in the outcome, l slots of an option, v price of backup. Without a
relay, and for users who are not behind it, r is 1 for n = 0, which delivers all for nothing. One hour, so kW and kWh agree.

The product x_i z_im of the delivery is linear in w exactly: at most one y_imn is 1, and then w_imn = x_i <= xbar_i; the product
of two choices is linear in y exactly (markets/binary_products.py); a path that ends after the deadline has y = 0. In the chance rows R is the smallest big number that
serves, as the left side is never negative.

Users own w, y and z; closed, nobody is called and the backup delivers, so every coalition can be valued. All users together must
do without it. A scenario of one variant has the rows of the other with nothing required.
"""

import linopy
import numpy as np
import xarray as xr

from sharegrid.markets.binary_products import define_product
from sharegrid.optimise.program import new_model
from sharegrid.preparation.unreliable_response import allowed_misses

COUNTERFACTUAL: dict[str, tuple[str, str]] = {}  # of a coalition only the value is asked
LOST_LOAD = None
UNMET = 1e-6  # of the requirement: what a solver may leave
PATH = ("scenario", "participant", "option", "relay_option")
MOST_ENUMERATED = 16  # users called, whose arrivals are enumerated for the probability of a miss


def build(data: xr.Dataset) -> linopy.Model:
    """The model of all scenarios of `data` (dims scenario, participant, option, relay_option, outcome)."""
    model, data = new_model(), data.reset_coords()  # coordinates beside the labels slow every expression down
    add_calls(model, data)
    add_backup(model, data)
    add_misses(model, data)
    define_paths(model, data)
    define_calls_by_path(model, data)
    define_one_option(model, data)
    define_slots(model, data)
    define_expected_delivery(model, data)
    define_outcome_delivery(model, data)
    define_allowed_misses(model, data)
    of = model.variables
    messages = data["message_price"] * data["attempts"] * of["chosen"]
    relay = data["message_price"] * data["relay_attempts"] * of["relay_chosen"]
    calls = data["reduction_price"] * of["called"]
    model.add_objective(messages.sum() + relay.sum() + calls.sum() + (data["backup_price"] * of["backup"]).sum())
    return model


def owners(data: xr.Dataset) -> dict[str, xr.DataArray]:
    """Users own their calls, paths and options; the relay, backup and missed outcomes belong to nobody."""
    user = data["participant"].astype(object).reset_coords(drop=True)
    return {"called": user, "path": user, "chosen": user}


def is_chance(data: xr.Dataset) -> xr.DataArray:
    """(scenario), whether the requirement holds by outcome."""
    return data["delivery"] == "chance"


def add_calls(model: linopy.Model, data: xr.Dataset) -> None:
    """0 <= w_imn <= xbar_i kW and 0 <= y_imn <= 1 (scenario, participant, option, relay_option), 0 where the option is not
    allowed or the path ends after the deadline; z_im integer in 0..1 (scenario, participant, option), r_n (scenario, relay_option)."""
    allowed, relay = data["allowed"].astype(float), xr.ones_like(data["relay_delivered"])
    path = (allowed * relay * data["path_in_time"]).transpose(*PATH)
    model.add_variables(
        lower=xr.zeros_like(path), upper=(path * data["reduction_limit"]).transpose(*PATH), name="called"
    )
    model.add_variables(lower=xr.zeros_like(path), upper=path, name="path")
    model.add_variables(lower=xr.zeros_like(allowed), upper=allowed, integer=True, name="chosen")
    lower = xr.zeros_like(relay) if data["relayed"].any() else relay  # without a relay nothing is chosen
    model.add_variables(lower=lower, upper=relay, integer=True, name="relay_chosen")


def add_backup(model: linopy.Model, data: xr.Dataset) -> None:
    """0 <= u <= R (scenario) kW."""
    required = data["requirement_kw"].astype(float)
    model.add_variables(lower=xr.zeros_like(required), upper=required, name="backup")


def add_misses(model: linopy.Model, data: xr.Dataset) -> None:
    """o_s integer in 0..1 (scenario, outcome); 1 where the requirement holds in expectation only."""
    upper = xr.ones_like(data["arrived"].isel(participant=0, option=0, drop=True), dtype=float)
    model.add_variables(lower=upper.where(~is_chance(data), 0.0), upper=upper, integer=True, name="missed")


def define_paths(model: linopy.Model, data: xr.Dataset) -> None:
    """y_imn = z_im r_n; of users who are not behind the relay y_im0 = z_im and y_imn = 0 (path rows)."""
    of, behind = model.variables, data["relayed"].astype(float)
    first = (data["relay_option"] == 0).astype(float)
    define_product(model, of["path"], [1 * of["chosen"], behind * of["relay_chosen"] + (1 - behind) * first], "paths")


def define_calls_by_path(model: linopy.Model, data: xr.Dataset) -> None:
    """w_imn - xbar_i y_imn <= 0 (scenario, participant, option, relay_option) kW."""
    of = model.variables
    model.add_constraints(of["called"] - data["reduction_limit"] * of["path"] <= 0, name="calls_by_path")


def define_one_option(model: linopy.Model, data: xr.Dataset) -> None:
    """sum_m z_im <= 1 (scenario, participant); sum_n r_n <= 1 (scenario)."""
    model.add_constraints(model.variables["chosen"].sum("option") <= 1, name="one_option")
    model.add_constraints(model.variables["relay_chosen"].sum("relay_option") <= 1, name="one_relay_option")


def define_slots(model: linopy.Model, data: xr.Dataset) -> None:
    """sum_im l_im z_im + sum_n l_n r_n <= W (scenario): every attempt of an option has its slot, needed or not."""
    of = model.variables
    used = (data["slots_taken"] * of["chosen"]).sum(["participant", "option"])
    shared = (data["relay_slots"] * of["relay_chosen"]).sum("relay_option")
    model.add_constraints(used + shared <= data["slots"], name="slot_limit")


def define_expected_delivery(model: linopy.Model, data: xr.Dataset) -> None:
    """sum_imn rho_im rho_n w_imn + u >= R, 0 with chance (scenario) kW; its dual is the price lambda."""
    of = model.variables
    delivered = (through(data, "delivered") * of["called"]).sum(["participant", "option", "relay_option"])
    required = data["requirement_kw"].where(~is_chance(data), 0.0)
    model.add_constraints(delivered + of["backup"] >= required, name="expected_delivery")


def define_outcome_delivery(model: linopy.Model, data: xr.Dataset) -> None:
    """sum_imn U_ims U_ns w_imn + u + R o_s >= R (scenario, outcome) kW; its dual is the price mu_s."""
    of, required = model.variables, data["requirement_kw"]
    delivered = (through(data, "arrived") * of["called"]).sum(["participant", "option", "relay_option"])
    model.add_constraints(delivered + of["backup"] + required * of["missed"] >= required, name="outcome_delivery")


def through(data: xr.Dataset, name: str) -> xr.DataArray:
    """rho_im rho_n or U_ims U_ns (scenario, participant, option, relay_option, ...), of users behind the relay; else the first
    factor alone. name: delivered or arrived."""
    relay = data[f"relay_{name}"].where(data["relayed"] == 1, 1.0)
    return (data[name] * relay).transpose(*PATH, ...)


def define_allowed_misses(model: linopy.Model, data: xr.Dataset) -> None:
    """sum_s o_s <= floor(eps S) (scenario); S where the requirement holds in expectation only."""
    count = data.sizes["outcome"]
    allowed = [allowed_misses(epsilon, count) if chance else count
               for epsilon, chance in zip(data["epsilon"].values, is_chance(data).values, strict=True)]  # fmt: skip
    limit = xr.DataArray(np.array(allowed, float), dims="scenario", coords={"scenario": data["scenario"].values})
    model.add_constraints(model.variables["missed"].sum("outcome") <= limit, name="allowed_misses")


def read_out(data: xr.Dataset, primal: xr.Dataset, dual: xr.Dataset, reduced_cost: xr.Dataset) -> xr.Dataset:
    """Calls, options, deliveries and prices, and what each user delivers in expectation, costs and earns at the prices.

    A user's cost has the attempts on its own link; those of the relay belong to nobody. ValueError names scenario and the most
    that was delivered where all users together need the backup.
    """
    _refuse_backup(data, primal["backup"])
    by_path, chosen, relay = primal["called"], primal["chosen"].round(), primal["relay_chosen"].round()
    path = ["option", "relay_option"]
    expected, in_outcome = ((through(data, name) * by_path).sum(path) for name in ("delivered", "arrived"))
    attempts, called = (data["attempts"] * chosen).sum("option"), by_path.sum(path)
    cost = data["reduction_price"] * called + data["message_price"] * attempts
    short = in_outcome.sum("participant") < data["requirement_kw"] * (1 - UNMET)
    slots = (data["slots_taken"] * chosen).sum(["participant", "option"])
    by_outcome = (dual["outcome_delivery"] * in_outcome).sum("outcome")
    cleared = xr.Dataset(
        {
            "output": expected,
            "reported_cost": cost,
            "true_cost": cost,
            "price_revenue": dual["expected_delivery"] * expected + by_outcome,
            "active": (chosen.sum("option") > 0).astype("i1"),
            "chosen": chosen,
            "relay_chosen": relay,
            "called": called,
            "expected_attempts": attempts,
            "slots_used": slots + (data["relay_slots"] * relay).sum("relay_option"),
            "backup": primal["backup"],
            "outcome_delivery": in_outcome.sum("participant"),
            "missed_share": short.mean("outcome"),
            "missed_probability": missed_probability(data, called, chosen, relay),
            "delivery_price": dual["expected_delivery"],
            "outcome_price": dual["outcome_delivery"],
            "capacity": data["reduction_limit"],
        }
    )
    cleared["capacity"].attrs["units"] = "kW"
    return cleared.transpose("scenario", ...).reset_coords(drop=True)


def _refuse_backup(data: xr.Dataset, backup: xr.DataArray) -> None:
    required = data["requirement_kw"]
    for scenario in required["scenario"].values[(backup > UNMET * np.maximum(required, 1)).values]:
        wanted, missing = float(required.sel(scenario=scenario)), float(backup.sel(scenario=scenario))
        raise ValueError(
            f"scenario '{scenario}': users deliver {wanted - missing:.6g} kW at most of the {wanted:g} kW required, at a "
            f"backup price of {float(data['backup_price'].sel(scenario=scenario)):g} $/kWh; lower requirement_kw, raise "
            "slots or epsilon, or raise backup_price if the backup is only cheaper"
        )


def missed_probability(
    data: xr.Dataset, called: xr.DataArray, chosen: xr.DataArray, relay: xr.DataArray
) -> xr.DataArray:
    """Probability that less than required arrives (scenario), over all losses of independent links and of the relay; NaN for
    too many users called."""
    own = (data["delivered"] * chosen).sum("option").transpose(*called.dims).values
    passes, behind = (data["relay_delivered"] * relay).sum("relay_option").values, data["relayed"].values == 1
    required = data["requirement_kw"].values
    found = [
        p * _shortfall(x, arrives, least) + (1 - p) * _shortfall(x, np.where(behind, 0.0, arrives), least)
        for x, arrives, p, least in zip(called.values, own, passes, required, strict=True)
    ]
    return xr.DataArray(found, dims="scenario", coords={"scenario": data["scenario"].values})


def _shortfall(called: np.ndarray, arrives: np.ndarray, required: float) -> float:
    """P(sum_i x_i B_i < required), B_i independent and 1 with probability `arrives`, by enumeration."""
    asked = called > UNMET * max(required, 1)
    if asked.sum() > MOST_ENUMERATED:
        return np.nan
    total, chance = np.zeros(1), np.ones(1)
    for x, p in zip(called[asked], arrives[asked], strict=True):
        total = np.concatenate([total, total + x])
        chance = np.concatenate([chance * (1 - p), chance * p])
    return float(chance[total < required * (1 - UNMET)].sum())
