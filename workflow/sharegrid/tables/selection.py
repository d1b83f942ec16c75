"""What tables and figures read from a study's Datasets: scenarios by family, one array or number by its labels.

Errors name the option and the label, what is known instead, or what the study has to ask for.
"""

import difflib
from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
import xarray as xr

from sharegrid.mechanisms import vcg

SHORT_NAMES = {"lmp": "lmp", "pay-as-bid": "pab", "vcg": "vcg", "core-selecting": "core"}
MISREPORTS = ["misreport"]
IDLE = 1e-9  # MW; the output below which a unit counts as not dispatched
EQUAL = 1e-6  # $/MWh; prices that differ by less are one price

Results = Mapping[str, xr.Dataset]

# the beginning of a stage's or variable's name: what the study has to ask for to get it
CURES = {
    "values": "value: {requests: [...]}",
    "payments": "the stage pay, pay: {mechanisms: {...}},",
    "engine_": "value: {compare: {scenarios: [...]}}",
    "best_": "pay: {checks: {best-responses: {}}}",
    "complement_": "pay: {checks: {complements: {...}}}",
    "entry_": "pay: {checks: {entry: {}}}",
    "proposition_": "pay: {checks: {wholesale-propositions: {}}}",
    "load_charge": "pay: {deficit: {rules: [...]}}",
    "adjusted_payment": "pay: {deficit: {rules: [...]}}",
    "uniform_adder": "pay: {deficit: {rules: [...]}}",
    "premium": "pay: {mechanisms: {vcg: {}}}",
    "revenue_inadequacy": "pay: {mechanisms: {vcg: {}}}",
    "area_": "pay: {checks: {area-deficit: {}}}",
    "challenge": "pay: {checks: {wholesale-challenges: {}}}",
}
LISTED = 20  # labels that an error lists


def known(option: str, labels: Iterable[str], among: Iterable[str]) -> list[str]:
    """`labels` if all are `among` the known ones; ValueError names the option, the label and what it could be."""
    among = list(map(str, among))
    for label in labels:
        if label not in among:
            near = difflib.get_close_matches(label, among, n=1)
            hint = f"did you mean '{near[0]}'? " if near else ""
            more = ", ..." if len(among) > LISTED else ""
            raise ValueError(f"option {option}: no '{label}'; {hint}known: {', '.join(among[:LISTED])}{more}")
    return list(labels)


def chosen(data: xr.Dataset, option: str, labels: list[str] | None, families: list[str]) -> list[str]:
    """The scenarios that an option lists, without it all of `families`; ValueError if the study does not have one."""
    return scenarios(data, families) if labels is None else known(option, labels, data["scenario"].values)


def mechanisms(results: Results, labels: list[str] | None, shown: Iterable[str]) -> list[str]:
    """The mechanisms that the option `mechanisms` lists, without it all that can be shown, of those the study pays by."""
    computed = stage(results, "payments").indexes["mechanism"]
    possible = [name for name in shown if name in computed]
    return possible if labels is None else known("mechanisms", labels, possible)


def rules(results: Results, name: str, labels: list[str] | None, shown: tuple[str, ...]) -> list[str]:
    """The rules that the option `rules` lists, else those `shown`, all with the payments variable `name` (deficit_rule)."""
    return known("rules", labels or shown, read(results, "payments", name)["deficit_rule"].values)


def stage(results: Results, name: str) -> xr.Dataset:
    """The Dataset of a stage; ValueError tells how a study gets it."""
    if name not in results:
        raise ValueError(f"there are no {name} in this study; {_cure(name)}")
    return results[name]


def _cure(name: str) -> str:
    asked = next((what for beginning, what in CURES.items() if name.startswith(beginning)), "what makes it")
    return f"add {asked} to the study"


def scenarios(data: xr.Dataset, families: list[str]) -> list[str]:
    """Labels of the scenarios of these families, in the order of the study; ValueError if a family has none."""
    found = data["family"].values.astype(str)
    known("families", families, sorted(set(found)))
    return [str(label) for label in data["scenario"].values[np.isin(found, families)]]


def read(results: Results, of: str, name: str, **labels: str) -> xr.DataArray:
    """Variable `name` of the stage `of` at `labels`; ValueError names the label or what the study has to ask for."""
    dataset = stage(results, of)
    if name not in dataset:
        raise ValueError(f"there is no '{name}' among the {of} of this study; {_cure(name)}")
    variable = dataset[name]
    for dim, label in labels.items():
        known(dim, [label], variable[dim].values)
    return variable.sel(labels, drop=True)


