"""What each participant would offer alone: the same market with everything that the others bring scaled to zero."""

from collections.abc import Mapping

import xarray as xr

from sharegrid.markets import wind_csp
from sharegrid.optimise.clear import clear
from sharegrid.planning.optimal_schedules import MARKET
from sharegrid.planning.scenarios import of_scenarios

METHOD = "separate-offers"


def plan(results: Mapping[str, xr.Dataset], *, scenarios: list[str]) -> xr.Dataset:
    """separate_offer MW and separate_imbalance MWh (scenario, participant, time), separate_value (scenario, participant).

    separate_imbalance is the expected surplus and shortage of the hour. NaN for who does not take part. ValueError for
    another market and an unknown scenario.
    """
    data = of_scenarios(results["data"], scenarios, MARKET, METHOD)
    members = data["participant"].values.tolist()
    alone = xr.concat([_alone(data, name) for name in members], "scenario", data_vars="minimal", coords="minimal",
                      compat="override", join="exact")  # fmt: skip
    cleared = clear(wind_csp, alone)
    imbalance = (alone["probability"] * (cleared["surplus"] + cleared["shortage"])).sum("outcome")
    found = {
        "separate_offer": (cleared["offer"], "MW", "day-ahead offer of the participant alone"),
        "separate_imbalance": (imbalance, "MWh", "expected surplus and shortage of the participant alone"),
        "separate_value": (-cleared["objective"], data.attrs["money"], "value of the participant alone"),
    }
    takes_part = data["taking_part"].reset_coords(drop=True) == 1
    return xr.Dataset(
        {
            name: _by_member(values, scenarios, members).where(takes_part).assign_attrs(units=unit, long_name=text)
            for name, (values, unit, text) in found.items()
        }
    )


def _alone(data: xr.Dataset, name: str) -> xr.Dataset:
    """The data with the others scaled to zero, scenarios named after the participant too."""
    for other in data["participant"].values:
        if other != name:
            data = wind_csp.scaled(data, other, 0.0)
    return data.assign_coords(scenario=[f"{label}, {name} alone" for label in data["scenario"].values])


def _by_member(values: xr.DataArray, scenarios: list[str], members: list[str]) -> xr.DataArray:
    """The stacked scenarios as (scenario, participant, ...)."""
    blocks = [values.isel(scenario=slice(k * len(scenarios), (k + 1) * len(scenarios))) for k in range(len(members))]
    blocks = [block.reset_coords(drop=True).assign_coords(scenario=scenarios) for block in blocks]
    found = xr.concat(blocks, xr.DataArray(members, dims="participant", name="participant"), join="exact")
    return found.assign_coords(participant=members).transpose("scenario", "participant", ...)
