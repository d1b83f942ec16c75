"""Figure: when fleets of electric vehicles charge and discharge under each strategy, with price and emission factor."""

import numpy as np
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.style import PAGE, amount, variant
from sharegrid.tables import carbon_markets, selection
from sharegrid.tables.selection import Results

NAMES = {"uncontrolled": "uncontrolled", "v1g": "V1G, charging only", "v2g": "V2G, discharging too"}
CONDITIONS = (
    ("price", "energy price [$/MWh]", "#000000", "-"),
    ("factor", "emission factor [t/MWh]", "#882255", (0, (4, 1.5))),
)


def draw(results: Results, *, panels: dict[str, list[str]]) -> Figure:
    """Net charging of all fleets in MW over the hours, a panel for each entry, its title and its scenarios; below, the price
    and the emission factor of the hours, in the last panel."""
    data, cleared = selection.stage(results, "data"), selection.stage(results, "cleared")
    body, axes = style.new(1 + len(panels), 1, width=PAGE, height=1.6 + 1.35 * len(panels), sharex=True)
    for k, (title, scenarios) in enumerate(panels.items()):
        selection.known(f"panels.{title}", scenarios, data["scenario"].values)
        for name in scenarios:
            strategy = str(data["strategy"].sel(scenario=name).item())
            net = (cleared["charge"] - cleared["discharge"]).sel(scenario=name).sum("participant").values
            axes[k, 0].step(*_stepped(net), where="post", label=NAMES[strategy], **variant(list(NAMES).index(strategy)))
        axes[k, 0].axhline(0, **style.GUIDE)
        axes[k, 0].set_ylabel("net charging [MW]")
        style.panel_title(axes[k, 0], title, k)
    _conditions(axes[-1, 0], data.sel(scenario=next(iter(panels.values()))[0]), len(panels))
    style.legend(body.figure, columns=5)
    style.evidence(body.figure, _evidence(results, panels))
    return body.figure


def _evidence(results: Results, panels: dict[str, list[str]]) -> str:
    data, emitted = results["data"], results["cleared"]["emissions"].sum("participant")
    notes = []
    for title, scenarios in panels.items():
        names = [NAMES[one].partition(",")[0] for one in data["strategy"].sel(scenario=scenarios).values.astype(str)]
        tonnes = zip(names, map(amount, emitted.sel(scenario=scenarios).values.tolist()), strict=True)
        notes.append(f"{title}: {', '.join(map(' '.join, tonnes))} t")
    correlation = carbon_markets.correlation(data).sel(scenario=next(iter(panels.values()))[0])
    return f"Correlation of price and emission factor {amount(float(correlation))}. Emissions, {'; '.join(notes)}."


def _stepped(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.arange(len(values) + 1), np.append(values, values[-1])


def _conditions(panel, data, index: int) -> None:
    """Price and emission factor over the hours, each with an axis of its own."""
    price = (data["probability"] * data["price"]).sum("outcome").values
    other = panel.twinx()
    for axes, values, (_, label, colour, line) in zip((panel, other), (price, data["emission_factor"].values), CONDITIONS,
                                                      strict=True):  # fmt: skip
        axes.step(*_stepped(values), where="post", color=colour, linestyle=line, label=label.partition(" [")[0])
        axes.set_ylabel(label.replace(" [", "\n["))
        axes.set_ylim(0, 1.15 * values.max())
    other.grid(visible=False)
    panel.set_xlim(0, len(price))
    panel.set_xticks(np.arange(0, len(price) + 1, 6))
    panel.set_xlabel("hour from the first midnight [h]")
    style.panel_title(panel, "price and emission factor of the marginal unit", index)
