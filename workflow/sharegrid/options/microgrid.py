"""Options of a microgrid's bid into the markets for energy and ancillary services (chapters 7.2.2 and 7.2.3)."""

import datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from sharegrid.options.ancillary_services import PRODUCTS, Product
from sharegrid.options.base import Family, Market, NotNegative, Positive, Section, Share

Bid = Literal["curve", "quantity"]
Source = Literal["pv", "load"]
Hourly = Annotated[list[float], Field(min_length=2)]
Profile = Annotated[list[NotNegative], Field(min_length=2)]
SERIES = {"load": "DAY_AHEAD_regional_Load", "pv": "DAY_AHEAD_rtpv"}
HELD = {"regU": 0.5, "regD": 0.5, "spin": 1.0, "FRU": 0.25, "FRD": 0.25}
SUM = 1e-9  # by which probabilities may miss 1


class Week(Section):
    """The outcomes of the day-ahead price and the profiles of load and photovoltaic power: days of the market's study,
    or numbers."""

    days: list[datetime.date] | None = None
    """Days of the study that clears the market: each is an outcome, their expected load and photovoltaic power the
    profile."""
    energy: list[Hourly] | None = None
    """Or prices of energy, a list of hours for each outcome [$/MWh]."""
    products: dict[Product, Profile] = {}
    """With them prices of products by hour [$/MW]; 0 if not given."""
    load: Profile | None = None
    """With them load by hour, relative to that of the microgrids [1]."""
    pv: Profile | None = None
    """With them photovoltaic power by hour, relative to that of the microgrids [1]."""
    probabilities: list[Share] | None = None
    """Probabilities of the outcomes [1]; equal if not given."""

    @model_validator(mode="after")
    def _days_or_numbers(self):
        numbers = {"energy": self.energy, "load": self.load, "pv": self.pv}
        missing = [name for name, given in numbers.items() if given is None]
        if (self.days is None) == bool(missing) or (self.days is not None and (len(missing) < 3 or self.products)):
            raise ValueError("give either days, or the numbers energy, load and pv")
        if self.days is not None and (not self.days or len(set(self.days)) < len(self.days)):
            raise ValueError("days: at least one, and every day once")
        return self

    @model_validator(mode="after")
    def _probabilities_sum_to_one(self):
        outcomes = len(self.days or self.energy)
        if self.probabilities is not None and len(self.probabilities) != outcomes:
            raise ValueError(f"probabilities: {len(self.probabilities)} numbers for {outcomes} outcomes")
        if self.probabilities is not None and abs(sum(self.probabilities) - 1) > SUM:
            raise ValueError(f"probabilities: their sum is {sum(self.probabilities):.10g}; it must be 1")
        return self

    @model_validator(mode="after")
    def _hours_agree(self):
        if self.energy is None:
            return self
        hours = len(self.energy[0])
        listed = {f"energy, outcome {k + 1}": row for k, row in enumerate(self.energy)}
        listed |= {"load": self.load, "pv": self.pv} | {f"products.{name}": row for name, row in self.products.items()}
        for where, values in listed.items():
            if len(values) != hours:
                raise ValueError(f"{where}: {len(values)} hours; the first outcome has {hours}")
        return self


class DispatchableUnit(Section):
    """A unit that is always on."""

    capacity_mw: Positive
    """Largest output [MW]."""
    minimum_mw: NotNegative = 0.0
    """Least output [MW]."""
    cost: NotNegative
    """Marginal cost [$/MWh]."""
    ramp_10_mw: NotNegative
    """Ramp in ten minutes [MW]."""
    ramp_60_mw: NotNegative
    """Ramp in an hour [MW]."""

    @model_validator(mode="after")
    def _minimum_is_below_the_capacity(self):
        if self.minimum_mw > self.capacity_mw:
            raise ValueError(f"minimum_mw {self.minimum_mw:g} is above capacity_mw {self.capacity_mw:g}")
        return self


class Battery(Section):
    """A battery; its power follows from its energy."""

    energy_mwh: NotNegative
    """Size [MWh]."""
    power_per_energy: Positive
    """Power relative to the size [MW/MWh]."""
    initial_share: float = 0.5
    """Stored energy at the start relative to the size, and at least as much at the end [1]."""
    charge_efficiency: Annotated[float, Field(gt=0, le=1)] = 0.95
    """Energy stored per energy charged [1]."""
    discharge_efficiency: Annotated[float, Field(gt=0, le=1)] = 0.95
    """Energy delivered per energy taken from the battery [1]."""
    cost: NotNegative = 1.5
    """Cost of throughput, of charge and discharge [$/MWh]."""

    @model_validator(mode="after")
    def _starts_within_its_size(self):
        if not 0 <= self.initial_share <= 1:
            raise ValueError(
                f"initial_share {self.initial_share:g}: the stored energy must be between empty (0) and full (1)"
            )
        return self


class CurtailableLoad(Section):
    """Load that may be curtailed."""

    power_mw: NotNegative
    """Largest curtailment [MW]."""
    cost: NotNegative
    """Cost of curtailment [$/MWh]."""


class Microgrid(Section):
    """The resources of one owner."""

    load_mw: NotNegative = 0.0
    """Load where the profile is 1 [MW]."""
    pv_mw: NotNegative = 0.0
    """Photovoltaic power where the profile is 1 [MW]."""
    unit: DispatchableUnit | None = None
    """A unit; none if not given."""
    battery: Battery | None = None
    """A battery; none if not given."""
    curtailable: CurtailableLoad | None = None
    """Curtailable load; none if not given."""


