"""Figures of transfer capability: what they draw, that they are labelled and hide nothing, and are the same each
time."""

import warnings

import numpy as np
import pytest

import transfers
from sharegrid import files
from sharegrid.stages import present

KINDS = {
    "transfer-levels": {"bilevel": ["levels"], "post_schedule": ["hours"]},
    "transfer-hours": {"families": ["hours"], "pairs": [["2->1", "1->2"]]},
    "transfer-binding": {"families": ["directions", "hours"]},
    "transfer-values": {"scenarios": ["2->1 2020-07-15 4 0", "1->2 2020-07-15 17 0"]},
    "transfer-budget": {"families": ["budget"]},
}
TITLE = "A finding that is long enough to need a second line, as the figure is as wide as a page"


def drawn(kind, **changes):
    entry = {"kind": kind, "title": TITLE, "options": KINDS[kind] | changes}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ((_, figure),) = present.figures(transfers.results(), {"figures": {"stem": entry}})
        figure.draw_without_rendering()
    return figure


@pytest.fixture(params=KINDS)
def figure(request):
    return drawn(request.param)


def lines(panel):
    return {line.get_label(): line for line in panel.get_lines()}


def test_axes_are_labelled_and_the_evidence_has_numbers(figure):
    panels = [axes for axes in figure.axes if axes.get_label() != "<colorbar>"]
    labels = {panel.get_xlabel() for panel in panels} | {panel.get_ylabel() for panel in panels}
    assert any("[" in label for label in labels) or "binding line" in labels
    assert any(letter.isdigit() for letter in figure.subfigs[0]._suptitle.get_text())


def test_legend_covers_no_panel(figure):
    for legend in figure.subfigs[0].legends:
        extent = legend.get_window_extent()
        assert 0 <= extent.x0 and extent.x1 <= figure.bbox.width
        assert not any(extent.overlaps(axes.get_tightbbox()) for axes in figure.axes)


@pytest.mark.parametrize("kind", KINDS)
def test_same_figure_same_bytes(kind, tmp_path):
    for folder in ("first", "second"):
        files.write_figure(drawn(kind), tmp_path / folder, "stem")
    for suffix in ("svg", "pdf", "png"):
        first, second = ((tmp_path / folder / f"stem.{suffix}").read_bytes() for folder in ("first", "second"))
        assert first == second, suffix


def test_levels_start_without_demand_response_and_the_bilevel_lies_between_the_bounds():
    first, second = drawn("transfer-levels").axes
    of = lines(first)
    without, certified = of["no demand response"].get_ydata(), of["before the schedule (bilevel)"].get_ydata()
    assert (without <= certified + 1e-6).all() and (certified <= of["high-point relaxation"].get_ydata() + 1e-6).all()
    assert of["before the schedule (bilevel)"].get_xdata().tolist() == [0, 10]
    night = lines(second)["2->1, 4:00, everywhere"]
    assert night.get_xdata().tolist() == [0, 10] and night.get_ydata()[1] == pytest.approx(954.52, abs=0.005)


def test_budget_rises_to_the_measured_transfer():
    (axes,) = drawn("transfer-budget").axes
    line = lines(axes)["before the schedule (bilevel)"]
    assert line.get_xdata().tolist() == [0, 500, 1000]
    assert line.get_ydata()[-1] == pytest.approx(96.465, abs=5e-4)
    np.testing.assert_allclose(lines(axes)["no demand response"].get_ydata(), line.get_ydata()[0], atol=1e-6)


def test_hours_have_both_directions_with_and_without():
    (panel,) = drawn("transfer-hours").axes
    of = lines(panel)
    assert set(of) == {f"{way}, {text} demand response" for way in ("there", "back") for text in ("with", "without")}
    with_, without = of["there, with demand response"].get_ydata(), of["there, without demand response"].get_ydata()
    assert (with_ >= without - 1e-6).all() and with_.max() == pytest.approx(954.52, abs=0.005)


def test_binding_pairs_add_up_to_the_scenarios_that_a_line_binds():
    cleared, data = transfers.results()["cleared"], transfers.results()["data"]
    chosen = np.isin(data["family"], ["directions", "hours"]) & (data["reduction_level"].values == 0)
    expected = int((cleared["binding_line"].values[chosen] != "").sum())
    panel = drawn("transfer-binding").axes[0]
    assert panel.images[0].get_array().filled(0).sum() == expected > 0
    assert "AB1" in [text.get_text() for text in panel.get_yticklabels()]


def test_no_binding_line_is_an_error():
    with pytest.raises(ValueError, match="no line binds in these scenarios"):
        drawn("transfer-binding", families=["hours"], reduction_level=0.5)


def test_values_are_the_marginal_ones_from_the_largest():
    cleared, data = transfers.results()["cleared"], transfers.results()["data"]
    name = "2->1 2020-07-15 4 0"
    rts = data["site"].values[[str(site).startswith("rts") for site in data["site"].values]]
    expected = np.sort(cleared["marginal_value"].sel(scenario=name, site=rts).values)[::-1]
    panel = drawn("transfer-values").axes[0]
    bars = sorted((bar for part in panel.containers for bar in part), key=lambda bar: bar.get_x())
    np.testing.assert_allclose([bar.get_height() for bar in bars], expected)


def test_a_budget_that_was_not_planned_is_an_error():
    with pytest.raises(ValueError, match="none of hours is in plan: transfer-bilevel"):
        drawn("transfer-budget", families=["hours"])
