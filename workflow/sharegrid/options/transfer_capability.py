"""Options of the transfer capability market: demand response that raises it, post-schedule (chapter 7.3)."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from sharegrid.options.base import Family, Market, NotNegative, Positive, Section, Share
from sharegrid.options.secure_dispatch import EmergencyFactor, Hour

Where = Literal["sink", "everywhere"]
Contingencies = Literal["n-1", "none"]


class Place(Section):
    """Where a transfer starts or ends: an area, or buses."""

    area: str | None = None
    """An area of the system."""
    buses: list[str] | None = None
    """Buses of the system."""
    shares: list[Share] | None = None
    """Participation factors of a sink's buses, which sum to 1; the shares of their loads if not given."""

    @model_validator(mode="after")
    def _one_kind(self):
        if (self.area is None) == (self.buses is None):
            raise ValueError("a place is either an area or a list of buses")
        if self.shares is not None and len(self.shares) != len(self.buses or []):
            raise ValueError("shares: give one participation factor for each of `buses`")
        if twice := [bus for bus in dict.fromkeys(self.buses or []) if self.buses.count(bus) > 1]:
            raise ValueError(f"buses: bus {twice[0]} is listed twice; name each bus once")
        return self


class Transfer(Section):
    """A transfer: more output of the source's units, more load at the sink's buses."""

    system: str
    """System of the dispatch study."""
    source: Place
    """Whose units produce more, as much as each can; no shares."""
    sink: Place
    """Whose load is raised by its participation factors."""

    @model_validator(mode="after")
    def _no_source_shares(self):
        if self.source.shares is not None:
            raise ValueError("source.shares: units of the source produce what is best, not by shares; take them out")
        return self


class Providers(Section):
    """Who offers demand response in a system."""

    group: Literal["bus", "area", "voltage"] = "bus"
    """A provider is a bus with load, all of an area, or all of a voltage level of an area."""
    price: NotNegative = 0.0
    """Price of demand response [$/MWh]."""


class TransferFamily(Family):
    """Scenarios that belong together: the product of the listed values."""

    label: str
    """Template of the labels; fields {transfer} {date} {hour} {emergency_factor} {renewable_factor} {contingencies}
    {reduction_level} {reduction_at} {budget}."""
    transfer: list[str] | None = None
    """Transfers by name."""
    date: list[str] | None = None
    """Days of the dispatch study."""
    hour: list[Hour] | None = None
    """Hours of the day."""
    emergency_factor: list[EmergencyFactor | None] | None = None
    """Emergency limits relative to the normal ones [1], as dispatched."""
    renewable_factor: list[NotNegative] | None = None
    """Factors on wind and photovoltaic power [1], as dispatched."""
    contingencies: list[Contingencies] | None = None
    """With the loss of any line, or with the intact network only."""
    reduction_level: list[Share] | None = None
    """Capability of demand response relative to the net load of the bus [1]."""
    reduction_at: list[Where] | None = None
    """In the sink only, or at all buses."""
    budget: list[NotNegative | None] | None = None
    """What demand response may cost [$/h]; no limit if not given."""


class TransferMarket(Market):
    """Providers of demand response who raise the transfer capability of a secure schedule."""

    market: Literal["transfer-capability"]
    """The market's plug-in."""
    dispatch: str
    """The study whose secure dispatch is the base schedule."""
    transfers: Annotated[dict[str, Transfer], Field(min_length=1)]
    """Transfers by name."""
    providers: dict[str, Providers]
    """Providers of demand response by system."""
    transfer: str
    """The transfer of scenarios that name none."""
    date: str = ""
    """Day of the dispatch study."""
    hour: Hour = 0
    """Hour of the day."""
    emergency_factor: EmergencyFactor | None = None
    """Emergency limits relative to the normal ones [1]; those of the system if not given."""
    renewable_factor: NotNegative = 1.0
    """Factor on wind and photovoltaic power [1]."""
    contingencies: Contingencies = "n-1"
    """With the loss of any line, or with the intact network only."""
    reduction_level: Share = 0.0
    """Capability of demand response relative to the net load of the bus [1]."""
    reduction_at: Where = "sink"
    """In the sink only, or at all buses."""
    budget: NotNegative | None = None
    """What demand response may cost [$/h]."""
    reliability_margin: Share = 0.0
    """Transmission reliability margin (TRM) relative to the larger of total transfer capability and transfer [1]."""
    benefit_margin_mw: NotNegative = 0.0
    """Capacity benefit margin (CBM) [MW]."""
    capability_price: Positive = 10.0
    """What a MW of transfer capability is worth for an hour, which turns payments in MW into money [$/MWh]."""
    scenarios: dict[str, TransferFamily]
    """The families of scenarios by name."""

    @model_validator(mode="after")
    def _names_exist(self):
        named = {self.transfer, *(name for family in self.scenarios.values() for name in family.transfer or [])}
        if unknown := sorted(named - set(self.transfers)):
            raise ValueError(f"no transfer is called '{unknown[0]}'; known: {', '.join(self.transfers)}")
        for name, one in self.transfers.items():
            if one.system not in self.providers:
                raise ValueError(f"providers: none for system '{one.system}' of the transfer {name}; add it")
        return self

    @property
    def studies(self) -> list[str]:
        """The study of the base schedules."""
        return [self.dispatch]

    def raw_files(self, resources: Path) -> list[str]:
        """None: everything comes with the schedules."""
        return []
