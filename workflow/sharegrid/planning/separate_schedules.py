"""What each user of a community would do alone, behind a connection to the grid of its own: the case without sharing."""

from collections.abc import Mapping

import numpy as np
import xarray as xr

from sharegrid.markets import community
from sharegrid.markets.stand_alone import one_by_one
from sharegrid.optimise.clear import split_model

EXCHANGE = ("grid_import", "grid_export")


def plan(results: Mapping[str, xr.Dataset], *, scenarios: list[str]) -> xr.Dataset:
    """separate_import, separate_export (scenario, participant, day, time) kW, separate_cost in the study's money and
    separate_peak kW, the import that the capacity price is paid on (scenario, participant).

    A schedule is not unique where prices are equal. NaN for who does not take part. ValueError for an unknown scenario,
    NotOptimal if a user cannot be served alone.
    """
    known = results["data"]["scenario"].values.astype(str).tolist()
    for name in scenarios:
        if name not in known:
            raise ValueError(f"plan.methods.separate-schedules.scenarios: no '{name}'; known: {', '.join(known)}")
    data = results["data"].sel(scenario=scenarios)
    split = split_model(community, data)
    found = xr.concat([_of_scenario(split, k, data.isel(scenario=[k])) for k in range(len(scenarios))], "scenario",
                      join="exact")  # fmt: skip
    takes_part = data["taking_part"].reset_coords(drop=True) == 1
    with xr.set_options(keep_attrs=True):
        return found.where(takes_part)


def _of_scenario(split, k: int, data: xr.Dataset) -> xr.Dataset:
    schedules = {name: [] for name in EXCHANGE}
    cost = []
    for _, engine in one_by_one(split, k, np.arange(data.sizes["participant"])):
        solved = engine.solve(cold=True)  # so that a schedule does not depend on the users before
        cost.append(solved.objective)
        for name in EXCHANGE:
            schedules[name].append(split.variables[name].read(solved.x))
    who = xr.DataArray(data["participant"].values, dims="participant", name="participant")
    imported, exported = (
        xr.concat(schedules[name], who, join="exact").expand_dims(scenario=data["scenario"].values) for name in EXCHANGE
    )
    peak = community.charged_peak(data, imported)
    money = data.attrs["money"]
    return xr.Dataset(
        {
            "separate_import": imported.assign_attrs(units="kW", long_name="import of the user alone"),
            "separate_export": exported.assign_attrs(units="kW", long_name="export of the user alone"),
            "separate_cost": (
                ("scenario", "participant"),
                [cost],
                {"units": money, "long_name": "bill of the user alone"},
            ),
            "separate_peak": peak.assign_attrs(units="kW", long_name="charged import of the user alone"),
        },
        {"participant": data["participant"].values},
    ).reset_coords(drop=True)
