"""The network Dataset that every reader returns: how it is put together and which faults are refused.

Dims `bus` (external numbers, or names from PyPSA), `branch`, `generator` (0-based, in service only, file order),
`point` if an offer is piecewise linear, `dcline` if there are DC lines.
"""

import numpy as np
import xarray as xr
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

REFERENCE = 3  # MATPOWER's bus type of the angle reference
SHOWN = 5  # labels listed in one message

# name: (dims, units, long_name)
VARIABLES = {
    "load": ("bus", "MW", "active power demand"),
    "shunt": ("bus", "MW", "shunt conductance as demand at 1 p.u. voltage"),
    "bus_type": ("bus", "1", "bus type: 1 load, 2 generator, 3 angle reference"),
    "area": ("bus", "1", "area number"),
    "from_bus": ("branch", "1", "bus at the start of the branch"),
    "to_bus": ("branch", "1", "bus at the end of the branch"),
    "resistance": ("branch", "p.u.", "series resistance on base_mva"),
    "reactance": ("branch", "p.u.", "series reactance on base_mva"),
    "tap": ("branch", "1", "off-nominal tap ratio at the from bus"),
    "shift": ("branch", "rad", "phase shift"),
    "rate": ("branch", "MW", "flow limit in both directions, inf if there is none"),
    "angle_min": ("branch", "rad", "lower limit of the angle difference, as in the file"),
    "angle_max": ("branch", "rad", "upper limit of the angle difference, as in the file"),
    "generator_name": ("generator", "1", "name of the generator in its file, where it has one"),
    "generator_bus": ("generator", "1", "bus of the generator"),
    "p_min": ("generator", "MW", "minimum output"),
    "p_max": ("generator", "MW", "maximum output"),
    "cost_quadratic": ("generator", "$/MW^2h", "quadratic cost coefficient"),
    "cost_linear": ("generator", "$/MWh", "linear cost coefficient"),
    "cost_constant": ("generator", "$/h", "constant cost"),
    "cost_point_mw": (("generator", "point"), "MW", "output at a point of the piecewise-linear cost"),
    "cost_point_usd": (("generator", "point"), "$/h", "cost at a point of the piecewise-linear cost"),
    "dcline_from": ("dcline", "1", "bus at the start of the DC line"),
    "dcline_to": ("dcline", "1", "bus at the end of the DC line"),
    "dcline_p_min": ("dcline", "MW", "minimum flow at the start of the DC line"),
    "dcline_p_max": ("dcline", "MW", "maximum flow at the start of the DC line"),
    "dcline_loss_constant": ("dcline", "MW", "constant loss of the DC line"),
    "dcline_loss_linear": ("dcline", "1", "loss of the DC line per MW of flow"),
    "dcline_cost_quadratic": ("dcline", "$/MW^2h", "quadratic cost coefficient of the DC flow"),
    "dcline_cost_linear": ("dcline", "$/MWh", "linear cost coefficient of the DC flow"),
    "dcline_cost_constant": ("dcline", "$/h", "constant cost of the DC line"),
    "dcline_cost_point_mw": (("dcline", "dcline_point"), "MW", "flow at a point of the piecewise-linear cost"),
    "dcline_cost_point_usd": (("dcline", "dcline_point"), "$/h", "cost at a point of the piecewise-linear cost"),
    "base_mva": ((), "MVA", "base of the per-unit values"),
}
MAY_BE_INFINITE = {"rate", "angle_min", "angle_max"}
MAY_BE_ABSENT = {name for name in VARIABLES if name.startswith("dcline_") or "_point_" in name} | {"generator_name"}
PADDED = {name for name in VARIABLES if "_point_" in name}  # NaN where a unit has fewer points
BUS_LABELS = ("from_bus", "to_bus", "generator_bus", "dcline_from", "dcline_to")


