"""Rows that every market on a DC network shares."""

import linopy
import xarray as xr


def define_branch_flow(model: linopy.Model, data: xr.Dataset) -> None:
    """f_l - B_l (theta_from - theta_to) = -B_l phi_l in MW, over the dims of the variable `flow`.

    f flow [MW], theta angles [rad] of the variable `angle`, B susceptance(branch) [MW/rad] and phi shift(branch) [rad]
    in either DC form (sharegrid.preparation.dc_form). Written in MW, so that duals are in $/MWh.
    """
    flow, angle, susceptance = model.variables["flow"], model.variables["angle"], data["susceptance"]
    ends = [(1 * angle.sel(bus=data[end])).drop_vars("bus") for end in ("from_bus", "to_bus")]
    rhs = (-susceptance * data["shift"]).broadcast_like(flow.labels).transpose(*flow.dims)
    model.add_constraints(1 * flow - susceptance * (ends[0] - ends[1]) == rhs, name="branch_flow")


def at_buses(expression, bus_of: xr.DataArray, data: xr.Dataset):
    """Sum of an expression over its elements at each bus; buses without any get zero, not a missing row."""
    return gathered(expression, bus_of, "bus", data["bus"].values)


def gathered(values, place: xr.DataArray, dim: str, labels):
    """Sum of an expression or array over its elements at each place, as the dim `dim` with these labels, zero where there is
    no element."""
    place = place.reset_coords(drop=True)
    if isinstance(values, xr.DataArray):
        here = place == xr.DataArray(labels, {dim: labels}, dim)
        return xr.dot(values, here.astype(float), dim=place.dims)
    return values.groupby(place.rename(dim)).sum().reindex({dim: labels}).fillna(0)
