"""Table: what demand response adds to the transfer capability, and what of that is more than itself."""

import pandas as pd

from sharegrid.tables import selection
from sharegrid.tables.selection import Results

SAME = ("transfer", "date", "hour", "emergency_factor", "renewable_factor", "contingencies")


def table(results: Results, *, families: list[str]) -> pd.DataFrame:
    """The rows of gains, rounded."""
    return selection.tidy(gains(results, families))


def gains(results: Results, families: list[str]) -> pd.DataFrame:
    """One row per scenario with demand response: `without_mw` the transfer of the scenario of any family that differs
    in having none, `with_mw`, `gain_mw`; `capability_mw` what the providers have, `reduction_mw` the least
    that reaches the transfer, `beyond_mw` the gain less that, the most of all ways to reach it. ValueError if a
    scenario without demand response is missing."""
    data, cleared = results["data"], results["cleared"]
    fields = [*SAME, "reduction_at", "reduction_level", "budget"]
    frame = pd.DataFrame({name: data[name].values for name in fields}, index=data["scenario"].values.astype(str))
    frame["transfer_mw"] = cleared["transfer_mw"].values
    frame["capability_mw"] = data["reduction_limit"].sum("site").values
    frame["reduction_mw"] = cleared["used"].values
    alike = ["|".join(map(str, row)) for row in frame[list(SAME)].itertuples(index=False, name=None)]
    key = pd.Series(alike, index=frame.index)
    base = frame["transfer_mw"][frame["reduction_level"] == 0].groupby(key).first()
    shown = frame.loc[selection.scenarios(data, families)]
    shown = shown[shown["reduction_level"] > 0]
    without = key[shown.index].map(base)
    if without.isna().any():
        raise ValueError(f"option families: scenario '{without.index[without.isna()][0]}' has no counterpart with "
                         "reduction_level 0; add one to the study")  # fmt: skip
    shown = shown.rename(columns={"transfer_mw": "with_mw"}).assign(without_mw=without)
    shown["gain_mw"] = shown["with_mw"] - shown["without_mw"]
    shown["beyond_mw"] = shown["gain_mw"] - shown["reduction_mw"]
    order = [*SAME, "reduction_at", "reduction_level", "budget", "without_mw", "with_mw", "gain_mw", "capability_mw",
             "reduction_mw", "beyond_mw"]  # fmt: skip
    return shown[order].rename_axis("scenario").reset_index()
