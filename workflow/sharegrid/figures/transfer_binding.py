"""Figure: which line binds after which outage, and how often."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from sharegrid.contracts.transfer_capability import INTACT
from sharegrid.figures import style
from sharegrid.tables import selection
from sharegrid.tables.selection import Results


def draw(results: Results, *, families: list[str], reduction_level: float = 0.0) -> Figure:
    """Heat map of line against outage: in how many of the scenarios of the families with this level of demand response
    the pair has the largest shadow price. Most frequent lines on top, most frequent outages to the left."""
    data, cleared = results["data"], results["cleared"]
    labels = [name for name in selection.scenarios(data, families)
              if float(data["reduction_level"].sel(scenario=name)) == reduction_level]  # fmt: skip
    frame = pd.DataFrame({name: cleared[f"binding_{name}"].sel(scenario=labels).values for name in ("line", "outage")})
    bound = frame[frame["line"] != ""]
    if bound.empty:
        raise ValueError("option families: no line binds in these scenarios; choose others")
    table = pd.crosstab(bound["line"], bound["outage"])
    table = table.loc[bound["line"].value_counts().index, bound["outage"].value_counts().index]
    body, ((axes,),) = style.new(width=style.PAGE, height=0.17 * len(table) + 1.5)
    image = axes.imshow(np.ma.masked_equal(table.to_numpy(), 0), cmap="cividis_r", aspect="auto", vmin=0)
    axes.set_xticks(range(table.shape[1]), table.columns, rotation=90)
    axes.set_yticks(range(len(table)), table.index)
    axes.set_xlabel("after the outage of")
    axes.set_ylabel("binding line")
    axes.grid(visible=False)
    bar = body.colorbar(image, ax=axes, label="scenarios", pad=0.01)
    bar.ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    top = bound.value_counts()
    (line, outage), count = top.index[0], int(top.iloc[0])
    style.evidence(body.figure, f"{len(bound)} of {len(frame)} hours and directions are bound by a line, most often "
                   f"{line} after {outage} ({count} times); {table.shape[0]} lines bind, after "
                   f"{(table.columns != INTACT).sum()} outages and in the intact network "
                   f"{int(table.get(INTACT, pd.Series(0)).sum())} times.")  # fmt: skip
    return body.figure
