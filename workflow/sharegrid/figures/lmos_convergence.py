"""Figure: how fast the mismatch of price methods falls, by rounds and by the numbers told."""

from typing import Literal

import numpy as np
from matplotlib.figure import Figure

from sharegrid.figures import lmos_looks, style
from sharegrid.tables import lmos_runs, selection
from sharegrid.tables.selection import Results

SMALLEST = 1e-9  # relative; a smaller mismatch is what rounding leaves of none


def draw(
    results: Results,
    *,
    populations: list[str],
    against: list[Literal["rounds", "floats"]] = ["rounds"],  # noqa: B006
    methods: list[str] = ["lmos", "gradient", "subgradient", "restart", "exchange-admm"],  # noqa: B006
) -> Figure:
    """Largest mismatch relative to the program's scale (log), a panel per population over rounds, and over the numbers that all
    edges have told so far for the last population where `against` has floats. Each method at its best parameter of the study.
    """
    selection.known("populations", populations, results["data"]["population"].values)
    selection.known("methods", methods, lmos_looks.LOOKS)
    panels = [(one, "rounds") for one in populations] + [(populations[-1], "floats")] * ("floats" in against)
    runs = lmos_runs.frame(results)
    body, axes = style.new(1, len(panels), width=style.PAGE, height=2.7, sharey=True)
    for k, (panel, (population, along)) in enumerate(zip(axes[0], panels, strict=True)):
        for run in lmos_looks.tuned(runs, population, [name for name in lmos_looks.LOOKS if name in methods]):
            size = lmos_looks.curve(results, "primal_residual", run)
            rounds = np.arange(1, len(size) + 1)
            told = rounds * run["floats_up"] / run["rounds"]
            panel.plot(rounds if along == "rounds" else told, np.maximum(size, SMALLEST),
                       **lmos_looks.look(run["method"], markevery=max(1, len(size) // 8)))  # fmt: skip
        panel.set_yscale("log")
        panel.set_xscale("log")
        panel.set_xlabel("round [1]" if along == "rounds" else "numbers told so far [1]")
        style.group_digits(panel.xaxis)
        style.panel_title(panel, population, k)
    axes[0, 0].set_ylabel("largest mismatch, relative [1]")
    style.legend(body.figure, columns=5)
    style.evidence(body.figure, " ".join(_ends(runs, one, methods) for one in populations))
    return body.figure


def _ends(runs, population: str, methods: list[str]) -> str:
    found = lmos_looks.tuned(runs, population, [name for name in lmos_looks.LOOKS if name in methods][::-1])
    told = ", ".join(f"{lmos_looks.LOOKS[one['method']][0]} {style.amount(one['floats_up'])}" for one in found)
    rounds = ", ".join(lmos_looks.named(one) for one in found)
    return f"{population}: rounds {rounds}; numbers told {told}."
