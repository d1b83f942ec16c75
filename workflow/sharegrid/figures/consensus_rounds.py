"""Figure: rounds of talking to neighbours, over the ratio of the two eigenvalues of the graph that decide them."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.style import PAGE, amount, variant
from sharegrid.tables import connectivity, selection
from sharegrid.tables.selection import Results

AVERAGING, MARKET = "average-consensus", "consensus-newton"


def draw(results: Results, *, families: list[str], accuracy: float) -> Figure:
    """Rounds of averaging to `accuracy` and rounds until the price is found, over lambda_2 / lambda_N, both axes logarithmic.

    The line is the closed form, the marks are simulations of all connected graphs; names are those of the graphs of `families`.
    Hollow marks are runs that used up their steps before the price was found.
    """
    data = results["data"]
    body, ((axes,),) = style.new(width=PAGE, height=3.0)
    ratio, simulated = _simulated(results)
    fine = np.geomspace(ratio.min(), 1, 400)
    formula = np.log(accuracy) / np.log((1 - fine[:-1]) / (1 + fine[:-1]))
    axes.plot(fine[:-1], np.ceil(formula), label=f"averaging to {accuracy:g}, closed form", **variant(1))
    dots = {"linestyle": "none", "marker": "o", "markersize": 3}
    axes.plot(ratio, simulated, color="#999999", label="averaging, simulated from a random start", **dots)
    market = _market(results, families)
    marks = {"color": variant(2)["color"], "linestyle": "none", "marker": "D", "markersize": 4}
    ended = market["converged"]
    axes.plot(market["ratio"][ended], market["rounds"][ended], label="the market's price found", **marks)
    if not ended.all():
        axes.plot(market["ratio"][~ended], market["rounds"][~ended], label="not found in its steps",
                  markerfacecolor="none", **marks)  # fmt: skip
    _name(axes, market)
    axes.set_xscale("log")
    axes.set_yscale("log")
    for axis in (axes.xaxis, axes.yaxis):
        style.group_digits(axis)
    axes.set_xlabel("second smallest over largest eigenvalue of the Laplacian [1]")
    axes.set_ylabel("rounds [1]")
    axes.margins(0.06)
    style.legend(body.figure)
    style.evidence(body.figure, _evidence(market, data.sizes["participant"]))
    return body.figure


def _simulated(results: Results) -> tuple[np.ndarray, np.ndarray]:
    """lambda_2 / lambda_N and simulated rounds of all connected graphs."""
    rounds = selection.read(results, "coordination", "consensus_simulated", method=AVERAGING)
    here = results["data"].sel(scenario=rounds["graph"].values)
    ratio = here["algebraic_connectivity"].values / np.maximum(here["largest_eigenvalue"].values, 1e-12)
    kept = rounds.notnull().values
    return ratio[kept], rounds.values[kept]


def _market(results: Results, families: list[str]) -> pd.DataFrame:
    """topology, ratio of the eigenvalues, steps, rounds and whether it converged of the connected graphs that were coordinated."""
    data = results["data"]
    made = selection.stage(results, "coordination").sel({"method": MARKET})
    rows = []
    for label in selection.scenarios(data, families):
        one = data.sel(scenario=label)
        if label not in made["scenario"].values or one["components"] > 1:
            continue
        run = made.sel(scenario=label)
        rows.append(
            {
                "topology": connectivity.named(one),
                "ratio": float(one["algebraic_connectivity"] / one["largest_eigenvalue"]),
                "steps": int(run["newton_steps"].max()),
                "rounds": int(run["rounds"]),
                "converged": bool(run["converged"] == 1),
            }
        )
    return pd.DataFrame(rows)


def _name(axes: Axes, market: pd.DataFrame) -> None:
    """Names above and below in turns, as neighbours are near."""
    for k, row in enumerate(market.sort_values("ratio").itertuples()):
        above = 5 if k % 2 else -11
        axes.annotate(row.topology, (row.ratio, row.rounds), xytext=(0, above), textcoords="offset points", fontsize=6,
                      ha="center")  # fmt: skip


def _evidence(market: pd.DataFrame, users: int) -> str:
    """Steps and rounds of the runs that found the price, and the names of those that did not."""
    found, others = market[market["converged"]].sort_values("rounds"), market[~market["converged"]]
    said = [f"{users} prosumers."]
    if len(found):
        steps, few, many = sorted(set(found["steps"])), found.iloc[0], found.iloc[-1]
        said.append(
            f"The price takes {' to '.join(str(one) for one in dict.fromkeys((steps[0], steps[-1])))} steps, each of which averages: "
            f"{amount(few['rounds'])} rounds on the graph {few['topology']}, {amount(many['rounds'])} on the graph {many['topology']}."
        )
    if len(others):
        said.append(f"Not found in the steps given: {', '.join(others['topology'])}.")
    return " ".join(said)
