"""Series of RTS-GMLC, public statistics of outages and a study's options -> the data of a household's investment.

Rooftop solar power and load are the day-ahead series of all plants and areas, scaled so that an average day of the year has the
household's yield and load. C. Barrows et al., IEEE Trans. Power Systems 35(1):119-127, 2020.
"""

import numpy as np
import pandas as pd
import xarray as xr

from sharegrid import schema
from sharegrid.options.solar_storage import SolarStorageMarket
from sharegrid.preparation.inputs import Inputs
from sharegrid.readers.rts_gmlc import HOURS, series_of
from sharegrid.sweeps import Variant, coordinates, variants

PARTICIPANTS = ("household", "pv", "storage")
CONSTANT = (
    "days",
    "day_load",
    "night_load",
    "pv_yield",
    "price_day",
    "price_night",
    "efficiency",
    "pv_cost",
    "pv_limit",
)
SANDY, MARIA = "Sandy 2012", "Maria 2017"
SECOND_STORM = "nor'easter|both storms"  # notes of reports that count another storm's customers or leave states out
MARIA_SHARE = r"Hurricane Maria, share restored after (\d+) days"
MARIA_END = "Hurricane Maria, full restoration"
WIDESPREAD = "US widespread severe-weather outages (>=50 000 customers)"
MONTH = 365.25 / 12  # days
VOLL = {"ERCOT since 2022": "voll_ercot_2022", "ERCOT survey 2024": "voll_ercot_survey_2024"}


def prepare(options: SolarStorageMarket, inputs: Inputs) -> xr.Dataset:
    """The market's data: dims scenario, participant, hour, storm, report, year, voll_source.

    ValueError names file, column or item and cure.
    """
    found = variants(options)
    pv, load = hourly(options, inputs, "rtpv"), hourly(options, inputs, "regional_Load")
    days = len(load) / HOURS
    data = coordinates(found).assign_coords(participant=list(PARTICIPANTS), hour=np.arange(len(load)))
    data = data.assign({name: ("scenario", np.full(len(found), getattr(options, name))) for name in CONSTANT})
    data = data.assign(
        taking_part=(("scenario", "participant"), np.stack([_taking_part(one) for one in found])),
        hourly_yield=("hour", pv * (days * options.pv_yield / pv.sum())),
        hourly_load=("hour", load * (days * (options.day_load + options.night_load) / load.sum())),
    )
    data = data.merge(outage_statistics(options, inputs))
    data.attrs |= {"money": "$/year", "energy": "kWh/day"}
    return schema.described(data, "data")


def _taking_part(one: Variant) -> np.ndarray:
    return np.array([1, 1, one.values["devices"] != "pv"], "i1")


def hourly(options: SolarStorageMarket, inputs: Inputs, name: str) -> np.ndarray:
    """Sum of all columns of a day-ahead series in MW (hour), the hours in their order."""
    file = options.series_file(name)
    table = inputs.table(file).sort_values(["Year", "Month", "Day", "Period"], kind="stable")
    total = table[series_of(table)].sum(axis=1, min_count=1).to_numpy(float)
    if len(total) % HOURS or not np.isfinite(total).all() or (total < 0).any() or not total.sum() > 0:
        raise ValueError(f"{file}: {len(total)} hours; whole days of values from 0 up, with a positive sum, are needed")
    return total


def outage_statistics(options: SolarStorageMarket, inputs: Inputs) -> xr.Dataset:
    """Reports on two storms, interruptions of US customers by major and other events, and public values of lost load."""
    tables = {name: inputs.table(options.parameter_file(name))
              for name in ("outage_saidi_us", "outage_sandy_restoration", "outage_events", "parameters")}  # fmt: skip
    saidi, parameters = tables["outage_saidi_us"], tables["parameters"].set_index("name")["value"]
    both = {SANDY: sandy(tables["outage_sandy_restoration"]), MARIA: maria(tables["outage_events"])}
    most = max(map(len, both.values()))
    padded = np.full((2, len(both), most), np.nan)
    for k, reports in enumerate(both.values()):
        padded[:, k, : len(reports)] = reports.T
    with_, without = (saidi[[f"saidi_{part}_min", f"saifi_{part}"]].to_numpy(float)
                      for part in ("with_med", "without_med"))  # fmt: skip
    return xr.Dataset(
        {
            "restoration_days": (("storm", "report"), padded[0]),
            "still_out": (("storm", "report"), padded[1]),
            "major_minutes": ("year", with_[:, 0] - without[:, 0]),
            "major_interruptions": ("year", with_[:, 1] - without[:, 1]),
            "minor_minutes": ("year", without[:, 0]),
            "widespread_events": _widespread(tables["outage_events"]),
            "public_voll": ("voll_source", [float(parameters[name]) / 1000 for name in VOLL.values()]),
        },
        {"storm": list(both), "report": np.arange(1, most + 1), "year": saidi["year"].to_numpy(),
         "voll_source": list(VOLL)},
    )  # fmt: skip


def sandy(table: pd.DataFrame) -> np.ndarray:
    """Days since the largest number of customers was out and share that still is (report, 2), without reports on a second storm."""
    reports = table[~table["note"].str.contains(SECOND_STORM)]
    out = reports["customers_without_power"].to_numpy(float)
    return np.stack([reports["days_since_landfall"].to_numpy(float), out / out[0]], axis=1)


def maria(table: pd.DataFrame) -> np.ndarray:
    """Days since everybody was out and share that still is (report, 2), up to full restoration."""
    days = table["item"].str.extract(MARIA_SHARE)[0].astype(float)
    reports = np.stack([days, 1 - table["value"] / 100], axis=1)[days.notna().to_numpy()]
    end = table.loc[table["item"] == MARIA_END, "value"]
    if not len(reports) or len(end) != 1:
        raise ValueError("outage_events: no reports on the restoration after Hurricane Maria; restore the file")
    return np.vstack([[0.0, 1.0], reports, [float(end.iloc[0]) * MONTH, 0.0]])


def _widespread(table: pd.DataFrame) -> float:
    """Events per year."""
    row = table[table["item"] == WIDESPREAD].iloc[0]
    first, last = map(int, str(row["date"]).split("-"))
    return float(row["value"]) / (last - first + 1)
