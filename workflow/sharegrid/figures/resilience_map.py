"""Figure: the best solar power and storage over the days of outage and the value of lost load."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from sharegrid.figures import style
from sharegrid.figures.style import PAGE, amount
from sharegrid.tables import selection
from sharegrid.tables.resilience import of
from sharegrid.tables.selection import Results

SHADES = ("#e0e0e0", "#6baed6", "#2171b5", "#08306b", "#000000")
PANELS = {"plan_pv": ("solar power", "kW"), "plan_storage": ("storage", "kWh")}


def draw(results: Results, *, families: list[str]) -> Figure:
    """Sizes over n [days/year] and v [$/kWh], both axes logarithmic, and the value of lost load from which storage pays."""
    data = results["data"]
    labels = selection.scenarios(data, families)
    here = data.sel(scenario=labels)
    days, voll = here["outage_days"].values, here["voll"].values
    n, v = np.unique(days), np.unique(voll)
    place = np.searchsorted(v, voll), np.searchsorted(n, days)
    body, axes = style.new(1, 2, width=PAGE, height=3.1)
    threshold = np.full(len(n), np.nan)
    threshold[place[1]] = of(results, "storage_threshold", labels)
    stored = 0
    for index, (name, (title, unit)) in enumerate(PANELS.items()):
        size = np.full((len(v), len(n)), np.nan)
        size[place] = of(results, name, labels)
        stored = int((size > 1e-9).sum())
        _shade(axes[0, index], n, v, size)
        line = axes[0, index].plot(n, threshold, color="#D55E00", label="storage pays above")
        axes[0, index].legend(handles=[*_patches(size, unit), *line], loc="lower left", fontsize=6, frameon=True)
        axes[0, index].set_xlabel("days of outage [1/year]")
        axes[0, index].set_ylabel("value of lost load [$/kWh]")
        style.panel_title(axes[0, index], title, index)
    at = int(np.argmin(np.abs(n - 1)))
    style.evidence(
        body.figure,
        f"{len(labels)} combinations, storage in {stored} of them. With {n[at]:g} day of outage per year it pays from "
        f"{amount(threshold[at])} $/kWh.",
    )
    return body.figure


def _levels(size: np.ndarray) -> np.ndarray:
    return np.unique(np.round(size, 6))


def _shade(axes: Axes, n: np.ndarray, v: np.ndarray, size: np.ndarray) -> None:
    levels = _levels(size)
    colours = ListedColormap(SHADES[: len(levels)])
    norm = BoundaryNorm(np.arange(len(levels) + 1) - 0.5, len(levels))
    number = np.searchsorted(levels, np.round(size, 6))
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.pcolormesh(_edges(n), _edges(v), number, cmap=colours, norm=norm, edgecolors="white", linewidth=0.3)
    axes.set_xlim(*_edges(n)[[0, -1]])
    axes.set_ylim(*_edges(v)[[0, -1]])
    axes.grid(visible=False)
    for axis in (axes.xaxis, axes.yaxis):
        style.group_digits(axis)


def _patches(size: np.ndarray, unit: str) -> list[Patch]:
    return [
        Patch(facecolor=shade, edgecolor="#777777", linewidth=0.4, label=f"{level:.3g} {unit}")
        for shade, level in zip(SHADES, _levels(size), strict=False)
    ]


def _edges(centre: np.ndarray) -> np.ndarray:
    """Edges of cells around centres on a logarithmic axis."""
    middle = np.sqrt(centre[1:] * centre[:-1])
    return np.concatenate([[centre[0] ** 2 / middle[0]], middle, [centre[-1] ** 2 / middle[-1]]])
