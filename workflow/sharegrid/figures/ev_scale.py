"""Figure: solver work and error of aggregates of vehicles that differ, over the number of vehicles."""

from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.style import PAGE, amount
from sharegrid.tables import ev_aggregation
from sharegrid.tables.selection import Results

LOOKS = {
    "individual": ("every vehicle", "#000000", "o", "-"),
    "exact": ("exact clusters", "#0072B2", "s", (0, (4, 1.5))),
    "window": ("clusters by hours", "#009E73", "^", (0, (4, 1, 1, 1))),
    "one": ("one battery", "#D55E00", "D", (0, (1, 1))),
}
PANELS = (
    ("iterations", "solver work", "simplex iterations [1]"),
    ("error_percent", "cost below the true one", "share of the true cost [%]"),
    ("shortfall_percent", "energy that cannot be followed", "share of charged energy [%]"),
)


def draw(results: Results) -> Figure:
    """Simplex iterations (log), and for the outer approximations error of the cost and energy of the schedule that the vehicles
    cannot follow in %, over the number of vehicles (log). Work is counted, as times depend on the machine."""
    frame = ev_aggregation.levels(results)
    body, axes = style.new(1, 3, width=PAGE, height=2.7)
    for k, (panel, (column, title, label)) in enumerate(zip(axes[0], PANELS, strict=True)):
        for level, rows in frame.groupby("level", sort=False):
            if column == "iterations" or level in ("window", "one"):
                panel.plot(rows["vehicles"], rows[column], **style.look(LOOKS[level]))
        panel.set_xscale("log")
        panel.set_xlabel("number of vehicles [1]")
        panel.set_ylabel(label)
        style.group_digits(panel.xaxis)
        style.panel_title(panel, title, k)
    axes[0, 0].set_yscale("log")
    style.group_digits(axes[0, 0].yaxis)
    for panel in axes[0, 1:]:
        panel.set_ylim(0)
    style.legend(body.figure)
    style.evidence(body.figure, _evidence(results, frame))
    return body.figure


def _evidence(results: Results, frame) -> str:
    most = frame[frame["vehicles"] == frame["vehicles"].max()].set_index("level")
    work = ", ".join(f"{LOOKS[level][0]} {amount(row['batteries'])} and {amount(row['iterations'])}"
                     for level, row in most.iterrows())  # fmt: skip
    cost = ev_aggregation.of_method(results)["aggregate_cost"]
    apart = float(abs(cost.sel(level="individual") / cost.sel(level="exact") - 1).max())
    return (f"Batteries and iterations at {amount(most['vehicles'].iloc[0])} vehicles: {work}. The costs of every vehicle by "
            f"itself and of exact clusters differ by less than {max(10 * apart, 1e-9):.0e} of them.")  # fmt: skip
