"""Figure: load by hour without and with coordination, and the price that coordinates it."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.tables import lmos_runs, selection
from sharegrid.tables.selection import Results

WANTED = ("as users want it", "#777777", "", (0, (4, 1.5)))
COORDINATED = ("at the prices of LMOS", "#0072B2", "", "-")
SUPPLY = ("price of supply at no load", "#E69F00", "", (0, (1, 1)))
PRICE = ("coordinating price", "#D55E00", "", "-")


def draw(results: Results, *, population: str) -> Figure:
    """Load of all users of a population with program loose or tight by hour, as wanted and as coordinated by LMOS; below, the
    coordinating price and that of the supply at no load.
    """
    data = results["data"]
    selection.known("population", [population], data["population"].values)
    one = data.sel(population=population)
    run = lmos_runs.best(lmos_runs.frame(results), population, "lmos")
    if run is None or one["population_program"].item() == "single":
        raise ValueError(f"option population: '{population}' has no loads that LMOS coordinated; name one that has")
    of = results["coordination"].sel({"method": run["plugin"], "run": run["run"]})
    first, users = int(one["population_first"]), int(one["population_users"])
    wanted = data["mover_wanted"].values[first : first + users].sum(axis=0)
    load, price = of["load_by_time"].values, of["row_price"].values
    body, axes = style.new(2, 1, width=style.COLUMN, height=3.6, sharex=True)
    _hourly(axes[0, 0], "load [kW]", {WANTED: wanted, COORDINATED: load})
    _hourly(axes[1, 0], "price [$/kWh]", {SUPPLY: one["population_base"].values, PRICE: price})
    axes[1, 0].set_xlabel("hour [h]")
    axes[1, 0].set_xticks(np.arange(0, len(load) + 1, 6))
    style.legend(body.figure, columns=2)
    style.evidence(body.figure, _evidence(wanted, load))
    return body.figure


def _hourly(axes: Axes, label: str, curves: dict[tuple, np.ndarray]) -> None:
    """Values of hours as steps, from 0."""
    for entity, values in curves.items():
        axes.step(np.arange(len(values) + 1), np.append(values, values[-1]), where="post", **style.look(entity))
    axes.set_ylim(bottom=0)
    axes.set_ylabel(label)
    style.group_digits(axes.yaxis)


def _evidence(wanted: np.ndarray, load: np.ndarray) -> str:
    moved = np.abs(load - wanted).sum() / 2
    return (
        f"Peak {wanted.max():.1f} kW as wanted, {load.max():.1f} kW coordinated; least load {wanted.min():.1f} and "
        f"{load.min():.1f} kW; {moved:.1f} of {wanted.sum():.1f} kWh move to other hours."
    )
