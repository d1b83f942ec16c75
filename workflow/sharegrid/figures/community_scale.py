"""Figure: what the price form costs in solver work as a community grows, and whether its bills stay in the core."""

import numpy as np
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.style import PAGE, amount
from sharegrid.tables import selection
from sharegrid.tables.selection import Results

METHOD = "community-scale"
LOOKS = {0: ("columns for every user", "#0072B2", "o", "-"), 1: ("identical users as one", "#E69F00", "s", "none")}
NONE = 1e-6  # of the cost: a gain up to it is none
SMALLEST = 1e-16  # of the cost: what a smaller or no gain is drawn at


def draw(results: Results) -> Figure:
    """Simplex iterations of one clearing, and the largest gain of a sampled coalition that leaves relative to the cost, over
    the number of users; all axes logarithmic. Solver work is counted, as times depend on the machine."""
    found = of_method(results)
    users, by_types = found["size"].values, found["scale_multiplied"].values
    body, axes = style.new(1, 2, width=PAGE, height=2.6)
    work, gain = axes[0]
    relative = found["scale_max_excess"].values / np.abs(found["scale_cost"].values)
    for kind, entity in LOOKS.items():
        here = by_types == kind
        work.plot(users[here], found["scale_iterations"].values[here], **style.look(entity))
        gain.plot(users[here], relative.clip(min=SMALLEST)[here], **style.look(entity))
    gain.axhline(NONE, **style.GUIDE | {"label": "counts as none below"})
    for k, (axis, name, label) in enumerate(((work, "work of one clearing", "simplex iterations [1]"),
                                             (gain, "largest gain of a sampled group", "share of the cost [1]"))):  # fmt: skip
        axis.set_xscale("log")
        axis.set_yscale("log")
        axis.set_xlabel("number of users [1]")
        axis.set_ylabel(label)
        style.group_digits(axis.xaxis)
        style.panel_title(axis, name, k)
    style.group_digits(work.yaxis)
    gain.set_ylim(SMALLEST / 3, 1e-3)
    style.legend(body.figure, columns=3)
    style.evidence(body.figure, _evidence(results, found))
    return body.figure


def of_method(results: Results):
    """The communities (size) of the method community-scale; ValueError tells how a study gets them."""
    coordination = selection.stage(results, "coordination")
    selection.known("coordinate.methods", [METHOD], coordination["method"].values.astype(str))
    found = coordination.sel({"method": METHOD})
    return found.isel(size=np.flatnonzero(found["scale_iterations"].notnull().values))


def _evidence(results: Results, found) -> str:
    money = selection.stage(results, "data").attrs["money"]
    users, saving = found["size"].values, found["scale_saving"].values
    per_user = saving / users
    work = ", ".join(f"{amount(n)}: {amount(k)}" for n, k in zip(users, found["scale_iterations"].values, strict=True))
    return (f"Iterations by users: {work}. Sharing saves {amount(per_user.min())} to {amount(per_user.max())} {money} per "
            f"user. {amount(found['scale_coalitions'].values.min())} sampled groups per size: the largest gain of one is "
            f"{max(found['scale_max_excess'].values.max(), 0.0):.0e} {money}.")  # fmt: skip
