"""Where the converters of a tie can work when their reactive power is a variable (chapter 4.1).

    P^2 + Q^2 <= S^2 by the inscribed polygon of n sides:  P cos(2 pi j / n) + Q sin(2 pi j / n) <= S cos(pi / n),  all j
    Qmin <= Q <= Qmax

P active power into the converter at one end, power sent less power delivered there [MW]; Q reactive power [Mvar]; S rating
[MVA]. The polygon loses at most 1 - cos(pi / n) of the rating: 3.4 % with twelve sides.
"""

import linopy
import numpy as np
import xarray as xr

ENDS = {"from": ("forward", "backward"), "to": ("backward", "forward")}  # which way is sent, and delivered, at the end


def add_converters(model: linopy.Model, data: xr.Dataset) -> None:
    """Qmin <= Q <= Qmax (scenario, tie, end, time) Mvar."""
    shape = xr.DataArray(
        np.ones((len(ENDS), data.sizes["time"])), {"end": list(ENDS), "time": data["time"].values}, ("end", "time")
    )
    limits = [
        (data[name] * shape).transpose("scenario", "tie", "end", "time") for name in ("reactive_min", "reactive_max")
    ]
    model.add_variables(lower=limits[0], upper=limits[1], name="reactive_power")


def define_converter_region(model: linopy.Model, data: xr.Dataset) -> None:
    """P cos a_j + Q sin a_j <= S cos(pi / n) (scenario, tie, polygon_side, time) MVA, a family for each end; ties whose reactive
    power is no variable have no limit here."""
    of, sides = model.variables, int(data["polygon_sides"])
    angle = xr.DataArray(2 * np.pi * np.arange(sides) / sides, {"polygon_side": np.arange(sides)}, "polygon_side")
    most = (data["converter_rating"] * np.cos(np.pi / sides)).broadcast_like(of["sent"].labels.isel(way=0, drop=True))
    for end, (sent, delivered) in ENDS.items():
        power = 1 * of["sent"].sel(way=sent, drop=True) - 1 * of["delivered"].sel(way=delivered, drop=True)
        reactive = of["reactive_power"].sel(end=end, drop=True)
        region = np.cos(angle) * power + np.sin(angle) * reactive
        model.add_constraints(region <= most, name=f"converter_region_{end}")


def rating_price(data: xr.Dataset, dual: xr.Dataset):
    """What one more MVA of the rating is worth to the polygon, -cos(pi / n) sum_j dual_j over both ends (scenario, tie, time)
    $/MVA per h; 0 without converters. The rating also bounds the power sent, whose own worth is not in it."""
    if "converter_rating" not in data:
        return 0.0
    sides = sum(dual[f"converter_region_{end}"].sum("polygon_side") for end in ENDS)
    return (-np.cos(np.pi / int(data["polygon_sides"])) * sides).clip(min=0)
