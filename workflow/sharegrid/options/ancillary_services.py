"""Options of the market for energy and ancillary services with flexible ramping (chapter 7.2.1)."""

import datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from sharegrid.options.base import Family, Market, NotNegative, Positive, Section

Product = Literal["regU", "regD", "spin", "FRU", "FRD"]
Allocation = Literal["energy", "causer-pays"]
Ramping = Literal["uncertainty", "total"]
PRODUCTS: tuple[Product, ...] = ("regU", "regD", "spin", "FRU", "FRD")
SERIES = (
    "DAY_AHEAD_hydro",
    "DAY_AHEAD_pv",
    "DAY_AHEAD_regional_Load",
    "DAY_AHEAD_regional_Reg_Down",
    "DAY_AHEAD_regional_Reg_Up",
    "DAY_AHEAD_regional_Spin_Up_R1",
    "DAY_AHEAD_regional_Spin_Up_R2",
    "DAY_AHEAD_regional_Spin_Up_R3",
    "DAY_AHEAD_rtpv",
    "DAY_AHEAD_wind",
    "REAL_TIME_HOURLY_MEAN_pv",
    "REAL_TIME_HOURLY_MEAN_regional_Load",
    "REAL_TIME_HOURLY_MEAN_rtpv",
    "REAL_TIME_HOURLY_MEAN_wind",
)
BIDS = {"regU": 4.0, "regD": 3.0, "spin": 2.0, "FRU": 1.0, "FRD": 1.0}
PENALTIES = {"regU": 1000.0, "regD": 1000.0, "spin": 800.0, "FRU": 247.0, "FRD": 152.0}


class SystemUnit(Section):
    """A unit of a system that is given by numbers."""

    blocks: Annotated[list[tuple[Positive, NotNegative]], Field(min_length=1)]
    """Width [MW] and price [$/MWh] of its bid blocks, prices rising."""
    minimum_mw: NotNegative = 0.0
    """Least output [MW]."""
    ramp_60_mw: NotNegative
    """Ramp in an hour [MW]; a sixth of it in ten minutes, a twelfth in five."""
    products: list[Product] = list(PRODUCTS)
    """What it offers beside energy."""

    @model_validator(mode="after")
    def _blocks_rise_above_the_minimum(self):
        prices = [price for _, price in self.blocks]
        if prices != sorted(prices):
            raise ValueError(f"blocks: prices {prices} fall; a convex bid has rising prices")
        if self.minimum_mw > (most := sum(width for width, _ in self.blocks)):
            raise ValueError(f"minimum_mw {self.minimum_mw:g} is above the {most:g} MW of its blocks")
        return self


class System(Section):
    """A system on one bus that is given by numbers."""

    units: Annotated[dict[str, SystemUnit], Field(min_length=1)]
    """Units by name."""
    loads: Annotated[dict[str, Annotated[list[NotNegative], Field(min_length=2)]], Field(min_length=1)]
    """Loads by name [MW], one number per hour."""
    renewable: list[NotNegative] | None = None
    """Renewable power available [MW], one number per hour."""
    requirements: dict[Product, list[NotNegative]] = {}
    """Requirement of products [MW], one number per hour; 0 if not given."""
    errors: dict[str, NotNegative] | None = None
    """Forecast error of each load, in any one unit: shares of the ramping requirement under 'causer-pays'."""

    @model_validator(mode="after")
    def _hours_agree(self):
        hours = len(next(iter(self.loads.values())))
        listed = {f"loads.{name}": values for name, values in self.loads.items()}
        listed |= {f"requirements.{name}": values for name, values in self.requirements.items()}
        listed |= {} if self.renewable is None else {"renewable": self.renewable}
        for where, values in listed.items():
            if len(values) != hours:
                raise ValueError(f"{where}: {len(values)} hours; the first load has {hours}")
        if self.errors is not None and (set(self.errors) != set(self.loads) or not sum(self.errors.values())):
            raise ValueError(f"errors: one number for each of {', '.join(self.loads)}, not all 0")
        if names := {*self.units, "res"} & set(self.loads) | ({"res"} & set(self.units)):
            raise ValueError(
                f"'{min(names)}' stands twice; units, loads and res, the renewable plant, need other names"
            )
        return self


