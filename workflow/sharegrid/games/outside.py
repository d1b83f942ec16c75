"""What participants have without an agreement."""

import xarray as xr

from sharegrid.optimise import coalitions


def outside_option(data: xr.Dataset, cleared: xr.Dataset, values: xr.Dataset) -> xr.DataArray:
    """d_i (scenario, participant) in money, for the valued scenarios; NaN where it is not known.

    The market's own outside_option if it has one (a contract with somebody else), else the value of i alone: 0 in a
    market with a centre, J(nobody) - J({i}) without. 0 for who does not take part.
    """
    scenarios = values["scenario"].values
    plays = coalitions.taking_part(data).sel(scenario=scenarios)
    if "outside_option" in cleared:
        option = cleared["outside_option"].reset_coords(drop=True).sel(scenario=scenarios)
    elif "centre" in data.attrs:
        option = xr.zeros_like(plays, dtype=float)
    else:
        option = coalitions.nobody_cost(values, data) - coalitions.alone_cost(values, data)
    return option.where(plays, 0.0).transpose("scenario", "participant")
