"""Networks as three CSV tables (`<prefix>_bus.csv`, `_branch.csv`, `_generator.csv`) -> network Dataset.

These are the published tables of the IEEE and textbook systems re-tabulated (resources/networks/facts); they carry no
base, so it is 100 MVA. Columns have the unit in their name; kW and ohm are accepted for distribution feeders.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from sharegrid.readers import matpower

BASE_MVA = 100.0
BUS = {"bus": "BUS_I", "type": "BUS_TYPE", "pd_mw": "PD", "gs_mw": "GS", "area": "BUS_AREA"}
BRANCH = {
    "fbus": "F_BUS",
    "tbus": "T_BUS",
    "r_pu": "BR_R",
    "x_pu": "BR_X",
    "rate_a_mva": "RATE_A",
    "ratio": "TAP",
    "shift_deg": "SHIFT",
    "status": "BR_STATUS",
}
GENERATOR = {"bus": "GEN_BUS", "status": "GEN_STATUS", "pmax_mw": "PMAX", "pmin_mw": "PMIN"}
COST = {"c2_usd_per_mw2h": "C2", "c1_usd_per_mwh": "C1", "c0_usd_per_h": "C0"}


def read(prefix: str | Path) -> xr.Dataset:
    """Network Dataset (see sharegrid.readers.network) of the three tables that share a path prefix.

    prefix : e.g. `resources/networks/facts/case30`.
    Raises FileNotFoundError for a missing table and ValueError with file, column, row and cure for a bad one.
    """
    prefix = Path(prefix)
    files = {table: prefix.with_name(f"{prefix.name}_{table}.csv") for table in ("bus", "branch", "generator")}
    tables = {table: _read_table(path) for table, path in files.items()}
    bus = _in_mw(tables["bus"])
    gen = _select(tables["generator"], GENERATOR | COST, files["generator"])
    case = {
        "baseMVA": BASE_MVA,
        "bus": _select(bus, BUS, files["bus"]),
        "branch": _select(_per_unit(tables["branch"], bus), BRANCH, files["branch"]),
        "gen": gen,
        "gencost": _cost_rows(gen),
    }
    names = {table: path.name for table, path in files.items()}
    fields = {"bus": names["bus"], "branch": names["branch"], "gen": names["generator"], "gencost": names["generator"]}
    return matpower.convert(case, name=prefix.name, source=f"{prefix.name}_*.csv", fields=fields)


def _read_table(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such table; a network needs _bus.csv, _branch.csv and _generator.csv")
    try:
        table = pd.read_csv(path)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise ValueError(f"{path.name}: not a CSV table with one header row: {error}; restore the file") from error
    table.index = pd.RangeIndex(1, len(table) + 1)
    return table


def _select(table: pd.DataFrame, columns: dict[str, str], path: Path) -> pd.DataFrame:
    """The columns that the network needs, as floats, under MATPOWER's names."""
    missing = [column for column in columns if column not in table]
    if missing:
        raise ValueError(f"{path.name}: column {missing[0]} is missing; restore the header or the file")
    chosen = table[list(columns)].rename(columns=columns)
    for column, new in columns.items():
        values = pd.to_numeric(chosen[new], errors="coerce")
        wrong = values.isna()
        if wrong.any():
            row = wrong.idxmax()
            raise ValueError(
                f"{path.name}: column {column}, row {row}: `{table.loc[row, column]}` is not a number; enter it"
            )
        chosen[new] = values.astype(float)
    return chosen


def _in_mw(bus: pd.DataFrame) -> pd.DataFrame:
    if "pd_kw" in bus and "pd_mw" not in bus:
        return bus.assign(pd_mw=pd.to_numeric(bus.pd_kw, errors="coerce") / 1000)
    return bus


def _per_unit(branch: pd.DataFrame, bus: pd.DataFrame) -> pd.DataFrame:
    """Ohm -> per unit with the base voltage [kV] of the from bus: z_base = kV² / MVA."""
    if not {"fbus", "r_ohm", "x_ohm"} <= set(branch) or not {"bus", "base_kv"} <= set(bus):
        return branch
    base_kv = branch.fbus.map(bus.drop_duplicates("bus").set_index("bus").base_kv)
    base_ohm = pd.to_numeric(base_kv, errors="coerce") ** 2 / BASE_MVA
    in_pu = {f"{part}_pu": pd.to_numeric(branch[f"{part}_ohm"], errors="coerce") / base_ohm for part in ("r", "x")}
    return branch.assign(**in_pu)


def _cost_rows(gen: pd.DataFrame) -> pd.DataFrame:
    """The coefficients as rows of a polynomial gencost table."""
    rows = gen[["C2", "C1", "C0"]]
    head = pd.DataFrame(np.tile([matpower.POLYNOMIAL, 0.0, 0.0, 3.0], (len(gen), 1)), index=gen.index)
    return pd.concat([head.set_axis(["MODEL", "STARTUP", "SHUTDOWN", "NCOST"], axis=1), rows], axis=1)
