"""Table: what an exchange between areas becomes when a unit, or all units of an area, raise their reserve offers."""

import numpy as np
import pandas as pd

from sharegrid.mechanisms.area_deficit import participant_area
from sharegrid.tables import area_summary, selection
from sharegrid.tables.selection import Results


def table(results: Results, *, truth: list[str], families: list[str], alone: list[str] | None = None) -> pd.DataFrame:
    """One row per day (if the data have days) and `multiplier` on the upward reserve offers of the bidder of `families`; the
    scenarios `truth`, in which all offers are true, count as multiplier 1.

    `export_mw` sent over all ties; `true_cost` of what is cleared; `profit_<bidder>` of the bidder's units at the
    marginal prices and `vcg_profit_<bidder>` under VCG, above their true cost; `vcg_alone_<bidder>` their sum under VCG
    when each of them alone bids so and the others are truthful (families `alone`); `reserve_price_<area>` mean price of
    upward reserve where the bidder is. Money in the unit of the study.
    """
    frame, bidder = rows(results, truth, families, alone)
    names = {name: f"{name}_{bidder}" for name in ("profit", "vcg_profit", "vcg_alone")}
    unit = results["data"].attrs["energy"].lower()
    names |= {"export": f"export_{unit}", "reserve_price": f"reserve_price_{area_of(results, bidder)}"}
    return frame.rename(columns=names)


def rows(results: Results, truth: list[str], families: list[str], alone: list[str] | None) -> tuple[pd.DataFrame, str]:
    """The rows of the table under general names, and the bidder. ValueError if there are several bidders."""
    data = results["data"]
    labels = selection.known("truth", truth, data["scenario"].values) + selection.scenarios(data, families)
    bidder = the_bidder(results, labels)
    summary = area_summary.table(results, scenarios=labels).set_index("scenario")
    here, units = data.sel(scenario=labels), units_of(results, bidder)
    price = results["cleared"]["reserve_price"].sel(scenario=labels, area=area_of(results, bidder), direction="up")
    columns = {
        "multiplier": np.where(here["bidder"] == bidder, here["reserve_bid"], 1.0),
        "export": summary["export_mwh"].to_numpy(),
        "true_cost": summary["cost"].to_numpy(),
    }
    for name, mechanism in (("profit", "lmp"), ("vcg_profit", "vcg")):
        profit = selection.read(results, "payments", "profit", mechanism=mechanism)
        columns[name] = profit.sel(scenario=labels, participant=units).sum("participant", skipna=False).values
    if alone:
        columns["vcg_alone"] = _alone(results, labels, columns["multiplier"], units, alone)
    columns["reserve_price"] = price.mean("time").values
    days = {"day": here["day"].values.astype(str)} if "day" in data.coords else {}
    frame = selection.tidy(pd.DataFrame(days | columns))
    order = np.lexsort([frame["multiplier"], pd.factorize(frame["day"])[0] if days else np.zeros(len(frame))])
    return frame.iloc[order].reset_index(drop=True), bidder


def the_bidder(results: Results, labels: list[str]) -> str:
    """The unit or area that offers something else than its true cost in some of the scenarios; ValueError if not one."""
    found = sorted(set(results["data"]["bidder"].sel(scenario=labels).values.astype(str)) - {""})
    if len(found) != 1:
        raise ValueError(
            f"option families: the bidders are {', '.join(found) or 'nobody'}; choose families with one bidder"
        )
    return found[0]


def units_of(results: Results, bidder: str) -> list[str]:
    """The participants that bid as one: the bidder itself, or all of its area."""
    of = participant_area(results["data"])
    names = of["participant"].values.astype(str)
    return [bidder] if bidder in names else names[of.values == bidder].tolist()


def area_of(results: Results, bidder: str) -> str:
    """The area that the bidder is, or is in."""
    of = participant_area(results["data"])
    return str(of.sel(participant=bidder).item()) if bidder in of["participant"] else bidder


def _alone(
    results: Results, labels: list[str], multiplier: np.ndarray, units: list[str], families: list[str]
) -> np.ndarray:
    """VCG profits (scenario), each unit's when it alone offers its reserve so, summed up; NaN where that is no scenario."""
    data, profit = results["data"], selection.read(results, "payments", "profit", mechanism="vcg")
    single = data.sel(scenario=selection.scenarios(data, families))
    found = []
    for label, factor in zip(labels, multiplier, strict=True):
        if factor == 1:
            found.append(float(profit.sel(scenario=label, participant=units).sum()))
            continue
        here = single.where((single["reserve_bid"] == factor) & (single["energy_bid"] == 1), drop=True)
        bids = dict(zip(here["bidder"].values.astype(str), here["scenario"].values, strict=True))
        own = [float(profit.sel(scenario=bids[unit], participant=unit)) if unit in bids else np.nan for unit in units]
        found.append(np.sum(own))
    return np.array(found)
