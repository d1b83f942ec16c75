"""The reference market's data; what it clears has a contract of its own, see markets/dc_opf.py."""

from sharegrid.contracts.base import Variable
from sharegrid.contracts.spot import DATA


def variables() -> dict[str, dict[str, Variable]]:
    """The contract by Dataset."""
    return {"data": DATA}
