"""Figure: reliability value, economic value and cost of the best plan over the days of outage."""

import numpy as np
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.style import PAGE, amount, variant
from sharegrid.tables import resilience
from sharegrid.tables.selection import Results

LINES = {"rv": "reliability value", "ev": "economic value", "cost": "annual cost", "net": "net value"}
SIZES = {"s_kw": "solar power [kW]", "b_kwh": "storage [kWh]"}


def draw(results: Results, *, families: list[str]) -> Figure:
    """Values and cost in the money of the study, and sizes in kW and kWh, over n [days/year]."""
    frame = resilience.table(results, families=families).sort_values("n", kind="stable")
    money = results["data"].attrs["money"]
    body, axes = style.new(1, 2, width=PAGE, height=2.7)
    for k, (column, label) in enumerate(LINES.items()):
        axes[0, 0].plot(frame["n"], frame[column], marker="osD^"[k], markeredgecolor="white", label=label, **variant(k))
    for k, (column, label) in enumerate(SIZES.items()):
        axes[0, 1].plot(
            frame["n"], frame[column], marker="os"[k], markeredgecolor="white", label=label, **variant(k + 1)
        )
    for index, (title, label) in enumerate((("values and cost", f"money [{money}]"), ("sizes", "size [kW, kWh]"))):
        axes[0, index].set_xlabel("days of outage [1/year]")
        axes[0, index].set_ylabel(label)
        axes[0, index].set_ylim(0)
        style.group_digits(axes[0, index].yaxis)
        style.panel_title(axes[0, index], title, index)
        axes[0, index].legend(loc="upper left")
    first, last = frame.iloc[0], frame.iloc[-1]
    stores = frame.loc[frame["b_kwh"] > 0, "n"]
    began = f"Storage is bought at {stores.min():g} days, not at {frame.loc[frame['b_kwh'] == 0, 'n'].max():g}." * bool(
        len(stores)
    )
    style.evidence(
        body.figure,
        f"Value of lost load {np.unique(frame['v'])[0]:g} $/kWh. Net value {amount(first['net'])} {money} without outages, "
        f"{amount(last['net'])} with {last['n']:g} days per year. {began}",
    )
    return body.figure
