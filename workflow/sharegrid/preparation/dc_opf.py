"""Networks and published optima -> the data of the reference market: all cases side by side in one Dataset.

The cases do not touch each other; an element's label is its place in the whole Dataset, and bus_case, branch_case and
generator_case tell its case.
"""

from collections.abc import Mapping
from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr

from sharegrid.options.dc_opf import ReferenceMarket
from sharegrid.preparation import dc_form as dc_forms
from sharegrid.preparation.inputs import Inputs
from sharegrid.readers.network import REFERENCE, positions

PUBLISHED = "dc_published_usd_per_h"
WIDEST = np.deg2rad(60.0)  # what PowerModels puts where the angle difference is not limited below 90 degrees

# name: (dim, units, long_name)
VARIABLES = {
    "bus_number": ("bus", "1", "bus number or name in the case file"),
    "demand": ("bus", "MW", "demand with shunts at 1 p.u. voltage"),
    "reference": ("bus", "1", "1 where the angle is 0"),
    "from_bus": ("branch", "1", "bus where the branch starts"),
    "to_bus": ("branch", "1", "bus where the branch ends"),
    "susceptance": ("branch", "MW/rad", "susceptance of the branch"),
    "shift": ("branch", "rad", "phase shift of the branch"),
    "flow_min": ("branch", "MW", "lower flow limit, from the rating and the angle limits"),
    "flow_max": ("branch", "MW", "upper flow limit, from the rating and the angle limits"),
    "generator_bus": ("generator", "1", "bus of the generator"),
    "p_min": ("generator", "MW", "minimum output"),
    "p_max": ("generator", "MW", "maximum output"),
    "cost_quadratic": ("generator", "$/MW^2h", "quadratic cost coefficient"),
    "cost_linear": ("generator", "$/MWh", "linear cost coefficient"),
    "cost_constant": ("generator", "$/h", "constant cost"),
    "segment_of": ("segment", "1", "generator with this segment of a piecewise-linear cost"),
    "segment_slope": ("segment", "$/MWh", "slope of the segment"),
    "segment_intercept": ("segment", "$/h", "cost of the segment's line at zero output"),
    "dcline_from": ("dcline", "1", "bus where the DC line starts"),
    "dcline_to": ("dcline", "1", "bus where the DC line ends"),
    "dcline_p_min": ("dcline", "MW", "minimum flow at the start of the DC line"),
    "dcline_p_max": ("dcline", "MW", "maximum flow at the start of the DC line"),
    "dcline_loss_constant": ("dcline", "MW", "constant loss of the DC line"),
    "dcline_loss_linear": ("dcline", "1", "loss of the DC line per MW of flow"),
    "dcline_cost_quadratic": ("dcline", "$/MW^2h", "quadratic cost coefficient of the DC flow"),
    "dcline_cost_linear": ("dcline", "$/MWh", "linear cost coefficient of the DC flow"),
    "dcline_cost_constant": ("dcline", "$/h", "constant cost of the DC line"),
    "dcline_segment_of": ("dcline_segment", "1", "DC line with this segment of a piecewise-linear cost"),
    "dcline_segment_slope": ("dcline_segment", "$/MWh", "slope of the segment"),
    "dcline_segment_intercept": ("dcline_segment", "$/h", "cost of the segment's line at zero flow"),
}
DIMS = ("bus", "branch", "generator", "segment", "dcline", "dcline_segment")
REFERS_TO = {
    **dict.fromkeys(("from_bus", "to_bus", "generator_bus", "dcline_from", "dcline_to"), "bus"),
    "segment_of": "generator",
    "dcline_segment_of": "dcline",
}


def prepare(options: ReferenceMarket, inputs: Inputs) -> xr.Dataset:
    """The data of all MATPOWER files in the folder options.cases, with the published optima of options.baseline."""
    networks = {path.stem: inputs.read(path, options.reader) for path in inputs.files(options.cases, ".m")}
    return side_by_side(networks, inputs.table(options.baseline), dc_form=options.dc_form)


