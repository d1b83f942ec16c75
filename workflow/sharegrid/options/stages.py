"""What a study file may say of the stages after prepare: names, units and limits of every key."""

from typing import Annotated, Any, Literal

from pydantic import Field

from sharegrid.options.base import Section


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
