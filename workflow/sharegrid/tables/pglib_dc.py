"""Table: the optimum of every PGLib case beside the published one."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr


def table(results: Mapping[str, xr.Dataset]) -> pd.DataFrame:
    """One row per case: sizes, objective and published objective [$/h], and |difference| / |published| [1].

    Infeasible is `inf`, as PGLib prints it; two infinite objectives agree (0). Without a published value its cell and
    that of the difference are empty.
    """
    cleared, data = results["cleared"].sortby("case"), results["data"].sortby("case")
    objective, published = cleared["objective"].values, data["published_objective"].values
    return pd.DataFrame(
        {
            "case": cleared["case"].values.astype(str),
            **{size: cleared[size].values for size in ("buses", "branches", "generators")},
            "objective_usd_per_h": objective,
            "published_usd_per_h": published,
            "relative_difference": relative_difference(objective, published),
        }
    )


def relative_difference(objective: np.ndarray, published: np.ndarray) -> np.ndarray:
    """|objective - published| / |published|; 0 where both are infinite, inf where one is, NaN if not published."""
    with np.errstate(invalid="ignore", divide="ignore"):
        difference = np.abs(objective - published) / np.abs(published)
    one_infinite = np.isinf(objective) != np.isinf(published)
    return np.where(
        np.isnan(published), np.nan, np.where(one_infinite, np.inf, np.where(objective == published, 0.0, difference))
    )