def side_by_side(
    networks: Mapping[str, xr.Dataset],
    baseline: pd.DataFrame,
    *,
    dc_form: Literal["matpower", "powermodels"] = "powermodels",
) -> xr.Dataset:
    """The disjoint union of the networks, with dims case (sorted), bus, branch, generator [, segment, dcline].

    networks : checked network Dataset by name of the case.
    baseline : columns `case` and `dc_published_usd_per_h` ($/h; `inf.` where PGLib found no feasible point).
    dc_form : see sharegrid.preparation.dc_form. The form also decides what an angle limit means: powermodels replaces
        limits of 90 degrees or more, and a pair 0/0, by +-60 degrees; matpower takes 0 and +-360 degrees for no limit.

    As a branch's flow is a linear function of its angle difference alone, angle limits become flow limits. Pmin and
    constant costs are kept. published_objective(case) is NaN where the baseline does not list the case.
    """
    if not networks:
        raise ValueError("prepare.cases: no case file was found; name a folder below resources/ that has .m files")
    names = sorted(networks)
    parts = [_one_case(networks[name], dc_form) for name in names]
    data = _union(names, parts).assign(published_objective=("case", _published(baseline, names)))
    data["published_objective"].attrs = {"units": "$/h", "long_name": "published optimum of the DC optimal power flow"}
    return data.assign_attrs(dc_form=dc_form)


def of_case(data: xr.Dataset, name: str) -> xr.Dataset:
    """The part of the data that belongs to one case; elements keep their labels."""
    chosen = {dim: np.flatnonzero(data[f"{dim}_case"].values == name) for dim in DIMS if dim in data.dims}
    return data.isel(chosen).sel(case=name)


def _published(baseline: pd.DataFrame, names: list[str]) -> np.ndarray:
    """Published objective by case; PGLib writes infeasible as `inf.`."""
    for column in ("case", PUBLISHED):
        if column not in baseline:
            raise ValueError(f"prepare.baseline: the table has no column {column}; see networks/pglib_dc_baseline.csv")
    if baseline["case"].duplicated().any():
        raise ValueError(f"prepare.baseline: {baseline['case'][baseline['case'].duplicated()].iloc[0]} is listed twice")
    printed = baseline.set_index("case")[PUBLISHED].astype(str).str.removesuffix(".")
    try:
        return printed.map(float).reindex(names).to_numpy(dtype=float)
    except ValueError as error:
        raise ValueError(f"prepare.baseline: column {PUBLISHED}: {error}; enter $/h, `inf.` or nothing") from None


def _one_case(network: xr.Dataset, form: str) -> dict[str, np.ndarray]:
    """The arrays of one case; references to buses, generators and DC lines are places in the case."""
    bus = network["bus"].values
    branch = dc_forms.branches(network, form)
    low, high = flow_limits(network, branch, form)
    arrays = {
        "bus_number": bus,
        "demand": (network["load"] + network["shunt"]).values,
        "reference": (network["bus_type"].values == REFERENCE).astype(np.int8),
        "susceptance": branch["susceptance"].values,
        "shift": branch["shift"].values,
        "flow_min": low,
        "flow_max": high,
        **_segments(network, "", "generator"),
        **_segments(network, "dcline_", "dcline"),
    }
    lines = network.sizes.get("dcline", 0)
    for name, (dim, _, _) in VARIABLES.items():
        if name not in arrays:
            default = np.zeros(lines if dim == "dcline" else 0)
            values = network[name].values if name in network else default
            arrays[name] = positions(bus, values) if REFERS_TO.get(name) == "bus" and len(values) else values
    return arrays