def assemble(values: dict, *, bus, name: str, source: str) -> xr.Dataset:
    """Put the arrays of a reader together and check them.

    Parameters
    ----------
    values : array (or scalar) per name in VARIABLES; arrays along `branch`, `generator`, `dcline` in file order.
    bus : bus numbers (int) or names (str).
    name, source : name of the network and of its file without the folder; become attributes.

    Where one component has several reference buses the first in file order stays; the others become generator buses
    (type 2) and are listed in the attribute `further_references`.

    Returns the checked network Dataset. Raises ValueError with the file, the field, the labels and the cure.
    """
    network = xr.Dataset(
        {
            key: (dims, values[key], {"units": units, "long_name": text})
            for key, (dims, units, text) in VARIABLES.items()
            if key in values
        },
        attrs={"name": name, "source": source},
    )
    counted = {dim: np.arange(size) for dim, size in network.sizes.items() if dim in ("branch", "generator", "dcline")}
    network = network.assign_coords(bus=np.asarray(bus), **counted)
    for dim in network.coords:
        network[dim].attrs = {"units": "1", "long_name": f"{dim} label"}
    return _keep_first_reference(check(network))


def _keep_first_reference(network: xr.Dataset) -> xr.Dataset:
    """Leave one reference bus in every component."""
    rows = np.flatnonzero(network.bus_type.values == REFERENCE)
    _, first = np.unique(_components(network)[rows], return_index=True)
    further = np.setdiff1d(rows, rows[first])
    if not further.size:
        return network
    kept = network.bus_type.copy()
    kept[further] = 2
    network = network.assign(bus_type=kept)
    return network.assign_attrs(further_references=_list(network.bus.values[further], shown=further.size))


def check(network: xr.Dataset) -> xr.Dataset:
    """Return the network if it is sound. ValueError: file, field, labels of the first fault, and its cure."""
    for check_one in (
        check_variables,
        check_types,
        check_numbers,
        check_base,
        check_duplicate_bus,
        check_unknown_bus,
        check_self_loop,
        check_reactance,
        check_tap,
        check_rate,
        check_angle_limits,
        check_any_generator,
        check_generator_limits,
        check_offers,
        check_dcline,
        check_lonely_bus,
        check_reference,
    ):
        check_one(network)
    return network


def fault(network: xr.Dataset, field: str, labels, what: str, cure: str) -> ValueError:
    """One message of the form `file: field, labels: what; cure`."""
    return ValueError(f"{network.attrs.get('source', 'network')}: {field}, {_list(labels)}: {what}; {cure}")


def _list(labels, shown: int = SHOWN) -> str:
    labels = [str(label) for label in labels]
    return ", ".join(labels[:shown]) + (f" and {len(labels) - shown} more" if len(labels) > shown else "")


def _branches(network: xr.Dataset, wrong) -> list[str]:
    chosen = network[["from_bus", "to_bus"]].isel(branch=np.flatnonzero(wrong))
    ends = zip(chosen.branch.values, chosen.from_bus.values, chosen.to_bus.values, strict=True)
    return [f"branch {label} ({start} to {end})" for label, start, end in ends]


def _generators(network: xr.Dataset, wrong) -> list[str]:
    chosen = network[["generator_bus"]].isel(generator=np.flatnonzero(wrong))
    return [
        f"generator {label} (bus {bus})"
        for label, bus in zip(chosen.generator.values, chosen.generator_bus.values, strict=True)
    ]


def _labels(network: xr.Dataset, dim: str, wrong) -> list[str]:
    """Readable labels of the elements of a dim where `wrong` is true."""
    if dim == "branch":
        return _branches(network, wrong)
    if dim == "generator":
        return _generators(network, wrong)
    return [f"{dim} {label}" for label in network[dim].values[np.flatnonzero(wrong)]]


def check_variables(network: xr.Dataset) -> None:
    """All variables are there, each on its dims."""
    for name, (dims, _, _) in VARIABLES.items():
        wanted = (dims,) if isinstance(dims, str) else dims
        if name not in network and name not in MAY_BE_ABSENT:
            raise fault(network, name, ["whole network"], "is missing", "the reader must provide it")
        if name in network and network[name].dims != wanted:
            raise fault(network, name, ["whole network"], f"has dims {network[name].dims}", f"use {wanted}")


