"""Figure: the factor on its offers that pays each unit best, and what it gains by it, per mechanism."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.style import GUIDE, MECHANISMS, PAGE, amount, look
from sharegrid.tables import selection
from sharegrid.tables.selection import IDLE, Results

SPREAD = 0.18  # between the marks of one unit
FLOOR, ROOM = 0.3, 2.5  # space below zero and factor on the largest gain, so that no mark is cut
CROWDED = 12  # units above which the variants stand below each other
HOLLOW = {"linestyle": "none", "markerfacecolor": "white", "markeredgewidth": 0.9}
EDGE = "best factor at the end of the range: the gain is a lower bound"


def draw(
    results: Results,
    *,
    variants: list[str],
    mechanisms: list[str] | None = None,
    families: list[str] | None = None,
    dispatched_only: bool = False,
    gain_linear_below: float = 1.0,
) -> Figure:
    """Per variant two panels over the units: best factor [1], and the gain over the truth in $/h (symlog).

    `families` are those of the check best-responses (default: best-response); a best factor at the end of their range is
    hollow. `dispatched_only` leaves out the units without output in the variant.
    """
    selection.known("variants", variants, selection.bases(results["data"], families or ["best-response"]))
    rules = selection.mechanisms(results, mechanisms, MECHANISMS)
    frame = pd.concat([_outcomes(results, label, rules, families or ["best-response"]) for label in variants])
    shown = frame[frame["dispatched"]] if dispatched_only else frame
    crowded = shown.groupby("variant")["unit"].nunique().max() > CROWDED
    shape, height = ((2 * len(variants), 1), 0.9 + 2.3 * len(variants)) if crowded else ((2, len(variants)), 3.6)
    rows = (
        {"gridspec_kw": {"height_ratios": [1, 1.2] * len(variants)}} if crowded else {"sharex": True, "sharey": "row"}
    )
    body, axes = style.new(*shape, width=PAGE, height=height, **rows)
    pairs = axes.reshape(-1, 2) if crowded else axes.T
    for index, ((above, below), label) in enumerate(zip(pairs, variants, strict=True)):
        _pair(above, below, shown[shown["variant"] == label], rules, gain_linear_below)
        style.panel_title(above, f"line limits {label}", index)
    for above, below in pairs if crowded else pairs[:1]:
        above.set_ylabel("most profitable\nfactor on the\noffer prices [1]")
        below.set_ylabel("gain over\nthe truth [$/h]")
    style.legend(body.figure, columns=5)
    idle = " Units without output are not drawn." if len(shown) < len(frame) else ""
    style.evidence(body.figure, _largest(frame, variants, rules) + idle + style.voll_note(results["data"], variants))
    return body.figure


def _outcomes(results: Results, variant: str, rules: list[str], families: list[str]) -> pd.DataFrame:
    """Rows mechanism x unit: best factor [1], its gain [$/h], whether it ends the range, whether the unit has output."""
    swept = selection.misreports(results["data"], variant, families)
    output = results["cleared"]["output"].sel(scenario=variant, participant=list(swept)).values
    ends = [{curve[0][0], curve[-1][0]} - {1.0} for curve in swept.values()]
    parts = []
    for rule in rules:
        labels = {"scenario": variant, "mechanism": rule}
        factor, gain = (
            selection.read(results, "payments", name, **labels).sel(participant=list(swept)).values
            for name in ("best_multiplier", "best_gain")
        )
        columns = {"variant": variant, "rule": rule, "unit": list(swept), "factor": factor, "gain": gain}
        at_end = [best in edge for best, edge in zip(factor, ends, strict=True)]
        parts.append(pd.DataFrame(columns | {"at_end": at_end, "dispatched": output > IDLE}))
    return pd.concat(parts, ignore_index=True)


def _pair(above: Axes, below: Axes, frame: pd.DataFrame, rules: list[str], linear_below: float) -> None:
    units = list(frame["unit"].unique())
    for axes, column in ((above, "factor"), (below, "gain")):
        for k, rule in enumerate(rules):
            here = frame[frame["rule"] == rule]
            place = np.arange(len(units)) + SPREAD * (k - (len(rules) - 1) / 2)
            axes.plot(place, here[column], **look(MECHANISMS[rule], linestyle="none"))
            _hollow(axes, place, here[column].where(here["at_end"].to_numpy()), rule)
        style.separate(axes, len(units))
        axes.set_xticks(range(len(units)), units)
    above.axhline(1, **GUIDE)
    above.margins(y=0.15)
    below.set_ylim(-FLOOR * linear_below, max(ROOM * below.dataLim.y1, linear_below))  # before the ticks are chosen
    style.symlog(below, linear_below)
    below.set_xlabel("unit")


def _hollow(axes: Axes, place: np.ndarray, values: pd.Series, rule: str) -> None:
    """Draw the known of the values as hollow marks of the mechanism; one grey legend entry stands for all."""
    if values.notna().any():
        _, colour, marker, _ = MECHANISMS[rule]
        axes.plot(place, values, marker=marker, markeredgecolor=colour, **HOLLOW)
        axes.plot([], [], marker="o", markeredgecolor=GUIDE["color"], label=EDGE, **HOLLOW)


def _largest(frame: pd.DataFrame, variants: list[str], rules: list[str]) -> str:
    gains = frame.groupby(["variant", "rule"])["gain"].max()
    parts = []
    for label in variants:
        known = {rule: gains[label, rule] for rule in rules if not np.isnan(gains[label, rule])}
        texts = [f"{MECHANISMS[rule][0]} {amount(gain) if gain > 1e-6 else 'none'}" for rule, gain in known.items()]
        parts.append(f"{label}: {', '.join(texts)}")
    return "Largest gain of a unit, $/h. " + "; ".join(parts) + "."
