"""Thermal units of the RTS-GMLC table gen.csv: points of their cost curves and the convex blocks below them.

C. Barrows et al., The IEEE Reliability Test System: A Proposed 2019 Update, IEEE Trans. Power Systems 35(1):119-127, 2020.
"""

import numpy as np
import pandas as pd

from sharegrid.readers.rts_forecasts import SEGMENTS

TYPES = ("CT", "CC", "STEAM", "NUCLEAR")
BTU_PER_KWH = 1000.0  # heat rate [BTU/kWh] x fuel price [$/MMBTU] / 1000 = $/MWh
FIRST = ("PMax MW", "PMin MW", "Ramp Rate MW/Min", "Fuel Price $/MMBTU", "VOM", "Output_pct_0", "HR_avg_0")
FURTHER = tuple(f"{name}_{k}" for k in SEGMENTS for name in ("Output_pct", "HR_incr"))
MAY_BE_ZERO = ("PMin MW", "Fuel Price $/MMBTU", "VOM", "Ramp Rate MW/Min")
ROUNDING = 1e-9  # relative: slopes that differ by less are one block


def thermal_units(table: pd.DataFrame, source: str) -> pd.DataFrame:
    """The rows of gen.csv with a thermal unit type, in the order of the file and with the index GEN UID, checked.

    ValueError names the file (`source`), the column, the unit and the cure.
    """
    columns = ["GEN UID", "Bus ID", "Unit Type", *FIRST, *FURTHER]
    if missing := [column for column in columns if column not in table]:
        raise ValueError(f"{source}: no column '{missing[0]}'; take gen.csv of RTS-GMLC as it is")
    units = table[table["Unit Type"].isin(TYPES)].set_index("GEN UID")
    if units.empty:
        raise ValueError(
            f"{source}: column 'Unit Type': no unit is {', '.join(TYPES)}; take gen.csv of RTS-GMLC as it is"
        )
    if units.index.has_duplicates:
        raise ValueError(f"{source}: column 'GEN UID': unit '{units.index[units.index.duplicated()][0]}' stands twice")
    for column in FIRST:
        _check(units[column], column, source, may_be_absent=False)
    for column in FURTHER:
        _check(units[column], column, source, may_be_absent=True)
    return units


def _check(values: pd.Series, column: str, source: str, *, may_be_absent: bool) -> None:
    """Numbers that are not negative, and positive where a zero makes no sense."""
    may_be_zero = column in MAY_BE_ZERO or column.startswith("HR_incr")
    for unit, raw in values.items():
        value = pd.to_numeric(raw, errors="coerce")
        if pd.isna(value) and may_be_absent and pd.isna(raw):
            continue
        if not (np.isfinite(value) and (value >= 0 if may_be_zero else value > 0)):
            least = "0 or more" if may_be_zero else "above 0"
            raise ValueError(f"{source}: column '{column}', unit '{unit}': {raw}; enter a number {least}")


def cost_points(unit: pd.Series, source: str) -> tuple[np.ndarray, np.ndarray]:
    """Outputs P_k [MW] and costs C_k [$/h] of one unit, from (0, 0) to full output.

    C_0 = HR_avg_0 P_0 f + VOM P_0 and C_k = C_(k-1) + (HR_incr_k f + VOM)(P_k - P_(k-1)), P_k = Output_pct_k PMax,
    f = fuel price / 1000. Segments that a unit does not have are passed over. ValueError where outputs do not rise to
    PMax.
    """
    fuel = float(unit["Fuel Price $/MMBTU"]) / BTU_PER_KWH
    share, rate = [float(unit["Output_pct_0"])], [float(unit["HR_avg_0"])]
    for k in SEGMENTS:
        end, heat = float(unit[f"Output_pct_{k}"]), float(unit[f"HR_incr_{k}"])
        if np.isnan(end) or np.isnan(heat):
            continue
        if end <= share[-1]:
            raise ValueError(
                f"{source}: column 'Output_pct_{k}', unit '{unit.name}': {end:g} is not above the {share[-1]:g} before it;"
                " enter rising shares of PMax"
            )
        share.append(end)
        rate.append(heat)
    if abs(share[-1] - 1) > ROUNDING:
        raise ValueError(
            f"{source}: column 'Output_pct_{len(share) - 1}', unit '{unit.name}': the last share is {share[-1]:g}, not 1;"
            " give the cost up to PMax"
        )
    output = np.array([0.0, *share]) * float(unit["PMax MW"])
    cost = np.cumsum((np.array(rate) * fuel + float(unit["VOM"])) * np.diff(output))
    return output, np.concatenate([[0.0], cost])


def convex_blocks(output: np.ndarray, cost: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Widths [MW] and prices [$/MWh], rising, of the lower convex hull of the points (output rising, first to last).

    It is the largest convex cost that is nowhere above a point: without minimum output the curve from 0 is not convex.
    """
    corners = [0]
    for k in range(1, len(output)):
        while len(corners) > 1 and not _turns_up(output, cost, *corners[-2:], k):
            corners.pop()
        corners.append(k)
    width = np.diff(output[corners])
    return width, np.diff(cost[corners]) / width


def _turns_up(output: np.ndarray, cost: np.ndarray, first: int, middle: int, last: int) -> bool:
    """Whether the slope rises at `middle` on the way from `first` to `last`."""
    before = (cost[middle] - cost[first]) / (output[middle] - output[first])
    after = (cost[last] - cost[middle]) / (output[last] - output[middle])
    return after > before + ROUNDING * abs(before)
