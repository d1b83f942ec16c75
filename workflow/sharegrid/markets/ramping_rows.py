"""Flexible ramping that can be delivered: room above and below the schedule of the next hour, not only of this one.

FRU_t is upward room above the forecast p_{t+1}: a unit scheduled at its limit in t+1 has none to sell in t, and one
that is scheduled to fall may sell more than its ramp. Products: J. Wang, H. Zhong et al., Applied Energy 205:294-303,
2017; these rows are our reading.
"""

import linopy
import numpy as np
import xarray as xr


def define_deliverability(model: linopy.Model, power, up, down, largest, least, ramp, included: xr.DataArray) -> None:
    """Four families of rows (..., time without the last), and two of the products alone (..., time), all in MW:

    p_{t+1} - p_t + s FRU_t <= R,  p_t - p_{t+1} + s FRD_t <= R,  p_{t+1} + s FRU_t <= P_{t+1},
    p_{t+1} - s FRD_t >= p_min,  FRU_t <= R and FRD_t <= R in the last hour, in every hour where s = 0.

    power, up, down, largest (P), least (p_min), ramp (R): expressions (..., time), those of limits times what the owner
    brings. included (scenario): s = 1, or 0 where the requirement has the forecast movement in it.
    """
    before, after = _without_last(power), _next(power)
    more, fewer = included * _without_last(up), included * _without_last(down)
    limit = _without_last(ramp)
    model.add_constraints(after - before + more - limit <= 0, name="ramp_up")
    model.add_constraints(before - after + fewer - limit <= 0, name="ramp_down")
    model.add_constraints(after + more - _next(largest) <= 0, name="room_above")
    model.add_constraints(after - fewer - _next(least) >= 0, name="room_below")
    last = xr.DataArray(np.arange(power.sizes["time"]) == power.sizes["time"] - 1, dims="time")
    excess = xr.where((included == 0) | last.assign_coords(time=power.indexes["time"]), 0.0, np.inf)
    model.add_constraints(up - ramp <= excess, name="largest_ramping_up")
    model.add_constraints(down - ramp <= excess, name="largest_ramping_down")


def _without_last(expression):
    return expression.isel(time=slice(None, -1))


def _next(expression):
    """The expression of the next hour, at the label of this one."""
    return expression.shift(time=-1).isel(time=slice(None, -1))
