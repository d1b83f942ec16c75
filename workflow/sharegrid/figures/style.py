"""The one style of all figures: page sizes, colours that follow an entity from figure to figure, the finding as title.

Colours are those of Okabe and Ito (2008) for mechanisms and of P. Tol's muted scheme for the rest: both stay apart for
readers with colour-vision deficiencies. Marks differ as well, for print without colour.
"""

import textwrap
from pathlib import Path

import matplotlib.style
import numpy as np
import xarray as xr
from matplotlib import rcParams
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import FixedLocator, FuncFormatter, LogFormatter, NullFormatter, NullLocator

COLUMN, PAGE = 3.5, 7.16  # widths of a journal column and of a page, inches
BOLD, PLAIN = 13.5, 20  # characters per inch of the headline and of the line below it
STYLE = Path(__file__).with_name("sharegrid.mplstyle")

# name: (label, colour, marker, line style)
MECHANISMS = {
    "pay-as-bid": ("pay-as-bid", "#E69F00", "^", (0, (1, 1))),
    "lmp": ("LMP", "#0072B2", "s", (0, (4, 1.5))),
    "core-selecting": ("core-selecting", "#009E73", "D", (0, (4, 1, 1, 1))),
    "vcg": ("VCG", "#D55E00", "o", "-"),
}
QUANTITIES = {
    "revenue_inadequacy": ("revenue inadequacy of VCG", "#000000", "o", "-"),
    "premium": ("sum of VCG premia", "#CC79A7", "v", (0, (4, 1, 1, 1))),
    "congestion_rent": ("congestion rent", "#56B4E9", "s", (0, (4, 1.5))),
    "load_payment": ("loads pay (uniform price)", "#0072B2", "s", (0, (4, 1.5))),
    "lost_load": ("largest lost load", "#882255", "v", "-"),
}
ALLOCATIONS = {
    "energy": ("per MWh (energy)", "#332288", "s", (0, (4, 1.5))),
    "lmp_proportional": ("in proportion to LMP", "#44AA99", "^", (0, (1, 1))),
    "beneficiary": ("by benefit", "#AA4499", "o", "-"),
    "generator_scaling": ("generators, scaled premium", "#999933", "D", "-"),
    "mixed": ("loads and generators", "#882255", "v", "-"),
}
ENGINES = {
    "rebuild": ("rebuild", "#BBBBBB", "s", "-"),
    "warm": ("warm start", "#6699CC", "o", "-"),
    "reduced": ("reduced", "#004488", "D", "-"),
}
VARIANTS = (("#777777", (0, (4, 1.5))), ("#0072B2", "-"), ("#D55E00", (0, (4, 1, 1, 1))), ("#009E73", (0, (1, 1))))
THICKER = 1.0  # points, when all pairs of colour and dash are used up
GUIDE = {"color": "#777777", "linewidth": 0.7, "linestyle": (0, (2, 2)), "zorder": 1}


def new(
    rows: int = 1, columns: int = 1, *, width: float = COLUMN, height: float = 2.4, **grid
) -> tuple[SubFigure, np.ndarray]:
    """An empty figure in the project's style: the part that holds the axes, and the axes (rows, columns).

    The figure holds the headline, its only part the evidence and the legend, and that one's only part the axes: so each
    keeps its own space. `grid` goes to ``SubFigure.subplots``. The style stays in force afterwards, as Matplotlib reads
    parts of it only when it draws.
    """
    matplotlib.style.use(STYLE)
    body = Figure(figsize=(width, height), layout="constrained").subfigures().subfigures()
    return body, body.subplots(rows, columns, squeeze=False, **grid)


def headline(figure: Figure, text: str) -> None:
    """Write the finding in bold, wrapped to the width of the figure, above everything."""
    if text:
        lines = textwrap.fill(text, int(figure.get_figwidth() * BOLD))
        figure.suptitle(lines, x=0.01, ha="left", linespacing=1.25, parse_math=False)


def evidence(figure: Figure, text: str) -> None:
    """Write the numbers that support the finding, read from the data, below the headline."""
    kept = (
        text.replace(" $/", "\u00a0$/").replace(" MW", "\u00a0MW").replace("V = ", "V\u00a0=\u00a0")
    )  # with their numbers
    lines = textwrap.fill(kept, int(figure.get_figwidth() * PLAIN))
    small = {"fontsize": 6.5, "fontweight": "normal", "color": "#333333", "linespacing": 1.3, "parse_math": False}
    figure.subfigs[0].suptitle(lines, x=0.01, ha="left", **small)


