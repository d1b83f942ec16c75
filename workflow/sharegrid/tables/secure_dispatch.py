"""Table: the N-1 secure dispatch of each hour, and the line and outage that cost it most."""

import pandas as pd

from sharegrid.tables import selection
from sharegrid.tables.selection import Results


def table(results: Results, *, families: list[str] | None = None) -> pd.DataFrame:
    """One row per schedule: its cost with tie breaks, what is shed and curtailed, `security_rows` lines and states
    whose rows the dispatch needed, the line and outage with the largest shadow price, empty where no row binds, and
    that price; `skipped_outages` of the system, which would leave an island."""
    cleared = selection.stage(results, "cleared")
    names = cleared["family"].values.astype(str)
    shown = selection.known("families", families or list(dict.fromkeys(names)), names)
    one = cleared.isel(schedule=[name in shown for name in names])
    columns = {
        name: one[name].values
        for name in ("schedule", "system", "date", "hour", "emergency_factor", "renewable_factor")
    }
    columns |= {
        "cost_usd_per_h": one["dispatch_cost"].values,
        "lost_load_mw": one["lost_load"].sum("bus").values,
        "curtailed_mw": (one["available"] - one["used"]).sum("bus").values,
        "security_rows": one["security_rows"].values.astype(int),
        "binding_line": one["binding_line"].values,
        "contingency": one["binding_outage"].values,
        "shadow_price_usd_per_mwh": one["binding_price"].values,
        "skipped_outages": [skipped(cleared, name) for name in one["system"].values.astype(str)],
    }
    return selection.tidy(pd.DataFrame(columns))


def skipped(cleared, system: str) -> str:
    """Labels of the outages of a system that are not secured against because they would leave an island."""
    here = (cleared["branch_system"].values == system) & (cleared["islanding"].values == 1)
    return " ".join(label.partition(":")[2] for label in cleared["branch"].values[here].astype(str))
