"""Figure: rounds and numbers told of price methods over the number of users."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sharegrid.figures import lmos_looks, style
from sharegrid.tables import lmos_runs, selection
from sharegrid.tables.selection import Results

LABELS = {"rounds": "rounds [1]", "floats_up": "numbers told [1]"}


def draw(
    results: Results,
    *,
    programs: list[str],
    methods: list[str] = ["lmos", "gradient", "restart", "exchange-admm"],  # noqa: B006
    smallest: int = 100,
) -> Figure:
    """Rounds (log) over users (log), a panel per program, and numbers that the edges told of the last program. Each method at
    its best parameter of the study for each number of users, from `smallest` users.
    """
    runs = lmos_runs.frame(results)
    selection.known("programs", programs, runs["program"].unique())
    selection.known("methods", methods, lmos_looks.LOOKS)
    panels = [(program, "rounds") for program in programs] + [(programs[-1], "floats_up")]
    body, axes = style.new(1, len(panels), width=style.PAGE, height=2.6)
    for k, (panel, (program, what)) in enumerate(zip(axes[0], panels, strict=True)):
        for method in (name for name in lmos_looks.LOOKS if name in methods):
            found = _by_users(runs, program, method, smallest)
            panel.plot([one["n_users"] for one in found], [one[what] for one in found], **lmos_looks.look(method))
        panel.set_xscale("log")
        panel.set_yscale("log")
        panel.set_xlabel("number of users [1]")
        panel.set_ylabel(LABELS[what])
        _from_a_power_of_ten(panel)
        style.group_digits(panel.yaxis)
        style.panel_title(panel, program, k)
    style.legend(body.figure, columns=4)
    style.evidence(body.figure, _evidence(runs, programs, methods, smallest))
    return body.figure


def _from_a_power_of_ten(axes: Axes) -> None:
    """Vertical limits at powers of ten, so that a line that hardly changes looks so."""
    low, high = axes.get_ylim()
    axes.set_ylim(10 ** np.floor(np.log10(low)), 10 ** np.ceil(np.log10(high)))


def _by_users(runs, program: str, method: str, smallest: int) -> list:
    sizes = sorted(runs.loc[(runs["program"] == program) & (runs["n_users"] >= smallest), "n_users"].unique())
    found = [lmos_runs.best(runs, f"{program} {size}", method) for size in sizes]
    return [one for one in found if one is not None]


def _evidence(runs, programs: list[str], methods: list[str], smallest: int) -> str:
    parts = []
    for program in programs:
        told = []
        for method in (name for name in reversed(lmos_looks.LOOKS) if name in methods):
            found = _by_users(runs, program, method, smallest)
            rounds = ", ".join(style.amount(one["rounds"]) for one in found)
            told.append(f"{lmos_looks.LOOKS[method][0]} {rounds}")
        parts.append(f"{program}: rounds by users {'; '.join(told)}.")
    latency = runs["latency_ms"] / runs["rounds"]
    return " ".join(parts) + f" A round takes {style.amount(latency.iloc[0])} ms in the model of latency."