def tidy(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with numbers to a millionth of their unit: what a solver leaves of a zero is none, and none is negative."""
    numbers = frame.select_dtypes("float").columns
    return frame.assign(**{name: frame[name].round(6) + 0.0 for name in numbers})


def by_mechanism(results: Results, name: str, scenario: str, mechanism: str) -> np.ndarray:
    """payments variable `name` (participant) in $/h; NaN if the study has no such mechanism or it was not valued there."""
    variable = read(results, "payments", name, scenario=scenario)
    if mechanism not in variable.indexes["mechanism"]:
        return np.full(variable.sizes["participant"], np.nan)
    return variable.sel(mechanism=mechanism).transpose("participant").values


def number(results: Results, name: str, scenario: str) -> float:
    """payments variable `name` of one scenario; NaN if the study did not ask for it."""
    payments = stage(results, "payments")
    return float(payments[name].sel(scenario=scenario)) if name in payments else float("nan")


def lost_load_without(results: Results, scenario: str) -> np.ndarray:
    """Lost load in MW when one participant is absent (participant). Undispatched participants leave the base case unchanged."""
    base = results["cleared"].sel(scenario=scenario)
    lost = vcg.lost_load_without(stage(results, "values"))
    known("scenario", [scenario], lost["scenario"].values)
    lost = lost.sel(scenario=scenario).values
    return np.where(np.isnan(lost) & (base["output"].values <= IDLE), float(base["lost_load"]), lost)


def price_of(data: xr.Dataset, cleared: xr.Dataset) -> np.ndarray:
    """LMP in $/MWh that each participant receives in one cleared scenario (participant): its output weighs its generators.

    So it times the output is the revenue at LMP. NaN without output at generators with different prices.
    """
    at_units = cleared["price"].sel(bus=data["generator_bus"].values).values
    output, revenue = cleared["output"].values, cleared["price_revenue"].values
    weighted = np.divide(revenue, output, out=np.full(len(output), np.nan), where=np.abs(output) > IDLE)
    owners, names = data["owner"].values.astype(str), data["participant"].values.astype(str)
    own = [at_units[owners == name] for name in names]
    return np.array(
        [
            prices.mean() if np.allclose(prices, prices[0], rtol=0, atol=EQUAL) else mean
            for prices, mean in zip(own, weighted, strict=True)
        ]
    )


def bus_of(data: xr.Dataset) -> list[str]:
    """Bus of each participant's generators; empty where they are at several buses."""
    buses, owners = data["generator_bus"].values.astype(str), data["owner"].values.astype(str)
    own = [set(buses[owners == name]) for name in data["participant"].values.astype(str)]
    return [found.pop() if len(found) == 1 else "" for found in own]


def largest(results: Results, scenarios: list[str], count: int | None) -> list[str]:
    """The `count` participants (None: all) with the largest output over all `scenarios`, in the order of the study."""
    names = results["data"]["participant"].values.astype(str)
    output = results["cleared"]["output"].sel(scenario=scenarios).sum("scenario").values
    return [str(name) for name in names[np.sort(np.argsort(-output, kind="stable")[:count])]]


def capacity(data: xr.Dataset, scenario: str) -> np.ndarray:
    """Offered quantity in MW (participant) in one scenario; 0 for who does not take part in it."""
    offered = data["offer_quantity"].sel(scenario=scenario).sum("block").values
    owners = data["owner"].values.astype(str)
    return np.array([offered[owners == name].sum() for name in data["participant"].values.astype(str)])


def residual_supply_index(data: xr.Dataset, scenario: str) -> np.ndarray:
    """Capacity of all others over the demand (participant); below 1 nobody can replace the participant."""
    own = capacity(data, scenario)
    return (own.sum() - own) / float(data["demand_mw"].sel(scenario=scenario))


def bases(data: xr.Dataset, families: list[str] | None = None) -> list[str]:
    """Truthful scenarios from which some scenario of `families` (default: misreport) deviates, in the order of the study."""
    found = data["base"].sel(scenario=scenarios(data, families or MISREPORTS)).values.astype(str)
    return list(dict.fromkeys(found))


def misreports(data: xr.Dataset, base: str, families: list[str] | None = None) -> dict[str, list[tuple[float, str]]]:
    """Per participant that misreports from `base`: (price multiplier, scenario), sorted; the truth counts as multiplier 1.

    Offers of the full quantity only, with the others as in `base`. `families` defaults to misreport.
    """
    wanted = (
        np.isin(data["scenario"].values, scenarios(data, families or MISREPORTS))
        & (data["base"].values.astype(str) == base)
        & (data["quantity_multiplier"].values == 1)
    )
    found: dict[str, dict[float, str]] = {name: {} for name in data["participant"].values.astype(str)}
    for k in np.flatnonzero(wanted):
        who = str(data["deviator"].values[k])
        found[who][float(data["price_multiplier"].values[k])] = str(data["scenario"].values[k])
    return {name: sorted(({1.0: base} | pairs).items()) for name, pairs in found.items() if pairs}
