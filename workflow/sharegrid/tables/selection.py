"""What tables and figures read from a study's Datasets: scenarios by family, one array or number by its labels."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr

from sharegrid.mechanisms import vcg

SHORT_NAMES = {"lmp": "lmp", "pay-as-bid": "pab", "vcg": "vcg", "core-selecting": "core"}
MISREPORTS = ["misreport"]
IDLE = 1e-9  # MW; the output below which a unit counts as not dispatched

Results = Mapping[str, xr.Dataset]


def scenarios(data: xr.Dataset, families: list[str]) -> list[str]:
    """Labels of the scenarios of these families, in the order of the study; ValueError if there is none."""
    found = data["scenario"].values[np.isin(data["family"].values.astype(str), families)]
    if not len(found):
        known = ", ".join(sorted(set(data["family"].values.astype(str))))
        raise ValueError(
            f"prepare.scenarios: no scenario of the family {' or '.join(families)}; this study has: {known}"
        )
    return [str(label) for label in found]


def read(dataset: xr.Dataset, name: str, **labels: str) -> xr.DataArray:
    """Variable `name` at `labels`; KeyError tells what the Dataset has instead."""
    if name not in dataset:
        raise KeyError(f"'{name}' is not among the results: {', '.join(sorted(map(str, dataset.data_vars)))}")
    variable = dataset[name]
    for dim, label in labels.items():
        if label not in variable.indexes[dim]:
            raise KeyError(f"{name}: no {dim} '{label}'; known: {', '.join(map(str, variable[dim].values[:20]))}")
    return variable.sel(labels, drop=True)


def tidy(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with numbers to a millionth of their unit: what a solver leaves of a zero is none, and none is negative."""
    numbers = frame.select_dtypes("float").columns
    return frame.assign(**{name: frame[name].round(6) + 0.0 for name in numbers})


def by_mechanism(results: Results, name: str, scenario: str, mechanism: str) -> np.ndarray:
    """payments variable `name` (participant) in $/h; NaN if the study has no such mechanism or it was not valued there."""
    variable = results["payments"][name].sel(scenario=scenario)
    if mechanism not in variable.indexes["mechanism"]:
        return np.full(variable.sizes["participant"], np.nan)
    return variable.sel(mechanism=mechanism).transpose("participant").values


def number(dataset: xr.Dataset, name: str, scenario: str) -> float:
    """Variable `name` of one scenario; NaN if the study did not ask for it."""
    return float(dataset[name].sel(scenario=scenario)) if name in dataset else float("nan")


def lost_load_without(results: Results, scenario: str) -> np.ndarray:
    """Lost load in MW when one participant is absent (participant). Undispatched participants leave the base case unchanged."""
    base = results["cleared"].sel(scenario=scenario)
    lost = vcg.lost_load_without(results["values"]).sel(scenario=scenario).values
    return np.where(np.isnan(lost) & (base["output"].values <= IDLE), float(base["lost_load"]), lost)


def at_participants(data: xr.Dataset, per_bus: xr.DataArray) -> np.ndarray:
    """Mean of a bus quantity over the generators of each participant (participant)."""
    at_units = per_bus.sel(bus=data["generator_bus"].values).values
    owners = data["owner"].values.astype(str)
    return np.array([at_units[owners == name].mean() for name in data["participant"].values.astype(str)])


def buses_of(data: xr.Dataset) -> list[str]:
    """Buses of each participant's generators, joined by "+"."""
    buses, owners = data["generator_bus"].values.astype(str), data["owner"].values.astype(str)
    return ["+".join(dict.fromkeys(buses[owners == name])) for name in data["participant"].values.astype(str)]


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
        np.isin(data["family"].values.astype(str), families or MISREPORTS)
        & (data["base"].values.astype(str) == base)
        & (data["quantity_multiplier"].values == 1)
    )
    found: dict[str, dict[float, str]] = {name: {} for name in data["participant"].values.astype(str)}
    for k in np.flatnonzero(wanted):
        who = str(data["deviator"].values[k])
        found[who][float(data["price_multiplier"].values[k])] = str(data["scenario"].values[k])
    return {name: sorted(({1.0: base} | pairs).items()) for name, pairs in found.items() if pairs}
