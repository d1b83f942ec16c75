"""Table: storage against outages where the load of the night is random."""

import pandas as pd

from sharegrid.tables import selection
from sharegrid.tables.resilience import of
from sharegrid.tables.selection import Results

COLUMNS = {"m_n": "night_value", "c_n": "night_cost", "fractile": "night_fractile", "b_kwh": "night_storage",
           "s_kw": "night_pv", "gain": "night_gain"}  # fmt: skip


def table(results: Results, *, families: list[str], methods: list[str]) -> pd.DataFrame:
    """One row per method and scenario: `n`, `v` [$/kWh], `m_n` and `c_n`, value and cost of a kWh every night [$/kWh/year],
    critical `fractile` [1], `b_kwh`, `s_kw` sizes, cut by the roof, `gain` expected value less cost [$/year]."""
    data, frames = results["data"], []
    labels = selection.scenarios(data, families)
    here = data.sel(scenario=labels)
    for method in methods:
        found = {column: of(results, name, labels, method) for column, name in COLUMNS.items()}
        load = method.partition("@")[2]
        frames.append(pd.DataFrame({"load": load, "n": here["outage_days"].values, "v": here["voll"].values} | found))
    return selection.tidy(pd.concat(frames, ignore_index=True))
