"""Figure: what a first MW of demand response at each bus adds to the transfer capability."""

import numpy as np
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.style import GUIDE, amount
from sharegrid.tables import selection
from sharegrid.tables.selection import Results

COLOURS = {"in_source": "#D55E00", "in_sink": "#0072B2", "": "#777777"}
NAMES = {"in_source": "bus in the source", "in_sink": "bus in the sink", "": "other bus"}


def draw(results: Results, *, scenarios: list[str]) -> Figure:
    """A panel per scenario: marginal value in MW/MW of the sites that it can use, from the largest; scenarios without
    demand response show the value of the first MW."""
    data, cleared = results["data"], results["cleared"]
    selection.known("scenarios", scenarios, data["scenario"].values)
    body, axes = style.new(len(scenarios), 1, width=style.PAGE, height=1.9 * len(scenarios) + 0.7)
    notes = []
    for k, (panel, name) in enumerate(zip(axes[:, 0], scenarios, strict=True)):
        one = data.sel(scenario=name)
        places = one["site_here"].values[one["site_used"].values == 1]
        value = cleared["marginal_value"].sel(scenario=name).values[places]
        places, value = places[np.argsort(-value, kind="stable")], np.sort(value)[::-1]
        bus = one["site_bus"].values[places]
        kind = _kinds(one, bus)
        for end, colour in COLOURS.items():
            here = np.flatnonzero(kind == end)
            panel.bar(here, value[here], color=colour, label=NAMES[end], width=0.8)
        panel.axhline(1, **GUIDE)
        panel.set_xticks(
            range(len(bus)), [label.partition(":")[2] for label in bus.astype(str)], rotation=90, fontsize=5
        )
        panel.set_xlim(-0.6, len(bus) - 0.4)
        panel.set_ylabel("value [MW/MW]")
        style.panel_title(panel, f"{one['transfer'].item()}, {one['date'].item()} {int(one['hour'])}:00", k)
        notes.append(f"{one['transfer'].item()}, {int(one['hour'])}:00: from {amount(value[-1])} to "
                     f"{amount(value[0])}, {(value > 1 + 1e-6).sum()} of {len(value)} buses above 1")  # fmt: skip
    axes[-1, 0].set_xlabel("bus")
    style.legend(body.figure)
    style.evidence(body.figure, "MW of transfer per MW of demand response. " + "; ".join(notes) + ".")
    return body.figure


def _kinds(one, bus: np.ndarray) -> np.ndarray:
    """in_source, in_sink or "" (bus)."""
    ends = {end: np.isin(bus, one["bus"].values[one[end].values == 1]) for end in ("in_source", "in_sink")}
    return np.where(ends["in_source"], "in_source", np.where(ends["in_sink"], "in_sink", ""))
