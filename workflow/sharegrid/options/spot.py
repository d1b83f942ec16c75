"""Options of the spot market (chapters 2 and 3)."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from sharegrid.options.base import Market, Positive, Section

Limits = Literal["none", "case"] | Positive
N1Rule = Literal["voll", "backstop", "curtailed"]


class Network(Section):
    """Where the network comes from."""

    path: str
    """File below resources/ (matpower, pypsa), or the common start of the three tables (facts: networks/facts/case30)."""
    reader: Literal["matpower", "facts", "pypsa"] = "matpower"
    """Which reader understands the file."""
    ratings: str | None = None
    """Another MATPOWER file below resources/ whose rateA [MW] replace the branch limits; same branches, same order."""


class Misreport(Section):
    """One participant at a time offers something else than its true cost."""

    base: str
    """Label (template) of the scenario from which the participant deviates."""
    participants: Literal["all"] | list[str] = "all"
    """Who deviates, one after the other."""
    price_multiplier: list[Positive]
    """Factors on all its offer prices [1]."""
    quantity_multiplier: list[Annotated[float, Field(gt=0, le=1)]] = [1.0]
    """Factors on its offered quantities [1] (withholding)."""


class ScenarioFamily(Section):
    """Scenarios that belong together: the product of the listed values."""

    label: str
    """Template of the labels; fields {limits} {demand} {voll} {n1_rule} {distortion} {deviator} {price} {quantity}."""
    limits: list[Limits] = ["case"]
    """Line limits: none, case (as in the data), or a factor on those of the data [1]."""
    demand_mw: list[Annotated[float, Field(gt=0)]] | None = None
    """Total demand [MW], spread as in the data; as in the data if not given."""
    voll: list[Positive] | None = None
    """Value of lost load [$/MWh]; the market's if not given."""
    n1_rule: list[N1Rule] = ["voll"]
    """How a counterfactual without enough capacity is valued (chapter 2.4.4)."""
    backstop_price: Positive | None = None
    """Price [$/MWh] of the regulated backstop in both problems; needed by n1_rule backstop."""
    offer_price: dict[str, float] = {}
    """Generator -> the price [$/MWh] that it offers for all its capacity, instead of its cost."""
    distortion: dict[str, dict[str, Positive]] = {}
    """Name -> {generator: factor on its offer prices [1]}: false reports of several at once."""
    without: list[str] = []
    """Generators that do not take part."""
    split: str | None = None
    """A generator that registers as two bidders of half its capacity; the second is named with a trailing b."""
    misreport: Misreport | None = None
    """Unilateral deviations from the family's other values."""

    @model_validator(mode="after")
    def _backstop_needs_a_price(self):
        if "backstop" in self.n1_rule and self.backstop_price is None:
            raise ValueError("n1_rule 'backstop' needs backstop_price [$/MWh]")
        return self


class SpotMarket(Market):
    """Inputs of the spot market (chapters 2 and 3): one network, offers, and scenarios."""

    market: Literal["spot"]
    """The market's plug-in."""
    network: Network
    """The network and its costs."""
    copperplate: bool = False
    """Gather everything on one bus without network."""
    dc_form: Literal["matpower", "powermodels"] = "matpower"
    """Susceptance 1/(x tap) with phase shifts, or x/(r^2+x^2) without taps and shifts."""
    bid_mode: Literal["blocks", "quadratic"] = "blocks"
    """Quadratic costs are offered as equal blocks at their chord slopes, or exactly."""
    blocks: Annotated[int, Field(ge=1)] = 10
    """Number of equal blocks per generator with a quadratic cost."""
    pmin: Literal["zero", "keep"] = "zero"
    """Lower limits set to zero, or kept (clearing only: VCG needs zero in every feasible set)."""
    voll: Positive = 1000.0
    """Value of lost load [$/MWh]; no offer may be dearer."""
    first_generator: Annotated[int, Field(ge=0)] = 0
    """Name of the first generator row, the others count on; PyPSA's generators keep their own names."""
    participants: dict[str, list[str]] | None = None
    """Owner -> its generators; each generator is a participant of its own if not given."""
    scenarios: dict[str, ScenarioFamily]
    """The families of scenarios by name."""

    @property
    def readers(self) -> list[str]:
        """The network's reader."""
        return [self.network.reader]

    @property
    def linear_if(self) -> str:
        """Quadratic offers as blocks."""
        return "bid_mode: blocks" if self.bid_mode == "quadratic" else ""

    @property
    def optional_if(self) -> str:
        """Lower limits that are kept force output."""
        return "pmin: zero" if self.pmin == "keep" else ""

    def raw_files(self, resources: Path) -> list[str]:
        """The network's files."""
        own = [self.network.path]
        if self.network.reader == "facts":
            own = [f"{self.network.path}_{table}.csv" for table in ("bus", "branch", "generator")]
        return own + ([self.network.ratings] if self.network.ratings else [])
