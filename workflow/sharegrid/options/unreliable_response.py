"""Options of demand response over unreliable links (chapter 9.4): users, their links, and what is asked of them."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from sharegrid.options.base import Family, Market, NotNegative, Positive, Section

Count = Annotated[int, Field(ge=1)]
Success = Annotated[float, Field(gt=0, le=1)]
Epsilon = Annotated[float, Field(ge=0, lt=1)]
BurstLength = Annotated[float, Field(ge=1, allow_inf_nan=False)]
Delivery = Literal["expected", "chance"]


class ResponseUser(Section):
    """A user who reduces load when a call reaches it."""

    success: Success
    """Probability that one attempt passes one hop of its link [1]."""
    limit_kw: NotNegative
    """Most that it reduces [kW]."""
    price: NotNegative
    """Price of a called reduction [$/kWh]."""
    hops: Count = 1
    """Hops of its link, each with retransmissions of its own."""


class PatternUsers(Section):
    """Users i = 0, 1 ... called U0, U1 ...: success + success_step i, limit_kw + limit_step_kw ((3 i) mod 5), and
    price + price_step ((5 i) mod 8)."""

    count: Count = 8
    """Number of users."""
    success: Success = 0.55
    """Probability that an attempt succeeds, of user 0 [1]."""
    success_step: NotNegative = 0.05
    """Each number adds so much to it [1]."""
    limit_kw: NotNegative = 2.0
    """Smallest limit of a reduction [kW]."""
    limit_step_kw: NotNegative = 0.5
    """Step of the limits [kW]."""
    price: NotNegative = 1.0
    """Smallest price of a reduction [$/kWh]."""
    price_step: NotNegative = 0.3
    """Step of the prices [$/kWh]."""
    hops: Count = 1
    """Hops of every link, each with retransmissions of its own."""

    @model_validator(mode="after")
    def _probabilities(self):
        last = self.success + self.success_step * (self.count - 1)
        if last > 1 + 1e-12:
            raise ValueError(f"success of user {self.count - 1} is {last:g}; lower count, success or success_step")
        return self


class Users(Section):
    """Who can be called: one of these."""

    pattern: PatternUsers | None = None
    """Users by a formula."""
    listed: Annotated[dict[str, ResponseUser], Field(min_length=1)] | None = None
    """User -> its numbers."""

    @model_validator(mode="after")
    def _one_kind(self):
        if (self.pattern is None) == (self.listed is None):
            raise ValueError("users come from one of pattern, listed; name exactly one")
        return self


class Relay(Section):
    """A last hop that links share: one choice of its retransmissions serves all calls behind it, and one loss stops them all."""

    success: Success
    """Probability that one attempt passes it [1]."""
    users: list[str] | None = None
    """Users behind it; all if not given."""


class ResponseFamily(Family):
    """Scenarios that belong together: the product of the listed values."""

    label: str
    """Template of the labels; fields {delivery} {requirement_kw} {slots} {epsilon} {link_success} {burst_length}
    {message_price} {members}."""
    delivery: list[Delivery] | None = None
    """What is promised."""
    requirement_kw: list[NotNegative] | None = None
    """Required reductions [kW]."""
    slots: list[Annotated[int, Field(ge=0)]] | None = None
    """Numbers of slots for all attempts."""
    epsilon: list[Epsilon] | None = None
    """Shares of the loss scenarios in which the requirement may be missed [1]."""
    link_success: list[Success] | None = None
    """Success probabilities of an attempt that all links have [1]."""
    burst_length: list[BurstLength] | None = None
    """Mean lengths of bursts of losses, in attempts."""
    message_price: list[NotNegative] | None = None
    """Prices of an attempt [$]."""
    members: list[Count] | None = None
    """Numbers of users who take part."""


class UnreliableResponseMarket(Market):
    """Users whose load reductions an aggregator calls over links that lose messages."""

    market: Literal["unreliable-response"]
    """The market's plug-in."""
    users: Users
    """The users."""
    relay: Relay | None = None
    """A hop that links share; none if not given."""
    most_retransmissions: Annotated[int, Field(ge=0)] = 3
    """Most retransmissions of a call on each hop."""
    deadline_ms: Positive | None = None
    """Time until a call must have arrived [ms]; it limits the retransmissions. No limit if not given."""
    slot_ms: Positive = 20.0
    """Duration of an attempt [ms]."""
    delivery: Delivery = "expected"
    """The requirement is met by the expected delivery, or in all but a share epsilon of the loss scenarios."""
    requirement_kw: NotNegative
    """Required reduction [kW]."""
    slots: Annotated[int, Field(ge=0)]
    """Slots for the attempts of all users together."""
    epsilon: Epsilon = 0.1
    """Share of the loss scenarios in which the requirement may be missed [1]; with delivery 'chance' only."""
    link_success: Success | None = None
    """Success probability of an attempt that all links have [1]; each link's own if not given."""
    burst_length: BurstLength | None = None
    """Mean length of a burst of losses, in attempts; losses are independent if not given."""
    message_price: NotNegative = 0.4
    """Price of an attempt [$]."""
    backup_price: Positive = 100.0
    """Price of the certain power that replaces what a coalition cannot deliver [$/kWh]; all users together must do without."""
    members: Count | None = None
    """How many users take part, the first of the list; all if not given."""
    loss_scenarios: Count = 40
    """Number of loss scenarios that are drawn."""
    seed: Annotated[int, Field(ge=0)] = 2024
    """Seed of the loss scenarios."""
    scenarios: dict[str, ResponseFamily]
    """The families of scenarios by name."""

    @property
    def user_count(self) -> int:
        """Number of users of the list, whether they take part or not."""
        return self.users.pattern.count if self.users.pattern else len(self.users.listed)

    @model_validator(mode="after")
    def _users_exist(self):
        named = {"members": [self.members]}
        named |= {f"scenarios.{name}.members": family.members or [] for name, family in self.scenarios.items()}
        for field, counts in named.items():
            if (most := max((count or 0 for count in counts), default=0)) > self.user_count:
                raise ValueError(f"{field} {most}: there are {self.user_count} users only")
        return self

    def raw_files(self, resources: Path) -> list[str]:
        """None: users are named in the study."""
        return []
