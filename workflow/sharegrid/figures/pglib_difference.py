"""Figure: how far each PGLib case is from its published optimum, against what the printed digits can show."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.tables import pglib_dc

DIGITS = 5  # significant digits of PGLib's table
SMALLEST = 1e-9  # differences below are drawn here


def draw(results: Mapping[str, xr.Dataset]) -> Figure:
    """Relative difference per case on a log axis, with the bar of half a unit of the last printed digit."""
    listed = pglib_dc.table(results).dropna(subset="published_usd_per_h")
    finite = np.isfinite(listed["relative_difference"]) & np.isfinite(listed["published_usd_per_h"])
    frame = listed[finite].sort_values(["buses", "case"], ascending=False)
    precision = printing_precision(frame["published_usd_per_h"])
    body, axes = style.new(height=1.2 + 0.19 * len(frame))
    place, axis = np.arange(len(frame)), axes[0, 0]
    axis.barh(place, precision, left=SMALLEST, height=0.62, color="#DDDDDD", label="within the printed digits")
    axis.plot(
        frame["relative_difference"].clip(lower=SMALLEST), place, "o", color="#0072B2", label="sharegrid", clip_on=False
    )
    axis.set_xscale("log")
    axis.set_xlim(left=SMALLEST)
    axis.set_yticks(place, frame["case"].str.removeprefix("pglib_opf_"))
    axis.set_xlabel("relative difference of the objective [1]")
    axis.grid(visible=False, axis="y")
    style.legend(body.figure)
    style.evidence(body.figure, _evidence(listed, frame, precision))
    return body.figure


def printing_precision(published: pd.Series) -> pd.Series:
    """Half a unit of the last printed digit, relative to the value [1]."""
    size = published.abs().where(published != 0, 1.0)
    return 0.5 * 10.0 ** (np.floor(np.log10(size)) - DIGITS + 1) / size


def _evidence(listed: pd.DataFrame, frame: pd.DataFrame, precision: pd.Series) -> str:
    """Agreement in words; a case that only one side finds infeasible has no place on the axis and is named."""
    agree = int((frame["relative_difference"] <= precision * (1 + 1e-9)).sum())
    text = f"{agree} of {len(frame)} published optima agree to all {DIGITS} printed digits."
    infeasible = listed[np.isinf(listed["published_usd_per_h"])]
    if len(infeasible):
        also = int((infeasible["relative_difference"] == 0).sum())
        text += f" {also} of {len(infeasible)} cases published as infeasible are."
    lost = listed["case"][np.isinf(listed["objective_usd_per_h"]) & np.isfinite(listed["published_usd_per_h"])]
    return text + (f" Infeasible against the publication: {', '.join(lost)}." if len(lost) else "")