class MicrogridFamily(Family):
    """Scenarios that belong together: the product of the listed values."""

    label: str
    """Template of the labels; fields {week} {products} {gamma} {beta} {battery_mwh} {bid} {pool}."""
    week: list[str] | None = None
    """Weeks by name."""
    products: list[str] | None = None
    """Sets of products by name."""
    gamma: list[NotNegative] | None = None
    """Budgets of the deviations [1]."""
    beta: list[Share] | None = None
    """Risk weights [1]."""
    battery_mwh: list[NotNegative] | None = None
    """Sizes of all batteries [MWh]."""
    bid: list[Bid] | None = None
    """Bid curves, or one quantity in every hour."""
    pool: list[str] | None = None
    """Pools by name."""


class MicrogridMarket(Market):
    """Microgrids that take the prices of a market for energy and ancillary services, alone or as one pool."""

    market: Literal["microgrid"]
    """The market's plug-in."""
    prices_of: str | None = None
    """Study that clears the market; needed if a week has days. Its scenarios are called as the days."""
    weeks: Annotated[dict[str, Week], Field(min_length=1)]
    """Price outcomes and profiles by name."""
    microgrids: Annotated[dict[str, Microgrid], Field(min_length=1)]
    """Resource owners by name."""
    pools: Annotated[dict[str, list[str]], Field(min_length=1)]
    """Microgrids that bid together, by name of the pool."""
    product_sets: Annotated[dict[str, list[Product]], Field(min_length=1)]
    """What may be sold beside energy, by name of the set."""
    deviations: dict[Source, Share] = {"pv": 0.25, "load": 0.05}
    """Largest deviation from the forecast of each source, relative to it [1]."""
    held_hours: dict[Product, NotNegative] = HELD
    """Hours for which a battery must be able to deliver a product [h]; products not listed keep the common ones."""
    missing_margin_cost: Positive = 3000.0
    """Cost of a margin that the resources do not have [$/MW]; pays for it only who cannot follow the deviations."""
    week: str
    """The week of scenarios that name none."""
    products: str
    """The set of products of scenarios that name none."""
    pool: str
    """The pool of scenarios that name none."""
    gamma: NotNegative = 1.0
    """Budget of the deviations: how many sources deviate fully at once, from 0 to the number of sources, in each hour
    alone, with stored energy restored before the next [1]."""
    beta: Share = 0.2
    """Weight of the conditional value at risk in the objective [1]."""
    alpha: Annotated[float, Field(ge=0, lt=1)] = 0.8
    """Level of the conditional value at risk [1]."""
    battery_mwh: NotNegative | None = None
    """Size of all batteries [MWh]; each its own if not given."""
    bid: Bid = "curve"
    """A bid curve of energy, or one quantity in every hour."""
    area: str = "1"
    """Area of RTS-GMLC whose load and rooftop photovoltaic power give the profiles of days."""
    series: str = "timeseries/rts_gmlc"
    """Folder of the time series."""
    tables: str = "networks/rts_gmlc"
    """Folder of bus.csv and gen.csv, which tell the area of a plant."""
    scenarios: dict[str, MicrogridFamily]
    """The families of scenarios by name."""

    @property
    def studies(self) -> list[str]:
        """The study that clears the market, if a week takes its prices."""
        return [self.prices_of] if self._has_days and self.prices_of else []

    @property
    def _has_days(self) -> bool:
        return any(week.days is not None for week in self.weeks.values())

    @model_validator(mode="after")
    def _names_exist(self):
        known = {"week": self.weeks, "products": self.product_sets, "pool": self.pools}
        for field, names in known.items():
            used = [(field, getattr(self, field))]
            for family, one in self.scenarios.items():
                used += [(f"scenarios.{family}.{field}", name) for name in getattr(one, field) or []]
            for where, name in used:
                if name not in names:
                    raise ValueError(f"{where}: there is no '{name}'; known: {', '.join(names)}")
        for pool, members in self.pools.items():
            if not members or len(set(members)) < len(members) or not set(members) <= set(self.microgrids):
                raise ValueError(f"pools.{pool}: name microgrids, each once; known: {', '.join(self.microgrids)}")
        return self

    @model_validator(mode="after")
    def _days_have_prices(self):
        if self._has_days and self.prices_of is None:
            raise ValueError("prices_of: weeks of days need the study whose market gives the prices")
        return self

    @model_validator(mode="after")
    def _budget_is_within_the_sources(self):
        asked = {"gamma": [self.gamma]}
        asked |= {f"scenarios.{name}.gamma": one.gamma or [] for name, one in self.scenarios.items()}
        for where, budgets in asked.items():
            for budget in budgets:
                if budget > len(self.deviations):
                    raise ValueError(f"{where} {budget:g}: there are {len(self.deviations)} sources of deviations only")
        return self

    def raw_files(self, resources: Path) -> list[str]:
        """Tables and series of the profiles; none where all weeks are numbers."""
        if not self._has_days:
            return []
        return [f"{self.tables}/bus.csv", f"{self.tables}/gen.csv", *map(self.series_file, SERIES.values())]

    def series_file(self, name: str) -> str:
        """Path of one of SERIES below the raw data."""
        return f"{self.series}/{name}.csv.gz"

    def held(self) -> list[float]:
        """Hours for which a battery must be able to deliver each of PRODUCTS [h]."""
        return [self.held_hours.get(product, HELD[product]) for product in PRODUCTS]
