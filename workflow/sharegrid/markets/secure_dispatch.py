"""Least-cost dispatch that stays within all limits after the loss of any one line (chapter 7.3.1), hour by hour.

    min  sum_g c_g p_g + sum_b (e_b r_b + V s_b)
    s.t. sum_g p_g + sum_b (r_b + s_b) = sum_b (d_b - m_b)
         |f_l(p)| <= F_l  intact,   |f_l(p) + LODF_lk f_k(p)| <= FE_l  after the outage of k
         0 <= p_g <= P_g,   0 <= r_b <= available_b,   0 <= s_b <= max(d_b - m_b, 0)

p outputs, r wind and photovoltaic power used, s lost load, d load, m must-take power [MW]; c costs with tie breaks, V
value of lost load [$/MWh]. Rows of lines and outages are generated as the optima violate them
(optimise/contingencies.py). A contract schedule fixes p; it must balance and keep the limits.
"""

import logging

import linopy
import numpy as np
import scipy.sparse as sp
import xarray as xr

from sharegrid.contracts.secure_dispatch import CLEARED
from sharegrid.markets.transfer_security import binding, check_secure, of_system, outages_of, security_of
from sharegrid.optimise.contingencies import NO_ROWS, Rows, Security, solve_secured
from sharegrid.optimise.highs import LiveProgram
from sharegrid.optimise.program import SplitModel, new_model

log = logging.getLogger(__name__)
BALANCE = 1e-6  # MW, of a contract schedule


def build(data: xr.Dataset) -> linopy.Model:
    """The model of the schedules of one system (dim scenario) without the rows of lines."""
    model, net = new_model(), data["load"] - data["must_take"]
    fixed = data["contract"].broadcast_like(data["limit"].isel(branch=0, drop=True)).transpose("scenario", "unit")
    model.add_variables(lower=fixed.fillna(0.0), upper=fixed.fillna(data["unit_capacity"]), name="output")
    model.add_variables(lower=xr.zeros_like(net), upper=data["available"], name="used")
    model.add_variables(lower=xr.zeros_like(net), upper=net.clip(min=0), name="lost_load")
    of = model.variables
    supply = of["output"].sum("unit") + of["used"].sum("bus") + of["lost_load"].sum("bus")
    model.add_constraints(supply == net.sum("bus"), name="balance")
    cost = (data["unit_cost"] * of["output"]).sum() + (data["available_cost"] * of["used"]).sum()
    model.add_objective(cost + (data["value_of_lost_load"] * of["lost_load"]).sum())
    return model


def clear(data: xr.Dataset) -> xr.Dataset:
    """The data with what is dispatched: output (schedule, unit), used, lost_load, injection (schedule, bus) MW,
    dispatch_cost $/h and security_rows (schedule).

    ValueError for a contract schedule that does not balance or overloads a line, which it names with the outage;
    NotOptimal names a schedule without a secure dispatch.
    """
    system = data["system"].values
    found = [
        _dispatched(of_system(data, name).isel(schedule=system == name)) for name in dict.fromkeys(system.tolist())
    ]
    return data.assign({key: _side_by_side(key, found, data) for key in CLEARED})


def _side_by_side(key: str, found: list[xr.Dataset], data: xr.Dataset) -> xr.DataArray:
    """A result of all systems in the order of the data; 0 or empty text at the elements of other systems."""
    arrays, (units, text) = [one[key] for one in found], CLEARED[key]
    joined = xr.concat(arrays, "schedule", join="outer", fill_value=0.0).reindex(schedule=data["schedule"].values)
    for dim in set(joined.dims) - {"schedule"}:  # elements of systems without a schedule
        joined = joined.reindex({dim: data[dim].values}, fill_value=0.0)
    return joined.assign_attrs(units=units, long_name=text)


def _dispatched(data: xr.Dataset) -> xr.Dataset:
    """The dispatch of all schedules of one system."""
    split, outages, found = SplitModel(build(data.rename(schedule="scenario")), {}, []), outages_of(data), []
    for k, label in enumerate(data["schedule"].values):
        one = data.isel(schedule=k)
        found.append(_dispatch(one, split, k, security_of(outages, one)))
        log.info("dispatched %s: %.2f $/h", label, found[-1]["dispatch_cost"])
    return xr.concat(found, "schedule", join="exact").assign_coords(schedule=data["schedule"].values)


def _dispatch(data: xr.Dataset, split: SplitModel, k: int, security: Security) -> xr.Dataset:
    """The least-cost or contract dispatch of one schedule, the k-th of the model."""
    label = f"schedule {data['schedule'].item()}"
    load = (data["must_take"] - data["load"]).values
    program, injection = LiveProgram(split.program(k), label), _injection(data, split)
    if data["contract"].notnull().any():
        _check_balance(data, float(load.sum()), label)
        solved, rows = program.solve(), NO_ROWS
        check_secure(security, load + injection @ solved.x, data, label)
    else:
        solved, rows = solve_secured(program, security, injection, load)
    found = {name: split.variables[name].read(solved.x) for name in ("output", "used", "lost_load")}
    found["injection"] = xr.DataArray(load + injection @ solved.x, {"bus": data["bus"].values}, "bus")
    found = {name: array.reset_coords(drop=True) for name, array in found.items()}
    shadow = -solved.row_dual[len(solved.row_dual) - len(rows.line) :]  # rows were appended
    names = ("binding_line", "binding_outage", "binding_price")
    found |= dict(zip(names, binding(shadow, rows, data), strict=True))
    return xr.Dataset(found | {"dispatch_cost": solved.objective, "security_rows": _count(rows)})


def _count(rows: Rows) -> float:
    """Lines and states, each of which has a row for both directions."""
    return len(rows.line) / 2


def _injection(data: xr.Dataset, split: SplitModel) -> sp.csr_matrix:
    """MW injected at each bus per MW of each column (bus, column)."""
    bus = data.indexes["bus"]
    places = {
        "output": bus.get_indexer(data["unit_bus"].values),
        **dict.fromkeys(("used", "lost_load"), np.arange(len(bus))),
    }
    row = np.concatenate([places[name] for name in places])
    column = np.concatenate([split.variables[name].position.values for name in places])
    return sp.csr_matrix((np.ones(len(row)), (row, column)), (len(bus), len(column)))


def _check_balance(data: xr.Dataset, load: float, label: str) -> None:
    """ValueError unless the contract schedule serves the net load exactly."""
    total = float(data["contract"].sum())
    if abs(total + load) > BALANCE:
        raise ValueError(f"{label}: the contract schedule of {total:g} MW does not serve the net load of {-load:g} MW; "
                         "change prepare.systems.*.schedule")  # fmt: skip
