"""Figure: the stored energy of the batteries over the day."""

import numpy as np
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.style import PAGE, amount, variant
from sharegrid.tables import selection
from sharegrid.tables.selection import Results


def draw(results: Results, *, panels: list[list[str]], labels: list[str]) -> Figure:
    """Each of `panels` lists scenarios, drawn as `labels`: stored energy in MWh at the end of the hour, mean of the
    outcomes (line) and all of them (band of the first scenario)."""
    body, axes = style.new(1, len(panels), width=PAGE, height=2.6, sharey=True)
    notes = []
    for k, names in enumerate(panels):
        for number, (name, label) in enumerate(zip(names, labels, strict=True), start=1):
            stored = selection.read(results, "cleared", "stored", scenario=name).sum("participant")
            start = float(results["data"]["battery_initial"].sel(scenario=name).sum())
            mean = (results["data"]["probability"].sel(scenario=name) * stored).sum("outcome").values
            hours = np.arange(len(mean) + 1)
            if number == 1:
                low, high = (np.append(start, getattr(stored, end)("outcome").values) for end in ("min", "max"))
                axes[0, k].fill_between(hours, low, high, color=variant(1)["color"], alpha=0.2, linewidth=0,
                                        label=f"{label}, all outcomes")  # fmt: skip
            axes[0, k].plot(hours, np.append(start, mean), label=label, **variant(number))
            notes.append(f"{name} {amount(float(np.append(start, mean).max() - np.append(start, mean).min()))}")
        style.panel_title(axes[0, k], str(results["data"]["week"].sel(scenario=names[0]).item()), k)
        axes[0, k].set_xticks(np.arange(0, len(hours), 6))
        axes[0, k].set_xlim(0, len(hours) - 1)
        axes[0, k].set_xlabel("hour of the day [h]")
    axes[0, 0].set_ylabel("stored energy [MWh]")
    axes[0, 0].set_ylim(0)
    style.legend(body.figure, columns=5)
    style.evidence(body.figure, "Swing of the mean, MWh: " + "; ".join(notes) + ".")
    return body.figure
