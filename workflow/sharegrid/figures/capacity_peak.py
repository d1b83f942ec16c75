"""Figure: the charged peak of a community against the sum of its users' own peaks, and the saving, over the capacity price."""

from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.style import amount
from sharegrid.tables import capacity_peaks, selection
from sharegrid.tables.methods import in_money
from sharegrid.tables.selection import Results

LOOKS = {
    "sum_of_peaks_kw": ("sum of the users' peaks alone", "#D55E00", "s", (0, (4, 1.5))),
    "coincident_peak_kw": ("peak of the community", "#0072B2", "o", "-"),
    "saving": ("saving by sharing", "#009E73", "D", "-"),
}


def draw(results: Results, *, family: str = "capacity") -> Figure:
    """Peaks in kW above, saving in the study's money below, over the capacity price per kW and month of a family.

    Without a capacity price no peak is drawn: nothing then keeps it down, and it is that of one of many optima.
    """
    data = selection.stage(results, "data")
    money, currency = data.attrs["money"], data.attrs["money"].split("/")[0]
    frame = capacity_peaks.table(results, families=[family]).sort_values("capacity_price", kind="stable")
    charged = frame[frame["capacity_price"] > 0]
    body, axes = style.new(2, 1, height=3.7, sharex=True, gridspec_kw={"height_ratios": [3, 2]})
    above, below = axes[:, 0]
    for name in ("sum_of_peaks_kw", "coincident_peak_kw"):
        above.plot(charged["capacity_price"], charged[name], **style.look(LOOKS[name]))
    above.set_ylabel("import in the\npeak hours [kW]")
    above.set_ylim(bottom=0)
    style.group_digits(above.yaxis)
    saving = frame[in_money("saving", data)]
    below.plot(frame["capacity_price"], saving, **style.look(LOOKS["saving"]))
    below.set_ylabel(f"saving\n[{money}]")
    below.set_ylim(0, 1.1 * saving.max())
    below.set_xlabel(f"capacity price [{currency}/kW and month]")
    style.legend(body.figure, columns=2)
    first, last, free = charged.iloc[0], charged.iloc[-1], frame.iloc[0]
    price = f"{last['capacity_price']:g} {currency}/kW"
    paid = {name: amount(last[in_money(name, data)]) for name in ("pv_value_pv_only", "capacity_charge")}
    style.evidence(
        body.figure,
        f"The peak of all falls from {amount(first['coincident_peak_kw'])} to {amount(last['coincident_peak_kw'])} kW "
        f"between {first['capacity_price']:g} and {last['capacity_price']:g} {currency}/kW, the sum of the users' own "
        f"from {amount(first['sum_of_peaks_kw'])} to {amount(last['sum_of_peaks_kw'])} kW. The saving grows from "
        f"{amount(saving.iloc[0])} at {free['capacity_price']:g} to {amount(saving.iloc[-1])} {money} at {price}. Batteries "
        f"discharge {amount(free['battery_peak_kw'])} and {amount(last['battery_peak_kw'])} kW on average there. At "
        f"{price} PV of users without a battery earns {paid['pv_value_pv_only']} of {paid['capacity_charge']} {money}.",
    )
    return body.figure
