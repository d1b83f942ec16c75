"""Figure: whom the aggregator calls and how often a call is repeated, and what repeating does on a link."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.style import PAGE
from sharegrid.preparation.links import delivery_probability
from sharegrid.tables import selection
from sharegrid.tables.selection import Results

SHADES = ("#BBCCEE", "#6699CC", "#225599", "#001133")  # more retransmissions are darker
LINKS = (("#0072B2", "o"), ("#E69F00", "s"))
BURST_LINE = (0, (2, 2))


def draw(
    results: Results,
    *,
    scenarios: list[str],
    success: list[float] = [0.6, 0.8],  # noqa: B006
    burst: float = 3.0,
) -> Figure:
    """A row of users per scenario, from the worst link to the best: a mark for who is called, with the number of its
    retransmissions; beside it the probability of arrival over the retransmissions, with independent losses and in bursts."""
    data, cleared = selection.stage(results, "data"), selection.stage(results, "cleared")
    selection.known("scenarios", scenarios, data["scenario"].values)
    chosen = cleared["chosen"].sel(scenario=scenarios).transpose("scenario", "participant", "option").values
    own = data["success"].sel(scenario=scenarios[0]).values
    order = np.argsort(own, kind="stable")
    body, axes = style.new(1, 2, width=PAGE, height=2.2 + 0.17 * len(scenarios), width_ratios=[1.7, 1])
    _marks(axes[0, 0], chosen[:, order], scenarios, [f"{name}\n{p:g}" for name, p in zip(
        data["participant"].values[order], own[order], strict=True)])  # fmt: skip
    _repeated(axes[0, 1], data["option"].values, success, burst)
    style.panel_title(axes[0, 0], "retransmissions of the calls", 0)
    style.panel_title(axes[0, 1], "probability of arrival", 1)
    style.legend(body.figure, columns=2)
    style.evidence(body.figure, _evidence(results, scenarios, success, data["option"].values))
    return body.figure


def _marks(panel: Axes, chosen: np.ndarray, scenarios: list[str], users: list[str]) -> None:
    for row, user, option in np.argwhere(chosen > 0.5):
        shade = SHADES[min(option, len(SHADES) - 1)]
        panel.plot(user, row, marker="s", markersize=11, color=shade, markeredgecolor="white")
        panel.text(
            user, row, str(option), ha="center", va="center", fontsize=6.5, color="black" if option < 2 else "white"
        )
    panel.set_xticks(range(len(users)), users)
    panel.set_yticks(range(len(scenarios)), scenarios)
    panel.set_xlim(-0.6, len(users) - 0.4)
    panel.set_ylim(len(scenarios) - 0.4, -0.6)
    panel.grid(visible=False)
    panel.set_xlabel("user, and the success of one attempt on its link [1]")
    panel.set_ylabel("requirement R [kW], slots W [1]")


def _repeated(panel: Axes, option: np.ndarray, success: list[float], burst: float) -> None:
    for (colour, marker), p in zip(LINKS, success, strict=False):
        panel.plot(option, delivery_probability(p, option), **style.look((f"success {p:g}", colour, marker, "-")))
        bursts = delivery_probability(p, option, 1 / burst)
        panel.plot(option, bursts, **style.look((f"success {p:g}, bursts of {burst:g}", colour, marker, BURST_LINE)))
    panel.set_xticks(option)
    panel.set_xlabel("retransmissions [1]")
    panel.set_ylabel("probability of arrival [1]")
    panel.set_ylim(top=1.02)


def _evidence(results: Results, scenarios: list[str], success: list[float], option: np.ndarray) -> str:
    parts = [f"{p:g} to {', '.join(f'{value:.3f}' for value in delivery_probability(p, option[1:]))}" for p in success]
    called, own = (
        results["cleared"]["called"].sel(scenario=scenarios),
        results["data"]["success"].sel(scenario=scenarios),
    )
    mean = ((called * own).sum("participant") / called.sum("participant")).values
    return (f"Retransmissions raise the probability of arrival from {'; from '.join(parts)}. Success of one attempt, mean over "
            f"the called kW: {', '.join(f'{name} {value:.2f}' for name, value in zip(scenarios, mean, strict=True))}.")  # fmt: skip
