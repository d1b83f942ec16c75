"""Figure: rounds that methods of coordination need when replies are lost."""

from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.style import PAGE, amount
from sharegrid.tables.reliability_rounds import by_method, summary
from sharegrid.tables.selection import Results, known

LOOKS = {
    "multiplier": ("damped multiplier method", "#0072B2", "o", "-"),
    "gradient": ("gradient", "#D55E00", "s", (0, (4, 1.5))),
}
OTHER = ("#009E73", "D", (0, (1, 1)))
PANELS = {  # field -> label of its axis
    "success": "probability of arrival [1]",
    "burst": "mean burst of losses [rounds]",
    "retransmissions": "retransmissions of a reply [1]",
}


def draw(results: Results, *, families: dict[str, str]) -> Figure:
    """Rounds over the field that each family of links sweeps: means over the seeds of the losses as lines, their range as bands.

    families: family of links -> its field, success, burst or retransmissions.
    """
    runs = {name: summary(run) for name, run in by_method(results).items()}
    body, axes = style.new(1, len(families), width=PAGE, height=2.6)
    notes = []
    for k, (panel, (family, field)) in enumerate(zip(axes[0], families.items(), strict=True)):
        known(f"families.{family}", [field], PANELS)
        parts = []
        for place, (name, frame) in enumerate(runs.items()):
            known("families", [family], frame["links"].unique())
            rows = frame[frame["links"] == family].sort_values(field, kind="stable")
            mean, look = rows["rounds_mean"].to_numpy(), style.look(_look(name))
            panel.plot(rows[field], mean, **look)
            panel.fill_between(
                rows[field], rows["rounds_min"], rows["rounds_max"], color=look["color"], alpha=0.15, linewidth=0
            )
            ends = f"{amount(mean[0])} to {amount(mean[-1])}"
            parts.append(f"{_look(name)[0]} {ends}")
            if place == 0:
                swept = f"{field} {rows[field].iloc[0]:g} to {rows[field].iloc[-1]:g}"
        notes.append(f"{swept}: {', '.join(parts)}")
        panel.set_xlabel(PANELS[field])
        panel.set_ylim(bottom=0)
        style.panel_title(panel, _fixed(rows, field), k)
    axes[0, 0].set_ylabel("rounds [1]")
    if "burst" in families.values():
        panel = axes[0, list(families.values()).index("burst")]
        panel.set_xscale("log")
        style.group_digits(panel.xaxis)
    style.legend(body.figure)
    style.evidence(body.figure, f"Mean rounds, {'; '.join(notes)}.")
    return body.figure


def _look(name: str) -> tuple:
    return LOOKS.get(name, (name, *OTHER))


def _fixed(rows, field: str) -> str:
    """What is the same along a panel."""
    losses = {"success": "independent losses", "burst": "bursts", "retransmissions": "repeated replies"}[field]
    return losses if field == "success" else f"{losses}, success {rows['success'].iloc[0]:g}"
