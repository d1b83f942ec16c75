"""Areas, ties and a study's options -> the data of the two-stage market: those of multi-area, and the outcomes."""

import numpy as np
import xarray as xr

from sharegrid import schema
from sharegrid.options.two_stage import TwoStageMarket
from sharegrid.preparation import multi_area
from sharegrid.preparation.inputs import Inputs


def prepare(options: TwoStageMarket, inputs: Inputs) -> xr.Dataset:
    """The two-stage market's data: the multi-area market's with the dim outcome; `available` is the expected power.

    ValueError as multi_area.prepare, and if the power of an outcome were negative.
    """
    data = multi_area.prepare(options, inputs)
    outcome = {"outcome": [str(k + 1) for k in range(len(options.probability))]}
    probability, shape = (xr.DataArray(values, outcome, "outcome") for values in (options.probability, options.shape))
    factor = 1 + data["wind_spread"].reset_coords(drop=True) * shape
    _check_not_negative(factor)
    power = data["available"] * xr.where(data["needs_reserve"] == 1, factor, 1.0)
    power = power.transpose("scenario", "renewable", "outcome", "time")
    data = data.assign(
        available=(probability * power).sum("outcome"),
        outcome_available=power,
        probability=probability,
        shape=shape,
    ).assign_coords(tie_redispatch=data["tie_redispatch"].astype("i1"))
    return schema.described(data, "data")


def _check_not_negative(factor: xr.DataArray) -> None:
    """ValueError naming the scenario and the outcome where the factor (scenario, outcome) is negative."""
    for k, s in np.argwhere(factor.values < 0)[:1]:
        raise ValueError(
            f"prepare.shape: scenario '{factor['scenario'].values[k]}': the renewable power of outcome {s + 1} is "
            f"{factor.values[k, s]:g} x available; lower wind_spread, or give a shape of at least -1 / wind_spread"
        )
