"""Table: what each coalition is worth, with and without on/off decisions."""

import pandas as pd

from sharegrid.games.table import game_of
from sharegrid.tables import selection
from sharegrid.tables.methods import in_money
from sharegrid.tables.selection import Results


def table(results: Results, *, scenarios: list[str], integer: list[str]) -> pd.DataFrame:
    """One row per scenario and coalition, v in the money of the study: v_lp of `scenarios`, v_milp of the scenario in the
    same place of `integer`. ValueError for lists of different length and for an unknown scenario."""
    if len(scenarios) != len(integer):
        raise ValueError(
            f"option integer: {len(integer)} scenarios; name one for each of the {len(scenarios)} scenarios"
        )
    selection.known("scenarios", [*scenarios, *integer], results["data"]["scenario"].values)
    pairs = zip(scenarios, integer, strict=True)
    frame = selection.tidy(pd.concat([_of_pair(results, *pair) for pair in pairs], ignore_index=True))
    return frame.rename(columns={name: in_money(name, results["data"]) for name in ("v_lp", "v_milp")})


def _of_pair(results: Results, linear: str, integer: str) -> pd.DataFrame:
    data, values = results["data"], selection.stage(results, "values")
    games = [game_of(data, values, name) for name in (linear, integer)]
    numbers = sorted(range(1, 2 ** games[0].count), key=lambda number: (number.bit_count(), number))
    columns = {"scenario": linear, "coalition": [games[0].named(number) for number in numbers]}
    return pd.DataFrame(columns | {"v_lp": games[0].value[numbers], "v_milp": games[1].value[numbers]})
