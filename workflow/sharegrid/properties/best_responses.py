"""Check: the factor on its offer prices that pays each participant most, the others as in the base scenario."""

import numpy as np
import xarray as xr

from sharegrid.properties import checks


def check(
    data: xr.Dataset,
    cleared: xr.Dataset,
    values: xr.Dataset | None,
    payments: xr.Dataset,
    *,
    families: list[str] | None = None,
) -> xr.Dataset:
    """best_multiplier [1] and best_gain $/h (scenario, mechanism, participant), at the base scenarios of `families`.

    families: of misreports, best-response if not given. The truth counts as multiplier 1 with gain 0 and wins within
    1e-6 max(1, |J|). NaN where nothing deviates from the scenario, or the profits are not known.
    """
    chosen = np.isin(data["family"].values, ["best-response"] if families is None else families)
    whole = chosen & (data["quantity_multiplier"].values == 1) & (data["deviator"].values != "")
    gain = checks.misreport_gain(data, payments).transpose("scenario", "mechanism").values
    place = {name: k for k, name in enumerate(data["scenario"].values)}
    person = {name: k for k, name in enumerate(data["participant"].values)}
    shape = len(place), gain.shape[1], len(person)
    multiplier, best = np.full(shape, np.nan), np.full(shape, np.nan)
    limit = checks.tolerance(cleared).values
    # a larger gain replaces a smaller one; in the order of the multipliers, so that the smallest wins a tie
    for k in sorted(np.flatnonzero(whole), key=lambda k: (data["price_multiplier"].values[k], k)):
        base, who = place[data["base"].values[k]], person[data["deviator"].values[k]]
        known = ~np.isnan(gain[k])
        start = known & np.isnan(best[base, :, who])
        multiplier[base, start, who], best[base, start, who] = 1.0, 0.0
        better = known & (gain[k] > np.maximum(best[base, :, who], limit[base]))
        multiplier[base, better, who] = data["price_multiplier"].values[k]
        best[base, better, who] = gain[k][better]
    dims = "scenario", "mechanism", "participant"
    labels = {name: payments[name].values for name in dims}
    return xr.Dataset(
        {
            "best_multiplier": (dims, multiplier, {"units": "1", "long_name": "most profitable factor on the offers"}),
            "best_gain": (dims, best, {"units": "$/h", "long_name": "gain of the best response over the truth"}),
        },
        labels,
    )
