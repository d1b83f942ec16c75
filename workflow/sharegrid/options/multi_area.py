"""Options of the multi-area market (chapter 4): areas, ties between them, units with reserve, renewable plants."""

import datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from sharegrid.options.base import Family, Market, NotNegative, Positive, Section

Factor = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Limits = Literal["case", "none"]
SERIES = ("DAY_AHEAD_hydro", "DAY_AHEAD_pv", "DAY_AHEAD_regional_Load", "DAY_AHEAD_rtpv", "DAY_AHEAD_wind")
TABLES = ("branch", "bus", "dc_branch", "gen")


class Unit(Section):
    """A thermal unit of an area that is given by its numbers instead of a file."""

    capacity_mw: Positive
    """Largest output [MW]."""
    linear: float
    """Linear cost coefficient [$/MWh]."""
    quadratic: float = 0.0
    """Quadratic cost coefficient [$/MW^2h]."""
    reserve_up: NotNegative | None = None
    """Reserve offer upwards [$/MW per h]; the market's share of the linear cost if not given."""
    reserve_down: NotNegative | None = None
    """Reserve offer downwards [$/MW per h]; the market's share of the linear cost if not given."""
    reserve_limit_mw: NotNegative | None = None
    """What it can ramp in ten minutes [MW], where the scenario has no ramp10; the capacity if not given."""


class Area(Section):
    """One area: a network file, or a single bus with a load and units."""

    path: str | None = None
    """File below resources/ (matpower, pypsa), or the common start of the three tables (facts: networks/facts/case30)."""
    reader: Literal["matpower", "facts", "pypsa"] = "facts"
    """Which reader understands the file."""
    ratings: str | None = None
    """Another MATPOWER file below resources/ whose rateA [MW] replace the branch limits; same branches, same order."""
    load_mw: NotNegative | None = None
    """Load of an area without file, which is one bus called as the area [MW]."""
    units: dict[str, Unit] = {}
    """Units of an area without file, by name."""
    load_factor: Positive = 1.0
    """Factor on its loads [1]."""
    cost_factor: Positive = 1.0
    """Factor on the linear and quadratic costs of its units [1]."""

    @model_validator(mode="after")
    def _file_or_numbers(self):
        if (self.path is None) == (self.load_mw is None):
            raise ValueError("an area has either path, a network file, or load_mw and units")
        if self.path is not None and self.units:
            raise ValueError("units: the units of an area with a path are those of its file")
        return self


class Tie(Section):
    """A VSC-HVDC tie; positive from `from_bus` to `to_bus`. Buses are `area:number`, of an area without file its name."""

    from_bus: str
    """Bus where the positive direction starts."""
    to_bus: str
    """Bus where the positive direction ends."""
    capacity_mw: float | None = None
    """Largest power sent [MW]; or give the converters' rating."""
    rating_mva: Positive | None = None
    """Apparent power of the converters [MVA]."""
    reactive_mvar: NotNegative = 0.0
    """Reactive power that the converters deliver [Mvar]; leaves sqrt(rating^2 - reactive^2) for active power."""
    reactive_range_mvar: tuple[float, float] | None = None
    """Least and most reactive power of each converter [Mvar], where it is a variable; both powers then stay in a polygon
    within the circle of the rating, which tie_factor scales with the range, and of which tie_capacity_mw may be 0 only."""
    constant_loss_mw: NotNegative = 0.0
    """Loss while in service [MW], half of it at each end."""
    linear_loss: NotNegative = 0.0
    """Loss per power sent [1]."""
    quadratic_loss: NotNegative = 0.0
    """Loss per square of the power sent [1/MW]."""
    allow_intra: bool = False
    """Both ends may be in one area."""

    @model_validator(mode="after")
    def _capacity_or_rating(self):
        if (self.capacity_mw is None) == (self.rating_mva is None):
            raise ValueError("a tie has either capacity_mw or rating_mva")
        if self.rating_mva is not None and self.reactive_mvar >= self.rating_mva:
            raise ValueError(f"reactive_mvar {self.reactive_mvar:g} leaves nothing of rating_mva {self.rating_mva:g}")
        return self

    @model_validator(mode="after")
    def _range_is_within_the_rating(self):
        if self.reactive_range_mvar is None:
            return self
        low, high = self.reactive_range_mvar
        if self.rating_mva is None or self.reactive_mvar:
            raise ValueError("reactive_range_mvar needs rating_mva, and no reactive_mvar")
        if low > high or min(abs(low), abs(high)) >= self.rating_mva and low * high > 0:
            raise ValueError(f"reactive_range_mvar [{low:g}, {high:g}] is empty within rating_mva {self.rating_mva:g}")
        return self


