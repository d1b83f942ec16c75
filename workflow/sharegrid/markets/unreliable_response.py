"""Demand response over links that lose messages: whom to call, for how much, and how often to repeat the call (chapter 9.4).

    min  sum_im b_i w_im + k sum_im a_im z_im + v u
    s.t. w_im <= xbar_i z_im,   sum_m z_im <= 1
         sum_im l_im z_im <= W                                                        (slots)
         expected:  sum_im rho_im w_im + u >= R                                       [lambda]
         chance:    sum_im U_ims w_im + u + R o_s >= R,   sum_s o_s <= floor(eps S)   [mu_s]
         w >= 0, u >= 0, z and o binary

x_i = sum_m w_im called reduction [kW]; z option chosen: m retransmissions; u certain power that replaces what is not delivered
[kW]; o outcome that may be missed. b price [$/kWh], a expected attempts, k price of an attempt [$], rho probability of
arrival, U 1 if the call arrives in the outcome, l slots of an option, v price of backup. One hour, so kW and kWh agree.

The product x_i z_im of the delivery is linear in w exactly: at most one z_im is 1, and then w_im = x_i <= xbar_i. In the chance
rows R is the smallest big number that serves, as the left side is never negative.

Users own w and z; closed, nobody is called and the backup delivers, so every coalition can be valued. All users together must
do without it. A scenario of one variant has the rows of the other with nothing required.
"""

import linopy
import numpy as np
import xarray as xr

from sharegrid.optimise.program import new_model
from sharegrid.preparation.unreliable_response import allowed_misses

COUNTERFACTUAL: dict[str, tuple[str, str]] = {}  # of a coalition only the value is asked
LOST_LOAD = None
UNMET = 1e-6  # of the requirement: what a solver may leave
MOST_ENUMERATED = 16  # users called, whose arrivals are enumerated for the probability of a miss


def build(data: xr.Dataset) -> linopy.Model:
    """The model of all scenarios of `data` (dims scenario, participant, option, outcome)."""
    model = new_model()
    add_calls(model, data)
    add_backup(model, data)
    add_misses(model, data)
    define_calls_by_option(model, data)
    define_one_option(model, data)
    define_slots(model, data)
    define_expected_delivery(model, data)
    define_outcome_delivery(model, data)
    define_allowed_misses(model, data)
    of = model.variables
    messages = data["message_price"] * data["attempts"] * of["chosen"]
    calls = data["reduction_price"] * of["called"]
    model.add_objective((messages + calls).sum() + (data["backup_price"] * of["backup"]).sum())
    return model


def owners(data: xr.Dataset) -> dict[str, xr.DataArray]:
    """Users own their calls and options; backup and missed outcomes belong to nobody."""
    user = data["participant"].astype(object).reset_coords(drop=True)
    return {"called": user, "chosen": user}


def is_chance(data: xr.Dataset) -> xr.DataArray:
    """(scenario), whether the requirement holds by outcome."""
    return data["delivery"] == "chance"


def add_calls(model: linopy.Model, data: xr.Dataset) -> None:
    """0 <= w_im <= xbar_i kW; z_im integer in 0..1, 0 where the option is not allowed (scenario, participant, option)."""
    allowed = data["allowed"].astype(float)
    limit = (data["reduction_limit"] * allowed).transpose(*allowed.dims)
    model.add_variables(lower=xr.zeros_like(limit), upper=limit, name="called")
    model.add_variables(lower=xr.zeros_like(allowed), upper=allowed, integer=True, name="chosen")


def add_backup(model: linopy.Model, data: xr.Dataset) -> None:
    """0 <= u <= R (scenario) kW."""
    required = data["requirement_kw"].astype(float).reset_coords(drop=True)
    model.add_variables(lower=xr.zeros_like(required), upper=required, name="backup")


def add_misses(model: linopy.Model, data: xr.Dataset) -> None:
    """o_s integer in 0..1 (scenario, outcome); 1 where the requirement holds in expectation only."""
    upper = xr.ones_like(data["arrived"].isel(participant=0, option=0, drop=True), dtype=float)
    model.add_variables(lower=upper.where(~is_chance(data), 0.0), upper=upper, integer=True, name="missed")


