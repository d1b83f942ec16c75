"""Table: transfer capability with its parts, and the line and outage that bind."""

import pandas as pd

from sharegrid.tables import selection
from sharegrid.tables.secure_dispatch import skipped
from sharegrid.tables.selection import Results

SWEPT = ("date", "hour", "emergency_factor", "renewable_factor", "contingencies", "reduction_level", "reduction_at")
PARTS = {
    "transfer_mw": "transfer_mw",
    "etc_mw": "existing",
    "ttc_mw": "total",
    "trm_mw": "reliability",
    "cbm_mw": "benefit",
    "atc_mw": "available_capability",
    "reduction_mw": "used",
    "beyond_reduction_mw": "beyond_reduction",
}


def table(results: Results, *, families: list[str]) -> pd.DataFrame:
    """One row per scenario: TTC = ETC + ATC + TRM + CBM, transfer_mw = TTC - ETC, the largest transfer on top of the
    base.

    `reduction_mw`: the least demand response that reaches it; `beyond_reduction_mw`: the transfer less that.
    `binding_line` and `contingency` have the largest shadow price, `binding_value` MW of transfer per MW of that limit;
    empty where units or demand response limit the transfer. `rows`: lines and outages that could bind.
    `skipped_outages` would leave an island. ValueError if the opposite direction of a transfer is not among the rows: a
    dispatch may have used up one of the two.
    """
    data, cleared = results["data"], results["cleared"]
    labels = selection.scenarios(data, families)
    _check_both_directions(data.sel(scenario=labels))
    one, here = cleared.sel(scenario=labels), data.sel(scenario=labels)
    columns = {"scenario": labels, "transfer": here["transfer"].values.astype(str)}
    columns |= {name: here[name].values for name in SWEPT}
    columns |= {column: one[name].values for column, name in PARTS.items()}
    columns |= {
        "binding_line": one["binding_line"].values.astype(str),
        "contingency": one["binding_outage"].values.astype(str),
        "binding_value": one["binding_value"].values,
        "rows": one["security_rows"].values.astype(int),
        "skipped_outages": [skipped(data, name) for name in here["system"].values.astype(str)],
    }
    return selection.tidy(pd.DataFrame(columns))


def _check_both_directions(data) -> None:
    """ValueError names a transfer whose opposite is not there: whose source is the sink, and the sink the source."""
    ends = {}
    for k, name in enumerate(data["transfer"].values.astype(str)):
        ends[name] = tuple(data[end].values[k].tobytes() for end in ("in_source", "in_sink"))
    for name, (source, sink) in ends.items():
        if (sink, source) not in ends.values():
            raise ValueError(
                f"option families: transfer '{name}' without its opposite direction; add the other transfer to them"
            )
