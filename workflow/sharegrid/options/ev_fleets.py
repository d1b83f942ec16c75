"""Options of fleets of electric vehicles that bid in energy and carbon markets (chapter 7.4)."""

import datetime
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from sharegrid.options.base import Family, Market, NotNegative, Positive, Section, Share

Strategy = Literal["uncontrolled", "v1g", "v2g"]
PriceSource = Literal["nodal", "merit-order"]
FactorKind = Literal["marginal", "average"]
Number = Annotated[float, Field(allow_inf_nan=False)]
Efficiency = Annotated[float, Field(gt=0, le=1)]
SERIES = (
    "DAY_AHEAD_hydro",
    "DAY_AHEAD_pv",
    "DAY_AHEAD_regional_Load",
    "DAY_AHEAD_rtpv",
    "DAY_AHEAD_wind",
    "PLEXOS_DA_solution_price_allTX",
)
STATISTICS = ("DepartureDestinationTrip", "DistanceDurationTrip", "TripsPerDay")
FLAT = "flat"
ROUNDING = 1e-9  # of a sum of shares or probabilities, and of an energy relative to the capacity


class Fleet(Section):
    """Vehicles that are connected in the same hours. Shares of energy are of the capacity of the battery."""

    share: Share
    """Share of the number of all vehicles."""
    arrival: Annotated[int, Field(ge=0)]
    """First hour in which the vehicles are connected, counted from the first midnight; 24 and more on the next day."""
    departure: int
    """First hour in which they are gone."""
    capacity_kwh: Positive
    """Capacity of a battery [kWh]."""
    power_kw: Positive
    """Largest power of charging and discharging [kW]."""
    arrival_energy: Share = 0.3
    """Energy on arrival."""
    departure_energy: Share = 0.9
    """Energy on departure."""
    least_energy: Share = 0.1
    """Least energy while connected."""
    charge_efficiency: Efficiency = 0.9
    """Energy stored per energy taken from the grid."""
    discharge_efficiency: Efficiency = 0.95
    """Energy delivered to the grid per energy taken from the battery."""
    wear_cost: NotNegative = 3.0
    """Cost of wear [$/MWh] of charging and of discharging."""

    @model_validator(mode="after")
    def _trip_can_be_served(self):
        if self.departure <= self.arrival:
            raise ValueError(
                f"departure {self.departure} is not after arrival {self.arrival}; add 24 to an hour of the next day"
            )
        for name in ("arrival_energy", "departure_energy"):
            if getattr(self, name) < self.least_energy:
                raise ValueError(f"{name} {getattr(self, name):g} is below least_energy {self.least_energy:g}")
        if self.departure_energy < self.arrival_energy:
            raise ValueError(
                f"departure_energy {self.departure_energy:g} is below arrival_energy {self.arrival_energy:g}: who only "
                "charges cannot reach it; raise it"
            )
        hours = self.departure - self.arrival
        reached = self.arrival_energy + self.charge_efficiency * self.power_kw * hours / self.capacity_kwh
        if self.departure_energy > reached + ROUNDING:
            raise ValueError(
                f"departure_energy {self.departure_energy:g} is out of reach: {hours} h at {self.power_kw:g} kW end at "
                f"{reached:.4g} of the capacity; lower it, or raise power_kw or the hours"
            )
        return self


class Step(Section):
    """A step of a ladder of the carbon price."""

    price: Number
    """Price of allowances [$/t]."""
    quantity_t: Positive | None = None
    """Allowances at this price [t]; only the last step has no limit."""


class Outcome(Section):
    """A stochastic outcome of the prices, known after the fleets have bid."""

    probability: Share
    """Probability of the outcome."""
    carbon_factor: NotNegative = 1.0
    """Carbon price relative to the expected one."""
    energy_factor: NotNegative = 1.0
    """Energy price relative to the expected one."""


class DrawnVehicles(Section):
    """Vehicles that differ, drawn from statistics of trips, for the comparison of aggregates."""

    count: Annotated[int, Field(ge=1)]
    """Number of vehicles."""
    consumption: Positive = 0.15
    """Energy of driving [kWh/km]."""
    energy_step: Annotated[float, Field(gt=0, le=0.5)] = 0.05
    """Step in which a vehicle tells its energy, share of the capacity."""
    fleet: dict[str, Literal["home", "workplace", "errands"]]
    """Where each fleet is connected: from the afternoon's trips home to the morning's trips away, the reverse, or between
    errands."""


