"""Table: what each member has alone, and what it gets of the value of all under each mechanism."""

import numpy as np
import pandas as pd

from sharegrid.games.outside import outside_option
from sharegrid.optimise import coalitions
from sharegrid.tables import selection
from sharegrid.tables.methods import in_money, method
from sharegrid.tables.selection import EQUAL, Results


def table(
    results: Results, *, scenarios: list[str], mechanisms: list[str] | None = None, share_of: str | None = None
) -> pd.DataFrame:
    """One row per scenario and member, in the money of the study: `stand_alone`, what it has without the others, and a
    column per mechanism, payment less reported cost; a bill is negative. A centre is the last member, with what is left.

    `surplus_share_percent`: its share under `share_of` (default: the first of `mechanisms`, which default to all) of what
    all have beyond what they have alone; empty if that is nothing.
    """
    data = selection.stage(results, "data")
    selection.known("scenarios", scenarios, selection.stage(results, "values")["scenario"].values)
    shown = selection.mechanisms(results, mechanisms, results["payments"]["mechanism"].values.astype(str))
    selection.known("share_of", [share_of or shown[0]], shown)
    frames = [_of_scenario(results, scenario, shown, share_of or shown[0]) for scenario in scenarios]
    frame = selection.tidy(pd.concat(frames, ignore_index=True))
    return frame.rename(columns={name: in_money(name, data) for name in ["stand_alone", *map(method, shown)]})


def _of_scenario(results: Results, scenario: str, mechanisms: list[str], share_of: str) -> pd.DataFrame:
    data, cleared, values = results["data"], results["cleared"], results["values"]
    here = coalitions.taking_part(data).sel(scenario=scenario).values
    members = data["participant"].values.astype(str)[here]
    alone = outside_option(data, cleared, values).sel(scenario=scenario).values[here]
    cost = cleared["reported_cost"].sel(scenario=scenario).values
    gets = {name: (selection.by_mechanism(results, "payment", scenario, name) - cost)[here] for name in mechanisms}
    if "centre" in data.attrs:
        total = float(coalitions.total_value(values, data).sel(scenario=scenario))
        members, alone = np.append(members, data.attrs["centre"]), np.append(alone, 0.0)
        gets = {name: np.append(payoff, total - payoff.sum()) for name, payoff in gets.items()}
    gain = gets[share_of] - alone
    share = 100 * gain / gain.sum() if abs(gain.sum()) > EQUAL else np.full(len(gain), np.nan)
    columns = {"scenario": scenario, "member": members, "stand_alone": alone}
    columns |= {method(name): payoff for name, payoff in gets.items()}
    return pd.DataFrame(columns | {"surplus_share_percent": share})
