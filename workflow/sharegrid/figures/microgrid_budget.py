"""Figure: what margins for deviations cost, and what they leave to sell, as the budget of the deviations grows."""

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from sharegrid.figures import style
from sharegrid.figures.style import PAGE, amount, variant
from sharegrid.tables import microgrid_robust
from sharegrid.tables.methods import in_money
from sharegrid.tables.selection import Results

MARKERS = ("o", "s", "D", "v")
PANELS = {
    "profit": "expected profit",
    "fru_mw": "ramping up sold",
    "violated_hours_percent": "violations out of sample",
}


def draw(results: Results, *, families: list[str]) -> Figure:
    """Against the budget: expected profit less that without margins in the money of the study, upward ramping sold over
    the day in MW, and the deviations that cannot be followed in percent; a line per week."""
    frame, data = microgrid_robust.table(results, families=families), results["data"]
    profit, units = in_money("profit", data), (data.attrs["money"], "MW", "%")
    body, axes = style.new(1, len(PANELS), width=PAGE, height=2.6)
    notes = []
    for number, (week, rows) in enumerate(frame.groupby("week", sort=False), start=1):
        rows = rows.sort_values("gamma", kind="stable")
        rows = rows.assign(profit=rows[profit] - rows[profit].iloc[0])
        for panel, column in zip(axes[0], PANELS, strict=True):
            panel.plot(rows["gamma"], rows[column], label=week, marker=MARKERS[number], markeredgecolor="white",
                       **variant(number))  # fmt: skip
        steps = ", ".join(amount(-step) for step in rows["profit"].diff().iloc[1:])
        notes.append(f"{week} {steps}")
    for k, (panel, title, unit) in enumerate(zip(axes[0], PANELS.values(), units, strict=True)):
        style.panel_title(panel, title, k)
        panel.set_xlabel("budget of the deviations [1]")
        panel.set_ylabel(f"change [{unit}]" if k == 0 else f"[{unit}]")
        panel.yaxis.set_major_locator(MaxNLocator(5))
        style.group_digits(panel.yaxis)
        panel.margins(y=0.1)
    style.legend(body.figure)
    style.evidence(body.figure, f"Cost of each step of the budget, {data.attrs['money']}: " + "; ".join(notes) + ".")
    return body.figure
