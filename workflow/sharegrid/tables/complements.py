"""Table: pairs of participants that save less together than one by one, so that VCG leaves the core."""

import numpy as np
import pandas as pd

from sharegrid.tables import selection
from sharegrid.tables.selection import Results

COLUMNS = {
    "scenario": "variant",
    "first": "gen_1",
    "second": "gen_2",
    "joint_saving": "saving_pair",
    "first_saving": "saving_1",
    "second_saving": "saving_2",
    "gap": "gap",
}


def table(results: Results) -> pd.DataFrame:
    """The most negative gaps first, in $/h: `gap` = `saving_pair` - `saving_1` - `saving_2`, savings J(N without them) - J(N)."""
    found = {name: selection.read(results, "payments", f"complement_{name}").values for name in COLUMNS}
    participants = list(results["data"]["participant"].values)
    bus = np.array(selection.bus_of(results["data"]))
    rows = pd.DataFrame({column: found[name] for name, column in COLUMNS.items()})
    for k in ("1", "2"):
        place = rows.columns.get_loc(f"gen_{k}") + 1
        rows.insert(place, f"bus_{k}", bus[[participants.index(name) for name in rows[f"gen_{k}"]]])
    return selection.tidy(rows.sort_values(["gap", "gen_1", "gen_2"], ignore_index=True))
