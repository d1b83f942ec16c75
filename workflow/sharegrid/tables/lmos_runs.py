"""What tables and figures read of the runs of price methods (coordination/price_runs.py): one row per run."""

import pandas as pd
import xarray as xr

from sharegrid.tables import selection
from sharegrid.tables.selection import Results

READ = ("rounds", "converged", "floats_up", "floats_down", "floats_once", "price_error", "latency_ms")


def frame(results: Results) -> pd.DataFrame:
    """One row per run of the study: method, run, population, program, n_users, parameter (NaN if it has none) and READ.

    A method is called by its label where the study gives one: first-order@gradient is gradient.
    """
    coordination, data = selection.stage(results, "coordination"), selection.stage(results, "data")
    selection.read(results, "coordination", "floats_up")
    users = dict(zip(data["population"].values.astype(str), data["population_users"].values, strict=True))
    rows = [_row(one, users) for method in coordination["method"].values
            for one in _of_method(coordination, str(method))]  # fmt: skip
    return pd.DataFrame(rows)


def _of_method(coordination: xr.Dataset, method: str) -> list[xr.Dataset]:
    own = coordination[list(READ)].sel({"method": method})
    return [own.isel(run=k) for k in range(own.sizes["run"]) if own["rounds"][k].notnull()]


def _row(one: xr.Dataset, users: dict[str, int]) -> dict[str, object]:
    method, run = str(one["method"].item()), str(one["run"].item())
    population, _, parameter = run.partition("|")
    label = {
        "method": method.partition("@")[2] or method,
        "plugin": method,
        "run": run,
        "population": population,
        "program": population.partition(" ")[0],
        "n_users": int(users[population]),
        "parameter": float(parameter or "nan"),
    }
    return label | {name: float(one[name]) for name in READ}


def best(runs: pd.DataFrame, population: str, method: str) -> pd.Series | None:
    """The run of a method with the fewest rounds on a population, the smallest parameter of several; None if none converged."""
    here = runs[(runs["population"] == population) & (runs["method"] == method) & (runs["converged"] == 1)]
    return None if here.empty else here.sort_values(["rounds", "parameter"]).iloc[0]


def at(runs: pd.DataFrame, population: str, method: str, parameter: float) -> pd.Series | None:
    """The run of a method with one parameter on a population; None if there is none, or it did not converge."""
    here = runs[(runs["population"] == population) & (runs["method"] == method) & (runs["converged"] == 1)]
    here = here[here["parameter"] == parameter]
    return None if here.empty else here.iloc[0]
