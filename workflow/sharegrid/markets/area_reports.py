"""What a cleared market of several areas could not provide, in words for the log: lost load and missing reserve."""

import xarray as xr

from sharegrid.optimise.dc_rows import gathered

MISSING = 1e-6  # MW; less is none


def report(data: xr.Dataset, cleared: xr.Dataset) -> list[str]:
    """A line for every scenario, area and kind (load, reserve of a direction) of which something is missing: the worst hour,
    the MW that are missing there, and the sum of all hours in the energy of the data."""
    bare = cleared.reset_coords(drop=True)
    missing = {"load": gathered(bare["shed"], data["bus_area"], "area", data["area"].values)}
    for direction in data["direction"].values:
        missing[f"{direction} reserve"] = bare["shortfall"].sel(direction=direction, drop=True)
    lines = []
    for scenario in data["scenario"].values:
        for what, amount in missing.items():
            lines += _by_area(f"scenario {scenario}", what, amount.sel(scenario=scenario), data.attrs["energy"])
    return lines


def _by_area(where: str, what: str, amount: xr.DataArray, energy: str) -> list[str]:
    """The lines of one scenario and kind; amount (area, time) MW."""
    lines = []
    for area in amount["area"].values:
        own = amount.sel(area=area)
        if (most := float(own.max())) > MISSING:
            worst, total = own["time"].values[own.values.argmax()], float(own.sum())
            sums = f" (hour {worst}), {total:.6g} {energy} in all hours" if own.size > 1 else ""
            lines.append(f"{where}: area {area} lacks {most:.6g} MW of {what}{sums}")
    return lines