class ServicesFamily(Family):
    """Scenarios that belong together: the product of the listed values."""

    label: str
    """Template of the labels; fields {day} {fru_factor} {allocation} {frp_requirement}."""
    day: list[datetime.date] | None = None
    """Days of the series."""
    fru_factor: list[NotNegative] | None = None
    """Factors on the requirement of upward flexible ramping, see fru_factor of the market [1]."""
    allocation: list[Allocation] | None = None
    """Who pays for ramping products."""
    frp_requirement: list[Ramping] | None = None
    """What the ramping requirement covers."""


class AncillaryServicesMarket(Market):
    """Energy, regulation, spinning reserve and flexible ramping in one clearing of units, renewables and loads."""

    market: Literal["ancillary-services"]
    """The market's plug-in."""
    system: System | None = None
    """The system by numbers; RTS-GMLC on one bus if not given."""
    day: datetime.date | None = None
    """The day of scenarios that name none, in 2020."""
    fru_factor: NotNegative = 1.0
    """Factor on the requirement of upward flexible ramping, under 'total' on all of it: error and movement [1]."""
    allocation: Allocation = "energy"
    """Loads pay for ancillary services by their energy, or for ramping products by their forecast errors."""
    frp_requirement: Ramping = "uncertainty"
    """Ramping requirements cover the error of the forecast, or its movement too (the practice where each interval is
    cleared alone)."""
    bids: dict[Product, NotNegative] = BIDS
    """Bids of all units [$/MW]; products that are not listed keep the common ones."""
    penalties: dict[Product, NotNegative] = PENALTIES
    """Penalty of a missing requirement, the cap of the product's price [$/MW]."""
    voll: Positive = 3000.0
    """Penalty of lost load and of output that nobody takes, the limits of the price of energy [$/MWh]."""
    quantile: Annotated[float, Field(gt=0.5, lt=1)] = 0.975
    """Quantile of the hourly change of the forecast error that ramping covers [1]."""
    commitment_margin: Positive = 1.08
    """Capacity of the committed units relative to the largest net load with regulation and spinning reserve [1]."""
    tables: str = "networks/rts_gmlc"
    """Folder of bus.csv and gen.csv."""
    series: str = "timeseries/rts_gmlc"
    """Folder of the time series."""
    scenarios: dict[str, ServicesFamily]
    """The families of scenarios by name."""

    @model_validator(mode="after")
    def _days_where_needed(self):
        for name, family in self.scenarios.items():
            days = family.day if family.day is not None else [self.day]
            if self.system is None and None in days:
                raise ValueError(f"scenarios.{name}.day: give the days, or a day of the market")
            if self.system is not None and days != [None]:
                raise ValueError(f"scenarios.{name}.day: a system that is given by numbers has no day; take it out")
        return self

    @model_validator(mode="after")
    def _errors_where_needed(self):
        asked = {one for family in self.scenarios.values() for one in family.allocation or [self.allocation]}
        if self.system is not None and "causer-pays" in asked and self.system.errors is None:
            raise ValueError("allocation causer-pays: give system.errors, the forecast error of each load")
        return self

    def raw_files(self, resources: Path) -> list[str]:
        """The units, buses and time series; none of a system that is given by numbers."""
        if self.system is not None:
            return []
        return [*(f"{self.tables}/{name}.csv" for name in ("bus", "gen")), *map(self.series_file, SERIES)]

    def series_file(self, name: str) -> str:
        """Path of one of SERIES below the raw data."""
        return f"{self.series}/{name}.csv.gz"

    def bid(self, product: str) -> float:
        """Bid for a product [$/MW]."""
        return self.bids.get(product, BIDS[product])

    def penalty(self, product: str) -> float:
        """Penalty of a missing MW of a product [$/MW]."""
        return self.penalties.get(product, PENALTIES[product])