def check_types(network: xr.Dataset) -> None:
    """Bus labels are integers or text, types and areas integers, everything else real numbers."""
    bus_kind = network.bus.dtype.kind
    for name in network.variables:
        if name in BUS_LABELS or name == "bus":
            allowed, wanted = ("iu", "integers") if bus_kind in "iu" else ("UTO", "text labels like those of the buses")
        elif name == "generator_name":
            allowed, wanted = "UTO", "text"
        elif name in ("bus_type", "area", "branch", "generator", "dcline"):
            allowed, wanted = "iu", "integers"
        else:
            allowed, wanted = "fiu", "numbers"
        kind = network[name].dtype.kind
        if kind not in allowed:
            raise fault(network, name, ["whole column"], f"has the type {network[name].dtype}", f"give {wanted}")


def check_numbers(network: xr.Dataset) -> None:
    """No NaN anywhere; infinite values only for limits that may be absent."""
    for name, variable in network.data_vars.items():
        if variable.dtype.kind != "f" or name in PADDED:
            continue
        wrong = np.isnan(variable) if name in MAY_BE_INFINITE else ~np.isfinite(variable)
        if wrong.any():
            labels = _labels(network, variable.dims[0], wrong) if variable.dims else ["whole network"]
            raise fault(network, name, labels, "is not a finite number", "enter the value")


def check_base(network: xr.Dataset) -> None:
    """The per-unit base is positive."""
    if not float(network.base_mva) > 0:
        raise fault(network, "base_mva", ["whole network"], f"is {float(network.base_mva):g}", "give a positive base")


def check_duplicate_bus(network: xr.Dataset) -> None:
    """Each bus label occurs once."""
    labels, counts = np.unique(network.bus.values.astype(str), return_counts=True)
    if (counts > 1).any():
        raise fault(network, "bus", labels[counts > 1], "occurs more than once", "give every bus a number of its own")


def check_unknown_bus(network: xr.Dataset) -> None:
    """Branches, generators and DC lines name existing buses."""
    for name in BUS_LABELS:
        if name not in network:
            continue
        unknown = ~np.isin(network[name].values, network.bus.values)
        if unknown.any():
            labels = _labels(network, network[name].dims[0], unknown)
            missing = _list(np.unique(network[name].values[unknown]))
            raise fault(network, name, labels, f"unknown bus {missing}", "add the bus or correct the number")


def check_self_loop(network: xr.Dataset) -> None:
    """A branch joins two different buses."""
    loop = network.from_bus.values == network.to_bus.values
    if loop.any():
        raise fault(network, "to_bus", _branches(network, loop), "equals the from bus", "correct one end")


def check_reactance(network: xr.Dataset) -> None:
    """Reactance is not zero (negative is legal: series capacitors, equivalents of three-winding transformers)."""
    zero = network.reactance.values == 0
    if zero.any():
        raise fault(
            network, "reactance", _branches(network, zero), "is zero", "give it a small value or merge its two buses"
        )


def check_tap(network: xr.Dataset) -> None:
    """Tap ratios are positive."""
    wrong = network.tap.values <= 0
    if wrong.any():
        raise fault(network, "tap", _branches(network, wrong), "is not positive", "use 0 or 1 for no transformer")


def check_rate(network: xr.Dataset) -> None:
    """Flow limits are not negative."""
    negative = network.rate.values < 0
    if negative.any():
        raise fault(network, "rate", _branches(network, negative), "is negative", "use 0 for no limit")


def check_angle_limits(network: xr.Dataset) -> None:
    """The lower angle limit is not above the upper one."""
    wrong = network.angle_min.values > network.angle_max.values
    if wrong.any():
        raise fault(network, "angle_min", _branches(network, wrong), "is above angle_max", "exchange the two")


def check_any_generator(network: xr.Dataset) -> None:
    """At least one generator is in service."""
    if not network.generator.size:
        raise fault(network, "generator", ["whole network"], "none is in service", "put one in service at least")


def check_generator_limits(network: xr.Dataset) -> None:
    """p_min <= p_max; a capacity below zero is legal only for a unit that always consumes (p_min below it)."""
    wrong = network.p_min.values > network.p_max.values
    negative = wrong & (network.p_max.values < 0)
    if negative.any():
        raise fault(network, "p_max", _generators(network, negative), "negative capacity", "correct Pmax")
    if wrong.any():
        raise fault(network, "p_min", _generators(network, wrong), "is above p_max", "correct Pmin or Pmax")


