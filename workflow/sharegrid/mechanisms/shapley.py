"""The Shapley value as the profit: what a participant adds to those before it, on average over all orders.

Exact where all coalitions were valued, else from a sample of them; without either there is no value.
L. Shapley, A value for n-person games, 1953.
"""

import numpy as np
import xarray as xr

from sharegrid.games import sampling
from sharegrid.games.shapley import shapley
from sharegrid.games.table import game_of, has_table, valued
from sharegrid.mechanisms.payoffs import by_scenario, money, paid, spread

NEEDS = "all|sampled"  # coalitions that must be valued, one of them; read while parsing
LACKING = "shapley: no scenario has its coalitions; add coalitions: all (or sampled) to value: requests"
SAMPLED = {
    "shapley_raw": "Shapley value by sampling, before it is corrected to share the value of all",
    "shapley_standard_error": "standard error of the sampled Shapley value",
    "shapley_ci_low": "lower end of the 95 % interval of the sampled Shapley value",
    "shapley_ci_high": "upper end of the 95 % interval of the sampled Shapley value",
}


def pay(data: xr.Dataset, cleared: xr.Dataset, values: xr.Dataset | None) -> xr.Dataset:
    """payment (scenario, participant): NaN where neither all coalitions nor a sample were valued.

    Where the values are a sample, the payment follows from the estimate corrected to share v(N), and shapley_raw,
    shapley_standard_error, shapley_ci_low, shapley_ci_high (scenario, participant) tell what it is worth. Raises ValueError
    if no scenario has its coalitions.
    """
    estimates = {}

    def solve(scenario: str) -> np.ndarray | None:
        """u (player) of one scenario in money; None if its coalitions were not valued."""
        if has_table(data, values, scenario):
            return shapley(game_of(data, values, scenario))
        if not is_sampled(values, scenario):
            return None
        estimates[scenario] = estimated(data, values, scenario)
        return estimates[scenario].corrected

    payment = paid(cleared, by_scenario(data, values, solve, LACKING), "payment with the Shapley value as profit")
    return xr.Dataset({"payment": payment} | _accuracy(data, estimates))


def is_sampled(values: xr.Dataset, scenario: str) -> bool:
    """Whether the coalitions of the scenario were drawn for the Shapley value."""
    return "sampling_draws" in values and bool(values["sampling_draws"].sel(scenario=scenario).notnull())


def estimated(data: xr.Dataset, values: xr.Dataset, scenario: str) -> sampling.Estimate:
    """The Shapley value of one scenario from the sample that its values are; a centre is the last player.

    ValueError if a coalition of the sample was not valued.
    """
    present, cost = valued(data, values, scenario)
    centre, count = "centre" in data.attrs, present.shape[1]
    draws, seed = (int(values[name].sel(scenario=scenario)) for name in ("sampling_draws", "sampling_seed"))
    design = sampling.design(count + centre, draws, seed)
    by_mask = dict(zip(sampling.masks(present), cost, strict=True))
    value_of = {}
    for mask in sampling.masks(np.vstack([design.before, design.after])):
        if centre and not mask >> count & 1:
            value_of[mask] = 0.0  # nothing is worth anything without the centre
            continue
        served = mask & (2**count - 1)
        if served not in by_mask:
            raise ValueError(
                f"shapley: scenario {scenario}: a coalition of the sample was not valued; value the study anew"
            )
        value_of[mask] = by_mask[0] - by_mask[served]
    return sampling.estimate(design, value_of)


def _accuracy(data: xr.Dataset, estimates: dict[str, sampling.Estimate]) -> dict[str, xr.DataArray]:
    if not estimates:
        return {}
    published = {}
    for name, text in SAMPLED.items():
        known = {scenario: getattr(one, name.removeprefix("shapley_")) for scenario, one in estimates.items()}
        published[name] = spread(data, known).assign_attrs(units=money(data), long_name=text)
    return published
