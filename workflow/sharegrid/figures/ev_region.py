"""Figure: what an aggregate of vehicles that differ may do by its bounds, what it plans, and what the vehicles can follow."""

import numpy as np
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.style import PAGE, amount
from sharegrid.tables import ev_aggregation
from sharegrid.tables.selection import Results

LOOKS = {
    "": ("schedule of one battery", "#D55E00", None, "-"),
    "_followed": ("what the vehicles can follow", "#0072B2", None, (0, (4, 1.5))),
}
TRUE = ("optimum of the vehicles", "#000000", None, (0, (1, 1)))


def draw(results: Results, *, level: str = "one") -> Figure:
    """Net charging in MW and energy in MWh over the hours: the bounds of all connected vehicles (shaded), the schedule of the
    aggregate `level`, the nearest one that the vehicles can follow, and their own optimum."""
    plan = ev_aggregation.of_method(results)
    here, true = plan.sel(level=level), plan.sel(level=ev_aggregation.TRUE)
    body, axes = style.new(1, 2, width=PAGE, height=2.8)
    time = plan["time"].values
    bounds = ((-plan["region_discharge"], plan["region_charge"]), (plan["region_low"], plan["region_high"]))
    for panel, (low, high) in zip(axes[0], bounds, strict=True):
        step = "post" if panel is axes[0, 0] else None
        panel.fill_between(
            *_drawn(time, low, high, step=step), step=step, color="#dddddd", linewidth=0, label="bounds of the sum"
        )
    for name, panel in (("region_net", axes[0, 0]), ("region_energy", axes[0, 1])):
        lines = [(true[name], TRUE), *((here[f"{name}{ending}"], look) for ending, look in LOOKS.items())]
        for values, look in lines:
            x, y = _drawn(time, values, step="post" if name == "region_net" else None)
            panel.plot(x, y, drawstyle="steps-post" if name == "region_net" else "default", **style.look(look))
    for k, (panel, title, label) in enumerate(((axes[0, 0], "power", "net charging [MW]"),
                                               (axes[0, 1], "energy at the end of the hour", "energy [MWh]"))):  # fmt: skip
        panel.set_xlabel("hour from the first midnight [h]")
        panel.set_ylabel(label)
        panel.set_xticks(np.arange(0, time[-1] + 2, 6))
        panel.set_xlim(0, time[-1] + 1)
        style.panel_title(panel, title, k)
    style.legend(body.figure)
    style.evidence(body.figure, _evidence(plan, level))
    return body.figure


def _drawn(time: np.ndarray, *values, step: str | None):
    """Hours and values to draw: by the hour with its end, or at the end of the hour."""
    arrays = [np.asarray(one, float) for one in values]
    if step:
        return np.append(time, time[-1] + 1), *(np.append(one, one[-1]) for one in arrays)
    return time + 1, *arrays


def _evidence(plan, level: str) -> str:
    size = int(plan["region_vehicles"])
    row = plan.sel(fleet_size=size, level=level)
    short, charged = float(row["aggregate_shortfall"]), float(row["aggregate_charged"])
    return (f"{amount(size)} vehicles: the schedule charges {amount(charged)} MWh. What the vehicles follow deviates from it by "
            f"{amount(short)} kWh, {amount(short / charged / 10)} % of that; nothing can by less than "
            f"{amount(float(row['aggregate_shortfall_bound']))} kWh.")  # fmt: skip
