"""Figure: surplus and deficit of the users of a community over the day, what of it is matched, and the net load."""

import numpy as np
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.style import amount
from sharegrid.tables import selection
from sharegrid.tables.selection import Results

DEFICIT, SURPLUS = ("#56B4E9", "bought (deficit)"), ("#E69F00", "sold (surplus)")
MATCHED = {"facecolor": "none", "edgecolor": "#333333", "hatch": "////", "linewidth": 0.0}


def draw(results: Results, *, scenario: str = "toy") -> Figure:
    """Sums over the users in kWh per hour: deficit above zero, surplus below, matched part hatched; net load."""
    data = results["data"]
    selection.known("scenario", [scenario], data["scenario"].values)
    here = data.sel(scenario=scenario)
    net_load = here["net_load"].transpose("participant", "time").values
    deficit, surplus = np.maximum(net_load, 0).sum(axis=0), np.maximum(-net_load, 0).sum(axis=0)
    matched, hour = np.minimum(deficit, surplus), here["time"].values
    body, axes = style.new(height=2.8)
    one = axes[0, 0]
    one.bar(hour, deficit, width=0.85, color=DEFICIT[0], label=DEFICIT[1])
    one.bar(hour, -surplus, width=0.85, color=SURPLUS[0], label=SURPLUS[1])
    one.bar(hour, 2 * matched, bottom=-matched, width=0.85, **MATCHED, label="matched")
    one.plot(hour, net_load.sum(axis=0), color="#000000", marker="o", markersize=2.5, label="net load")
    one.axhline(0, color="#000000", linewidth=0.6)
    one.set_xlabel("hour of the day")
    one.set_ylabel("energy [kWh per hour]")
    one.set_xticks(hour[:: max(1, len(hour) // 6)])
    one.grid(visible=False, axis="x")
    style.legend(body.figure)
    amounts = [amount(energy.sum()) for energy in (deficit, surplus, matched)]
    users = int(here["taking_part"].sum())
    text = "{} users buy {} kWh and sell {} kWh in a day; {} kWh of it meet in the same hour."
    style.evidence(body.figure, text.format(users, *amounts))
    return body.figure
