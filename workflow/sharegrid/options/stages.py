"""What a study file may say of the stages after prepare: names, units and limits of every key."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from sharegrid.options.base import Section


class Clear(Section):
    """The optimum with everybody."""

    mip_gap: Annotated[float, Field(gt=0, lt=1)] | None = None
    """Relative gap at which a mixed-integer program ends; 1e-9 if not given."""


class CoalitionRequest(Section):
    """Which coalitions of which scenarios are valued."""

    scenarios: list[str]
    """Labels, names of families, or patterns with * and ?."""
    coalitions: Literal["removals", "pairs", "all", "core", "alone", "sampled", "random", "least-core"] = "removals"
    """Everybody but one, but one or two, every subset, what core-selecting payments ask for, each one alone, those that a
    sampled Shapley value needs, random ones, or what the least core needs."""
    samples: Annotated[int, Field(ge=1)] | None = None
    """sampled: draws of each stratum; random: number of coalitions."""
    largest: Annotated[int, Field(ge=1)] = 12
    """random: members of the largest coalition."""
    seed: Annotated[int, Field(ge=0)] | None = None
    """sampled, random: seed of the draws; that of config.yaml if not given."""

    @model_validator(mode="after")
    def _draws_are_given(self):
        if self.coalitions in ("sampled", "random") and self.samples is None:
            raise ValueError(f"coalitions: {self.coalitions} needs samples, the number of draws")
        return self


class EngineComparison(Section):
    """Value the removals of some scenarios with several back ends and compare."""

    scenarios: list[str]
    """Labels, names of families, or patterns with * and ?."""
    rebuild_sample: Annotated[int, Field(ge=1)] | None = None
    """So many counterfactuals, evenly spread, for the slow reference; all if not given."""


class Scaling(Section):
    """Value everybody with the data of one participant scaled a little up or down: is the marginal price unique?"""

    scenarios: list[str]
    """Labels, names of families, or patterns with * and ?."""


class AreaGame(Section):
    """Value the interconnection of each set of areas: only the ties with both ends in the set are in service."""

    scenarios: list[str]
    """Labels, names of families, or patterns with * and ?."""


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
    scaled: Scaling | None = None
    """Costs with the data of one participant scaled, for the uniqueness of the Owen allocation."""
    areas: AreaGame | None = None
    """Costs with the ties of each set of areas only, for what every area adds to the interconnection."""
    mip_gap: Annotated[float, Field(gt=0, lt=1)] | None = None
    """Relative gap at which a mixed-integer program ends; 1e-9 if not given."""


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