class Renewable(Section):
    """A plant without fuel cost that may be curtailed."""

    bus: str
    """Bus, as `area:number`."""
    power_mw: NotNegative
    """Power available [MW]."""


class Requirements(Section):
    """Reserve that each area holds, in shares of what it faces [1]."""

    load_up: NotNegative = 0.0
    """Upwards, of its load (rho_d)."""
    load_down: NotNegative = 0.0
    """Downwards, of its load (rho_dd)."""
    import_up: NotNegative = 0.0
    """Upwards, of the power delivered to it over ties (rho_t)."""
    renewable_up: NotNegative = 0.0
    """Upwards, of its scheduled renewable power without hydro (rho_w)."""
    renewable_down: NotNegative = 0.0
    """Downwards, of its scheduled renewable power without hydro (rho_dw)."""


class Wave(Section):
    """A daily profile: mean + swing sin(2 pi (hour - zero_hour) / 24)."""

    mean: NotNegative = 1.0
    """Mean of the factor [1]."""
    swing: NotNegative = 0.0
    """Amplitude of the factor [1]."""
    zero_hour: float = 0.0
    """Hour at which it passes the mean upwards [h]."""


class RtsSystem(Section):
    """The RTS-GMLC tables as three areas; all branches between areas and the DC line become ties."""

    tables: str = "networks/rts_gmlc"
    """Folder of bus.csv, branch.csv, dc_branch.csv and gen.csv."""
    series: str = "timeseries/rts_gmlc"
    """Folder of the day-ahead series."""
    linear_loss: NotNegative = 0.02
    """Loss of the ties per power sent [1]."""
    days: Annotated[dict[str, datetime.date], Field(min_length=1)]
    """Days of 2020 by name."""


class AreasFamily(Family):
    """Scenarios that belong together: the product of the listed values."""

    label: str
    """Template of the labels; fields {day} {limits} {tie_factor} {tie_capacity_mw} {ramp10} {ramp10_factor} {ramp}
    {load_factor} {bidder} {energy_bid} {reserve_bid}."""
    day: list[str] | None = None
    """Days of the RTS-GMLC system by name."""
    limits: list[Limits] | None = None
    """Line limits within the areas."""
    tie_factor: list[Factor] | None = None
    """Factors on the capacities of the ties [1]."""
    tie_capacity_mw: list[Factor | None] | None = None
    """Capacities of every tie [MW], instead of its own."""
    ramp10: list[Factor | None] | None = None
    """What units can ramp in ten minutes, in shares of their capacity [1]."""
    ramp10_factor: list[Factor] | None = None
    """Factors on what units can ramp in ten minutes [1]."""
    ramp: list[Factor | None] | None = None
    """What units can ramp in an hour, in shares of their capacity [1]."""
    load_factor: list[Positive] | None = None
    """Factors on all loads [1]."""
    bidder: list[str] | None = None
    """Who offers something else than its true cost: a unit, or an area for all its units; empty for nobody."""
    energy_bid: list[Positive] | None = None
    """Factors on the bidder's energy offers [1]."""
    reserve_bid: list[Positive] | None = None
    """Factors on the bidder's upward reserve offers [1]."""


