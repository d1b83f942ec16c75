"""Figure: the price by round, of price methods with one price."""

import numpy as np
from matplotlib.figure import Figure

from sharegrid.figures import lmos_looks, style
from sharegrid.tables import lmos_runs, selection
from sharegrid.tables.selection import Results


def draw(
    results: Results,
    *,
    population: str,
    parameters: dict[str, float],
    last_round: int = 15,
) -> Figure:
    """Price by round on a population of program single, up to `last_round`, of LMOS and of the methods of `parameters`, each with
    its parameter; dotted the price at which LMOS ends. ValueError for a run that the study does not have or that did not end.
    """
    selection.known("population", [population], results["data"]["population"].values)
    selection.known("parameters", parameters, lmos_looks.LOOKS)
    runs = lmos_runs.frame(results)
    chosen = [_run(runs, population, method, value) for method, value in parameters.items()]
    lmos = lmos_runs.best(runs, population, "lmos")
    if lmos is None:
        raise ValueError(f"option population: LMOS did not run, or did not end, on '{population}'")
    body, axes = style.new(1, 1, width=style.COLUMN, height=2.8)
    panel = axes[0, 0]
    end = lmos_looks.curve(results, "price_by_round", lmos)[-1]
    panel.axhline(end, **style.GUIDE | {"label": "optimal price"})
    for run in [*chosen, lmos]:
        price = lmos_looks.curve(results, "price_by_round", run)[:last_round]
        label = " ".join(filter(None, [lmos_looks.LOOKS[run["method"]][0], lmos_looks.parameter(run)]))
        panel.plot(np.arange(1, len(price) + 1), price, **lmos_looks.look(run["method"], label=label))
    panel.set_xlabel("round [1]")
    panel.set_ylabel("price [$/kWh]")
    style.legend(body.figure, columns=2)
    rounds = ", ".join(lmos_looks.named(one) for one in [lmos, *chosen])
    style.evidence(
        body.figure, f"{population}: optimal price {style.amount(end)} $/kWh. Rounds until the end: {rounds}."
    )
    return body.figure


def _run(runs, population: str, method: str, value: float):
    run = lmos_runs.at(runs, population, method, value)
    if run is None:
        raise ValueError(f"option parameters: no run of {method} with {value:g} on '{population}' that ended")
    return run
