"""Table: the closed form of the investment against the linear program, inside and outside its condition."""

import numpy as np
import pandas as pd

from sharegrid.tables.resilience import of
from sharegrid.tables.selection import Results, tidy


def table(results: Results, *, families: dict[str, list[str]]) -> pd.DataFrame:
    """One row per group of families: `scenarios`, `inside` the condition, `net_differs`: scenarios in which the sizes of the closed
    form are worth less than the optimum by more than 1e-6 $/year, `largest_loss` [$/year]."""
    data, rows = results["data"], []
    for group, names in families.items():
        labels = data["scenario"].values[np.isin(data["family"].values.astype(str), names)].astype(str).tolist()
        loss = of(results, "program_net", labels) - of(results, "closed_net", labels)
        rows.append(
            {
                "group": group,
                "scenarios": len(labels),
                "inside": int(of(results, "plan_closed", labels).sum()),
                "net_differs": int((loss > 1e-6).sum()),
                "largest_loss": float(loss.max()),
            }
        )
    return tidy(pd.DataFrame(rows))
