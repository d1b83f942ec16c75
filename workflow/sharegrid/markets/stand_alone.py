"""Each participant of a market alone: the market's own program in which only its columns are open.

With shares of the network's limits that add up, a coalition is feasible if each of its members is. Where one is not, the
limits are too small for these shares though the community as a whole may be served: that is an error of the study, not a
value of a coalition.
"""

from collections.abc import Iterator

import linopy
import numpy as np
import xarray as xr

from sharegrid.optimise.highs import LiveProgram, NotOptimal
from sharegrid.optimise.program import SplitModel
from sharegrid.optimise.quadratic import live


def one_by_one(split: SplitModel, scenario: int, members: np.ndarray) -> Iterator[tuple[int, LiveProgram]]:
    """(i, program in which only participant i's columns are open) for the participants `members` (number), in turn.

    It is one live program: solve it before the next one is asked for.
    """
    program = split.program(scenario)
    engine, owned = live(program, f"scenario {split.scenarios[scenario]}"), np.concatenate(split.owned)
    for i in members:
        own = np.isin(owned, split.owned[i])
        engine.set_column_bounds(owned, np.where(own, program.lower[owned], 0), np.where(own, program.upper[owned], 0))
        yield i, engine


def check_shares(model: linopy.Model, data: xr.Dataset, owners: dict[str, xr.DataArray]) -> None:
    """ValueError names scenario and user where a share of a limit is below the least that its member needs alone.

    Only scenarios whose network rights are pro_rata are looked at. Each member alone is one linear program.
    """
    shares = (data["network"] == "limits") & (data["network_rights"] == "pro_rata")
    if not shares.any():
        return
    split = SplitModel(model, owners, data["participant"].values)
    for k in np.flatnonzero(shares.values):
        members = np.flatnonzero(data["taking_part"].values[k] == 1)
        for i, engine in one_by_one(split, k, members):
            try:
                engine.solve(f"user {split.participants[i]} alone", values=False)
            except NotOptimal as error:
                if "infeasible" not in error.status:
                    raise
                raise ValueError(_too_small(split, k, i, engine, data)) from None


def _too_small(split: SplitModel, k: int, i: int, engine: LiveProgram, data: xr.Dataset) -> str:
    user, bus = split.participants[i], data["user_bus"].values[i]
    families = ", ".join(split.families(engine.conflict())) or "the limits"
    return (
        f"scenario {split.scenarios[k]}: network_rights pro_rata: the share of user {user} (bus {bus}) is less than the "
        f"least that it needs alone, so the coalition of user {user} has no schedule (in conflict: {families}); raise the "
        "limits or choose other network_rights"
    )
