"""The scenarios of a study that a planning method asks for."""

import numpy as np
import xarray as xr


def of_scenarios(data: xr.Dataset, scenarios: list[str], market: str, method: str) -> xr.Dataset:
    """The data of some scenarios, for the planning method `method` of `market`; ValueError names one that the study does not
    have, or the method if the market is another one."""
    refuse_other_market(data, market, method)
    _refuse_unknown(scenarios, data["scenario"].values, "scenarios")
    return data.sel(scenario=scenarios)


def of_families(data: xr.Dataset, families: list[str], market: str, method: str) -> xr.Dataset:
    """The data of the scenarios of some families; ValueError as of_scenarios."""
    refuse_other_market(data, market, method)
    own = data["family"].values.astype(str)
    _refuse_unknown(families, own, "families")
    return data.isel(scenario=np.flatnonzero(np.isin(own, families)))


def refuse_other_market(data: xr.Dataset, market: str, method: str) -> None:
    """ValueError if the data are of another market than that of the planning method."""
    if (found := data.attrs.get("market")) != market:
        raise ValueError(f"plan.methods: {method} serves the market {market} only, not '{found}'; take it out")


def _refuse_unknown(asked: list[str], own: np.ndarray, what: str) -> None:
    known = list(dict.fromkeys(own.astype(str)))
    for name in asked:
        if name not in known:
            raise ValueError(f"plan: {what}: no '{name}'; the study has {', '.join(known)}")
