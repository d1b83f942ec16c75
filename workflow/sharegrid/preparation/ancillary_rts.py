"""The RTS-GMLC system on one bus: commitment by merit order, and requirements of ancillary services by day.

C. Barrows et al., The IEEE Reliability Test System: A Proposed 2019 Update, IEEE Trans. Power Systems 35(1):119-127,
2020. The commitment rule and the ramping requirements are our choice (chapter 7.5.1).
"""

import datetime
from functools import cached_property

import numpy as np
import pandas as pd

from sharegrid.options.ancillary_services import PRODUCTS, AncillaryServicesMarket
from sharegrid.preparation.ancillary_system import Fleet, Hours
from sharegrid.preparation.inputs import Inputs
from sharegrid.readers import rts_network, rts_units
from sharegrid.readers.rts_forecasts import average_cost
from sharegrid.readers.rts_gmlc import CALENDAR, HOURS, day_of, series_of

PLANTS = ("wind", "pv", "rtpv")
LOAD = "regional_Load"
AHEAD, ACTUAL = "DAY_AHEAD_", "REAL_TIME_HOURLY_MEAN_"
MINUTES_PER_HOUR = 60
SPINNING = tuple(f"Spin_Up_R{k}" for k in (1, 2, 3))


class RtsOneBus:
    """The system whose days a study clears; every file is read once. Loads are those of the areas, less hydro power."""

    def __init__(self, options: AncillaryServicesMarket, inputs: Inputs):
        self._options, self._inputs, self._tables = options, inputs, {}

    def _table(self, path: str) -> pd.DataFrame:
        if path not in self._tables:
            self._tables[path] = self._inputs.table(path)
        return self._tables[path]

    @cached_property
    def _area(self) -> pd.Series:
        """Area of every unit, by GEN UID, and of every area itself, by its name."""
        path = f"{self._options.tables}/bus.csv"
        buses = rts_network.buses(self._table(path), path)
        units = self._table(f"{self._options.tables}/gen.csv")
        of_unit = pd.Series(buses["area"].reindex(units["Bus ID"].astype(str)).to_numpy(), index=units["GEN UID"])
        areas = list(dict.fromkeys(buses["area"]))
        return pd.concat([of_unit, pd.Series(areas, index=areas)])

    @property
    def areas(self) -> list[str]:
        """Areas by their names in the tables."""
        return list(dict.fromkeys(self._area))

    @property
    def loads(self) -> list[str]:
        """Names of the loads as participants."""
        return [f"load_{area}" for area in self.areas]

    @cached_property
    def _thermal(self) -> pd.DataFrame:
        """Thermal units with their average `cost` at full output, cheapest first, ties in the order of their names."""
        path = f"{self._options.tables}/gen.csv"
        units = rts_units.thermal_units(self._table(path), path)
        return units.assign(cost=average_cost(units), label=units.index).sort_values(["cost", "label"])

    @property
    def fleet(self) -> Fleet:
        """All thermal units in merit order: one block each, no minimum output, all products."""
        units = self._thermal
        return Fleet(
            label=units.index.astype(str).tolist(),
            width=units[["PMax MW"]].to_numpy(float),
            price=units[["cost"]].to_numpy(float),
            minimum=np.zeros(len(units)),
            ramp=MINUTES_PER_HOUR * units["Ramp Rate MW/Min"].to_numpy(float),
            offered=np.ones((len(units), len(PRODUCTS))),
        )

    def hours(self, day: datetime.date) -> Hours:
        """A day: day-ahead load less hydro power by area, renewable power, requirements, commitment and mean errors."""
        demand = self._by_area(LOAD, day) - self._by_area("hydro", day)
        renewable = sum(self._by_area(name, day).sum(axis=0) for name in PLANTS)
        requirement = np.array([self._requirement(product, day) for product in PRODUCTS])
        upward = requirement[PRODUCTS.index("regU")] + requirement[PRODUCTS.index("spin")]
        return Hours(
            committed=self._committed(np.maximum(demand.sum(axis=0) - renewable, 0) + upward),
            renewable=renewable,
            demand=demand,
            requirement=requirement,
            error=np.abs(self._errors).mean(axis=1),
        )

    def _committed(self, needed: np.ndarray) -> np.ndarray:
        """1 for the cheapest units up to the first whose capacity with that of all cheaper ones reaches 1.08 times the
        largest need [MW] (time), 0 for others (unit); ValueError if all do not reach it."""
        total = self._thermal["PMax MW"].cumsum().to_numpy(float)
        need = self._options.commitment_margin * needed.max()
        if need > total[-1]:
            raise ValueError(
                f"commitment_margin: {need:.10g} MW are needed, all thermal units have {total[-1]:.10g} MW"
            )
        return (np.arange(len(total)) <= np.searchsorted(total, need)).astype(float)

    def _by_area(self, name: str, day: datetime.date) -> np.ndarray:
        """Day-ahead power (area, time) MW."""
        path = self._options.series_file(AHEAD + name)
        table = self._table(path)
        return self._grouped(day_of(table, day.isoformat(), series_of(table), path), path)

    def _grouped(self, hours: pd.DataFrame, path: str) -> np.ndarray:
        """(area, row) from a series (row, area or plant); ValueError for a plant that gen.csv does not have."""
        if missing := [column for column in hours if column not in self._area.index]:
            raise ValueError(f"{path}: column '{missing[0]}': no such area or unit in bus.csv and gen.csv; add its row")
        area = self._area[hours.columns].to_numpy()
        return np.array([hours.loc[:, area == name].to_numpy().sum(axis=1) for name in self.areas])

    def _requirement(self, product: str, day: datetime.date) -> np.ndarray:
        """Requirement (time) MW of a product."""
        if product in ("FRU", "FRD"):
            return self._ramping[product]
        if product == "spin":
            return sum(self._long(name, day) for name in SPINNING)
        return self._wide({"regU": "Reg_Up", "regD": "Reg_Down"}[product], day)

    def _long(self, name: str, day: datetime.date) -> np.ndarray:
        path = self._options.series_file(f"DAY_AHEAD_regional_{name}")
        return day_of(self._table(path), day.isoformat(), [name], path)[name].to_numpy()

    def _wide(self, name: str, day: datetime.date) -> np.ndarray:
        """(time) from a table with a row per day and a column per period."""
        path = self._options.series_file(f"DAY_AHEAD_regional_{name}")
        table = self._table(path)
        row = table[(table[CALENDAR[:3]] == [day.year, day.month, day.day]).all(axis=1)]
        if len(row) != 1:
            raise ValueError(f"{path}: {day}: {len(row)} rows instead of 1; choose another day")
        return row[[str(k) for k in range(1, HOURS + 1)]].to_numpy(float)[0]

    @cached_property
    def _errors(self) -> np.ndarray:
        """Actual less day-ahead net load (area, day, hour) MW of the whole year, without its mean in each hour of the
        day.

        Net load: load less wind and photovoltaic power; hydro power has no error.
        """
        actual, ahead = (self._yearly(kind + LOAD) - sum(self._yearly(kind + name) for name in PLANTS)
                         for kind in (ACTUAL, AHEAD))  # fmt: skip
        error = actual - ahead
        return error - error.mean(axis=1, keepdims=True)

    def _yearly(self, name: str) -> np.ndarray:
        """Power (area, day, hour) MW of all days of a series."""
        path = self._options.series_file(name)
        table = self._table(path).sort_values(CALENDAR)
        if not np.array_equal(table["Period"], np.tile(np.arange(1, HOURS + 1), len(table) // HOURS)):
            raise ValueError(f"{path}: column 'Period': a day has not the periods 1 to {HOURS}; take the file as it is")
        return self._grouped(table[series_of(table)].astype(float), path).reshape(len(self.areas), -1, HOURS)

    @cached_property
    def _ramping(self) -> dict[str, np.ndarray]:
        """FRU and FRD (hour) MW: quantiles of e_{t+1} - e_t of the system by hour of the day t, not below 0."""
        change = np.append(np.diff(self._errors.sum(axis=0).ravel()), np.nan).reshape(-1, HOURS)
        up, down = np.nanquantile(change, [self._options.quantile, 1 - self._options.quantile], axis=0)
        return {"FRU": np.maximum(up, 0), "FRD": np.maximum(-down, 0)}
