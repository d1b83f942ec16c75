"""MATPOWER case files (.m, format version 2; PGLib) -> network Dataset.

Format: MATPOWER User's Manual, appendix B; DC lines: ibid., section 7.6.3 (`mpc.dcline`, `mpc.dclinecost`).
"""

from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr

from sharegrid.readers import matlab, network

COLUMNS = {"bus": 13, "gen": 10, "branch": 11, "gencost": 5, "dcline": 17, "dclinecost": 5}
REQUIRED = ("baseMVA", "bus", "gen", "branch", "gencost")
DC_GRID = ("dcbranch", "branchdc", "dcconv", "convdc")  # MatACDC's multi-terminal DC grids, in both spellings
OUT_OF_SERVICE = 4  # bus type
PIECEWISE, POLYNOMIAL = 1, 2
NO_ANGLE_LIMIT = 360.0  # degrees, as MATPOWER writes it


def read(path: str | Path, *, dc_grid: Literal["refuse", "drop"] = "refuse") -> xr.Dataset:
    """Network Dataset (see sharegrid.readers.network) of one MATPOWER case file.

    Only what is in service is kept: buses of type 4 go with everything attached to them. rateA = 0 means no limit,
    ratio = 0 means 1. Costs: polynomials up to degree 2 and convex piecewise-linear curves; of a cost matrix with twice
    as many rows as generators the second half (reactive power) is ignored. Angle limits stay as in the file.

    dc_grid : a file with a multi-terminal DC grid (`mpc.dcbranch`, `mpc.dcconv`) is refused, because its flows would be
        lost; `drop` reads the AC part only.

    Raises FileNotFoundError, and ValueError with file, field, row or label, and the cure, for everything that is
    malformed, truncated, inconsistent or non-convex.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such case file; check the path")
    name, fields = matlab.statements(path.read_text(encoding="utf-8-sig", errors="replace"), path.name)
    for field in REQUIRED:
        if field not in fields:
            raise ValueError(
                f"{path.name}: mpc.{field} is missing; the file is truncated or not an OPF case: restore it"
            )
    grid = [field for field in DC_GRID if field in fields]
    if grid and dc_grid == "refuse":
        raise ValueError(
            f"{path.name}: mpc.{grid[0]}: a multi-terminal DC grid is not part of the network model; describe point-to-"
            "point lines in mpc.dcline, or read the AC part only with dc_grid: drop"
        )
    case = {
        field: matlab.matrix(field, fields[field], path.name, columns=columns)
        for field, columns in COLUMNS.items()
        if field in fields
    }
    case["baseMVA"] = matlab.number("baseMVA", fields["baseMVA"], path.name)
    return convert(case, name=name, source=path.name, fields={field: f"mpc.{field}" for field in COLUMNS})


def convert(case: dict, *, name: str, source: str, fields: dict[str, str]) -> xr.Dataset:
    """Network Dataset from tables with MATPOWER's column names.

    case : `baseMVA` [MVA] and the DataFrames bus, gen, branch, gencost [, dcline [, dclinecost]], indexed by row.
    fields : what messages call each table.
    """
    where = {table: f"{source}: {field}" for table, field in fields.items()}
    _check_rows(case, where)
    bus = case["bus"]
    live = bus[bus.BUS_TYPE != OUT_OF_SERVICE]
    gone = bus.BUS_I[bus.BUS_TYPE == OUT_OF_SERVICE]
    generator = _in_service(case["gen"], "GEN_STATUS", ["GEN_BUS"], gone)
    branch = _in_service(case["branch"], "BR_STATUS", ["F_BUS", "T_BUS"], gone)
    values = {
        "base_mva": case["baseMVA"],
        **_bus_values(live),
        **_branch_values(branch),
        "generator_bus": _whole(generator.GEN_BUS),
        "p_min": generator.PMIN.to_numpy(),
        "p_max": generator.PMAX.to_numpy(),
        **costs(case["gencost"].iloc[: len(case["gen"])].loc[generator.index], where["gencost"]),
        **_dcline_values(case, gone, where),
    }
    return network.assemble(values, bus=_whole(live.BUS_I), name=name, source=source)


def _check_rows(case: dict, where: dict[str, str]) -> None:
    """Tables have rows that belong together, and labels and states are whole numbers."""
    for table in ("bus", "gen"):
        if case[table].empty:
            raise ValueError(f"{where[table]}: has no rows; the file is truncated or not an OPF case: restore it")
    rows = len(case["gen"])
    if len(case["gencost"]) not in (rows, 2 * rows):
        raise ValueError(
            f"{where['gencost']}: {len(case['gencost'])} rows for {rows} generators; give one row per generator "
            "(and as many again for reactive power, if any)"
        )
    whole = {
        "bus": ["BUS_I", "BUS_TYPE", "BUS_AREA"],
        "gen": ["GEN_BUS", "GEN_STATUS"],
        "branch": ["F_BUS", "T_BUS", "BR_STATUS"],
        "dcline": ["F_BUS", "T_BUS", "BR_STATUS"],
    }
    for table, columns in whole.items():
        for column in columns if table in case else ():
            _refuse(
                case[table], case[table][column] % 1 != 0, where[table], f"{column} is not a whole number", "correct it"
            )
    kind = case["bus"].BUS_TYPE
    _refuse(case["bus"], ~kind.isin([1, 2, 3, 4]), where["bus"], "BUS_TYPE is not 1, 2, 3 or 4", "correct it")


def _refuse(table: pd.DataFrame, wrong, place: str, what: str, cure: str) -> None:
    """Raise ValueError naming the first rows in which `wrong` is true."""
    rows = table.index[np.asarray(wrong)]
    if len(rows):
        shown = ", ".join(str(row) for row in rows[: network.SHOWN])
        more = f" and {len(rows) - network.SHOWN} more" if len(rows) > network.SHOWN else ""
        raise ValueError(f"{place}, row {shown}{more}: {what}; {cure}")


def _in_service(table: pd.DataFrame, status: str, buses: list[str], gone: pd.Series) -> pd.DataFrame:
    """Rows in service whose buses are all in service."""
    return table[(table[status] > 0) & ~table[buses].isin(gone.to_numpy()).any(axis=1)]


def _whole(column: pd.Series) -> np.ndarray:
    return column.to_numpy().astype(np.int64)


def _bus_values(bus: pd.DataFrame) -> dict:
    return {
        "load": bus.PD.to_numpy(),
        "shunt": bus.GS.to_numpy(),
        "bus_type": bus.BUS_TYPE.to_numpy().astype(np.int8),
        "area": _whole(bus.BUS_AREA),
    }


def _branch_values(branch: pd.DataFrame) -> dict:
    limits = {
        side: branch.get(column, pd.Series(sign * NO_ANGLE_LIMIT, index=branch.index)).to_numpy()
        for side, column, sign in (("angle_min", "ANGMIN", -1), ("angle_max", "ANGMAX", 1))
    }
    return {
        "from_bus": _whole(branch.F_BUS),
        "to_bus": _whole(branch.T_BUS),
        "resistance": branch.BR_R.to_numpy(),
        "reactance": branch.BR_X.to_numpy(),
        "tap": branch.TAP.replace(0.0, 1.0).to_numpy(),
        "shift": np.deg2rad(branch.SHIFT.to_numpy()),
        "rate": branch.RATE_A.replace(0.0, np.inf).to_numpy(),
        **{side: np.deg2rad(limit) for side, limit in limits.items()},
    }


def _dcline_values(case: dict, gone: pd.Series, where: dict[str, str]) -> dict:
    """DC lines in service: flow p at the from bus in [p_min, p_max], (1 - loss_linear) p - loss_constant at the to bus.

    MATPOWER refers a negative limit to the to bus; here limits hold at the from bus, as in PGLib's DC convention.
    """
    if "dcline" not in case:
        return {}
    dcline = _in_service(case["dcline"], "BR_STATUS", ["F_BUS", "T_BUS"], gone)
    if dcline.empty:
        return {}
    values = {
        "dcline_from": _whole(dcline.F_BUS),
        "dcline_to": _whole(dcline.T_BUS),
        "dcline_p_min": dcline.PMIN.to_numpy(),
        "dcline_p_max": dcline.PMAX.to_numpy(),
        "dcline_loss_constant": dcline.LOSS0.to_numpy(),
        "dcline_loss_linear": dcline.LOSS1.to_numpy(),
    }
    if "dclinecost" not in case or case["dclinecost"].empty:
        return values
    rows, lines = len(case["dclinecost"]), len(case["dcline"])
    if rows != lines:
        raise ValueError(f"{where['dclinecost']}: {rows} rows for {lines} DC lines; give one row per DC line")
    return values | costs(case["dclinecost"].loc[dcline.index], where["dclinecost"], prefix="dcline_")


def costs(table: pd.DataFrame, place: str, *, prefix: str = "") -> dict[str, np.ndarray]:
    """Cost variables of a gencost table: [model, startup, shutdown, n, then n coefficients or n points (MW, $/h)].

    Model 1: piecewise linear; the points go to cost_point_mw and cost_point_usd, NaN padded. Model 2: polynomial,
    highest power first; c2 [$/MW^2h], c1 [$/MWh], c0 [$/h]. Start-up and shut-down costs do not count.

    Raises ValueError naming the row: unknown model, wrong n, too few columns, a NaN, degree 3 or more.
    """
    model, count = table.MODEL.to_numpy(), table.NCOST.to_numpy()
    _refuse(table, ~np.isin(model, [PIECEWISE, POLYNOMIAL]), place, "MODEL is not 1 or 2", "correct it")
    wrong = (count % 1 != 0) | (count < np.where(model == PIECEWISE, 2, 1))
    _refuse(table, wrong, place, "NCOST must be a whole number, 1 or more (2 or more points)", "correct it")
    data = table.to_numpy()[:, 4:]
    used = np.where(model == PIECEWISE, 2 * count, count).astype(int)
    _refuse(table, used > data.shape[1], place, "too few columns for NCOST", "the row is incomplete: restore the file")
    taken = np.arange(data.shape[1]) < used[:, None]
    _refuse(table, (taken & ~np.isfinite(data)).any(axis=1), place, "cost is not a finite number", "enter the value")
    polynomial = taken & (model == POLYNOMIAL)[:, None]
    values = {f"{prefix}{key}": value for key, value in _polynomial(table, data, polynomial, used, place).items()}
    if (model == PIECEWISE).any():
        points = np.where(taken & (model == PIECEWISE)[:, None], data, np.nan)[:, : used[model == PIECEWISE].max()]
        values |= {f"{prefix}cost_point_mw": points[:, ::2], f"{prefix}cost_point_usd": points[:, 1::2]}
    return values


def _polynomial(table: pd.DataFrame, data, polynomial, used, place: str) -> dict[str, np.ndarray]:
    """Coefficients of degree 2, 1 and 0; ValueError where a higher one is not zero."""
    power = used[:, None] - 1 - np.arange(data.shape[1])
    higher = (polynomial & (power > 2) & (data != 0)).any(axis=1)
    what = "polynomial cost of degree 3 or more"
    _refuse(table, higher, place, what, "approximate it by a quadratic or piecewise-linear cost")
    names = {"cost_quadratic": 2, "cost_linear": 1, "cost_constant": 0}
    return {name: np.where(polynomial & (power == k), data, 0.0).sum(axis=1) for name, k in names.items()}