def flow_limits(network: xr.Dataset, branch: xr.Dataset, form: str) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper flow limit (branch) MW from the rating F and the angle limits:

    max(-F, min over d in {d_min, d_max} of B (d - phi)) and min(F, max over the same), for f = B (theta_from - theta_to
    - phi). The lower one is above the upper one where the two limits contradict each other.
    """
    angle_min, angle_max = network["angle_min"].values, network["angle_max"].values
    if form == "powermodels":  # PowerModels.jl, correct_voltage_angle_differences!
        unset = (angle_min == 0) & (angle_max == 0)
        angle_min = np.where(unset | (angle_min <= -np.pi / 2), -WIDEST, angle_min)
        angle_max = np.where(unset | (angle_max >= np.pi / 2), WIDEST, angle_max)
    else:  # MATPOWER, makeAang
        whole_turn = 2 * np.pi * (1 - 1e-12)
        angle_min = np.where((angle_min == 0) | (angle_min <= -whole_turn), -np.inf, angle_min)
        angle_max = np.where((angle_max == 0) | (angle_max >= whole_turn), np.inf, angle_max)
    susceptance, shift, rate = branch["susceptance"].values, branch["shift"].values, network["rate"].values
    ends = np.sort([susceptance * (angle_min - shift), susceptance * (angle_max - shift)], axis=0)
    return np.maximum(-rate, ends[0]), np.minimum(rate, ends[1])


def _segments(network: xr.Dataset, prefix: str, dim: str) -> dict[str, np.ndarray]:
    """Lines y = slope p + intercept through neighbouring points of the piecewise-linear costs; convex, so the cost is
    the highest of a unit's lines, which extend beyond its outer points."""
    points = [f"{prefix}cost_point_mw", f"{prefix}cost_point_usd"]
    mw, usd = (network[name].values if name in network else np.empty((0, 1)) for name in points)
    unit, k = np.nonzero(~np.isnan(mw[:, 1:]))
    slope = (usd[unit, k + 1] - usd[unit, k]) / (mw[unit, k + 1] - mw[unit, k])
    return {
        f"{prefix}segment_of": unit,
        f"{prefix}segment_slope": slope,
        f"{prefix}segment_intercept": usd[unit, k] - slope * mw[unit, k],
    }


def _union(names: list[str], parts: list[dict[str, np.ndarray]]) -> xr.Dataset:
    """All cases behind each other, references shifted to labels of the whole; dims without elements are left out."""
    sizes = {dim: np.array([_size(part, dim) for part in parts]) for dim in DIMS}
    first = {dim: np.concatenate([[0], np.cumsum(size)[:-1]]) for dim, size in sizes.items()}
    dims = [dim for dim in DIMS if sizes[dim].any() or dim in ("bus", "branch", "generator")]
    variables = {}
    for name, (dim, units, text) in VARIABLES.items():
        if dim in dims:
            offset = first[REFERS_TO[name]] if name in REFERS_TO else None
            arrays = [part[name] if offset is None else part[name] + offset[k] for k, part in enumerate(parts)]
            variables[name] = (dim, _joined(arrays), {"units": units, "long_name": text})
    for dim in dims:
        variables[f"{dim}_case"] = (
            dim,
            np.repeat(names, sizes[dim]),
            {"units": "1", "long_name": f"case of the {dim}"},
        )
    coords = {dim: (dim, np.arange(sizes[dim].sum()), {"units": "1", "long_name": f"{dim} label"}) for dim in dims}
    return xr.Dataset(variables, coords | {"case": ("case", names, {"units": "1", "long_name": "case"})})


def _size(part: dict[str, np.ndarray], dim: str) -> int:
    return len(part[next(name for name, (own, _, _) in VARIABLES.items() if own == dim)])


def _joined(arrays: list[np.ndarray]) -> np.ndarray:
    """One array; bus numbers become text if some case has names."""
    text = any(array.dtype.kind not in "fiu" for array in arrays)
    return np.concatenate([array.astype(str) if text else array for array in arrays])
