"""Figure: how far methods of coordination are from the central optimum, by rounds or by the numbers told and heard."""

from typing import Literal

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.style import amount
from sharegrid.tables import selection
from sharegrid.tables.selection import Results

LOOKS = {  # in the order of drawing
    "dantzig-wolfe": ("Dantzig-Wolfe", "#0072B2", "o", "-"),
    "sharing-admm": ("sharing ADMM", "#D55E00", "s", "-"),
    "improved-multiplier": ("multipliers with sensitivity", "#0072B2", "o", "-"),
    "cutting-plane": ("cutting planes", "#56B4E9", "s", (0, (4, 1.5))),
    "consensus-admm": ("consensus ADMM", "#D55E00", "^", "-"),
    "subgradient": ("subgradient", "#999933", "v", "-"),
    "accelerated-gradient": ("accelerated gradient", "#777777", "D", (0, (4, 1, 1, 1))),
}
OTHERS = (("#009E73", "D"), ("#CC79A7", ">"), ("#332288", "<"), ("#882255", "p"))
SMALLEST = 1e-8  # relative; a smaller gap is what a solver leaves of zero
MARKS = 12
TOLD = 4  # runs of which the evidence tells all


def draw(
    results: Results,
    *,
    scenarios: list[str],
    methods: list[str] | None = None,
    against: list[Literal["rounds", "floats"]] = ["rounds"],  # noqa: B006
    certified_of: list[str] | None = None,
    scale: Literal["linear", "log"] = "linear",
) -> Figure:
    """Size of the relative gap to the central optimum (log) over rounds (on a `scale`) or over the numbers told and heard so far
    (log), a panel per scenario, a row of two panels if both; dotted: the certified gap, which a method with a lower bound knows
    without the central optimum.

    `methods` defaults to all that have rounds, `certified_of` to those. A cost below the optimum, by members' inexact solves, is
    drawn as far from it as one above, and gaps below 1e-8 at 1e-8. The legend tells the numbers exchanged per round in the first
    scenario.
    """
    gap = selection.read(results, "coordination", "gap")
    known = [str(name) for name in gap["method"].values if gap.sel({"method": name}).notnull().any()]
    shown = known if methods is None else selection.known("methods", methods, known)
    selection.known("scenarios", scenarios, gap["scenario"].values)
    bounded = shown if certified_of is None else selection.known("certified_of", certified_of, shown)
    panels = [(scenario, axis) for scenario in scenarios for axis in against]
    columns = len(panels) // (len(scenarios) if len(against) > 1 else 1)
    size = {"width": style.COLUMN if columns == 1 else style.PAGE, "height": 2.9 + 1.6 * (len(panels) // columns - 1)}
    body, axes = style.new(len(panels) // columns, columns, **size, sharey=True)
    for k, (panel, (scenario, axis)) in enumerate(zip(axes.flat, panels, strict=True)):
        here = results["coordination"].sel(scenario=scenario)
        for name in shown:
            if here["gap"].sel({"method": name}).notnull().any():
                _curve(panel, here.sel({"method": name}), _look(name, shown), axis, name in bounded)
        title = (scenario if len(scenarios) > 1 else "", k) if len(panels) > 1 else None
        _frame(panel, axis, scale if axis == "rounds" else "log", title)
    for panel in axes[:, 0]:
        panel.set_ylabel("|relative gap| to the\ncentral optimum [1]")
    style.legend(body.figure, columns=1 if columns == 1 else 2)
    style.evidence(body.figure, _ends(results["coordination"], scenarios, shown))
    return body.figure


def _look(name: str, shown: list[str]) -> tuple:
    """The look of a method; one that the study labels, or that is not known, gets the next of OTHERS."""
    if name in LOOKS:
        return LOOKS[name]
    method, _, label = name.partition("@")
    others = [one for one in shown if one not in LOOKS]
    known = LOOKS.get(method, (method,))[0]
    return (f"{known}, {label}" if label else known, *OTHERS[others.index(name) % len(OTHERS)], "-")


def _curve(axes: Axes, run: xr.Dataset, entity: tuple, against: str, bounded: bool) -> None:
    floats, gap = run["floats"].values, np.abs(run["gap"].values)
    last = np.flatnonzero(~np.isnan(floats))[-1] + 1
    along = run["round"].values[:last] if against == "rounds" else np.cumsum(floats[:last])
    label = f"{entity[0]}: {amount(float(floats[0]))} numbers per round"
    axes.plot(
        along, np.maximum(gap[:last], SMALLEST), markevery=max(1, last // MARKS), **style.look(entity, label=label)
    )
    bound = certified(run)[:last]
    if bounded and np.isfinite(bound).any():
        dots = {"color": entity[1], "linestyle": (0, (1, 1)), "label": f"{entity[0]}: certified gap"}
        axes.plot(along, np.maximum(bound, SMALLEST), **dots)


def certified(run: xr.Dataset) -> np.ndarray:
    """(round) relative distance of the cost to the certified bound; NaN where one of them is not known."""
    cost = run["coordinated_cost"].values
    return (cost - run["lower_bound"].values) / np.maximum(1.0, np.abs(cost))


def _frame(axes: Axes, against: str, scale: str, title: tuple[str, int] | None) -> None:
    axes.set_yscale("log")
    axes.set_xlabel("round [1]" if against == "rounds" else "numbers told and heard so far [1]")
    if scale == "log":
        axes.set_xscale("log")
        style.group_digits(axes.xaxis)
    if title is not None:
        style.panel_title(axes, *title)


def _ends(coordination: xr.Dataset, scenarios: list[str], shown: list[str]) -> str:
    """How each run ended; of more than TOLD runs only their rounds."""
    runs = [
        (name, scenario, coordination.sel({"scenario": scenario, "method": name}))
        for scenario in scenarios
        for name in shown
    ]
    runs = [one for one in runs if one[2]["rounds"].notnull()]
    if len(runs) > TOLD:
        return _rounds(runs, scenarios, shown)
    parts = []
    for name, scenario, run in runs:
        distance = abs(float(run["final_cost"] - run["central_cost"])) / max(1.0, abs(float(run["central_cost"])))
        ended = "" if run["converged"] == 1 else ", not converged"
        where = f", {scenario}" if len(scenarios) > 1 else ""
        parts.append(
            f"{_look(name, shown)[0]}{where}: {amount(float(run['rounds']))} rounds, "
            f"{amount(float(run['messages']))} messages, final |gap| {_power(distance)}{ended}"
        )
    return "; ".join(parts) + "."


def _rounds(runs: list[tuple[str, str, xr.Dataset]], scenarios: list[str], shown: list[str]) -> str:
    """The rounds of each run, by scenario."""
    texts = []
    for scenario in scenarios:
        here = [(_look(name, shown)[0], run) for name, of, run in runs if of == scenario]
        parts = [
            f"{label} {'' if run['converged'] == 1 else 'not in '}{amount(float(run['rounds']))}" for label, run in here
        ]
        where = f"{scenario}, rounds" if len(scenarios) > 1 else "Rounds"
        texts.append(f"{where} until the method stops: {'; '.join(parts)}.")
    return " ".join(texts)


def _power(distance: float) -> str:
    return f"{distance:.0e}" if distance >= SMALLEST else f"below {SMALLEST:.0e}"
