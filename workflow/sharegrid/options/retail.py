"""Options of the retail market (chapter 2.5): communities of users whose agent trades with the grid at known prices."""

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from sharegrid.options.base import Family, Market, NotNegative, Positive, Section, Share

Count = Annotated[int, Field(ge=1)]
Hour = Annotated[int, Field(ge=0, le=24)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Day = Annotated[str, BeforeValidator(str), AfterValidator(lambda text: date.fromisoformat(text).isoformat())]


class ToyUsers(Section):
    """Users i = 1, 2 ... with sinusoidal days of 24 hours; every second one has PV.

    load_it = (load + load_step i) (1 + swing sin(2 pi (t - load_hour + hour_step i) / 24)),
    pv_it = pv_step i max(0, sin(pi (t - sunrise) / daylight)) for i a multiple of pv_every.
    """

    count: Count = 6
    """Number of users."""
    load_kwh: NotNegative = 0.6
    """Mean load of a user with number 0 [kWh per hour]."""
    load_step_kwh: NotNegative = 0.1
    """Each number adds so much to the mean load [kWh per hour]."""
    swing: Share = 0.5
    """Amplitude of the load over its mean [1]."""
    load_hour: Finite = 13.0
    """Hour at which the load of a user with number 0 passes its mean upwards [h]."""
    hour_step: Finite = 0.5
    """Each number makes the load so much earlier [h]."""
    pv_step_kwh: NotNegative = 0.9
    """Each number adds so much to the PV output at noon [kWh per hour]."""
    pv_every: Count = 2
    """Users whose number is a multiple of it have PV."""
    sunrise: Finite = 6.0
    """Hour of sunrise [h]."""
    daylight: Positive = 12.0
    """From sunrise to sunset [h]."""


class RtsUsers(Section):
    """Users i = 1, 2 ... with the regional load and the rooftop PV of RTS-GMLC on one day (our choice of public data).

    load_it = (load + load_step i) l_(t - i mod shifts), l the load column over its mean of that day; PV on the users
    whose number is a multiple of pv_every, up to pv_last: the site of that number in the file over its largest value of
    the year, times the market's pv_kw.
    """

    count: Count = 20
    """Number of users."""
    load_path: str = "timeseries/rts_gmlc/DAY_AHEAD_regional_Load.csv.gz"
    """Table of the load below resources/."""
    load_column: str = "1"
    """Its column: the region."""
    load_kw: NotNegative = 1.0
    """Mean load of a user with number 0 [kW]."""
    load_step_kw: NotNegative = 0.1
    """Each number adds so much to the mean load [kW]."""
    shifts: Count = 4
    """Loads are shifted by 0, 1 ... hours, so many different shifts one after the other."""
    pv_path: str = "timeseries/rts_gmlc/DAY_AHEAD_rtpv.csv.gz"
    """Table of the PV sites below resources/."""
    pv_every: Count = 3
    """Users whose number is a multiple of it have PV."""
    pv_last: Annotated[int, Field(ge=0)] = 18
    """The last number with PV."""


class ListedUsers(Section):
    """Users with their hours written in the study; an hour that is not listed has 0 kWh."""

    load_kwh: dict[str, list[NotNegative]]
    """User -> load by hour [kWh]; every user is here."""
    generation_kwh: dict[str, list[NotNegative]] = {}
    """User -> generation by hour [kWh]; 0 for who is not here."""


class Users(Section):
    """Who belongs to a community and what they consume and generate: one of these."""

    toy: ToyUsers | None = None
    """Sinusoidal days."""
    rts: RtsUsers | None = None
    """Loads and rooftop PV of RTS-GMLC."""
    listed: ListedUsers | None = None
    """Hours written here."""
    table: str | None = None
    """A CSV table below resources/ with the columns user, time (0, 1 ...), load_kwh and generation_kwh."""

    @model_validator(mode="after")
    def _one_kind(self):
        if sum(getattr(self, kind) is not None for kind in type(self).model_fields) != 1:
            raise ValueError(f"users come from one of {', '.join(type(self).model_fields)}; name exactly one")
        return self


class Tariff(Section):
    """Prices of electricity bought and fed in, the same every day."""

    buy: NotNegative
    """Price of bought electricity [$/kWh], in peak hours if off_peak is given."""
    off_peak: NotNegative | None = None
    """Price of bought electricity outside the peak hours [$/kWh]; the same at all hours if not given."""
    peak_hours: tuple[Hour, Hour] = (8, 22)
    """First peak hour and the first one after the peak."""
    feed_in: NotNegative
    """Price of electricity fed in [$/kWh]; at most the price of bought electricity."""


class Flexible(Section):
    """A user's own flexible resource: linear p + quadratic p^2 [$] for 0 <= p <= capacity in each hour."""

    capacity_kwh: NotNegative
    """Most that it delivers [kWh per hour]."""
    linear: Finite = 0.0
    """Linear cost [$/kWh]."""
    quadratic: NotNegative = 0.0
    """Quadratic cost [$/kWh^2]."""


class Community(Section):
    """The users of one agent and their prices."""

    users: Users
    """The users."""
    tariff: Tariff
    """What each user pays and gets under its own contract."""
    grid: Tariff | None = None
    """What the agent pays and gets for its trade with the grid: not worse than the tariff, which it is if not given."""
    flexible: dict[str, Flexible] = {}
    """User -> its flexible resource."""


class RetailFamily(Family):
    """Scenarios that belong together: the product of the listed values."""

    community: list[str] | None = None
    """Names of communities."""
    day: list[Day] | None = None
    """Days of the year 2020."""
    pv_kw: list[NotNegative] | None = None
    """Sizes of the PV of each user who has one [kW]."""
    base_load_kwh: list[Finite] | None = None
    """Net loads that belong to nobody [kWh per hour]."""
    seller: list[str] | None = None
    """Users whose surplus is multiplied."""
    surplus_factor: list[NotNegative] | None = None
    """Factors on the seller's surplus [1]."""


class RetailMarket(Market):
    """Inputs of the retail market: communities, and scenarios that pick one and vary it."""

    market: Literal["retail"]
    """The market's plug-in."""
    communities: dict[str, Community]
    """The communities by name."""
    community: str
    """The community where a family lists none."""
    day: Day = "2020-07-15"
    """Day of the time series [date]; used by users of kind rts."""
    pv_kw: NotNegative = 5.0
    """PV of each user who has one [kW]; used by users of kind rts."""
    base_load_kwh: Finite = 0.0
    """Net load of each hour that belongs to nobody, such as that of users who cannot leave [kWh]."""
    seller: str = ""
    """The user whose surplus is multiplied by surplus_factor; nobody if empty."""
    surplus_factor: NotNegative = 1.0
    """Factor on the surplus (not on the deficit) of the seller in every hour [1]: less than 1 withholds."""
    scenarios: dict[str, RetailFamily]
    """The families of scenarios by name."""

    @model_validator(mode="after")
    def _known_communities(self):
        named = {"community": [self.community]}
        named |= {f"scenarios.{name}.community": family.community or [] for name, family in self.scenarios.items()}
        for field, labels in named.items():
            for label in labels:
                if label not in self.communities:
                    raise ValueError(f"{field}: no community '{label}'; known: {', '.join(self.communities)}")
        return self

    def raw_files(self, resources: Path) -> list[str]:
        """The time series and tables of the communities."""
        files = []
        for community in self.communities.values():
            users = community.users
            files += [users.rts.load_path, users.rts.pv_path] if users.rts else []
            files += [users.table] if users.table else []
        return list(dict.fromkeys(files))