def define_calls_by_option(model: linopy.Model, data: xr.Dataset) -> None:
    """w_im - xbar_i z_im <= 0 (scenario, participant, option) kW."""
    of = model.variables
    model.add_constraints(of["called"] - data["reduction_limit"] * of["chosen"] <= 0, name="calls_by_option")


def define_one_option(model: linopy.Model, data: xr.Dataset) -> None:
    """sum_m z_im <= 1 (scenario, participant)."""
    model.add_constraints(model.variables["chosen"].sum("option") <= 1, name="one_option")


def define_slots(model: linopy.Model, data: xr.Dataset) -> None:
    """sum_im l_im z_im <= W (scenario): every attempt of an option has its slot, whether it is needed or not."""
    used = (data["slots_taken"] * model.variables["chosen"]).sum(["participant", "option"])
    model.add_constraints(used <= data["slots"].reset_coords(drop=True), name="slots")


def define_expected_delivery(model: linopy.Model, data: xr.Dataset) -> None:
    """sum_im rho_im w_im + u >= R, 0 with chance (scenario) kW; its dual is the price lambda."""
    of = model.variables
    delivered = (data["delivered"] * of["called"]).sum(["participant", "option"]) + of["backup"]
    required = data["requirement_kw"].where(~is_chance(data), 0.0).reset_coords(drop=True)
    model.add_constraints(delivered >= required, name="expected_delivery")


def define_outcome_delivery(model: linopy.Model, data: xr.Dataset) -> None:
    """sum_im U_ims w_im + u + R o_s >= R (scenario, outcome) kW; its dual is the price mu_s."""
    of, required = model.variables, data["requirement_kw"].reset_coords(drop=True)
    delivered = (data["arrived"] * of["called"]).sum(["participant", "option"]) + of["backup"]
    model.add_constraints(delivered + required * of["missed"] >= required, name="outcome_delivery")


def define_allowed_misses(model: linopy.Model, data: xr.Dataset) -> None:
    """sum_s o_s <= floor(eps S) (scenario); S where the requirement holds in expectation only."""
    count = data.sizes["outcome"]
    allowed = [allowed_misses(epsilon, count) if chance else count
               for epsilon, chance in zip(data["epsilon"].values, is_chance(data).values, strict=True)]  # fmt: skip
    limit = xr.DataArray(np.array(allowed, float), dims="scenario", coords={"scenario": data["scenario"].values})
    model.add_constraints(model.variables["missed"].sum("outcome") <= limit, name="allowed_misses")


def read_out(data: xr.Dataset, primal: xr.Dataset, dual: xr.Dataset, reduced_cost: xr.Dataset) -> xr.Dataset:
    """Calls, options, deliveries and prices, and what each user delivers in expectation, costs and earns at the prices.

    A user's cost has the attempts of its call. ValueError names scenario and the most that was delivered where all users
    together need the backup.
    """
    by_option, chosen = primal["called"], primal["chosen"].round()
    _refuse_backup(data, primal["backup"])
    expected = (data["delivered"] * by_option).sum("option")
    in_outcome = (data["arrived"] * by_option).sum("option")
    attempts = (data["attempts"] * chosen).sum("option")
    called = by_option.sum("option")
    cost = data["reduction_price"] * called + data["message_price"] * attempts
    short = in_outcome.sum("participant") < data["requirement_kw"] * (1 - UNMET)
    cleared = xr.Dataset(
        {
            "output": expected,
            "reported_cost": cost,
            "true_cost": cost,
            "price_revenue": dual["expected_delivery"] * expected
            + (dual["outcome_delivery"] * in_outcome).sum("outcome"),
            "active": (chosen.sum("option") > 0).astype("i1"),
            "chosen": chosen,
            "called": called,
            "expected_attempts": attempts,
            "slots_used": (data["slots_taken"] * chosen).sum(["participant", "option"]),
            "backup": primal["backup"],
            "outcome_delivery": in_outcome.sum("participant"),
            "missed_share": short.mean("outcome"),
            "missed_probability": missed_probability(data, called, chosen),
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


def missed_probability(data: xr.Dataset, called: xr.DataArray, chosen: xr.DataArray) -> xr.DataArray:
    """Probability that less than required arrives (scenario), over all arrivals of independent links; NaN for too many."""
    arrives = (data["delivered"] * chosen).sum("option").transpose(*called.dims).values
    found = [_shortfall(*one) for one in zip(called.values, arrives, data["requirement_kw"].values, strict=True)]
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
