"""Figure: what a community takes from the grid in each hour, with sharing and without."""

import numpy as np
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.style import PAGE, amount
from sharegrid.tables import selection
from sharegrid.tables.selection import Results

METHOD = "separate-schedules"


def draw(results: Results, *, scenario: str = "base") -> Figure:
    """Import less export in kW over the hours, a panel per day; without sharing the sum of the users' own schedules."""
    data, cleared = selection.stage(results, "data"), selection.stage(results, "cleared")
    alone = separate(results, scenario)
    here = cleared.sel(scenario=scenario)
    days, hour = data["day"].values, data["time"].values
    body, axes = style.new(1, len(days), width=PAGE, height=2.5, sharey=True)
    for k, (axis, day) in enumerate(zip(axes[0], days, strict=True)):
        imported, exported = (alone[name].sel(day=day).sum("participant").values for name in ("import", "export"))
        net = (here["grid_import"] - here["grid_export"]).sel(day=day).values
        axis.axhline(0, **style.GUIDE)
        axis.fill_between(hour, 0, -exported, step="mid", color="#56B4E9", alpha=0.5, linewidth=0,
                          label="sold to the grid without sharing")  # fmt: skip
        axis.step(
            hour, imported - exported, where="mid", color="#0072B2", linestyle=(0, (4, 1.5)), label="without sharing"
        )
        axis.step(hour, net, where="mid", color="#D55E00", label="with sharing")
        style.panel_title(axis, f"{day}, weight {float(data['day_weight'].sel(day=day)):g}", k)
        axis.set_xlabel("hour of the day")
        axis.set_xticks(hour[::6])
    axes[0, 0].set_ylabel("import less export [kW]")
    style.group_digits(axes[0, 0].yaxis)
    style.legend(body.figure)
    style.evidence(body.figure, _evidence(data, here, alone))
    return body.figure


def separate(results: Results, scenario: str) -> dict:
    """import and export (participant, day, time) kW of each user alone; ValueError tells what the study has to ask for."""
    found = {}
    for name in ("import", "export"):
        values = selection.read(results, "plan", f"separate_{name}", scenario=scenario)
        found[name] = (values.sel({"method": METHOD}, drop=True) if "method" in values.dims else values).fillna(0.0)
    return found


def _evidence(data, here, alone: dict) -> str:
    weight, hours = data["day_weight"], ["day", "time"]
    pairs = []
    for name in ("import", "export"):
        before = float((weight * alone[name].sum("participant")).sum(hours))
        after = float((weight * here[f"grid_{name}"]).sum(hours))
        pairs.append(f"{name} from {amount(before)} to {amount(after)} kWh/day")
    net = (alone["import"] - alone["export"]).sum("participant").max("time").values
    shared = here["grid_import"].max("time").values
    peaks = ", ".join(f"{amount(np.round(a))} to {amount(np.round(b))} kW" for a, b in zip(net, shared, strict=True))
    return f"Sharing takes {pairs[0]}, {pairs[1]}. Largest net import by day: {peaks}."
