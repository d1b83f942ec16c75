"""What all parts of a configuration file have in common. Imports pydantic only.

The options of plug-ins (mechanisms, checks, figures, tables) are not in this package: they are the keyword-only
arguments of the plug-in's function, see plugins.py.
"""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1)]


class Section(BaseModel):
    """A part of a configuration file; a key that it does not know is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, coerce_numbers_to_str=True)


class Market(Section):
    """What a study says about its market and its data; each market has a module of this package."""

    @property
    def readers(self) -> list[str]:
        """Names of the reader plug-ins that the preparation loads by name."""
        return []

    @property
    def studies(self) -> list[str]:
        """Other studies whose cleared market the preparation reads: this market takes their prices."""
        return []

    @property
    def linear_if(self) -> str:
        """What the study has to say to make quadratic costs linear; empty where they are."""
        return ""

    @property
    def optional_if(self) -> str:
        """What the study has to say so that every participant can stay away; empty where each can."""
        return ""

    @property
    def never_in_the_way_if(self) -> str:
        """What the study has to say so that the others never save by a participant's absence; empty where they never do."""
        return ""

    def raw_files(self, resources: Path) -> list[str]:
        """Files below `resources` that the preparation reads."""
        raise NotImplementedError


class Family(Section):
    """Scenarios that belong together: the product of the values listed for the market's fields.

    A market's own class adds a list for each field that can be swept, named as the field; the market's value if not given.
    """

    label: str
    """Template of the labels; its fields are those that can be swept, in braces."""
