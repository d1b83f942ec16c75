"""The Datasets of the two-stage form of the multi-area market: those of that market, and what belongs to an outcome.

What multi-area markets have in common are expectations over the outcomes here; prices are the sum over schedule and
outcomes, the price of one more MW in all of them.
"""

from sharegrid.contracts import multi_area
from sharegrid.contracts.base import Variable
from sharegrid.contracts.base import variable as v

STAGED = {  # known of the schedule and of each outcome
    "price": v("$/MWh", "price of one more MW of demand", "scenario bus time"),
    "dispatch": v("MW", "output of the unit", "scenario generator time"),
    "renewable_output": v("MW", "output of the plant", "scenario renewable time", low=0),
    "shed": v("MW", "load that is not served", "scenario bus time", low=0),
    "flow": v("MW", "flow of the branch", "scenario branch time"),
    "sent": v("MW", "power sent into the tie", multi_area.WAY, low=0),
    "delivered": v("MW", "power delivered by the tie", multi_area.WAY, low=0),
}
DATA = multi_area.DATA | {
    "wind_spread": v("1", "spread of the renewable power over the outcomes", "scenario", low=0),
    "tie_redispatch": v("1", "1 if the ties' power may differ between outcomes", "scenario", low=0),
    "probability": v("1", "probability of the outcome", "outcome", low=0),
    "shape": v("1", "deviation of the renewable power at spread 1, in shares of what is available", "outcome"),
    "available": v("MW", "expected available power", "scenario renewable time", low=0),
    "outcome_available": v("MW", "available power in the outcome", "scenario renewable outcome time", low=0),
}


def _of_schedule(known: Variable) -> Variable:
    return known._replace(meaning=f"{known.meaning}, scheduled")


def _of_outcome(known: Variable) -> Variable:
    weighted = ", weighted by its probability" if known.unit.startswith("$") else ""
    return known._replace(
        meaning=f"{known.meaning}, in the outcome{weighted}", dims=(*known.dims[:-1], "outcome", "time")
    )


CLEARED = (
    multi_area.CLEARED
    | {f"scheduled_{name}": _of_schedule(known) for name, known in STAGED.items()}
    | {f"outcome_{name}": _of_outcome(known) for name, known in STAGED.items()}
    | {"deployment": v("MW", "reserve used in the outcome", "scenario generator direction outcome time", low=0)}
)


def variables() -> dict[str, dict[str, Variable]]:
    """The contract by Dataset."""
    return {"data": DATA, "cleared": CLEARED, "values": multi_area.VALUES}
