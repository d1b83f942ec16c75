"""Figure: the expected imbalance of each hour, jointly and added up over separate offers."""

from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.offer import ALONE, JOINT, hours
from sharegrid.figures.style import PAGE, amount
from sharegrid.tables import offer_imbalance, selection
from sharegrid.tables.selection import Results


def draw(results: Results, *, scenarios: list[str]) -> Figure:
    """Expected surplus and shortage together in MWh by hour: a panel per scenario."""
    body, axes = style.new(1, len(scenarios), width=PAGE, height=2.5, sharey=True)
    for k, name in enumerate(scenarios):
        method = {"method": offer_imbalance.SEPARATE, "scenario": name}
        alone = selection.read(results, "plan", "separate_imbalance", **method).sum("participant")
        probability = results["data"]["probability"].sel(scenario=name)
        both = [selection.read(results, "cleared", side, scenario=name) for side in ("surplus", "shortage")]
        hours(axes[0, k], alone.values, **ALONE)
        hours(axes[0, k], (probability * sum(both)).sum("outcome").values, **JOINT)
        style.panel_title(axes[0, k], name, k)
        axes[0, k].set_xlabel("hour of the day [h]")
    axes[0, 0].set_ylabel("expected imbalance [MWh]")
    axes[0, 0].set_ylim(0)
    style.legend(body.figure)
    style.evidence(body.figure, _totals(results, scenarios))
    return body.figure


def _totals(results: Results, scenarios: list[str]) -> str:
    frame = offer_imbalance.table(results, scenarios=scenarios).set_index(["scenario", "who"])["imbalance_mwh"]
    parts = []
    for name in scenarios:
        alone, joint = frame[name, offer_imbalance.SUM], frame[name, offer_imbalance.JOINT]
        parts.append(f"{name} {amount(alone)} separately, {amount(joint)} MWh jointly ({joint / alone - 1:+.0%})")
    return "Expected imbalance of the day: " + "; ".join(parts).replace("-", "\u2212") + "."
