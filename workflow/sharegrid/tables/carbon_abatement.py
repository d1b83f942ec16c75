"""Table: what each further tonne that fleets of electric vehicles avoid costs, from a sweep of the carbon price."""

import numpy as np
import pandas as pd

from sharegrid.tables import selection
from sharegrid.tables.carbon_markets import markets, planned
from sharegrid.tables.methods import in_money
from sharegrid.tables.selection import Results

STEP = 1e-6  # t; a smaller change of the emissions is none


def table(results: Results, *, families: list[str]) -> pd.DataFrame:
    """The rows of abatement, money in the names of its columns."""
    frame = abatement(results, families)
    return frame.rename(columns={"extra_cost": in_money("extra_cost", results["data"])})


def abatement(results: Results, families: list[str]) -> pd.DataFrame:
    """One row per strategy and pair of neighbouring carbon prices of the families between which emissions change.

    `extra_cost` of energy and wear over `abated_t` is `abatement_cost_usd_per_t`; an optimum keeps it between the two prices
    as long as allowances are bought at both. `emissions_t` is what is left at the higher price. Without a carbon price the
    optimal schedule with the fewest emissions counts, where the plan ev-schedules has it: it costs nothing.
    """
    frame = markets(results, families)
    fewest = planned(results, "emission_low", frame["scenario"].tolist())
    free = (frame["carbon_price"] == 0) & ~np.isnan(fewest)
    frame = frame.assign(emissions_t=np.where(free, fewest, frame["emissions_t"]))
    frame = frame[frame["strategy"] != "uncontrolled"]
    rows = [row for _, own in frame.groupby("strategy", sort=False) for row in _rows(own)]
    columns = [
        "strategy",
        "from_usd_per_t",
        "to_usd_per_t",
        "abated_t",
        "emissions_t",
        "extra_cost",
        "abatement_cost_usd_per_t",
    ]
    return selection.tidy(pd.DataFrame(rows, columns=columns))


def _rows(own: pd.DataFrame) -> list[tuple]:
    own = own.sort_values("carbon_price", kind="stable").reset_index(drop=True)
    cost, left, price = own["energy"] + own["wear"], own["emissions_t"], own["carbon_price"]
    rows, last = [], 0
    for k in range(1, len(own)):
        abated = left[last] - left[k]
        if abated > STEP:
            extra = cost[k] - cost[last]
            rows.append((own["strategy"][k], price[k - 1], price[k], abated, left[k], extra, extra / abated))
            last = k
    return rows