def check_offers(network: xr.Dataset) -> None:
    """Costs are convex: c2 >= 0; piecewise costs have rising outputs and slopes that do not fall."""
    for prefix, dim in (("", "generator"), ("dcline_", "dcline")):
        if f"{prefix}cost_quadratic" in network:
            concave = network[f"{prefix}cost_quadratic"].values < 0
            if concave.any():
                what = "non-convex offer: negative quadratic coefficient"
                raise fault(network, "cost_quadratic", _labels(network, dim, concave), what, "c2 must be >= 0")
        if f"{prefix}cost_point_mw" in network:
            _check_points(network, prefix, dim)


def _check_points(network: xr.Dataset, prefix: str, dim: str) -> None:
    output, cost = network[f"{prefix}cost_point_mw"].values, network[f"{prefix}cost_point_usd"].values
    width = np.diff(output, axis=1)
    if (width <= 0).any():
        labels = _labels(network, dim, (width <= 0).any(axis=1))
        raise fault(network, "cost_point_mw", labels, "does not rise from point to point", "sort the points by output")
    with np.errstate(invalid="ignore"):
        slope = np.diff(cost, axis=1) / width
        falling = np.diff(slope, axis=1) < -1e-9 * np.maximum(1, np.abs(slope[:, 1:]))
    if falling.any():
        labels = _labels(network, dim, falling.any(axis=1))
        raise fault(network, "cost_point_usd", labels, "non-convex offer: decreasing slopes", "slopes must not fall")


def check_dcline(network: xr.Dataset) -> None:
    """DC lines: p_min <= p_max, and the loss per MW lies in [0, 1)."""
    if "dcline" not in network.dims:
        return
    wrong = network.dcline_p_min.values > network.dcline_p_max.values
    if wrong.any():
        raise fault(network, "dcline_p_min", _labels(network, "dcline", wrong), "is above p_max", "correct one of them")
    loss = network.dcline_loss_linear.values
    wrong = (loss < 0) | (loss >= 1)
    if wrong.any():
        raise fault(network, "dcline_loss_linear", _labels(network, "dcline", wrong), "outside [0, 1)", "give a share")


def check_lonely_bus(network: xr.Dataset) -> None:
    """Every bus has a branch or a DC line in service, unless it is the only bus."""
    if network.sizes["bus"] == 1:
        return
    used = [network[name].values for name in BUS_LABELS if name in network and name != "generator_bus"]
    lonely = ~np.isin(network.bus.values, np.concatenate(used))
    if lonely.any():
        cure = "connect it, or make it type 4 to take it out of service"
        raise fault(network, "bus", network.bus.values[lonely], "bus without in-service branch", cure)


def check_reference(network: xr.Dataset) -> None:
    """Every connected component has a reference bus of its own."""
    reference = network.bus_type.values == REFERENCE
    if not reference.any():
        raise fault(network, "bus_type", ["whole network"], "no reference bus", "set the type of one bus to 3")
    component = _components(network)
    without = np.setdiff1d(component, component[reference])
    if without.size:
        island = network.bus.values[component == without[0]]
        what = f"disconnected island without a reference bus ({component.max() + 1} components)"
        raise fault(network, "bus", island, what, "connect it, or give it a bus of type 3")


def _components(network: xr.Dataset) -> np.ndarray:
    return components(network.bus.values, network.from_bus.values, network.to_bus.values)


def components(bus: np.ndarray, from_bus: np.ndarray, to_bus: np.ndarray) -> np.ndarray:
    """Number of the AC-connected component of each bus; all branch ends must occur in `bus`."""
    start, end = positions(bus, from_bus), positions(bus, to_bus)
    links = coo_array((np.ones(len(start)), (start, end)), shape=(len(bus), len(bus)))
    return connected_components(links, directed=False)[1]


def positions(labels: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Position in `labels` of each element of `wanted` (all must occur)."""
    order = np.argsort(labels, kind="stable")
    return order[np.searchsorted(labels, wanted, sorter=order)]
