"""The Datasets of demand response over unreliable links; power in kW for one hour, money in $."""

from sharegrid.contracts.base import Variable
from sharegrid.contracts.base import variable as v

DATA = {
    "option": v("1", "retransmissions of a call", "option", low=0),
    "delivery": v(
        "1", "the requirement holds for the expected delivery, or in all but a share of the outcomes", "scenario"
    ),
    "requirement_kw": v("kW", "required reduction", "scenario", low=0),
    "slots": v("1", "slots for the attempts of all users", "scenario", low=0),
    "epsilon": v("1", "share of the outcomes in which the requirement may be missed", "scenario", low=0),
    "link_success": v("1", "success of an attempt on every link; NaN = each its own", "scenario", False, 0),
    "burst_length": v("1", "mean attempts of a burst of losses; NaN = independent losses", "scenario", False, 1),
    "message_price": v("$", "price of an attempt", "scenario", low=0),
    "members": v("1", "number of users that take part", "scenario", low=0),
    "backup_price": v("$/kWh", "price of the power that replaces what a coalition cannot deliver", "scenario", low=0),
    "success": v("1", "probability that one attempt passes one hop", "scenario participant", low=0),
    "hops": v("1", "hops of the link", "participant", low=1),
    "reduction_limit": v("kW", "largest reduction", "scenario participant", low=0),
    "reduction_price": v("$/kWh", "price of a called reduction", "scenario participant", low=0),
    "allowed": v(
        "1", "1 if the user takes part and the option ends before the deadline", "scenario participant option", low=0
    ),
    "relay_option": v("1", "retransmissions of the relay", "relay_option", low=0),
    "relayed": v("1", "1 if the link ends in the relay", "participant", low=0),
    "relay_delivered": v("1", "probability that calls pass the relay; 1 without one", "scenario relay_option", low=0),
    "relay_attempts": v("1", "expected attempts of the relay", "scenario relay_option", low=0),
    "relay_slots": v("1", "slots that the relay's option reserves", "relay_option", low=0),
    "relay_arrived": v("1", "1 if calls pass the relay in the outcome", "scenario relay_option outcome", low=0),
    "path_in_time": v(
        "1", "1 if the attempts of user and relay end before the deadline", "participant option relay_option", low=0
    ),
    "delivered": v("1", "probability that a call passes the user's own link", "scenario participant option", low=0),
    "attempts": v("1", "expected attempts on all hops", "scenario participant option", low=0),
    "slots_taken": v("1", "slots that the option reserves", "participant option", low=0),
    "arrived": v(
        "1", "1 if the call passes the user's own link in the outcome", "scenario participant option outcome", low=0
    ),
}
CLEARED = {
    "chosen": v("1", "1 if the user is called with these retransmissions", "scenario participant option", low=0),
    "relay_chosen": v("1", "1 if the relay retransmits so often; 1 without a relay", "scenario relay_option", low=0),
    "called": v("kW", "called reduction", "scenario participant", low=0),
    "expected_attempts": v("1", "expected attempts of the user's call", "scenario participant", low=0),
    "slots_used": v("1", "slots reserved for all users and the relay", "scenario", low=0),
    "backup": v("kW", "power that replaces what is not delivered", "scenario", low=0),
    "outcome_delivery": v("kW", "reduction delivered in the outcome", "scenario outcome", low=0),
    "missed_share": v("1", "share of the outcomes that deliver less than required", "scenario", low=0),
    "missed_probability": v("1", "probability that less than required is delivered; NaN = too many users to enumerate",
                            "scenario", False, 0),
    "delivery_price": v("$/kWh", "value of one kW less required in expectation, retransmissions fixed", "scenario"),
    "outcome_price": v("$/kWh", "value of one kW less required in the outcome, retransmissions fixed", "scenario outcome"),
    "capacity": v("kW", "largest reduction", "scenario participant", low=0),
}  # fmt: skip


def variables() -> dict[str, dict[str, Variable]]:
    """The contract by Dataset."""
    return {"data": DATA, "cleared": CLEARED, "values": {}}
