"""What single kinds of figures show: the numbers of the Datasets, and the finding that they are made for."""

import numpy as np
import pytest

from figures.test_kinds import drawn, texts
from sharegrid.tables import balance, misreport, runtime


def line(axes, label):
    return next(found for found in axes.get_lines() if found.get_label() == label)


def evidence(figure):
    return figure.subfigs[0]._suptitle.get_text().replace("\n", " ").replace("\u2009", " ").replace("\u00a0", " ")


def test_misreport_has_a_panel_per_unit_with_the_rows_of_the_table(wholesale):
    figure = drawn(wholesale, "misreport", {"bases": ["D900", "D1000"], "mechanisms": ["lmp", "vcg"]})
    assert [axes.get_title("left") for axes in figure.axes][:2] == ["unit 1, D900", "unit 2, D900"]
    assert len(figure.axes) == 10
    frame = misreport.table(wholesale, bases=["D900"])
    rows = frame[frame["gen"] == "3"]
    np.testing.assert_allclose(line(figure.axes[2], "VCG").get_ydata(), rows["profit_vcg"])
    np.testing.assert_allclose(line(figure.axes[2], "uniform price").get_ydata(), rows["profit_lmp"])


def test_misreport_tells_the_largest_gains(wholesale):
    figure = drawn(wholesale, "misreport", {"bases": ["D900"], "mechanisms": ["lmp", "vcg"]})
    assert evidence(figure).startswith("Largest gain over the truth, $/h: VCG none; uniform price 675 (unit 3, ×1.25).")


def test_misreport_marks_the_coarse_grid_only(network):
    figure = drawn(network, "misreport", {"bases": ["none"], "fine_family": "best-response"})
    vcg = line(figure.axes[0], "VCG")
    assert vcg.get_xdata().tolist() == [0.8, 0.9, 1.0, 1.1, 1.25]
    assert vcg.get_xdata()[vcg.get_markevery()].tolist() == [0.8, 1.0, 1.25]


def test_large_losses_do_not_flatten_the_profits(wholesale):
    figure = drawn(wholesale, "misreport", {"bases": ["D900"], "mechanisms": ["pay-as-bid", "vcg"], "loss_shown": 0.1})
    low, high = figure.axes[0].get_ylim()
    assert low == pytest.approx(-0.1 * 640) and high > 640
    assert "Losses are cut at 10% of a panel's largest profit." in evidence(figure)


def test_every_panel_of_profits_holds_zero(wholesale):
    figure = drawn(wholesale, "misreport", {"bases": ["D1000"], "mechanisms": ["vcg"]})
    assert len(figure.axes) == 5
    assert all(axes.get_ylim()[0] <= 0 <= axes.get_ylim()[1] for axes in figure.axes)


def test_congestion_draws_no_zeros_on_a_log_axis(network):
    cleared = network["cleared"].copy(deep=True)
    cleared["congestion_rent"].loc[{"scenario": "1"}] = 0.0
    figure = drawn(network | {"cleared": cleared}, "congestion", {})
    rent = line(figure.axes[0], "congestion rent")
    assert rent.get_xdata().tolist() == [1.0, 0.9, 0.8]
    assert np.isnan(rent.get_ydata()[0]) and rent.get_ydata()[1] > 0
    assert figure.axes[0].get_yscale() == "log"


def test_congestion_on_symlog_shows_a_surplus(network):
    figure = drawn(network, "congestion", {"scale": "symlog"})
    shown = line(figure.axes[0], "revenue inadequacy of VCG").get_ydata()
    np.testing.assert_allclose(shown, balance.table(network)["revenue_inadequacy"].iloc[1:])
    assert shown.min() < 0


def test_congestion_marks_where_load_is_first_lost_without_a_unit(network):
    figure = drawn(network, "congestion", {})
    assert "Load is first lost without a unit at factor 0.9" in evidence(figure)
    guides = [found.get_xdata()[0] for found in figure.axes[0].get_lines() if found.get_label().startswith("_")]
    assert 0.9 in guides


