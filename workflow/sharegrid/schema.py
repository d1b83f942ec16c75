"""The Dataset contract: every variable that stages hand to each other, with its dims, unit and meaning."""

import json
from importlib.metadata import version
from typing import NamedTuple

import numpy as np
import xarray as xr

ALIKE = ("scenario",)  # a dim that a variable may lack where it is the same in all scenarios


class Variable(NamedTuple):
    """Unit, meaning and dims of a variable. `finite` forbids NaN, which says "not asked", and infinity, which says "no
    limit"; `low` is the smallest value."""

    unit: str
    meaning: str
    dims: tuple[str, ...]
    finite: bool = True
    low: float = -np.inf


def _v(unit: str, meaning: str, dims: str = "", finite: bool = True, low: float = -np.inf) -> Variable:
    return Variable(unit, meaning, tuple(dims.split()), finite, low)


ROUNDING = 1e-6  # what a solver may leave below `low`
LABELS = {  # the coordinates along the dims
    "scenario": _v("1", "scenario", "scenario"),
    "bus": _v("1", "bus", "bus"),
    "branch": _v("1", "branch", "branch"),
    "generator": _v("1", "generator", "generator"),
    "block": _v("1", "offer block, from the cheapest", "block"),
    "participant": _v("1", "participant", "participant"),
    "coalition": _v("1", "coalition, named by who is absent", "coalition"),
    "engine": _v("1", "back end of the value engine", "engine"),
    "mechanism": _v("1", "payment mechanism", "mechanism"),
    "deficit_rule": _v("1", "rule that shares the deficit", "deficit_rule"),
}


DATA = {
    "demand": _v("MW", "demand with shunts; negative = fixed injection", "scenario bus"),
    "voll": _v("$/MWh", "price of lost load in the model", "scenario", low=0),
    "from_bus": _v("1", "bus where the branch starts", "branch"),
    "to_bus": _v("1", "bus where the branch ends", "branch"),
    "susceptance": _v("MW/rad", "susceptance of the branch", "branch"),
    "shift": _v("rad", "phase shift of the branch", "branch"),
    "line_limit": _v("MW", "limit of the branch; infinite = none", "scenario branch", False, 0),
    "reference_bus": _v("1", "bus with angle 0"),
    "generator_bus": _v("1", "bus of the generator", "generator"),
    "offer_quantity": _v("MW", "reported width of the block", "scenario generator block", low=0),
    "offer_price": _v("$/MWh", "reported price of the block", "scenario generator block"),
    "offer_quadratic": _v("$/MW^2h", "reported quadratic cost", "scenario generator", low=0),
    "must_run": _v("MW", "forced part of the output", "generator"),
    "must_run_cost": _v("$/h", "cost of the forced part", "generator"),
    "cost_quantity": _v("MW", "true width of the block", "generator block", low=0),
    "cost_price": _v("$/MWh", "true price of the block", "generator block"),
    "cost_quadratic": _v("$/MW^2h", "true quadratic cost", "generator", low=0),
    "owner": _v("1", "participant that owns the generator", "generator"),
    "family": _v("1", "family of scenarios", "scenario"),
    "variant": _v("1", "line limits: none, case or a factor on the case's", "scenario"),
    "n1_rule": _v("1", "rule for counterfactuals without enough capacity", "scenario"),
    "distortion": _v("1", "false report of several participants", "scenario"),
    "deviator": _v("1", "participant that deviates from the base scenario", "scenario"),
    "price_multiplier": _v("1", "deviator's factor on its offer prices", "scenario"),
    "quantity_multiplier": _v("1", "deviator's factor on its offered quantities", "scenario"),
    "base": _v("1", "scenario from which the deviator deviates", "scenario"),
    "demand_mw": _v("MW", "total demand", "scenario"),
}
CLEARED = {
    "objective": _v("$/h", "minimised cost J with everybody, with lost load", "scenario"),
    "relative_gap": _v("1", "certified relative gap of the objective", "scenario"),
    "dispatch": _v("MW", "output of the generator", "scenario generator"),
    "block_dispatch": _v("MW", "accepted part of the block", "scenario generator block"),
    "shed": _v("MW", "lost load", "scenario bus", low=0),
    "served": _v("MW", "served demand", "scenario bus"),
    "flow": _v("MW", "flow from from_bus to to_bus", "scenario branch"),
    "price": _v("$/MWh", "locational marginal price: cost of one more MW of demand", "scenario bus"),
    "line_multiplier": _v("$/MWh", "multiplier of the upper minus that of the lower flow limit", "scenario branch"),
    "output": _v("MW", "output of the participant", "scenario participant"),
    "reported_cost": _v("$/h", "cost of its output as reported", "scenario participant"),
    "true_cost": _v("$/h", "true cost of its output", "scenario participant"),
    "price_revenue": _v("$/h", "revenue at the marginal prices", "scenario participant"),
    "load_payment": _v("$/h", "payment of the loads at the marginal prices", "scenario"),
    "congestion_rent": _v("$/h", "load payment minus generators' revenue at the marginal prices", "scenario"),
    "lost_load": _v("MW", "total lost load", "scenario"),
}
VALUES = {
    "member": _v("1", "1 if the participant belongs to the coalition", "coalition participant"),
    "cost": _v("$/h", "minimised cost J with the coalition's members only", "scenario coalition", False),
    "lost_load": _v("MW", "lost load with the coalition's members only", "scenario coalition", False),
    "iterations": _v("1", "simplex iterations", "scenario coalition", False),
    "fallback": _v("1", "1 if the warm start failed and a cold solve answered", "scenario coalition", False),
    "price_without": _v("$/MWh", "marginal price without the participant", "scenario participant bus", False),
    "shed_without": _v("MW", "lost load without the participant", "scenario participant bus", False),
    "core_complete": _v("1", "1 if the coalitions suffice for the core", "scenario"),
    "engine_counterfactuals": _v("1", "counterfactuals solved by the engine", "scenario engine", False),
    "engine_lp_solves": _v("1", "linear programs solved by the engine", "scenario engine", False),
    "engine_iterations": _v("1", "simplex iterations of the engine", "scenario engine", False),
    "engine_lines_generated": _v("1", "line rows generated by the engine", "scenario engine", False),
    "engine_max_abs_dj": _v("$/h", "largest difference of J to the engine of the study", "scenario engine", False),
}
PAYMENTS = {
    "payment": _v("$/h", "payment to the participant", "scenario mechanism participant", False),
    "profit": _v("$/h", "payment minus true cost", "scenario mechanism participant", False),
    "removal_cost": _v("$/h", "minimised cost without the participant", "scenario participant", False),
    "premium": _v("$/h", "VCG payment minus revenue at the marginal prices", "scenario participant", False),
    "revenue_inadequacy": _v("$/h", "VCG payments minus load payment", "scenario", False),
}
CONTRACTS = {"own": {}, "data": DATA, "cleared": CLEARED, "values": VALUES, "payments": PAYMENTS}


