"""Options of the N-1 secure dispatch: the base schedules of transfer capability (chapter 7.3)."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from sharegrid.options.base import Family, Market, NotNegative, Positive, Section

Hour = Annotated[int, Field(ge=0, le=23)]
EmergencyFactor = Annotated[float, Field(ge=1, allow_inf_nan=False)]
TABLES = ("bus", "branch", "gen")
SERIES = ("regional_Load", "wind", "pv", "rtpv", "hydro")


class SecureSystem(Section):
    """One network with its units: a case file, or the RTS-GMLC tables and series."""

    network: str | None = None
    """MATPOWER file below resources/; its loads are those of every hour."""
    tables: str | None = None
    """Folder of bus.csv, branch.csv and gen.csv of RTS-GMLC below resources/."""
    series: str = "timeseries/rts_gmlc"
    """Folder of the day-ahead series of RTS-GMLC."""
    load_factor: NotNegative = 1.0
    """Factor on all loads [1]."""
    limits_mw: list[NotNegative] | None = None
    """Normal limits of all branches in the order of the file [MW]; those of the file if not given. 0 lets nothing
    through; in a MATPOWER file a rateA of 0 is no limit, neither in the intact network nor after an outage."""
    areas: dict[str, list[str]] = {}
    """Areas by name: bus numbers and ranges such as "33-81"; those of the file if not given."""
    outages: list[str] | None = None
    """Branches whose loss is secured against, by label; all that leave no island if not given."""
    allow_islanding: bool = False
    """Whether a listed outage that leaves an island is passed over instead of refused."""
    schedule: dict[str, NotNegative] | None = None
    """Contract schedule: outputs of the units by label [MW], others 0; the least-cost dispatch if not given."""

    @model_validator(mode="after")
    def _one_source(self):
        if (self.network is None) == (self.tables is None):
            raise ValueError("a system is either a network (a case file) or tables (a folder of RTS-GMLC)")
        return self

    def raw_files(self) -> list[str]:
        """The files of the system below resources/."""
        if self.network is not None:
            return [self.network]
        return [f"{self.tables}/{name}.csv" for name in TABLES] + [self.series_file(name) for name in SERIES]

    def series_file(self, name: str) -> str:
        """Path of one of SERIES below the raw data."""
        return f"{self.series}/DAY_AHEAD_{name}.csv.gz"


class ScheduleFamily(Family):
    """Schedules that belong together: the product of the listed values."""

    label: str
    """Template of the labels; fields {system} {date} {hour} {emergency_factor} {renewable_factor}."""
    system: list[str] | None = None
    """Systems by name."""
    date: list[str] | None = None
    """Days of 2020, as 2020-07-15."""
    hour: list[Hour] | None = None
    """Hours of the day, 0 to 23."""
    emergency_factor: list[EmergencyFactor | None] | None = None
    """Emergency limits relative to the normal ones, 1 or more [1]."""
    renewable_factor: list[NotNegative] | None = None
    """Factors on wind and photovoltaic power [1]."""


class SecureDispatchMarket(Market):
    """Least-cost dispatch of hours that keeps all limits after the loss of any line."""

    market: Literal["secure-dispatch"]
    """The market's plug-in."""
    systems: Annotated[dict[str, SecureSystem], Field(min_length=1)]
    """Systems by name."""
    system: str
    """The system of schedules that name none."""
    date: str = ""
    """Day of the series, as 2020-07-15; of no meaning for a case file."""
    hour: Hour = 0
    """Hour of the day."""
    emergency_factor: EmergencyFactor | None = None
    """Emergency limits relative to the normal ones, 1 or more [1]; if not given those of the tables (LTE Rating), 1.25
    for a file."""
    renewable_factor: NotNegative = 1.0
    """Factor on wind and photovoltaic power [1]."""
    tie_break: NotNegative = 1e-3
    """Added to the cost of each unit times its place in the table [$/MWh], so that one dispatch is cheapest; and, times
    one plus the place of its bus, the cost of wind and photovoltaic power."""
    value_of_lost_load: Positive = 3000.0
    """Cost of load that is not served [$/MWh], above that of every unit."""
    scenarios: dict[str, ScheduleFamily]
    """The families of schedules by name."""

    @model_validator(mode="after")
    def _systems_exist(self):
        named = {self.system, *(name for family in self.scenarios.values() for name in family.system or [])}
        if unknown := sorted(named - set(self.systems)):
            raise ValueError(f"no system is called '{unknown[0]}'; known: {', '.join(self.systems)}")
        return self

    @property
    def readers(self) -> list[str]:
        """The reader of case files."""
        return ["matpower"]

    def raw_files(self, resources: Path) -> list[str]:
        """The files of all systems."""
        return list(dict.fromkeys(path for system in self.systems.values() for path in system.raw_files()))