class CarbonFamily(Family):
    """Scenarios that belong together: the product of the listed values."""

    label: str
    """Template of the labels; fields {strategy} {v2g_share} {carbon_price} {sell_ratio} {allowance_t} {benchmark} {ladder}
    {credit_export} {number} {energy_price} {factor} {spread} {beta}."""
    strategy: list[Strategy] | None = None
    """Strategies."""
    v2g_share: list[Share] | None = None
    """Discharging powers relative to the charging power."""
    carbon_price: list[Number] | None = None
    """Carbon prices [$/t]."""
    sell_ratio: list[NotNegative] | None = None
    """Prices of sold allowances relative to that of bought ones."""
    allowance_t: list[NotNegative] | None = None
    """Allowances of all fleets [t]."""
    benchmark: list[NotNegative] | None = None
    """Allowances per energy that the vehicles receive [t/MWh]."""
    ladder: list[str] | None = None
    """Ladders of the carbon price by name."""
    credit_export: list[bool] | None = None
    """Whether discharging earns the emission factor."""
    number: list[Annotated[int, Field(ge=1)]] | None = None
    """Numbers of vehicles."""
    energy_price: list[PriceSource] | None = None
    """Sources of the energy price."""
    factor: list[FactorKind] | None = None
    """Kinds of the emission factor."""
    spread: list[NotNegative] | None = None
    """How far outcomes are from the expected prices: 0 all at them, 1 as given."""
    beta: list[Share] | None = None
    """Risk weights."""


