"""One day of the RTS-GMLC series: its day-ahead price, and the stochastic outcomes of wind power and solar heat."""

from functools import cached_property

import numpy as np
import pandas as pd

from sharegrid.options.wind_csp import Day, WindCspMarket, WindFarm
from sharegrid.preparation.inputs import Inputs
from sharegrid.readers import rts_forecasts as rts

RENEWABLE = ("DAY_AHEAD_wind", "DAY_AHEAD_pv", "DAY_AHEAD_rtpv", "DAY_AHEAD_hydro")


class RtsDay:
    """The day `day` of a study's options; every file is read once for all days that share `tables`."""

    def __init__(self, options: WindCspMarket, day: Day, inputs: Inputs, tables: dict[str, pd.DataFrame]):
        self._options, self._day, self._inputs, self._tables = options, day, inputs, tables
        self._error_days = rts.error_days(day.date, options.error_days)

    def _table(self, path: str) -> pd.DataFrame:
        if path not in self._tables:
            self._tables[path] = self._inputs.table(path)
        return self._tables[path]

    def _series(self, name: str) -> pd.DataFrame:
        return self._table(self._options.series_file(name))

    def _of_unit(self, name: str, unit: str) -> np.ndarray:
        return rts.unit_on(self._series(name), unit, self._day.date, name)

    def _total(self, name: str) -> np.ndarray:
        return rts.total_on(self._series(name), self._day.date, name)

    @property
    def outcomes(self) -> list[str]:
        """Dates of the days whose forecast errors are the outcomes."""
        return [day.isoformat() for day in self._error_days]

    @cached_property
    def price(self) -> np.ndarray:
        """Day-ahead price in $/MWh (time)."""
        if self._day.price == "nodal":
            name = "PLEXOS_DA_solution_price_allTX"
            return rts.nodal_price(self._series(name), self._day.date, self._day.bus, self._options.series_file(name))
        return rts.merit_order_price(self._table(self._options.units), self.net_load())

    def net_load(self) -> np.ndarray:
        """Day-ahead load of all regions less wind, photovoltaic and hydro power in MW (time)."""
        return self._total("DAY_AHEAD_regional_Load") - sum(self._total(name) for name in RENEWABLE)

    def capacity(self, farm: WindFarm) -> tuple[float, float]:
        """Capacity of a wind farm in MW, and that of the unit whose series it follows."""
        units = self._table(self._options.units).set_index("GEN UID")["PMax MW"]
        if farm.unit not in units.index:
            raise ValueError(f"{self._options.units}: no unit '{farm.unit}'; see the column GEN UID")
        own = float(units[farm.unit])
        return own if farm.capacity_mw is None else farm.capacity_mw, own

    def wind_power(self, farm: WindFarm) -> np.ndarray:
        """k min(max(forecast_t + error_ts, 0), P_unit) in MW (time, outcome), k the farm's capacity over the unit's."""
        capacity, of_unit = self.capacity(farm)
        ahead, actual = self._series("DAY_AHEAD_wind"), self._series("REAL_TIME_HOURLY_MEAN_wind")
        forecast = self._of_unit("DAY_AHEAD_wind", farm.unit)
        errors = rts.forecast_errors(ahead, actual, farm.unit, self._error_days)
        return capacity / of_unit * np.clip(forecast[:, None] + errors, 0, of_unit)

    @cached_property
    def heat_per_capacity(self) -> np.ndarray:
        """Heat of the solar field per MW of power block, in MWth/MW (time, outcome).

        The day-ahead heat times k_s, the ratio of real-time to day-ahead energy of a photovoltaic unit on the error
        day, within its limits and with mean 1: the system has no real-time heat.
        """
        plant = self._options.plant
        heat = self._of_unit("DAY_AHEAD_Natural_Inflow", plant.heat_unit)
        ahead, actual = self._series("DAY_AHEAD_pv"), self._series("REAL_TIME_HOURLY_MEAN_pv")
        ratio = rts.energy_ratio(ahead, actual, plant.radiation_unit, self._error_days).clip(*plant.radiation_limits)
        return heat[:, None] / plant.heat_capacity_mw * (ratio / ratio.mean())
