"""The Owen allocation: everybody is paid the internal price, the dual of what the participants have in common.

If the participants meet only in rows whose right-hand sides add up, no coalition does better on its own (costs are
linear); where the value is differentiable it is the Aumann-Shapley value. G. Owen, On the core of linear production
games, Math. Program. 9, 1975.
"""

import numpy as np
import xarray as xr

from sharegrid.optimise import coalitions

STEP = 1e-5  # by which a participant is scaled up and down
AGREE = 1e-6  # of the minimised cost: two slopes that differ by less are one


def pay(data: xr.Dataset, cleared: xr.Dataset, values: xr.Dataset | None) -> xr.Dataset:
    """payment (scenario, participant): revenue at the internal price.

    Where the study asked for value: scaled also owen_unique (scenario, participant): 1 if the cost rises with the
    participant's size as fast as it falls when it shrinks, so that only one price says what it adds; 0 if not. For
    linear costs; NaN where not asked, and for who does not take part.
    """
    payment = cleared["price_revenue"].reset_coords(drop=True).assign_attrs(long_name="payment at the internal price")
    result = xr.Dataset({"payment": payment})
    if values is None or "scaled_cost" not in values:
        return result
    known = unique(cleared, values["scaled_cost"]).where(coalitions.taking_part(data))
    return result.assign(owen_unique=known)


def unique(cleared: xr.Dataset, scaled: xr.DataArray) -> xr.DataArray:
    """1 where the right and left derivative of J in a participant's size agree to 1e-6 |J|, 0 where not, NaN not asked.

    scaled (scenario, participant, side): J with the participant scaled `up` and `down` by 1e-5.
    """
    cost = cleared["objective"].reset_coords(drop=True)
    up, down = (scaled.sel(side=side, drop=True).reindex(scenario=cost["scenario"].values) for side in ("up", "down"))
    apart = np.abs((up - cost) - (cost - down)) / STEP
    known = (apart <= AGREE * np.abs(cost)).astype(float).where(apart.notnull())
    text = "1 if the marginal value of the participant's size is the same in both directions"
    return known.transpose("scenario", "participant").assign_attrs(units="1", long_name=text)
