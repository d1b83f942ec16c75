"""Figure: the internal price of a community in each hour, between what the grid charges and what it pays."""

import numpy as np
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.style import PAGE, amount
from sharegrid.tables import selection
from sharegrid.tables.selection import Results

INSIDE = 1e-6  # of a unit of price; nearer to an end of the band counts as that end
LOOKS = (("#D55E00", "-"), ("#0072B2", (0, (4, 1.5))), ("#009E73", (0, (4, 1, 1, 1))))


def draw(results: Results, *, scenarios: list[str]) -> Figure:
    """Internal price of up to three scenarios, and the band from the selling to the buying price, over the hours; a panel
    per day."""
    data = selection.stage(results, "data")
    selection.known("scenarios", scenarios[: len(LOOKS)], data["scenario"].values)
    price = {name: selection.read(results, "cleared", "price", scenario=name) for name in scenarios[: len(LOOKS)]}
    money, hour = data.attrs["money"].partition("/")[0], data["time"].values
    body, axes = style.new(1, data.sizes["day"], width=PAGE, height=2.4, sharey=True)
    for k, (axis, day) in enumerate(zip(axes[0], data["day"].values, strict=True)):
        low, high = (data[name].sel(day=day).values for name in ("price_sell", "price_buy"))
        axis.fill_between(
            hour, low, high, step="mid", color="#DDDDDD", linewidth=0, label="from selling to buying price"
        )
        for (name, values), (colour, line) in zip(price.items(), LOOKS, strict=False):
            of_day = values.sel(day=day).values
            axis.step(hour, of_day, where="mid", color=colour, linestyle=line, label=f"internal price, {name}")
        style.panel_title(axis, str(day), k)
        axis.set_xlabel("hour of the day")
        axis.set_xticks(hour[::6])
    axes[0, 0].set_ylabel(f"price [{money}/kWh]")
    axes[0, 0].set_ylim(0, None)
    style.legend(body.figure)
    style.evidence(body.figure, " ".join(_evidence(data, name, values, money) for name, values in price.items()))
    return body.figure


def _evidence(data, scenario: str, price, money: str) -> str:
    """In how many hours the internal price is at which end of the band, and its range in between."""
    value = price.transpose("day", "time").values
    low, high = (data[name].transpose("day", "time").values for name in ("price_sell", "price_buy"))
    buying, selling = value >= high - INSIDE, value <= low + INSIDE
    inside = value[~buying & ~selling]
    text = (
        f"{scenario}: of {value.size} hours, {buying.sum()} at the price of buying, {selling.sum()} at that of selling"
    )
    if not inside.size:
        return f"{text}, none between."
    least, most = amount(np.min(inside)), amount(np.max(inside))
    return f"{text}, {inside.size} between ({least} to {most} {money}/kWh)."
