"""How figures of price methods name and draw them: one look per method in all of them."""

import numpy as np
import pandas as pd
import xarray as xr

from sharegrid.figures import style
from sharegrid.figures.style import amount
from sharegrid.tables import lmos_runs

LOOKS = {  # in the order of drawing
    "exchange-admm": ("ADMM", "#D55E00", "^", (0, (4, 1.5))),
    "gradient": ("gradient", "#777777", "D", (0, (4, 1, 1, 1))),
    "subgradient": ("subgradient", "#999933", "v", (0, (1, 1))),
    "nesterov": ("Nesterov", "#56B4E9", "s", (0, (4, 1.5))),
    "restart": ("Nesterov with restart", "#009E73", "s", "-"),
    "lmos": ("LMOS", "#0072B2", "o", "-"),
}


def look(method: str, **changes) -> dict:
    """Keyword arguments of ``Axes.plot`` for a method."""
    return style.look(LOOKS[method], **changes)


def parameter(run: pd.Series) -> str:
    """The parameter of a run in words: 1.5/L, or rho = 2; empty without one."""
    if np.isnan(run["parameter"]):
        return ""
    number = f"{run['parameter']:g}"
    return f"rho = {number}" if run["method"] == "exchange-admm" else f"{number}/L"


def named(run: pd.Series) -> str:
    """A run in words: gradient (1.5/L) 43."""
    of = parameter(run)
    return f"{LOOKS[run['method']][0]}{f' ({of})' if of else ''} {amount(run['rounds'])}"


def tuned(runs: pd.DataFrame, population: str, methods: list[str]) -> list[pd.Series]:
    """The best run of each method on the population, of those that have one that ended."""
    found = [lmos_runs.best(runs, population, method) for method in methods]
    return [one for one in found if one is not None]


def curve(results, name: str, run: pd.Series) -> np.ndarray:
    """A variable (round) of a run, in the rounds that it took or that were kept."""
    of: xr.DataArray = results["coordination"][name].sel({"method": run["plugin"], "run": run["run"]})
    return of.values[: int(run["rounds"])]
