"""Figure: storage that users buy alone and in the equilibrium of sharing, and its total over gamma."""

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.style import PAGE, amount
from sharegrid.tables import selection
from sharegrid.tables.selection import Results

LOOKS = {
    "alone": ("alone", "#D55E00", "s", (0, (4, 1.5))),
    "shared": ("sharing", "#0072B2", "o", "-"),
}
METHOD = "storage-sharing"
WIDTH = 0.36


def draw(results: Results, *, storage_price: float) -> Figure:
    """Left: storage of each user in kWh at one price of storage. Right: its total over gamma, at all prices of the study.

    The evidence names the users whose demand falls where that of all rises, with whom the equilibrium is not proved.
    """
    storage = {side: selection.read(results, "plan", f"storage_{side}", method=METHOD) for side in LOOKS}
    gamma = selection.read(results, "plan", "storage_gamma", method=METHOD).values
    prices = storage["alone"]["storage_price"].values
    at = int(np.argmin(np.abs(prices - storage_price)))
    if not np.isclose(prices[at], storage_price):
        raise ValueError(f"option storage_price: no {storage_price:g}; the nearest is {prices[at]:g}")
    body, ((left, right),) = style.new(1, 2, width=PAGE, height=2.5)
    _bars(left, {side: values.isel(storage_price=at) for side, values in storage.items()})
    style.panel_title(left, f"price of storage {storage_price:g}, \u03b3 = {gamma[at]:g}", 0)
    for side, values in storage.items():
        right.plot(gamma, values.sum("storage_user").values, **style.look(LOOKS[side]))
    right.axvline(0.5, **style.GUIDE)
    right.set_xlabel("\u03b3, probability with which storage covers the demand [1]")
    right.set_ylabel("storage of all [kWh]")
    style.panel_title(right, "total over \u03b3", 1)
    style.legend(body.figure, columns=2)
    style.evidence(body.figure, _totals(storage, gamma) + _falling(results))
    return body.figure


def _bars(axes, storage: dict[str, xr.DataArray]) -> None:
    names = storage["alone"]["storage_user"].values.astype(str)
    for shift, (side, values) in zip((-WIDTH / 2, WIDTH / 2), storage.items(), strict=True):
        axes.bar(np.arange(len(names)) + shift, values.values, WIDTH, color=LOOKS[side][1], label=LOOKS[side][0],
                 hatch="" if side == "alone" else "////", edgecolor="white", linewidth=0.3)  # fmt: skip
    axes.set_xticks(np.arange(len(names)), names)
    axes.grid(visible=False, axis="x")
    axes.set_xlabel("user")
    axes.set_ylabel("storage [kWh]")


def _totals(storage: dict[str, xr.DataArray], gamma: np.ndarray) -> str:
    total = {side: values.sum("storage_user").values for side, values in storage.items()}
    ends = (int(np.argmin(gamma)), int(np.argmax(gamma)))
    parts = [f"at \u03b3 = {gamma[k]:.2g}: {amount(total['alone'][k])} kWh alone, {amount(total['shared'][k])} kWh shared"
             for k in ends]  # fmt: skip
    return f"Storage of all: {'; '.join(parts)}."


def _falling(results: Results) -> str:
    rises = selection.read(results, "plan", "demand_rises", method=METHOD)
    names = rises["storage_user"].values[rises.values == 0].astype(str)
    return (
        f" The equilibrium is not proved: the demand of {', '.join(names)} falls where that of all rises."
        if len(names)
        else ""
    )