class EvFleetsMarket(Market):
    """Fleets of electric vehicles that charge, and discharge, at energy and carbon prices behind one carbon account."""

    market: Literal["ev-fleets"]
    """The market's plug-in."""
    date: datetime.date
    """The first day of the horizon, in 2020."""
    hours: Annotated[int, Field(ge=1, le=72)] = 36
    """Length of the horizon [h]."""
    fleets: Annotated[dict[str, Fleet], Field(min_length=1)]
    """Fleets by name."""
    number: Annotated[int, Field(ge=1)] = 1000
    """Number of vehicles of all fleets."""
    strategy: Strategy = "v2g"
    """Full power from arrival until the energy of departure is reached; charging at the best hours; discharging too."""
    v2g_share: Share = 1.0
    """v2g: largest discharging power relative to the charging power."""
    energy_price: PriceSource = "nodal"
    """Price of a bus in the reference run (5 to 18 July 2020 only), or of the merit order of the thermal units."""
    bus: str | None = None
    """The bus of a nodal price."""
    factor: FactorKind = "marginal"
    """Emission of one more MWh of the merit order, the mean of both sides; or emissions per thermal generation."""
    carbon_price: Number = 0.0
    """Price of bought allowances [$/t]; it may be negative."""
    sell_ratio: NotNegative = 0.95
    """Price of sold allowances relative to that of bought ones; 1 or more where the price is negative."""
    allowance_t: NotNegative = 0.0
    """Allowances of all fleets together, split by their shares of the vehicles [t]."""
    benchmark: NotNegative = 0.0
    """Allowances per energy that the vehicles receive between arrival and departure [t/MWh]."""
    ladder: str = FLAT
    """Name of a ladder of the carbon price; flat: any number of allowances at carbon_price."""
    ladders: dict[str, Annotated[list[Step], Field(min_length=1)]] = {}
    """Ladders by name; their prices stand in place of carbon_price. A step is split by the shares of the vehicles."""
    credit_export: bool = True
    """Whether discharging earns the emission factor; if not, its emissions are 0."""
    outcomes: Annotated[dict[str, Outcome], Field(min_length=1)] = {"expected": Outcome(probability=1.0)}
    """Stochastic outcomes of the prices by name."""
    spread: NotNegative = 0.0
    """How far outcomes are from the expected prices: 0 all at them, 1 as given."""
    alpha: Annotated[float, Field(ge=0, lt=1)] = 0.9
    """Level of the conditional value at risk."""
    beta: Share = 0.0
    """Weight of the conditional value at risk in the objective."""
    drawn: DrawnVehicles | None = None
    """Vehicles that differ, for the comparison of aggregates; none if not given."""
    seed: Annotated[int, Field(ge=0)] = 2024
    """Seed of the drawn vehicles."""
    series: str = "timeseries/rts_gmlc"
    """Folder of the time series."""
    units: str = "networks/rts_gmlc/gen.csv"
    """Table of the units."""
    statistics: str = "transport/emobpy"
    """Start of the files of the trip statistics."""
    scenarios: dict[str, CarbonFamily]
    """The families of scenarios by name."""

    @model_validator(mode="after")
    def _parts_sum_to_one(self):
        parts = {"fleets: shares": [one.share for one in self.fleets.values()],
                 "outcomes: probabilities": [one.probability for one in self.outcomes.values()]}  # fmt: skip
        for what, values in parts.items():
            if abs(sum(values) - 1) > ROUNDING:
                raise ValueError(f"{what} sum to {sum(values):.10g}; they must sum to 1")
        return self

    @model_validator(mode="after")
    def _fleets_fit_into_the_horizon(self):
        for name, fleet in self.fleets.items():
            if fleet.departure > self.hours:
                raise ValueError(
                    f"fleets.{name}: departure {fleet.departure} is after the horizon of {self.hours} hours; raise hours"
                )
        if self.drawn and set(self.drawn.fleet) != set(self.fleets):
            odd = min(set(self.drawn.fleet) ^ set(self.fleets))
            raise ValueError(
                f"drawn.fleet: '{odd}' is not in both fleets and drawn.fleet; give every fleet a destination"
            )
        return self

    @model_validator(mode="after")
    def _ladders_rise(self):
        for name, steps in self.ladders.items():
            for low, high in pairwise(steps):
                if high.price < low.price:
                    raise ValueError(
                        f"ladders.{name}: {high.price:g} $/t after {low.price:g} $/t: a ladder must be ascending"
                    )
            if [step.quantity_t is None for step in steps] != [False] * (len(steps) - 1) + [True]:
                raise ValueError(f"ladders.{name}: every step but the last needs quantity_t, and the last has none")
        return self

    @model_validator(mode="after")
    def _names_exist(self):
        ladders = {self.ladder, *(name for one in self.scenarios.values() for name in one.ladder or [])}
        if unknown := sorted(ladders - {FLAT, *self.ladders}):
            raise ValueError(f"no ladder is called '{unknown[0]}'; known: {', '.join([FLAT, *self.ladders])}")
        sources = {source for one in self.scenarios.values() for source in one.energy_price or [self.energy_price]}
        if ("nodal" in sources) and self.bus is None:
            raise ValueError("energy_price 'nodal' needs bus")
        return self

    @model_validator(mode="after")
    def _swept_fields_have_an_effect(self):
        for name, family in self.scenarios.items():
            steps = [one for one in family.ladder or [self.ladder] if one != FLAT]
            if family.carbon_price and steps:
                raise ValueError(
                    f"scenarios.{name}: carbon_price has no effect beside ladder '{steps[0]}', whose prices stand in its "
                    "place; list one of them, or make two families"
                )
            fixed = [one for one in family.strategy or [self.strategy] if one != "v2g"]
            if family.v2g_share and fixed:
                raise ValueError(
                    f"scenarios.{name}: v2g_share has no effect with strategy '{fixed[0]}'; list strategy: [v2g], or make two "
                    "families"
                )
        return self

    def raw_files(self, resources: Path) -> list[str]:
        """The units, the time series, and the trip statistics where vehicles are drawn."""
        drawn = [self.statistics_file(name) for name in STATISTICS] if self.drawn else []
        return [self.units, *(self.series_file(name) for name in SERIES), *drawn]

    def series_file(self, name: str) -> str:
        """Path of one of SERIES below the raw data."""
        return f"{self.series}/{name}.csv.gz"

    def statistics_file(self, name: str) -> str:
        """Path of one of STATISTICS below the raw data."""
        return f"{self.statistics}_{name}.csv"
