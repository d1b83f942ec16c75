"""Options of the joint offer of wind farms and concentrating solar power (chapter 5.2)."""

import datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from sharegrid.options.base import Family, Market, NotNegative, Positive, Section, Share

Spread = Annotated[float, Field(ge=1, le=2)]
Commitment = Literal["linear", "integer"]
SERIES = (
    "DAY_AHEAD_Natural_Inflow",
    "DAY_AHEAD_hydro",
    "DAY_AHEAD_pv",
    "DAY_AHEAD_regional_Load",
    "DAY_AHEAD_rtpv",
    "DAY_AHEAD_wind",
    "PLEXOS_DA_solution_price_allTX",
    "REAL_TIME_HOURLY_MEAN_pv",
    "REAL_TIME_HOURLY_MEAN_wind",
)


class Day(Section):
    """One day of the series and where its day-ahead price comes from."""

    date: datetime.date
    """The day, in 2020."""
    price: Literal["nodal", "merit-order"] = "merit-order"
    """Price of a bus in the reference run (5 to 18 July 2020 only), or of the merit order of the thermal units."""
    bus: str | None = None
    """The bus of a nodal price."""

    @model_validator(mode="after")
    def _nodal_price_needs_a_bus(self):
        if (self.price == "nodal") != (self.bus is not None):
            raise ValueError("price 'nodal' needs bus, and only that price")
        return self


class WindFarm(Section):
    """A wind farm that follows the series of one unit of the system."""

    unit: str
    """Column of the wind series."""
    capacity_mw: Positive | None = None
    """Capacity [MW] to which the unit is scaled; its own if not given."""


class SolarPlant(Section):
    """A concentrating solar plant."""

    capacity_mw: Positive
    """Capacity of the power block [MW]."""
    storage_hours: NotNegative
    """Size of the heat storage, in hours of the power block at full output [h]."""


class PlantParameters(Section):
    """What all solar plants have in common."""

    heat_unit: str = "212_CSP_1"
    """Column of the series of the field's heat, of a plant of `heat_capacity_mw`."""
    heat_capacity_mw: Positive = 200.0
    """Capacity of that plant [MW]."""
    radiation_unit: str = "215_PV_1"
    """Photovoltaic unit whose real-time energy relative to its forecast scales the heat, as there is no actual heat."""
    radiation_limits: tuple[Positive, Positive] = (0.7, 1.3)
    """Limits of that ratio [1]."""
    block_efficiency: Annotated[float, Field(gt=0, le=1)] = 0.95
    """Power per heat of the power block [1]; the heat series is in electric equivalents."""
    charge_efficiency: Annotated[float, Field(gt=0, le=1)] = 0.985
    """Heat stored per heat sent to the storage [1]."""
    discharge_efficiency: Annotated[float, Field(gt=0, le=1)] = 0.985
    """Heat delivered per heat taken from the storage [1]."""
    storage_loss: Annotated[float, Field(ge=0, lt=1)] = 0.00031
    """Share of the stored heat that is lost in an hour [1/h]."""
    initial_storage: Share = 0.0
    """Stored heat at midnight, and at least as much at the end [share of the storage]."""
    variable_cost: NotNegative = 1.1
    """Variable cost of the output [$/MWh]."""
    minimum_power: Share = 0.15
    """Least output when committed [share of the capacity]; with commitment 'integer' only."""
    startup_heat: NotNegative = 0.2
    """Heat of a start [MWhth per MW of capacity]; with commitment 'integer' only."""


class OfferFamily(Family):
    """Scenarios that belong together: the product of the listed values."""

    label: str
    """Template of the labels; fields {day} {rho_minus} {beta} {storage_hours} {csp_count} {commitment}."""
    day: list[str] | None = None
    """Days by name."""
    rho_minus: list[Spread] | None = None
    """Shortage prices relative to the day-ahead price [1]."""
    beta: list[Share] | None = None
    """Risk weights [1]."""
    storage_hours: list[NotNegative] | None = None
    """Sizes of the heat storage of all solar plants [h]."""
    csp_count: list[Annotated[int, Field(ge=0)]] | None = None
    """Numbers of solar plants that take part."""
    commitment: list[Commitment] | None = None
    """Linear, or with on/off decisions of the power blocks."""


class WindCspMarket(Market):
    """Wind farms and concentrating solar plants that offer together in a day-ahead market with imbalance settlement."""

    market: Literal["wind-csp"]
    """The market's plug-in."""
    days: Annotated[dict[str, Day], Field(min_length=1)]
    """Days by name."""
    wind: dict[str, WindFarm]
    """Wind farms by name."""
    csp: dict[str, SolarPlant]
    """Solar plants by name, in the order in which they join."""
    plant: PlantParameters = PlantParameters()
    """Parameters of the solar plants."""
    day: str
    """The day of scenarios that name none."""
    rho_minus: Spread = 1.25
    """Shortage price relative to the day-ahead price [1]; the surplus price is 2 less this."""
    beta: Share = 0.25
    """Weight of the conditional value at risk in the objective [1]."""
    alpha: Annotated[float, Field(ge=0, lt=1)] = 0.9
    """Level of the conditional value at risk [1]."""
    storage_hours: NotNegative | None = None
    """Size of the heat storage of all solar plants [h]; each plant's own if not given."""
    csp_count: Annotated[int, Field(ge=0)] | None = None
    """How many solar plants take part, the first of the list; all if not given."""
    commitment: Commitment = "linear"
    """Linear, or with on/off decisions of the power blocks that hold in all outcomes."""
    error_days: Annotated[int, Field(ge=1)] = 10
    """Days before and after the day whose forecast errors are the stochastic outcomes."""
    series: str = "timeseries/rts_gmlc"
    """Folder of the time series."""
    units: str = "networks/rts_gmlc/gen.csv"
    """Table of the units."""
    scenarios: dict[str, OfferFamily]
    """The families of scenarios by name."""

    @model_validator(mode="after")
    def _names_exist(self):
        if len({*self.wind, *self.csp}) < len(self.wind) + len(self.csp) or not {*self.wind, *self.csp}:
            raise ValueError("wind and csp: at least one participant, and every name once")
        named = {self.day, *(day for family in self.scenarios.values() for day in family.day or [])}
        if unknown := sorted(named - set(self.days)):
            raise ValueError(f"no day is called '{unknown[0]}'; known: {', '.join(self.days)}")
        counts = [self.csp_count, *(count for one in self.scenarios.values() for count in one.csp_count or [])]
        if (most := max(count or 0 for count in counts)) > len(self.csp):
            raise ValueError(f"csp_count {most}: there are {len(self.csp)} solar plants only")
        return self

    @model_validator(mode="after")
    def _somebody_takes_part(self):
        for name, family in self.scenarios.items():
            if not self.wind and 0 in (family.csp_count or [self.csp_count]):
                where = "csp_count" if family.csp_count is None else f"scenarios.{name}.csp_count"
                raise ValueError(f"{where} 0: nobody takes part without wind farms; at least one solar plant must")
        return self

    def raw_files(self, resources: Path) -> list[str]:
        """The units and the time series."""
        return [self.units, *(self.series_file(name) for name in SERIES)]

    def series_file(self, name: str) -> str:
        """Path of one of SERIES below the raw data."""
        return f"{self.series}/{name}.csv.gz"
