"""Figure: what plans are worth in simulated outages, by their duration and by the sun in the storm."""

import numpy as np
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.style import PAGE, amount, variant
from sharegrid.tables import resilience_simulation
from sharegrid.tables.selection import Results

SHIFT = 0.16  # between the marks of plans


def draw(results: Results) -> Figure:
    """Reliability value with two standard errors in the money of the study, a panel per storm, durations in the order of their means;
    thin lines are the values of the simplified formula."""
    frame, money = resilience_simulation.simulated(results), results["data"].attrs["money"]
    means = frame.groupby("duration")["mean_h"].first().sort_values()
    storms, plans = frame["storm"].unique(), list(dict.fromkeys(frame["plan"]))
    body, axes = style.new(1, len(storms), width=PAGE, height=3.1, sharey=True)
    for index, storm in enumerate(storms):
        one = axes[0, index]
        for k, plan in enumerate(plans):
            rows = frame[(frame["storm"] == storm) & (frame["plan"] == plan)].set_index("duration").loc[means.index]
            place, look = np.arange(len(means)) + (k - (len(plans) - 1) / 2) * SHIFT, variant(k + 1)
            one.errorbar(place, rows["rv"].to_numpy(), 2 * rows["se"].to_numpy(), linestyle="none", marker="osD^"[k % 4], markersize=4,
                         color=look["color"], capsize=2, label=plan)  # fmt: skip
            one.axhline(
                rows["simple_rv"].iloc[0], color=look["color"], linewidth=0.7, linestyle=(0, (2 + k, 2)), zorder=0
            )
        one.set_xticks(np.arange(len(means)), [_named(*item) for item in means.items()], fontsize=6)
        one.set_xlabel("duration of outages, exp. = exponential (mean) [h]")
        style.panel_title(one, f"{storm:.0%} of the sun in the storm", index)
    axes[0, 0].set_ylabel(f"reliability value [{money}]")
    axes[0, 0].set_ylim(0)
    style.legend(body.figure)
    simple = frame.groupby("plan", sort=False)["simple_rv"].first()
    style.evidence(
        body.figure,
        "Marks with two standard errors; thin lines the simplified formula, "
        + ", ".join(f"{amount(value)} {money} with {plan}" for plan, value in simple.items())
        + ".",
    )
    return body.figure


def _named(duration: str, mean: float) -> str:
    """Name of a duration in short lines, with its mean."""
    short = duration.replace("exponential, ", "exp.\n").replace("major ", "major\n").replace(" 20", "\n20")
    return f"{short}\n({amount(round(mean))} h)"
