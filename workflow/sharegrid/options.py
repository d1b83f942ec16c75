"""What a study file may say, stage by stage: names, units and limits of every key. Imports pydantic only.

The options of plug-ins (mechanisms, checks, figures, tables) are not here: they are the keyword-only arguments of the
plug-in's function, see plugins.py.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Limits = Literal["none", "case"] | Positive
N1Rule = Literal["voll", "backstop", "curtailed"]


class Section(BaseModel):
    """A part of a configuration file; a key that it does not know is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, coerce_numbers_to_str=True)


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


class SpotMarket(Section):
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
    def reader(self) -> str:
        """Name of the reader plug-in."""
        return self.network.reader

    @property
    def raw_files(self) -> list[str]:
        """Files below resources/ that the preparation reads."""
        own = [self.network.path]
        if self.network.reader == "facts":
            own = [f"{self.network.path}_{table}.csv" for table in ("bus", "branch", "generator")]
        return own + ([self.network.ratings] if self.network.ratings else [])


class ReferenceMarket(Section):
    """Inputs of the reference study: every case of a folder, cleared in one DC form."""

    market: Literal["dc-opf"]
    """The market's plug-in."""
    cases: str
    """Folder below resources/ whose MATPOWER files are all read."""
    baseline: str
    """Table below resources/ of published objectives [$/h]."""
    dc_form: Literal["matpower", "powermodels"] = "powermodels"
    """Susceptance x/(r^2+x^2) without taps and shifts (PGLib's baseline), or 1/(x tap) with phase shifts."""
    reader: Literal["matpower"] = "matpower"
    """Which reader understands the files."""


MARKETS: dict[str, type[Section]] = {"spot": SpotMarket, "dc-opf": ReferenceMarket}


class Clear(Section):
    """The optimum with everybody; it has no choices of its own yet."""


class CoalitionRequest(Section):
    """Which coalitions of which scenarios are valued."""

    scenarios: list[str]
    """Labels, names of families, or patterns with * and ?."""
    coalitions: Literal["removals", "pairs", "all", "core"] = "removals"
    """Everybody but one, but one or two, every subset, or what core-selecting payments ask for."""


class EngineComparison(Section):
    """Value the removals of some scenarios with several back ends and compare."""

    scenarios: list[str]
    """Labels, names of families, or patterns with * and ?."""
    rebuild_sample: Annotated[int, Field(ge=1)] | None = None
    """So many counterfactuals, evenly spread, for the slow reference; all if not given."""


class Value(Section):
    """The optimum of each asked coalition: the heavy step."""

    backend: Literal["rebuild", "warm", "reduced", "merit-order"] = "warm"
    """rebuild: slow reference; warm: live model, bounds flipped; reduced: large DC networks; merit-order: closed form."""
    requests: Annotated[list[CoalitionRequest], Field(min_length=1)]
    """The coalitions to value; a scenario that no request names is cleared only."""
    chunks: Annotated[int, Field(ge=1)] = 1
    """Number of jobs that share the scenarios."""
    compare: EngineComparison | None = None
    """Comparison of the back ends, for the tables of solver counts."""


class Deficit(Section):
    """Who covers the revenue inadequacy of VCG (chapter 3.3.2)."""

    rules: list[Literal["energy", "lmp_proportional", "beneficiary", "generator_scaling", "mixed"]] = ["energy"]
    """Allocation rules to compare."""
    ftr_share: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Share [1] of the congestion rent owed to holders of transmission rights."""
    surplus: Literal["keep", "rebate"] = "keep"
    """A surplus stays with the operator, or is rebated per MWh."""
    load_share: Annotated[float, Field(ge=0, le=1)] = 0.5
    """Share [1] that loads bear under the rule `mixed`."""


class Pay(Section):
    """Mechanisms, deficit sharing and checks."""

    mechanisms: dict[str, dict[str, Any]]
    """Mechanism -> its options."""
    deficit: Deficit | None = None
    """Sharing of the deficit; none if not given."""
    checks: dict[str, dict[str, Any]] = {}
    """Checks of properties -> their options."""


class Method(Section):
    """Planning or coordination by a plug-in."""

    methods: dict[str, dict[str, Any]]
    """Method -> its options."""


class Item(Section):
    """One figure or table."""

    kind: str
    """The plug-in that draws or lists it."""
    title: str = ""
    """The finding, in a few words; shown in the figure."""
    caption: str = ""
    """Caption of the report (reStructuredText)."""
    options: dict[str, Any] = {}
    """Options of the plug-in."""


class Present(Section):
    """Figures and tables, by file stem."""

    figures: dict[str, Item] = {}
    """Stem -> figure."""
    tables: dict[str, Item] = {}
    """Stem -> table."""


class Resources(Section):
    """What a cluster job of this study asks for, instead of the rule's default."""

    mem_mb: Annotated[int, Field(ge=100)] | None = None
    """Memory of the first attempt [MB]."""
    runtime: Annotated[int, Field(ge=1)] | None = None
    """Time of the first attempt [minutes]."""
