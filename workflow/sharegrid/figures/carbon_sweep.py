"""Figure: cost and emissions of fleets of electric vehicles over the carbon price, by strategy."""

from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.ev_profile import NAMES
from sharegrid.figures.style import PAGE, amount, variant
from sharegrid.tables import carbon_markets
from sharegrid.tables.selection import Results

MARKERS = {"uncontrolled": "v", "v1g": "o", "v2g": "s"}


def draw(results: Results, *, families: list[str]) -> Figure:
    """Expected cost in the study's money and emissions in t over the carbon price of the families; thin bars: the emissions of
    all optimal schedules, where the plan ev-schedules has them."""
    frame, money = carbon_markets.markets(results, families), results["data"].attrs["money"]
    body, axes = style.new(1, 2, width=PAGE, height=2.7)
    for strategy, own in frame.groupby("strategy", sort=False):
        rows = own.sort_values("carbon_price", kind="stable")
        look = {"label": NAMES[strategy], "marker": MARKERS[strategy], "markeredgecolor": "white"}
        look |= variant(list(NAMES).index(strategy))
        for panel, column in zip(axes[0], ("cost", "emissions_t"), strict=True):
            panel.plot(rows["carbon_price"], rows[column], **look)
        axes[0, 1].vlines(rows["carbon_price"], rows["emissions_low_t"], rows["emissions_high_t"], color=look["color"])
    titles = (("cost of energy, wear and allowances", f"cost [{money}]"), ("emissions", "emissions [t]"))
    for k, (panel, (title, label)) in enumerate(zip(axes[0], titles, strict=True)):
        panel.set_xlabel("carbon price [$/t]")
        panel.set_ylabel(label)
        panel.set_ylim(0)
        style.panel_title(panel, title, k)
        style.group_digits(panel.yaxis)
    style.legend(body.figure)
    style.evidence(body.figure, _evidence(frame))
    return body.figure


def _evidence(frame) -> str:
    wide = frame.pivot_table(index="carbon_price", columns="strategy", values="emissions_t")
    listed = []
    for name in (name for name in NAMES if name in wide):
        values = list(dict.fromkeys(wide[name])) if wide[name].nunique() == 1 else wide[name]
        listed.append(f"{NAMES[name].partition(',')[0]} {', '.join(amount(value) for value in values)}")
    prices = ", ".join(f"{price:g}" for price in wide.index)
    lower = wide.index[wide["v2g"] < wide["v1g"]] if {"v1g", "v2g"} <= set(wide) else []
    at = ", ".join(f"{price:g}" for price in lower) or "none"
    return f"Emissions in t at {prices} $/t: {'; '.join(listed)}. V2G emits less than V1G at {at} $/t."
