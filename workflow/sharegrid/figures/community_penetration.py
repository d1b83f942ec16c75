"""Figure: what sharing saves as more users own PV, or batteries."""

import numpy as np
from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.style import amount
from sharegrid.tables import community_scenarios, selection
from sharegrid.tables.selection import Results

LOOKS = {
    "pv": ("users with PV", "#E69F00", "o", "-"),
    "battery": ("users with a battery", "#0072B2", "s", (0, (4, 1.5))),
}


def draw(results: Results, *, pv: str = "pv", battery: str = "battery") -> Figure:
    """Saving of all users in the study's money over the share of owners in percent, a line per device.

    `pv`, `battery`: the families of scenarios that sweep pv_share and battery_share.
    """
    money = selection.stage(results, "data").attrs["money"]
    body, ((axes,),) = style.new(height=2.6)
    parts = []
    for device, family in (("pv", pv), ("battery", battery)):
        share, saving = community_scenarios.savings(results, family, f"{device}_share")
        axes.plot(100 * share, saving, **style.look(LOOKS[device]))
        top = int(np.argmax(saving))
        parts.append(f"{LOOKS[device][0].capitalize().replace('pv', 'PV')}: from {amount(saving[0])} without to {amount(saving[-1])} with all, at most "
                     f"{amount(saving[top])} at {100 * share[top]:.0f} %")  # fmt: skip
    axes.set_xlabel("share of users that own the device [%]")
    axes.set_ylabel(f"saving [{money}]")
    axes.set_ylim(bottom=0)
    style.legend(body.figure, columns=2)
    style.evidence(body.figure, f"Saving, {money}. {'. '.join(parts)}.")
    return body.figure