def test_unit_price_leaves_out_idle_units_and_unknown_mechanisms(network):
    figure = drawn(network, "unit-price", {"variants": ["none", "0.8"]})
    both, later = figure.axes
    assert sorted(tick.get_text() for tick in both.get_xticklabels()) == ["0", "1"]
    assert "core-selecting" in both.get_legend_handles_labels()[1]
    assert "core-selecting" not in later.get_legend_handles_labels()[1]
    vcg = network["payments"]["payment"].sel(scenario="none", mechanism="vcg").values[:2] / [50, 30]
    np.testing.assert_allclose(line(both, "VCG").get_ydata(), np.sort(vcg), rtol=1e-6)


def test_demand_sweep_marks_the_end_of_n1_capacity(wholesale):
    figure = drawn(wholesale, "demand-sweep", {})
    above, below = figure.axes
    assert [found.get_xdata()[0] for found in above.get_lines()][-1] == 930
    assert line(below, "largest lost load").get_ydata().tolist() == [0, 0, 20, 520]
    assert "22 800 $/h more at 950 MW" in evidence(figure)


def test_payment_of_the_pivotal_unit_is_a_line_of_slope_70(wholesale):
    figure = drawn(wholesale, "voll-sweep", {"participant": "5"})
    payment = line(figure.axes[0], "VCG payment of unit 5")
    assert payment.get_xdata().tolist() == [100, 1000, 10000]
    np.testing.assert_allclose(payment.get_ydata(), [24900, 87900, 717900])
    assert evidence(figure).startswith("The slope is 70 MW")


def test_allocation_orders_the_loads_by_price(network):
    figure = drawn(network, "allocation", {"scenario": "0.8", "rules": ["energy"]})
    price = network["cleared"]["price"].sel(scenario="0.8", bus=[10, 20])
    cheap_first = price["bus"].values[np.argsort(price.values)]
    assert [tick.get_text() for tick in figure.axes[1].get_xticklabels()] == [str(bus) for bus in cheap_first]
    charge = network["payments"]["load_charge"].sel(scenario="0.8", deficit_rule="energy", bus=cheap_first) / 40
    np.testing.assert_allclose(line(figure.axes[0], "per MWh (energy)").get_ydata(), charge, rtol=1e-6)


def test_sorted_curves_are_sorted(network):
    prices = drawn(network, "sorted-prices", {"variants": ["none", "0.8"]}).axes[0]
    assert all((np.diff(found.get_ydata()) >= 0).all() for found in prices.get_lines())
    premium = line(drawn(network, "sorted-premium", {"variants": ["0.8"]}).axes[0], "line limits 0.8")
    expected = np.sort(network["payments"]["premium"].sel(scenario="0.8").values)[::-1]
    np.testing.assert_allclose(premium.get_ydata(), expected)


@pytest.mark.parametrize("kind", ["sorted-prices", "sorted-premium"])
def test_more_variants_than_colours_are_all_drawn_and_told_apart(network, kind):
    labels = [str(name) for name in network["data"]["scenario"].values[:20]]
    figure = drawn(network, kind, {"variants": labels})
    names = [f"line limits {label}" for label in labels]
    drawn_lines = [line(figure.axes[0], name) for name in names]
    assert [text.get_text() for text in figure.subfigs[0].legends[0].get_texts()] == names
    looks = {(found.get_color(), found._unscaled_dash_pattern, found.get_linewidth()) for found in drawn_lines}
    assert len(looks) == 20


