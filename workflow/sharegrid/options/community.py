"""Options of the community of users with PV, batteries and flexible load (sections 5.3 and 5.4)."""

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from sharegrid.options.base import Family, Market, NotNegative, Positive, Section, Share

Hour = Annotated[int, Field(ge=0, le=23)]
Count = Annotated[int, Field(ge=1)]
Efficiency = Annotated[float, Field(gt=0, le=1)]
NetworkMode = Literal["none", "limits"]
Rights = Literal["pro_rata", "dso_player", "shared"]


class Tariff(Section):
    """What the community pays for energy from the grid and gets for energy sent there."""

    path: str = "parameters/tariffs_tou.csv"
    """Table of time-of-use tariffs below resources/."""
    name: str = "ontario_tou"
    """The tariff in that table."""
    summer_months: list[Annotated[int, Field(ge=1, le=12)]] = [5, 6, 7, 8, 9, 10]
    """Months with the summer hours of the tariff."""
    price_sell: NotNegative = 0.05
    """Price [money/kWh] of energy sent to the grid, in all hours; not above the price of energy from the grid."""


class Devices(Section):
    """Sizes of what a user may own, per kW of its peak load."""

    pv_kw: Positive = 2.5
    """PV [kW] per kW of peak load."""
    battery_kwh: Positive = 1.0
    """Battery [kWh] per kW of peak load."""
    battery_kw_per_kwh: Positive = 0.5
    """Battery power [kW] per kWh."""
    charge_efficiency: Efficiency = 0.95
    """Share of the charged energy that is stored [1]."""
    discharge_efficiency: Efficiency = 0.95
    """Share of the stored energy that comes back [1]."""
    flexible_load: Share = 0.1
    """Share of each day's load energy that a flexible user can move [1]."""
    flexible_window: Annotated[list[Hour], Field(min_length=1)] = [8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21]
    """Hours into which it can be moved."""
    flexible_hours: Positive = 4.0
    """Hours [h] in which the flexible energy of the day with most of it can be taken at full power."""

    @model_validator(mode="after")
    def _energy_fits_into_the_window(self):
        if self.flexible_hours > len(set(self.flexible_window)):
            raise ValueError(
                f"flexible_hours: {self.flexible_hours:g} is more than the {len(set(self.flexible_window))} hours of "
                "flexible_window, so the energy could not be taken; lower it or widen the window"
            )
        return self


class CommunityFamily(Family):
    """Scenarios of the community that belong together: the product of the listed values."""

    users: list[Count] | None = None
    """Numbers of users."""
    pv_share: list[Share] | None = None
    """Shares of the users that own PV [1]."""
    battery_share: list[Share] | None = None
    """Shares of the users that own a battery [1]."""
    flexible_share: list[Share] | None = None
    """Shares of the users with flexible load [1]."""
    capacity_price: list[NotNegative] | None = None
    """Capacity prices [money/kW and month]."""
    network: list[NetworkMode] | None = None
    """Whether the limits of the network bind."""
    network_rights: list[Rights] | None = None
    """Who may use the limits of the network."""
    interface_kw: list[Positive] | None = None
    """Limits [kW] of the exchange with the grid."""


class CommunityMarket(Market):
    """Inputs of the community: users on a feeder, their profiles, devices and tariff, and scenarios."""

    market: Literal["community"]
    """The market's plug-in."""
    feeder: str = "networks/facts/case33bw"
    """Common start of the three tables of a radial network below resources/; a user at each bus with load."""
    load_profiles: str = "households/simbench_load_profiles_2016_15min.csv.gz"
    """Load profiles [per unit of their peak] below resources/; the users take the columns in turn."""
    pv_profiles: str = "households/simbench_pv_wind_profiles_2016_15min.csv.gz"
    """PV profiles [per unit of the rated power] below resources/; the users take PV1, PV2 ... in turn."""
    days: dict[date, Positive]
    """Day -> its weight; the weights sum to 1, as costs are per average day."""
    tariff: Tariff = Tariff()
    """The prices of energy."""
    devices: Devices = Devices()
    """What users may own."""
    users: Count = 32
    """The first so many users take part; beyond the feeder's they are copies in the same order."""
    pv_share: Share = 0.6
    """Share of the users that own PV [1]."""
    battery_share: Share = 0.3
    """Share of the users that own a battery [1]."""
    flexible_share: Share = 0.4
    """Share of the users with flexible load [1]."""
    capacity_price: NotNegative = 0.0
    """Price [money/kW and month] of the import in the peak hours; a month has 30 days."""
    capacity_charge: Literal["maximum", "mean"] = "maximum"
    """The capacity price is paid on the largest import in the peak hours of all days, or on its mean."""
    peak_hours: Annotated[list[Hour], Field(min_length=1)] = [17, 18, 19, 20]
    """Hours of every day whose import is charged by the capacity price."""
    network: NetworkMode = "none"
    """Voltages of the joint schedule are only reported, or kept within the limits of the feeder's tables."""
    network_rights: Rights = "pro_rata"
    """pro_rata: a member brings the share of a limit that its peak load takes; dso_player: the participant dso brings
    the limits, so a coalition without it cannot import and has no value where its users need to: ask for none of it in
    value: requests; shared: every coalition has them in full."""
    interface_kw: Positive | None = None
    """Limit [kW] of the exchange with the grid where the network's limits bind; none if not given."""
    scenarios: Annotated[dict[str, CommunityFamily], Field(min_length=1)]
    """The families of scenarios by name."""

    @model_validator(mode="after")
    def _weights_sum_to_one(self):
        total = sum(self.days.values())
        if abs(total - 1) > 1e-9:
            raise ValueError(f"days: the weights sum to {total:.10g}, not to 1")
        return self

    @model_validator(mode="after")
    def _limits_are_used(self):
        """An option of the limits needs scenarios in which they bind, of its family or of any for the market's own."""
        networks = {name: set(family.network or [self.network]) for name, family in self.scenarios.items()}
        _check_limits("", set().union(*networks.values()), self.interface_kw, [self.network_rights])
        for name, family in self.scenarios.items():
            _check_limits(f"scenarios.{name}.", networks[name], family.interface_kw, family.network_rights or [])
        return self

    @property
    def readers(self) -> list[str]:
        """The readers of the feeder and of the profiles."""
        return ["facts", "simbench"]

    def raw_files(self, resources: Path) -> list[str]:
        """The feeder's tables, the profiles and the tariffs."""
        feeder = [f"{self.feeder}_{table}.csv" for table in ("bus", "branch", "generator")]
        return [*feeder, self.load_profiles, self.pv_profiles, self.tariff.path]


def _check_limits(where: str, networks: set[str], interface_kw, rights: list[str]) -> None:
    """ValueError if a limit of the exchange, or rights other than the default, are given though no limits bind."""
    given = {"interface_kw": interface_kw is not None, "network_rights": not {"pro_rata"}.issuperset(rights)}
    unused = [name for name, is_given in given.items() if is_given]
    if unused and "limits" not in networks:
        name = unused[0]
        raise ValueError(f"{where}{name}: has no effect where network is none; set network to limits or remove {name}")
