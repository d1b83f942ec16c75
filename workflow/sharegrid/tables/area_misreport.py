"""Table: profit of a unit of an area that alone offers energy and reserve at other prices than its costs."""

import pandas as pd

from sharegrid.mechanisms.area_deficit import participant_area
from sharegrid.tables import selection
from sharegrid.tables.selection import Results

MECHANISMS = {"lmp": "lmp", "vcg": "vcg"}  # mechanism -> its name in columns


def table(results: Results, *, families: list[str]) -> pd.DataFrame:
    """One row per unit, factor on its energy offers and factor on its upward reserve offers, the others being truthful.

    `p_mw` and `r_up_mw` what it delivers and holds, as the mean over the hours; profits above the true cost, and what
    they are above the unit's profit with true offers (`_gain`), in the money of the study. The true offers stand first.
    """
    data = results["data"]
    scenarios = [name for name in selection.scenarios(data, families) if data["deviator"].sel(scenario=name) != ""]
    area = participant_area(data)
    parts = []
    for unit in data["participant"].values.astype(str):
        own = [name for name in scenarios if data["deviator"].sel(scenario=name) == unit]
        for base in dict.fromkeys(data["base"].sel(scenario=own).values.astype(str)):
            bids = [name for name in own if data["base"].sel(scenario=name) == base]
            parts.append(_of_unit(results, unit, base, bids).assign(area=str(area.sel(participant=unit).item())))
    if not parts:
        raise ValueError(f"option families: no single unit misreports in {', '.join(families)}; choose other families")
    frame = pd.concat(parts, ignore_index=True)
    return selection.tidy(
        frame[["base", "unit", "area", *(name for name in frame if name not in ("base", "unit", "area"))]]
    )


def _of_unit(results: Results, unit: str, base: str, bids: list[str]) -> pd.DataFrame:
    """The rows of one unit, true offers first, then by factor."""
    labels, data, cleared = [base, *bids], results["data"], results["cleared"]
    hours, own = data.sizes["time"], data["owner"].values == unit
    here = data.sel(scenario=labels)
    up = cleared["reserve"].sel(scenario=labels, direction="up").isel(generator=own).sum(["generator", "time"])
    columns = {
        "base": base,
        "unit": unit,
        "energy_bid": [1.0, *here["energy_bid"].values[1:]],
        "reserve_bid": [1.0, *here["reserve_bid"].values[1:]],
        "p_mw": cleared["output"].sel(scenario=labels, participant=unit).values / hours,
        "r_up_mw": up.values / hours,
    }
    profits = {short: selection.read(results, "payments", "profit", mechanism=name, participant=unit)
               .sel(scenario=labels).values for name, short in MECHANISMS.items()}  # fmt: skip
    columns |= {f"{short}_profit": profit for short, profit in profits.items()}
    columns |= {f"{short}_gain": profit - profit[0] for short, profit in profits.items()}
    frame = pd.DataFrame(columns)
    rest = frame.iloc[1:].sort_values(["energy_bid", "reserve_bid"], kind="stable")
    return pd.concat([frame.iloc[:1], rest])