def test_misreport_keeps_the_units_of_largest_output(network):
    cleared = network["cleared"].copy(deep=True)
    cleared["output"].loc[{"scenario": "0.8", "participant": "2"}] = 99.0
    options = {"bases": ["none", "0.8"], "count": 2}
    figure = drawn(network | {"cleared": cleared}, "misreport", options)
    assert [axes.get_title("left") for axes in figure.axes] == [
        "unit 0, none", "unit 2, none", "unit 0, 0.8", "unit 2, 0.8"]  # fmt: skip
    assert "Shown are the 2 of 3 units with the largest output." in evidence(figure)
    every = drawn(network, "misreport", {"bases": ["none"]})
    assert len(every.axes) == 3 and "Shown are" not in evidence(every)


def test_runtime_bars_are_per_counterfactual_and_tell_a_sample(network):
    values = network["values"].copy(deep=True)
    values["engine_counterfactuals"].loc[{"engine": "rebuild"}] = 2
    figure = drawn(network | {"values": values}, "runtime", {"variants": ["none"]})
    assert figure.axes[0].get_title("left") == "(a) line limits none: 2 of 3 solved"
    assert evidence(figure).endswith("By rebuild only a sample of 2 counterfactuals was solved.")
    frame = runtime.table(network | {"values": values}, variants=["none"]).set_index("engine")
    heights = [patch.get_height() for patch in figure.axes[0].patches]
    assert heights[0:3] == [2, 450, 0]
    assert heights[3:6] == pytest.approx([4 / 2, frame.loc["warm", "iterations"] / 2, 0])  # unit 2 is idle
    assert "450" in texts(figure)


def test_best_response_shows_gains_of_every_mechanism(network):
    figure = drawn(network, "best-response", {"variants": ["none", "0.8"]})
    assert len(figure.axes) == 4
    gain = network["payments"]["best_gain"].sel(scenario="0.8", mechanism="lmp").values
    np.testing.assert_allclose(line(figure.axes[3], "LMP").get_ydata(), gain)


def test_best_responses_at_the_end_of_the_range_are_hollow(network):
    payments = network["payments"].copy(deep=True)
    payments["best_multiplier"].loc[{"scenario": "none", "mechanism": "lmp"}] = [1.1, 1.0, 0.9]  # swept from 0.9 to 1.1
    payments["best_multiplier"].loc[{"scenario": "none", "mechanism": "vcg"}] = 1.0
    options = {"variants": ["none"], "mechanisms": ["lmp", "vcg"]}
    figure = drawn(network | {"payments": payments}, "best-response", options)
    for axes in figure.axes:
        hollow = [
            found for found in axes.get_lines() if found.get_markerfacecolor() == "white" and len(found.get_xdata())
        ]
        assert [np.isnan(found.get_ydata()).tolist() for found in hollow] == [[False, True, False]]
    assert "best factor at the end of the range: the gain is a lower bound" in texts(figure)
    wider = drawn(network | {"payments": payments}, "best-response", options | {"families": ["misreport"]})
    assert not any("lower bound" in text for text in texts(wider))


def test_best_response_leaves_out_idle_units_on_request_and_cuts_no_mark(network):
    figure = drawn(network, "best-response", {"variants": ["none", "0.8"], "dispatched_only": True})
    assert [tick.get_text() for tick in figure.axes[3].get_xticklabels()] == ["0", "1"]
    assert "Units without output are not drawn." in evidence(figure)
    for axes in figure.axes:
        low, high = axes.get_ylim()
        data = np.concatenate(
            [found.get_ydata() for found in axes.get_lines() if found.get_marker() not in ("", "None")]
        )
        assert low < data.min() and data.max() < high


def test_best_responses_of_many_units_stand_below_each_other(network, monkeypatch):
    monkeypatch.setattr("sharegrid.figures.best_response.CROWDED", 2)
    figure = drawn(network, "best-response", {"variants": ["none", "0.8"]})
    assert [axes.get_title("left") for axes in figure.axes] == ["(a) line limits none", "", "(b) line limits 0.8", ""]
    tops = [axes.get_window_extent().y1 for axes in figure.axes]
    assert tops == sorted(tops, reverse=True) and len(set(tops)) == 4
