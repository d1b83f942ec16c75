"""Options of the two-stage form of the multi-area market (chapter 4.2b): a schedule, and outcomes of the renewable power."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from sharegrid.options.base import NotNegative, Share
from sharegrid.options.multi_area import AreasFamily, MultiAreaMarket, Requirements

ROUNDING = 1e-9  # of a sum of probabilities


class OutcomesFamily(AreasFamily):
    """Scenarios that belong together: the product of the listed values."""

    label: str
    """Template of the labels; the fields of the multi-area market and {wind_spread} {tie_redispatch}."""
    wind_spread: list[NotNegative] | None = None
    """Spreads of the renewable power over the outcomes [1]."""
    tie_redispatch: list[bool] | None = None
    """Whether the ties' power may differ between outcomes."""


class TwoStageMarket(MultiAreaMarket):
    """Areas coupled by VSC-HVDC ties, whose reserve is what the outcomes of the renewable power need (chapter 4.2b)."""

    market: Literal["two-stage"]
    """The market's plug-in."""
    probability: Annotated[list[Share], Field(min_length=1)]
    """Probability of each outcome [1]."""
    shape: list[Annotated[float, Field(allow_inf_nan=False)]]
    """Deviation of the renewable power in each outcome, at spread 1, in shares of what is available [1]."""
    wind_spread: NotNegative = 0.0
    """Spread of the renewable power: in an outcome it is available x (1 + wind_spread x shape) [1]; hydro is certain."""
    tie_redispatch: bool = True
    """The ties' power may differ between outcomes, or is as scheduled in all."""
    scenarios: dict[str, OutcomesFamily]
    """The families of scenarios by name."""

    @model_validator(mode="after")
    def _outcomes_are_complete(self):
        if abs(sum(self.probability) - 1) > ROUNDING:
            raise ValueError(f"probability: the sum is {sum(self.probability):g}; give probabilities that sum to 1")
        if len(self.shape) != len(self.probability):
            raise ValueError(f"shape: {len(self.shape)} values for {len(self.probability)} outcomes; give one for each")
        return self

    @model_validator(mode="after")
    def _no_requirements(self):
        if self.requirements != Requirements():
            raise ValueError(
                "requirements: the outcomes tell how much reserve is needed; leave it out, or use multi-area"
            )
        return self
