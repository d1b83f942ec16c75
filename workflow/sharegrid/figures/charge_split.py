"""Figure: what each user of a community pays for energy and for capacity, alone and with sharing."""

import numpy as np
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.style import PAGE, amount
from sharegrid.tables import capacity_costs, selection
from sharegrid.tables.selection import Results

COLOURS = {"energy": "#6699CC", "capacity": "#D55E00"}
SAME = 1e-6  # of the study's money; what differs by less is the same
WIDTH = 0.38  # of a bar, users being 1 apart


def draw(results: Results, *, scenario: str) -> Figure:
    """Two bars per user, alone (left) and shared (right, hatched): energy and capacity stacked, in the study's money.

    Users in the order of what they own, then of their bill alone. What a user gets is drawn below zero.
    """
    data = selection.stage(results, "data")
    selection.known("scenario", [scenario], data["scenario"].values)
    frame = capacity_costs.of_scenario(results, scenario)
    frame = frame.assign(alone=frame["alone_energy"] + frame["alone_capacity"])
    frame = frame.sort_values(["owns", "alone"], ascending=[True, False], kind="stable")
    body, ((axes,),) = style.new(width=PAGE, height=3.0)
    place = np.arange(len(frame))
    for side, shift, hatch in (("alone", -WIDTH / 2, ""), ("shared", WIDTH / 2, "////")):
        _stack(axes, place + shift, frame[f"{side}_energy"], frame[f"{side}_capacity"], side, hatch)
    axes.axhline(0, color="#444444", linewidth=0.6)
    axes.set_xticks(place, frame["user"])
    axes.grid(visible=False, axis="x")
    groups(axes, frame["owns"].tolist())
    axes.set_xlabel("user")
    axes.set_ylabel(f"bill [{data.attrs['money']}]")
    axes.margins(x=0.01)
    style.legend(body.figure, columns=4)
    style.evidence(body.figure, _sums(frame, data.attrs["money"]))
    return body.figure


def _stack(axes, place: np.ndarray, energy, capacity, side: str, hatch: str) -> None:
    """Bars of energy with capacity on top of them; parts of different sign stand on both sides of zero."""
    energy, capacity = energy.to_numpy(), capacity.to_numpy()
    base = np.where(np.sign(energy) == np.sign(capacity), energy, 0.0)
    for name, height, bottom in (("energy", energy, 0.0), ("capacity", capacity, base)):
        axes.bar(place, height, WIDTH, bottom, color=COLOURS[name], hatch=hatch, edgecolor="white", linewidth=0.2,
                 label=f"{name}, {side}")  # fmt: skip


def groups(axes, group: list[str]) -> None:
    """Lines between neighbouring groups of marks at 0, 1, 2 ..., whose names (mark) stand above them."""
    starts = [k for k in range(len(group)) if not k or group[k] != group[k - 1]]
    for start, end in zip(starts, [*starts[1:], len(group)], strict=True):
        if start:
            axes.axvline(start - 0.5, **style.GUIDE)
        axes.text((start + end - 1) / 2, 1.0, group[start], transform=axes.get_xaxis_transform(), ha="center", va="bottom",
                  fontsize=6.5)  # fmt: skip


def _sums(frame, money: str) -> str:
    total = frame.select_dtypes("float").sum()
    paid = (frame["shared_capacity"] < -SAME).sum()
    cut = 1 - total["shared_capacity"] / total["alone_capacity"] if total["alone_capacity"] > 0 else 0.0
    return (
        f"In sum, {money}: energy {amount(total['alone_energy'])} alone, {amount(total['shared_energy'])} shared; capacity "
        f"{amount(total['alone_capacity'])} alone, {amount(total['shared_capacity'])} shared ({100 * cut:.0f} % less). Users "
        f"that are paid for capacity: {paid} of {len(frame)}. {_exchanged(frame)}"
    )


def _exchanged(frame) -> str:
    """How many users pay more for one part of the bill and less for the other than alone."""
    capacity, energy = (frame[f"shared_{part}"] - frame[f"alone_{part}"] for part in ("capacity", "energy"))
    more = (capacity > SAME) & (energy < -SAME)
    batteries = frame["owns"][more].str.contains("battery").sum()
    other = ((capacity < -SAME) & (energy > SAME)).sum()
    return (
        f"More for capacity and less for energy than alone: {more.sum()}, {batteries} of them with a battery; the other way "
        f"round: {other}."
    )
