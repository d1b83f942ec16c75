"""Figures of the joint offer: what they draw, that they are labelled and hide nothing, and that they are the same each time."""

import warnings
from itertools import pairwise

import numpy as np
import pytest

import offering
from sharegrid import files
from sharegrid.stages import present

DAYS = {"scenarios": ["summer", "winter"]}
KINDS = {
    "offer": DAYS,
    "tes-flows": DAYS,
    "imbalance": DAYS,
    "contribution": DAYS,
    "frontier": {"families": ["base", "risk"]},
    "tes-sweep": {"families": ["storage"]},
}
TITLE = (
    "A finding that is long enough to need a second line, as the figure is as wide as a page and not any wider than it"
)


def drawn(kind):
    entry = {"kind": kind, "title": TITLE, "options": KINDS[kind]}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ((_, figure),) = present.figures(offering.results(), {"figures": {"stem": entry}})
        figure.draw_without_rendering()
    return figure


@pytest.fixture(params=KINDS)
def figure(request):
    return drawn(request.param)


def box(artist):
    return artist.get_window_extent()


def test_headline_and_evidence_stand_above_the_panels(figure):
    width, height = figure.bbox.size
    headline, evidence = figure._suptitle, figure.subfigs[0]._suptitle
    assert headline.get_text().replace("\n", " ") == TITLE
    assert any(letter.isdigit() for letter in evidence.get_text())
    for text in (headline, evidence):
        assert 0 <= box(text).x0 and box(text).x1 <= width and box(text).y1 <= height
    assert box(evidence).y1 <= box(headline).y0
    assert max(axes.get_tightbbox().y1 for axes in figure.axes) <= box(evidence).y0 + 1


def test_axes_are_labelled_with_units(figure):
    labels = [getter() for axes in figure.axes for getter in (axes.get_xlabel, axes.get_ylabel)]
    shown = [label for label in labels if label]
    assert len(shown) >= 2 and all("[" in label and "]" in label for label in shown)


def test_no_tick_labels_overlap(figure):
    for axes in figure.axes:
        low, high = axes.get_xlim()
        labels = (one for one in axes.get_xticklabels() if one.get_text() and low <= one.get_position()[0] <= high)
        assert all(box(left).x1 <= box(right).x0 for left, right in pairwise(labels))


def test_legend_below_covers_no_panel(figure):
    for legend in figure.subfigs[0].legends:
        assert 0 <= box(legend).x0 and box(legend).x1 <= figure.bbox.width
        assert not any(box(legend).overlaps(axes.get_tightbbox()) for axes in figure.axes)


@pytest.mark.parametrize("kind", KINDS)
def test_same_figure_same_bytes(kind, tmp_path):
    for folder in ("first", "second"):
        files.write_figure(drawn(kind), tmp_path / folder, "stem")
    for suffix in ("svg", "pdf", "png"):
        first, second = ((tmp_path / folder / f"stem.{suffix}").read_bytes() for folder in ("first", "second"))
        assert first == second, suffix


def line(axes, label):
    (found,) = (one for one in axes.get_lines() if one.get_label() == label)
    return found


def test_offers_are_those_of_the_datasets():
    results, figure = offering.results(), drawn("offer")
    for panel, day in zip(figure.axes, DAYS["scenarios"], strict=False):
        joint = results["cleared"]["offer"].sel(scenario=day).values
        np.testing.assert_array_equal(line(panel, "jointly").get_ydata()[:-1], joint)
        alone = results["plan"]["separate_offer"].sel({"method": "separate-offers", "scenario": day}).sum("participant")
        np.testing.assert_allclose(line(panel, "sum of separate offers").get_ydata()[:-1], alone)


def test_hourly_imbalances_sum_to_the_day():
    results, figure = offering.results(), drawn("imbalance")
    for panel, day in zip(figure.axes, DAYS["scenarios"], strict=True):
        total = results["cleared"]["expected_imbalance"].sel(scenario=day).item()
        assert line(panel, "jointly").get_ydata()[:-1].sum() == pytest.approx(total)


def test_heat_that_is_drawn_is_conserved():
    results, figure = offering.results(), drawn("tes-flows")
    stored = results["cleared"]["storage"].sel(scenario="summer").sum("csp").mean("outcome")
    np.testing.assert_allclose(line(figure.axes[2], "stored, mean").get_ydata(), stored, atol=1e-9)
    flows = {
        label: line(figure.axes[0], label).get_ydata()[:-1].sum()
        for label in ("into the storage", "out of the storage")
    }
    assert 0 < flows["out of the storage"] < flows["into the storage"], "storage loses heat"


def test_stacked_parts_end_at_the_payoff():
    figure = drawn("contribution")
    panel = figure.axes[0]
    payoff = line(panel, "payoff").get_ydata()
    heights = np.array([[bar.get_height() for bar in part] for part in panel.containers])
    np.testing.assert_allclose(heights.sum(axis=0), payoff, rtol=1e-9)
    for part in panel.containers:
        assert all(bar.get_y() == 0 or bar.get_height() * bar.get_y() > 0 for bar in part)


def test_frontier_falls_and_names_the_weights():
    figure = drawn("frontier")
    for panel in figure.axes:
        (curve,) = panel.get_lines()
        assert (np.diff(curve.get_xdata()) >= -1e-6).all() and (np.diff(curve.get_ydata()) <= 1e-6).all()
        assert [text.get_text() for text in panel.texts] == ["0", "0.25", "1"]


def test_storage_sweep_has_a_line_per_day_over_the_sizes():
    figure = drawn("tes-sweep")
    for panel in figure.axes:
        assert [one.get_label() for one in panel.get_lines()] == ["summer", "winter"]
        assert all(one.get_xdata().tolist() == [0, 6, 12] for one in panel.get_lines())
