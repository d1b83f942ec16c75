"""Figure: random graphs of growing density: what trade saves, in how many parts the graph is, how well it is connected."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.style import PAGE, amount, variant
from sharegrid.tables import selection
from sharegrid.tables.selection import Results

PANELS = {
    "saving": ("saving by trade", "saving [{money}]"),
    "components": ("parts of the graph", "connected parts [1]"),
    "lambda2": ("algebraic connectivity", "second eigenvalue [1]"),
}


def draw(results: Results, *, families: list[str], nobody: str, seed: int) -> Figure:
    """Saving against the scenario `nobody`, connected parts and second eigenvalue over the probability of an edge: the graphs of
    one `seed`, which are nested, and the median and range of the graphs of the other seeds."""
    frame, money = sweep(results, families, nobody), results["data"].attrs["money"]
    if seed not in set(frame["graph_seed"]):
        raise ValueError(f"option seed: no graphs with seed {seed}; known: {sorted(set(frame['graph_seed']))}")
    body, axes = style.new(1, len(PANELS), width=PAGE, height=2.6)
    shown, others = frame[frame["graph_seed"] == seed], frame[frame["graph_seed"] != seed].groupby("probability")
    for index, (name, (title, label)) in enumerate(PANELS.items()):
        one = axes[0, index]
        band, middle = others[name].agg(["min", "max"]), others[name].median()
        one.fill_between(band.index, band["min"], band["max"], color="#dddddd", label="range of the other seeds")
        one.plot(middle.index, middle, label="median of the other seeds", **variant(0))
        one.plot(shown["probability"], shown[name], marker="o", label=f"seed {seed}", **variant(1))
        one.set_xlabel("probability of an edge [1]")
        one.set_ylabel(label.format(money=money))
        one.set_ylim(0)
        style.panel_title(one, title, index)
    style.legend(body.figure)
    style.evidence(body.figure, _evidence(shown, money))
    return body.figure


def sweep(results: Results, families: list[str], nobody: str) -> pd.DataFrame:
    """probability, graph_seed, saving in the money of the study, components and lambda2 of the scenarios of the families."""
    data, cost = results["data"], results["cleared"]["objective"]
    here = data.sel(scenario=selection.scenarios(data, families))
    columns = {"probability": "edge_probability", "graph_seed": "graph_seed", "components": "components",
               "lambda2": "algebraic_connectivity"}  # fmt: skip
    frame = pd.DataFrame({name: here[of].values for name, of in columns.items()})
    saving = cost.sel(scenario=nobody) - cost.sel(scenario=here["scenario"].values)
    return frame.assign(saving=saving.values).sort_values(["graph_seed", "probability"], kind="stable")


def _evidence(shown: pd.DataFrame, money: str) -> str:
    """How much of the saving of the complete graph is there at each probability, of the nested graphs."""
    most = shown["saving"].iloc[-1]
    parts = [
        f"{row.probability:g}: {row.saving / most:.0%} in {row.components:d} part{'s' * (row.components > 1)}"
        for row in shown.iloc[np.flatnonzero(shown["saving"] < 0.995 * most)].itertuples()
    ]
    return f"Share of the largest saving, {amount(most)} {money}, at a probability of " + "; ".join(parts) + "."
