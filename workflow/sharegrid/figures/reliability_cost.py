"""Figure: what demand response over unreliable links costs, in expectation or with a chance constraint, and how often it misses."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.style import PAGE, amount
from sharegrid.tables import selection
from sharegrid.tables.selection import Results

SLOTS = (
    ("#882255", "v", (0, (1, 1))),
    ("#D55E00", "^", (0, (4, 1, 1, 1))),
    ("#56B4E9", "s", "-"),
    ("#000000", "o", (0, (2, 2))),
)
DELIVERIES = {
    "expected": ("in expectation", "#0072B2", "o", "-"),
    "chance": ("chance-constrained", "#D55E00", "s", (0, (4, 1.5))),
}
BURSTS = ("independent losses", "#777777", "D", (0, (4, 1, 1, 1)))


def draw(results: Results, *, links: str = "links", bursts: str = "bursts", slots_of_misses: int = 12) -> Figure:
    """Cost over the success of an attempt, a line per number of slots, in expectation and with chance; the probability that less
    than required is delivered at `slots_of_misses`; and the cost over the mean length of bursts of losses.

    `links` and `bursts`: the families of scenarios that sweep link_success and slots, and burst_length.
    """
    data, cleared = selection.stage(results, "data"), selection.stage(results, "cleared")
    money = data.attrs["money"]
    body, axes = style.new(2, 2, width=PAGE, height=4.6)
    here = cleared.sel(scenario=selection.scenarios(data, [links]))
    swept = data.sel(scenario=here["scenario"].values)
    for panel, (delivery, entity) in zip(axes[0], DELIVERIES.items(), strict=True):
        _by_slots(panel, here, swept.isel(scenario=(swept["delivery"] == delivery).values))
        panel.set_ylabel(f"cost, {entity[0]} [{money}]")
    low, high = (edge(panel.get_ylim()[k] for panel in axes[0]) for k, edge in enumerate((min, max)))
    for panel in axes[0]:
        panel.set_ylim(low, high)
    _misses(axes[1, 0], here, swept, slots_of_misses)
    _bursts(axes[1, 1], results, bursts)
    axes[1, 1].set_ylabel(f"cost, in expectation [{money}]")
    titles = ("requirement met in expectation", "requirement met in all but a share of the outcomes",
              f"how often it is missed, {slots_of_misses} slots", "losses in bursts")  # fmt: skip
    for k, (panel, title) in enumerate(zip(axes.flat, titles, strict=True)):
        style.panel_title(panel, title, k)
    style.legend(body.figure, columns=4)
    style.evidence(body.figure, _evidence(here, swept, money))
    return body.figure


def _by_slots(panel: Axes, cleared: xr.Dataset, swept: xr.Dataset) -> None:
    """The cost, a line per number of slots; lines that lie on each other stay visible by their widths."""
    for k, slots in enumerate(np.unique(swept["slots"])):
        one = swept.isel(scenario=(swept["slots"] == slots).values)
        colour, marker, line = SLOTS[k % len(SLOTS)]
        look = style.look((f"{slots:g} slots", colour, marker, line), linewidth=2.6 - 0.5 * k, markersize=6.5 - k)
        panel.plot(one["link_success"], cleared["objective"].sel(scenario=one["scenario"].values), **look)
    panel.set_xlabel("success of one attempt [1]")


def _misses(panel: Axes, cleared: xr.Dataset, swept: xr.Dataset, slots: int) -> None:
    """Probability of a miss, and the share of drawn outcomes that the chance constraint allows."""
    selection.known("slots_of_misses", [str(slots)], map(str, np.unique(swept["slots"])))
    for delivery, entity in DELIVERIES.items():
        one = swept.isel(scenario=((swept["delivery"] == delivery) & (swept["slots"] == slots)).values)
        missed = cleared["missed_probability"].sel(scenario=one["scenario"].values)
        panel.plot(one["link_success"], missed, **style.look(entity))
    allowed = float(swept["epsilon"].where(swept["delivery"] == "chance").max())
    panel.axhline(allowed, **style.GUIDE | {"label": "allowed share of drawn outcomes"})
    panel.set_xlabel("success of one attempt [1]")
    panel.set_ylabel("probability of a miss [1]")
    panel.set_ylim(bottom=0)


def _bursts(panel: Axes, results: Results, family: str) -> None:
    """Cost over the mean burst, and where losses are independent that of the same requirement."""
    data, cleared = results["data"], results["cleared"]
    labels = selection.scenarios(data, [family])
    length = data["burst_length"].sel(scenario=labels)
    panel.plot(length, cleared["objective"].sel(scenario=labels), **style.look(DELIVERIES["expected"]))
    independent = _independent(data, labels[0])
    panel.axhline(
        float(cleared["objective"].sel(scenario=independent)), color=BURSTS[1], linestyle=BURSTS[3], label=BURSTS[0]
    )
    panel.set_xlabel("mean burst of losses [attempts]")


def _independent(data: xr.Dataset, label: str) -> str:
    """The scenario that differs from `label` in its losses only; ValueError if the study has none."""
    one = data.sel(scenario=label)
    same = data["burst_length"].isnull() & data["link_success"].isnull()
    for name in ("delivery", "requirement_kw", "slots", "message_price", "members"):
        same = same & (data[name] == one[name])
    found = data["scenario"].values[same.values]
    if not len(found):
        raise ValueError(f"no scenario is like '{label}' with independent losses; add one without burst_length")
    return str(found[0])


def _evidence(cleared: xr.Dataset, swept: xr.Dataset, money: str) -> str:
    """Costs at the worst link, and how much cheaper or dearer the chance constraint is."""
    parts = []
    both = {name: swept.isel(scenario=(swept["delivery"] == name).values) for name in DELIVERIES}
    cost = {name: cleared["objective"].sel(scenario=one["scenario"].values).values for name, one in both.items()}
    worst = both["expected"]["link_success"].values == float(swept["link_success"].min())
    for name, entity in DELIVERIES.items():
        parts.append(f"{entity[0]} {', '.join(amount(value) for value in cost[name][worst])}")
    slots = ", ".join(f"{value:g}" for value in both["expected"]["slots"].values[worst])
    cheaper = int((cost["chance"] < cost["expected"] - 1e-6).sum())
    return (f"Success {float(swept['link_success'].min()):g}, {slots} slots, {money}: {'; '.join(parts)}. The chance-constrained "
            f"cost is the lower one in {cheaper} of {len(worst)} cases. Largest relative gap of a solution: "
            f"{float(cleared['relative_gap'].max()):.0e}.")  # fmt: skip
