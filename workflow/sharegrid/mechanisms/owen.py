"""The Owen allocation: everybody is paid the internal price, the dual of what the participants have in common.

No coalition does better on its own if costs are linear and the participants meet only in rows whose right-hand sides
are sums of what each of them brings: then nothing belongs to nobody, but in rows with the right-hand side 0, such as a
balance. A base load, or a limit that every coalition has in full, is a right-hand side that belongs to nobody and breaks
it. Where the value is differentiable the allocation is the Aumann-Shapley value. G. Owen, On the core of linear
production games, Math. Program. 9, 1975.
"""

import numpy as np
import xarray as xr

from sharegrid.optimise import coalitions

AGREE = 1e-6  # of the larger one: two slopes that differ by less are one
ROUNDING = 100 * np.finfo(float).eps  # of J: a sum of 10^4 rounded terms. What a basis costs is exact but for rounding


def pay(data: xr.Dataset, cleared: xr.Dataset, values: xr.Dataset | None) -> xr.Dataset:
    """payment (scenario, participant): revenue at the internal price.

    Where the study asked for value: scaled also owen_unique (scenario, participant): 1 if the cost rises with the
    participant's size as fast as it falls when it shrinks, so that only one price says what it adds; 0 if not. NaN
    where not asked, where costs are not linear (scaled_cost is NaN there), and for who does not take part.
    """
    payment = cleared["price_revenue"].reset_coords(drop=True).assign_attrs(long_name="payment at the internal price")
    result = xr.Dataset({"payment": payment})
    if values is None or "scaled_cost" not in values:
        return result
    known = unique(cleared, values["scaled_cost"]).where(coalitions.taking_part(data))
    return result.assign(owen_unique=known)


def unique(cleared: xr.Dataset, scaled: xr.DataArray) -> xr.DataArray:
    """1 where the right and left derivative of J in a participant's size agree, 0 where not, NaN where not known.

    scaled (scenario, participant, side): J with the participant scaled `up` and `down` by its attribute `step`. Slopes
    agree if they differ by up to 1e-6 of the larger one, or by what the rounding of J makes of a difference of costs over
    the step, 2e-9 |J|: no slopes can be told apart better. Raises ValueError without a step.
    """
    step = scaled.attrs.get("step")
    if step is None:
        raise ValueError("owen: scaled_cost has no attribute step, the change of size; value the study anew")
    cost = cleared["objective"].reset_coords(drop=True)
    up, down = (scaled.sel(side=side, drop=True).reindex(scenario=cost["scenario"].values) for side in ("up", "down"))
    rise, fall = (up - cost) / step, (cost - down) / step
    apart, larger = np.abs(rise - fall), np.maximum(np.abs(rise), np.abs(fall))
    known = (apart <= np.maximum(AGREE * larger, ROUNDING * np.abs(cost) / step)).astype(float).where(apart.notnull())
    text = "1 if the marginal value of the participant's size is the same in both directions"
    return known.transpose("scenario", "participant").assign_attrs(units="1", long_name=text)