REQUIRED = {
    "data": ("base", "deviator", "family", "participant"),  # what mechanisms need of any market
    "cleared": ("objective", "output", "reported_cost", "true_cost", "price_revenue"),
    "values": ("cost", "member", "core_complete"),
    "payments": ("payment", "profit"),
}


def described(dataset: xr.Dataset, contract: str, config: dict | None = None) -> xr.Dataset:
    """The Dataset with units and long_name on every variable of the contract that lacks them and, given the configuration
    of the job that made it, with that and the versions of the solver as attributes."""
    dataset, variables = dataset.copy(), LABELS | DATA | CONTRACTS[contract]  # coordinates are the same everywhere
    for name in dataset.variables:
        if name in variables:
            known = variables[name]
            dataset[name].attrs = {"units": known.unit, "long_name": known.meaning} | dataset[name].attrs
    if config is not None:
        own = {key: value for key, value in config.items() if key != "chunks"}  # how the work was split is no result
        dataset.attrs["configuration"] = json.dumps(own, sort_keys=True)
    if config is not None and contract in ("cleared", "values"):
        dataset.attrs |= {
            "status": "optimal",
            "solver": f"HiGHS {version('highspy')}",
            "models": f"linopy {version('linopy')}",
        }
    return dataset


def check(dataset: xr.Dataset, contract: str) -> xr.Dataset:
    """The Dataset, if its variables keep the contract; ValueError names the variable and the label otherwise.

    A Dataset without scenarios (a market with its own contract, an empty chunk) need not have the required variables.
    """
    known = CONTRACTS[contract]
    missing = [name for name in REQUIRED.get(contract, ()) if name not in dataset.variables]
    if dataset.sizes.get("scenario") and missing:
        raise ValueError(f"{contract}: {missing[0]}: the variable is missing; make the file anew")
    for name, variable in dataset.variables.items():
        if name not in dataset.dims and not {"units", "long_name"} <= set(variable.attrs):
            raise ValueError(f"{contract}: {name}: no units and long_name; add it to schema.py or describe it")
    for name in set(known) & set(dataset.variables):
        _check_dims(dataset[name], known[name], f"{contract}: {name}")
        _check_numbers(dataset[name], known[name], f"{contract}: {name}")
    _check_references(dataset, contract)
    return dataset


def _check_dims(array: xr.DataArray, known: Variable, where: str) -> None:
    own, allowed = set(array.dims), set(known.dims)
    if own - allowed - set(ALIKE) or allowed - own - set(ALIKE):
        raise ValueError(f"{where}: dims are {array.dims}, not {known.dims}")


def _check_numbers(array: xr.DataArray, known: Variable, where: str) -> None:
    if array.dtype.kind not in "fiu":
        return
    wrong = array < known.low - ROUNDING
    if known.finite:
        wrong = wrong | ~np.isfinite(array)
    for place in np.argwhere(wrong.values)[:1]:
        labels = ", ".join(f"{dim} {array[dim].values[k]}" for dim, k in zip(array.dims, place, strict=True))
        limits = f"a number from {known.low:g} up" if np.isfinite(known.low) else "a finite number"
        raise ValueError(f"{where}: {array.values[tuple(place)]} at {labels}; it must be {limits}")


def _check_references(dataset: xr.Dataset, contract: str) -> None:
    """Every bus and participant that is referred to exists."""
    for name, target in (("from_bus", "bus"), ("to_bus", "bus"), ("generator_bus", "bus"), ("owner", "participant")):
        if name in dataset and target in dataset.coords:
            unknown = set(dataset[name].values.ravel().tolist()) - set(dataset[target].values.tolist())
            if unknown:
                raise ValueError(f"{contract}: {name}: no {target} is called {min(unknown)}")
