"""Check: pairs of participants that are worth less together than apart: complements (chapter 3.3.1, T6).

    gap = [J(N without i, j) - J(N)] - u_i - u_j,   u_i = J(N without i) - J(N)                      [$/h]

A negative gap puts the VCG profits outside the core, and one owner of both earns more as two bidders.
"""

from itertools import combinations

import numpy as np
import xarray as xr

from sharegrid.optimise import coalitions


def check(
    data: xr.Dataset,
    cleared: xr.Dataset,
    values: xr.Dataset,
    payments: xr.Dataset,
    *,
    scenarios: list[str],
    count: int = 10,
) -> xr.Dataset:
    """The `count` most negative gaps of each of `scenarios`, in rows (complement): complement_scenario,
    complement_first, complement_second (participants), complement_joint_saving = J(N without i, j) - J(N),
    complement_first_saving, complement_second_saving (u_i, u_j) and complement_gap in $/h.

    Raises KeyError for a scenario without any pair valued; a pair that was not valued is not looked at.
    """
    rows = [row for scenario in scenarios for row in _most_negative(values, scenario, count)]
    names = ["scenario", "first", "second", "joint_saving", "first_saving", "second_saving", "gap"]
    texts = ["scenario", "one of the pair", "the other", "saving of both", "saving of one", "saving of the other",
             "saving of both less the two savings"]  # fmt: skip
    units = ["1"] * 3 + ["$/h"] * 4
    columns = zip(names, texts, units, zip(*rows, strict=True), strict=True)
    return xr.Dataset(
        {
            f"complement_{name}": ("complement", list(column), {"units": unit, "long_name": text})
            for name, text, unit, column in columns
        }
    )


def _most_negative(values: xr.Dataset, scenario: str, count: int) -> list[tuple]:
    here = values.sel(scenario=scenario)
    cost = dict(zip(here["coalition"].values.tolist(), here["cost"].values, strict=True))
    everybody = cost[coalitions.EVERYBODY]
    rows = []
    for pair in combinations(here["participant"].values.tolist(), 2):
        joint = cost.get(coalitions.label(pair), np.nan) - everybody
        savings = [cost[coalitions.label([name])] - everybody for name in pair]
        if not np.isnan(joint):
            rows.append((scenario, *pair, joint, *savings, joint - sum(savings)))
    if not rows:
        raise KeyError(f"complements: scenario '{scenario}': no pair was valued; ask for coalitions: pairs")
    return sorted(rows, key=lambda row: row[-1])[:count]