def voll_note(data: xr.Dataset, scenarios: list[str]) -> str:
    """Sentence with the price of lost load V of the scenarios, which every VCG payment depends on."""
    prices = np.unique(data["voll"].sel(scenario=scenarios).values)
    value = " to ".join(dict.fromkeys(amount(price) for price in (prices[0], prices[-1])))
    return f" Price of lost load V = {value} $/MWh."


def mechanisms(data: xr.Dataset) -> dict[str, tuple]:
    """MECHANISMS with the name that LMP has in a market with one bus: the uniform price."""
    one_bus = data.sizes["bus"] == 1
    return MECHANISMS | ({"lmp": ("uniform price", *MECHANISMS["lmp"][1:])} if one_bus else {})


def look(entity: tuple, **changes) -> dict:
    """Keyword arguments of ``Axes.plot`` for an entry of MECHANISMS, QUANTITIES, ALLOCATIONS or ENGINES."""
    label, colour, marker, line = entity
    return {"label": label, "color": colour, "marker": marker, "linestyle": line, "markeredgecolor": "white"} | changes


def variant(index: int) -> dict:
    """Keyword arguments of ``Axes.plot`` for the line of the variant `index`: no two of sixteen look alike, then thicker ones."""
    count = len(VARIANTS)
    round_, place = divmod(index, count)
    looks = {"color": VARIANTS[place][0], "linestyle": VARIANTS[(place + round_) % count][1]}
    thicker = THICKER * (round_ // count)
    return looks | ({"linewidth": rcParams["lines.linewidth"] + thicker} if thicker else {})


def legend(figure: Figure, columns: int = 4) -> None:
    """One legend below the panels with every label once; it covers no data."""
    found: dict[str, Artist] = {}
    for axes in figure.axes:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            found.setdefault(label, handle)
    figure.subfigs[0].legend(found.values(), found.keys(), loc="outside lower left", ncols=min(columns, len(found)))


def amount(value: float) -> str:
    """A number for reading: about four digits, thin spaces between groups of three, a true minus sign."""
    value = 0.0 if abs(value) < 1e-6 else value
    size = abs(value)
    decimals = 0 if size >= 1000 or float(value).is_integer() else 1 if size >= 100 else 2 if size >= 0.1 else 4
    return f"{value:,.{decimals}f}".replace(",", "\u2009").replace("-", "\u2212")


def symlog(axes: Axes, linear_below: float) -> None:
    """A vertical axis that is logarithmic on both sides of zero and linear in between, with a line at zero."""
    axes.set_yscale("symlog", linthresh=linear_below)
    low, high = axes.get_ylim()
    powers = linear_below * 10.0 ** np.arange(12)
    ticks = np.concatenate([-powers[::-1], [0], powers])
    axes.yaxis.set_major_locator(FixedLocator(ticks[(ticks >= low) & (ticks <= high)]))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.axhline(0, **GUIDE)
    group_digits(axes.yaxis)


def separate(axes: Axes, groups: int) -> None:
    """Thin lines between `groups` of marks at 0, 1, 2 ... on the horizontal axis, instead of its grid."""
    axes.grid(visible=False, axis="x")
    for edge in np.arange(groups - 1) + 0.5:
        axes.axvline(edge, color="#e4e4e4", linewidth=0.6, zorder=0)
    axes.set_xlim(-0.5, groups - 0.5)


def group_digits(axis: Axis) -> None:
    """Tick labels of a linear or logarithmic axis as plain numbers with groups of three digits."""
    axis.set_major_formatter(FuncFormatter(lambda value, _: _grouped(value)))
    axis.set_minor_formatter(_GroupedLog(minor_thresholds=(1.2, 0.6)) if axis.get_scale() == "log" else NullFormatter())


class _GroupedLog(LogFormatter):
    """Labels the minor ticks of a logarithmic axis that spans little more than a decade."""

    def __call__(self, x: float, pos: int | None = None) -> str:
        return _grouped(x) if super().__call__(x, pos) else ""


def _grouped(value: float) -> str:
    return f"{value:,.10g}".replace(",", "\u2009").replace("-", "\u2212")


def panel_title(axes: Axes, text: str, index: int | None = None) -> None:
    """Left-aligned title of one panel, with its letter (a), (b) ... if `index` is given."""
    letter = "" if index is None else f"({chr(ord('a') + index)}) "
    axes.set_title(letter + text)