class MultiAreaMarket(Market):
    """Areas with energy and reserve, coupled by VSC-HVDC ties (chapter 4.2)."""

    market: Literal["multi-area"]
    """The market's plug-in."""
    areas: dict[str, Area] = {}
    """Areas by name; names have no colon and no plus."""
    rts: RtsSystem | None = None
    """The RTS-GMLC system instead of areas, ties and renewables."""
    ties: dict[str, Tie] = {}
    """Ties by name."""
    renewables: dict[str, Renewable] = {}
    """Renewable plants by name."""
    participants: Literal["thermal", "all"] = "thermal"
    """Who is a participant: the thermal units, or the renewable plants too, which else are settled at the price."""
    requirements: Requirements = Requirements()
    """Reserve that each area holds."""
    cost_model: Literal["quadratic", "blocks"] = "blocks"
    """Quadratic costs are offered exactly, or as equal blocks at their midpoint marginal cost."""
    blocks: Annotated[int, Field(ge=1)] = 10
    """Number of equal blocks."""
    tie_break: NotNegative = 0.0
    """Added to the linear cost of a unit, times its number in the area from 1 [$/MWh]."""
    pmin: Literal["zero", "keep"] = "zero"
    """Lower limits set to zero, or kept. Kept, all units are on, and a unit that leaves takes its limit with it: where this
    saves the others cost it earns less than its cost, at marginal prices and under VCG, which is told. Core-selecting payments
    need zero."""
    reserve_up_share: NotNegative = 0.25
    """Upward reserve offer per linear cost, before tie_break [1/h]."""
    reserve_down_share: NotNegative = 0.1
    """Downward reserve offer per linear cost, before tie_break [1/h]."""
    voll: Positive = 1000.0
    """Value of lost load [$/MWh]."""
    reserve_penalty: Positive = 300.0
    """Cost of missing reserve [$/MW per h]."""
    loss_model: Literal["linear", "tangents"] = "linear"
    """Losses of the ties: linear, or convex by tangents, which a quadratic_loss needs."""
    polygon_sides: Annotated[int, Field(ge=4)] = 12
    """Sides of the polygon that stands for the circle of a converter's rating."""
    loss_points: Annotated[int, Field(ge=3)] = 4
    """Number of tangents (with one more at zero)."""
    hours: Annotated[int, Field(ge=1, le=24)] = 1
    """Hours that are cleared together, from midnight."""
    load_profile: Wave = Wave()
    """Factor on the loads by hour."""
    renewable_profile: Wave = Wave()
    """Factor on the renewable power by hour."""
    day: str | None = None
    """The day of the RTS-GMLC system of scenarios that name none."""
    limits: Limits = "case"
    """Line limits within the areas: as in the data, or none."""
    tie_factor: Factor = 1.0
    """Factor on the capacities of the ties [1]."""
    tie_capacity_mw: Factor | None = None
    """Capacity of every tie [MW], instead of its own."""
    ramp10: Factor | None = None
    """What units can ramp in ten minutes, in shares of their capacity [1]; their own limits, or no limit, if not given."""
    ramp10_factor: Factor = 1.0
    """Factor on what units can ramp in ten minutes [1]."""
    ramp: Factor | None = None
    """What units can ramp in an hour, in shares of their capacity [1]; their own limits, or no limit, if not given."""
    load_factor: Positive = 1.0
    """Factor on all loads [1]."""
    bidder: str = ""
    """Who offers something else than its true cost: a unit, or an area for all its units; empty for nobody."""
    energy_bid: Positive = 1.0
    """Factor on the bidder's energy offers [1]."""
    reserve_bid: Positive = 1.0
    """Factor on the bidder's upward reserve offers [1]."""
    scenarios: dict[str, AreasFamily]
    """The families of scenarios by name."""

    @model_validator(mode="after")
    def _one_system(self):
        if (self.rts is None) == (not self.areas):
            raise ValueError("the system is either areas, with ties and renewables, or rts")
        if self.rts is not None and (self.ties or self.renewables):
            raise ValueError("ties, renewables: those of rts are in its tables; give areas instead, or neither")
        for sign, what in ((":", "a colon separates area and bus"), ("+", "a plus joins the areas of a set")):
            if wrong := [name for name in self.areas if sign in name]:
                raise ValueError(f"areas: '{wrong[0]}': {what}; choose another name")
        return self

    @model_validator(mode="after")
    def _no_loss_is_passed_over(self):
        curved = [name for name, tie in self.ties.items() if tie.quadratic_loss]
        if curved and self.loss_model == "linear":
            raise ValueError(
                f"ties: '{curved[0]}': quadratic_loss counts with loss_model: tangents only; set it, or leave it out"
            )
        return self

    @model_validator(mode="after")
    def _days_exist(self):
        families = self.scenarios.values()
        named = {self.day, *(day for family in families for day in family.day or [])} - {None}
        known = self.rts.days if self.rts else {}
        if unknown := sorted(named - set(known)):
            raise ValueError(
                f"no day is called '{unknown[0]}'; known: {', '.join(known) or 'none, as rts is not given'}"
            )
        if self.rts and self.day is None and any(family.day is None for family in families):
            raise ValueError("day: needed, as some scenarios name none")
        return self

    @property
    def readers(self) -> list[str]:
        """Readers of the areas' files."""
        return sorted({area.reader for area in self.areas.values() if area.path})

    @property
    def linear_if(self) -> str:
        """Quadratic offers as blocks."""
        return "cost_model: blocks" if self.cost_model == "quadratic" else ""

    @property
    def never_in_the_way_if(self) -> str:
        """Without lower limits, which a unit takes with it when it leaves."""
        return "pmin: zero" if self.pmin == "keep" else ""

    def raw_files(self, resources: Path) -> list[str]:
        """Files of the areas, or the tables and series of the RTS-GMLC system."""
        if self.rts is not None:
            tables = [f"{self.rts.tables}/{name}.csv" for name in TABLES]
            return tables + [f"{self.rts.series}/{name}.csv.gz" for name in SERIES]
        return sorted({file for area in self.areas.values() for file in _files(area)})


def _files(area: Area) -> list[str]:
    if area.path is None:
        return []
    own = [area.path]
    if area.reader == "facts":
        own = [f"{area.path}_{table}.csv" for table in ("bus", "branch", "generator")]
    return own + ([area.ratings] if area.ratings else [])
