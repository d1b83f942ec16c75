"""Figure: the factor on its offers that pays each unit best, and what it gains by it, per mechanism."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.style import GUIDE, MECHANISMS, PAGE, amount, look
from sharegrid.tables import selection
from sharegrid.tables.selection import Results

SPREAD = 0.18  # between the marks of one unit


def draw(
    results: Results, *, variants: list[str], mechanisms: list[str] | None = None, gain_linear_below: float = 1.0
) -> Figure:
    """Per variant two panels over the units: best factor [1], and the gain over the truth in $/h (symlog)."""
    rules = mechanisms or ["pay-as-bid", "lmp", "core-selecting", "vcg"]
    units = results["data"]["participant"].values.astype(str)
    body, axes = style.new(2, len(variants), width=PAGE, height=3.4, sharex=True, sharey="row")
    for column, label in enumerate(variants):
        factor = {rule: _best(results, "best_multiplier", rule, label) for rule in rules}
        gain = {rule: _best(results, "best_gain", rule, label) for rule in rules}
        _marks(axes[0, column], factor)
        _marks(axes[1, column], gain)
        axes[0, column].axhline(1, **GUIDE)
        style.symlog(axes[1, column], gain_linear_below)
        axes[1, column].set_xticks(range(len(units)), units)
        axes[1, column].set_xlabel("unit")
        style.panel_title(axes[0, column], f"line limits {label}", column)
    axes[0, 0].set_ylabel("most profitable factor\non the offer prices [1]")
    axes[1, 0].set_ylabel("gain over the truth [$/h]")
    style.legend(body.figure)
    style.evidence(body.figure, _largest(results, variants, rules) + style.voll_note(results["data"], variants))
    return body.figure


def _best(results: Results, name: str, mechanism: str, variant: str) -> np.ndarray:
    """best_multiplier [1] or best_gain [$/h] (participant)."""
    found = selection.read(results["payments"], name, scenario=variant, mechanism=mechanism)
    return found.sel(participant=results["data"]["participant"].values).values


def _marks(axes: Axes, by_rule: dict[str, np.ndarray]) -> None:
    middle = (len(by_rule) - 1) / 2
    for k, (rule, values) in enumerate(by_rule.items()):
        axes.plot(np.arange(len(values)) + SPREAD * (k - middle), values, **look(MECHANISMS[rule], linestyle="none"))
    style.separate(axes, len(values))


def _largest(results: Results, variants: list[str], rules: list[str]) -> str:
    parts = []
    for label in variants:
        gains = {rule: np.nanmax(_best(results, "best_gain", rule, label)) for rule in rules}
        texts = [f"{MECHANISMS[rule][0]} {amount(gain) if gain > 1e-6 else 'none'}" for rule, gain in gains.items()]
        parts.append(f"{label}: {', '.join(texts)}")
    return "Largest gain of a unit, $/h. " + "; ".join(parts) + "."
