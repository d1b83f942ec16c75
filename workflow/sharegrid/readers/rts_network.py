"""Network tables of RTS-GMLC: bus.csv, branch.csv and dc_branch.csv with checked numbers and labels that are text.

C. Barrows et al., The IEEE Reliability Test System: A Proposed 2019 Update, IEEE Trans. Power Systems 35(1):119-127, 2020.
"""

import numpy as np
import pandas as pd

BASE_MVA = 100.0  # of the reactances in branch.csv


def buses(table: pd.DataFrame, source: str) -> pd.DataFrame:
    """area and peak_load [MW] by bus. ValueError names the file (`source`), the column, the bus and the cure."""
    _require(table, ("Bus ID", "Area", "MW Load"), source)
    label = _labels(table, "Bus ID", source)
    area = pd.Series(table["Area"].astype(str).to_numpy(), index=label)
    found = pd.DataFrame({"area": area, "peak_load": _numbers(table, "MW Load", label, source)}, index=label)
    total = found.groupby("area", sort=False)["peak_load"].sum()
    for name in total.index[total <= 0]:
        raise ValueError(f"{source}: column 'MW Load': no load in area '{name}', which gives its buses their shares")
    return found


def branches(table: pd.DataFrame, source: str, known: pd.Index) -> pd.DataFrame:
    """from_bus, to_bus, susceptance [MW/rad] = base / (X tap), rating [MW] = Cont Rating by branch; tap ratio 0 is 1."""
    _require(table, ("UID", "From Bus", "To Bus", "X", "Tr Ratio", "Cont Rating"), source)
    found = _ends(table, source, known)
    reactance = _numbers(table, "X", found.index, source, positive=True)
    tap = _numbers(table, "Tr Ratio", found.index, source)
    found["susceptance"] = BASE_MVA / (reactance * np.where(tap == 0, 1.0, tap))
    return found.assign(rating=_numbers(table, "Cont Rating", found.index, source, positive=True))


def dc_lines(table: pd.DataFrame, source: str, known: pd.Index) -> pd.DataFrame:
    """from_bus, to_bus and rating [MW], the scheduled power 'MW Load', by DC line."""
    _require(table, ("UID", "From Bus", "To Bus", "MW Load"), source)
    found = _ends(table, source, known)
    return found.assign(rating=_numbers(table, "MW Load", found.index, source, positive=True))


def _ends(table: pd.DataFrame, source: str, known: pd.Index) -> pd.DataFrame:
    label = _labels(table, "UID", source)
    ends = {}
    for name, column in (("from_bus", "From Bus"), ("to_bus", "To Bus")):
        ends[name] = table[column].astype(str).to_numpy()
        for where in np.flatnonzero(~np.isin(ends[name], known))[:1]:
            raise ValueError(
                f"{source}: column '{column}', row '{label[where]}': no bus '{ends[name][where]}'; "
                "name one of the column Bus ID of bus.csv"
            )
    return pd.DataFrame(ends, index=label)


def _require(table: pd.DataFrame, columns: tuple[str, ...], source: str) -> None:
    if missing := [column for column in columns if column not in table]:
        raise ValueError(f"{source}: no column '{missing[0]}'; take the table of RTS-GMLC as it is")


def _labels(table: pd.DataFrame, column: str, source: str) -> pd.Index:
    label = pd.Index(table[column].astype(str))
    if label.has_duplicates:
        raise ValueError(f"{source}: column '{column}': '{label[label.duplicated()][0]}' stands twice; keep one row")
    return label


def _numbers(table: pd.DataFrame, column: str, label: pd.Index, source: str, *, positive: bool = False) -> np.ndarray:
    values = pd.to_numeric(table[column], errors="coerce").to_numpy(float)
    wrong = ~(np.isfinite(values) & ((values > 0) if positive else (values >= 0)))
    for where in np.flatnonzero(wrong)[:1]:
        raise ValueError(
            f"{source}: column '{column}', row '{label[where]}': {table[column].iloc[where]}; "
            f"enter a number {'above 0' if positive else '0 or more'}"
        )
    return values
