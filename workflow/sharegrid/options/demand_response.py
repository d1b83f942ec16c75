"""Options of the coordinated demand response program (section 9.2)."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from sharegrid.options.base import Family, Market, NotNegative, Positive

Program = Literal["single", "loose", "tight"]
Count = Annotated[int, Field(ge=1)]
Seed = Annotated[int, Field(ge=0)]


class DemandResponseFamily(Family):
    """Scenarios that belong together: the product of the listed values."""

    label: str
    """Template of the labels; fields {program} {users} {requirement_share} {requirement_kw}."""
    program: list[Program] | None = None
    """Programs."""
    users: list[Count] | None = None
    """Numbers of users."""
    requirement_share: list[NotNegative] | None = None
    """Reductions asked for, as shares of all that the users can reduce [1]."""
    requirement_kw: list[NotNegative] | None = None
    """Reductions asked for [kW]."""


class DemandResponseMarket(Market):
    """Users who reduce load in one hour, or move it within a day, at one price for all."""

    market: Literal["demand-response"]
    """The market's plug-in."""
    program: Program = "single"
    """single: reductions in one hour; loose, tight: loads that move within a day, with limits far above their mean or close
    to it."""
    users: Count = 20
    """Number of users; clearing and payments are for some tens, populations for more."""
    requirement_share: NotNegative = 0.4
    """Reduction asked for, as a share of all that the users can reduce [1]; program single."""
    requirement_kw: NotNegative | None = None
    """Reduction asked for [kW]; requirement_share of all that they can reduce if not given."""
    voll: Positive = 10.0
    """What a kWh costs that is asked for and not reduced, and what a user's kWh is worth to it [$/kWh]."""
    reduction_seed: Seed = 42
    """Seed of the users of the program single."""
    load_seed: Seed = 7
    """Seed of the users of the programs loose and tight."""
    populations: dict[Program, list[Count]] = {}
    """Program -> numbers of users of the populations that are coordinated but not cleared; they are called
    "<program> <users>"."""
    scenarios: dict[str, DemandResponseFamily]
    """The families of scenarios by name."""

    @property
    def linear_if(self) -> str:
        """Costs are quadratic."""
        return "a market with linear costs"

    def raw_files(self, resources: Path) -> list[str]:
        """None: the users are drawn."""
        return []
