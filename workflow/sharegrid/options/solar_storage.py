"""Options of a household that invests in solar power and storage against rare outages (section 9.5)."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from sharegrid.options.base import Family, Market, NotNegative, Positive

Efficiency = Annotated[float, Field(gt=0, le=1)]
Devices = Literal["pv and storage", "pv"]


class InvestmentFamily(Family):
    """Scenarios that belong together: the product of the listed values."""

    label: str
    """Template of the labels; fields {outage_days} {voll} {feed_in} {storage_cost} {devices}."""
    outage_days: list[NotNegative] | None = None
    """Days of outage per year [1/year]."""
    voll: list[NotNegative] | None = None
    """Values of lost load [$/kWh]."""
    feed_in: list[NotNegative] | None = None
    """Prices of energy sent to the grid [$/kWh]."""
    storage_cost: list[NotNegative] | None = None
    """Annual costs of storage [$/kWh/year]."""
    devices: list[Devices] | None = None
    """What there is to invest in."""


class SolarStorageMarket(Market):
    """A household, a seller of solar power and a seller of storage; outages are rare."""

    market: Literal["solar-storage"]
    """The market's plug-in."""
    day_load: NotNegative = 12.0
    """Load while the sun shines [kWh/day]."""
    night_load: NotNegative = 10.0
    """Load at night [kWh/day]."""
    pv_yield: Positive = 4.0
    """Energy of solar power [kWh/kW/day]."""
    days: Positive = 365.0
    """Days of the year [1/year]."""
    price_day: NotNegative = 0.2
    """Price of energy by day [$/kWh]."""
    price_night: NotNegative = 0.25
    """Price of energy at night [$/kWh]."""
    feed_in: NotNegative = 0.05
    """Price of energy sent to the grid [$/kWh]."""
    efficiency: Efficiency = 0.9
    """Energy that comes back per energy stored [1]."""
    pv_cost: Positive = 150.0
    """Annual cost of solar power [$/kW/year]."""
    storage_cost: NotNegative = 80.0
    """Annual cost of storage [$/kWh/year]."""
    pv_limit: NotNegative = 10.0
    """Largest solar power on the roof [kW]."""
    voll: NotNegative = 5.0
    """Value of lost load [$/kWh]."""
    outage_days: NotNegative = 2.0
    """Days of outage per year [1/year]."""
    devices: Devices = "pv and storage"
    """What there is to invest in."""
    series: str = "timeseries/rts_gmlc"
    """Folder of the series of rooftop solar power and load."""
    parameters: str = "parameters"
    """Folder of the statistics of outages and of the values of lost load."""
    scenarios: Annotated[dict[str, InvestmentFamily], Field(min_length=1)]
    """The families of scenarios by name."""

    @model_validator(mode="after")
    def _outages_are_within_the_year(self):
        for name, family in self.scenarios.items():
            for days in family.outage_days or [self.outage_days]:
                if days > self.days:
                    raise ValueError(f"scenarios.{name}: outage_days {days:g}: the year has {self.days:g} days")
        return self

    def raw_files(self, resources: Path) -> list[str]:
        """The two series, the statistics of outages, and the table of parameters."""
        names = ("outage_saidi_us", "outage_sandy_restoration", "outage_events", "parameters")
        return [self.series_file("rtpv"), self.series_file("regional_Load"), *map(self.parameter_file, names)]

    def series_file(self, name: str) -> str:
        """Path of a day-ahead series below the raw data."""
        return f"{self.series}/DAY_AHEAD_{name}.csv.gz"

    def parameter_file(self, name: str) -> str:
        """Path of a table of parameters below the raw data."""
        return f"{self.parameters}/{name}.csv"
