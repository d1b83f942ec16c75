"""Figure: prices of the areas and what they import, hour by hour."""

import xarray as xr
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.offer import hours
from sharegrid.figures.style import PAGE, amount, variant
from sharegrid.tables import selection
from sharegrid.tables.area_sweep import hourly_price
from sharegrid.tables.selection import Results


def draw(results: Results, *, scenarios: list[str]) -> Figure:
    """Mean price in $/MWh of each area's demand above, its net import in MW below, by hour: a column per scenario."""
    data = results["data"]
    selection.known("scenarios", scenarios, data["scenario"].values)
    body, axes = style.new(2, len(scenarios), width=PAGE, height=3.6, sharex=True, sharey="row")
    notes = []
    for k, label in enumerate(scenarios):
        price = hourly_price(data.sel(scenario=[label]), results["cleared"].sel(scenario=[label])).isel(scenario=0)
        imported = net_import(results, label)
        for number, area in enumerate(data["area"].values.astype(str)):
            looks = variant(number) | {"label": f"area {area}"}
            hours(axes[0, k], price.sel(area=area).values, **looks)
            hours(axes[1, k], imported.sel(area=area).values, **looks)
        axes[1, k].axhline(0, **style.GUIDE)
        axes[1, k].set_xlabel("hour of the day [h]")
        style.panel_title(axes[0, k], label, k)
        notes.append(f"{label}: {_evidence(price, imported)}")
    axes[0, 0].set_ylabel("mean price [$/MWh]")
    axes[1, 0].set_ylabel("net import [MW]")
    style.group_digits(axes[1, 0].yaxis)
    style.legend(body.figure)
    style.evidence(body.figure, " ".join(notes))
    return body.figure


def net_import(results: Results, label: str) -> xr.DataArray:
    """What ties deliver to the area less what it sends into them (area, time) MW."""
    cleared = results["cleared"].sel(scenario=label)
    return cleared["area_import"] - cleared["area_export"]


def _evidence(price: xr.DataArray, imported: xr.DataArray) -> str:
    energy, apart = imported.sum("time"), price.max("area") - price.min("area")
    most = int(apart.argmax("time"))
    each = ", ".join(f"area {area} {amount(float(energy.sel(area=area)))} MWh" for area in price["area"].values)
    return f"net imports {each}; prices at most {amount(float(apart.max()))} $/MWh apart, in the hour from {most}:00."
