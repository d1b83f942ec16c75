"""Figures of demand response over unreliable links: what they draw, that they are labelled, and that they are the same each time."""

import warnings

import numpy as np
import pytest

import responses
from sharegrid import files
from sharegrid.stages import present

KINDS = {
    "reliability-cost": {"slots_of_misses": 8},
    "reliability-options": {"scenarios": ["R10 W12", "R10 W6"]},
    "reliability-rounds": {"families": {"losses": "success", "bursts": "burst", "repeats": "retransmissions"}},
}


def drawn(kind, **options):
    entry = {"kind": kind, "title": "A finding", "options": KINDS[kind] | options}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ((_, figure),) = present.figures(responses.results(), {"figures": {"stem": entry}})
        figure.draw_without_rendering()
    return figure


def line(axes, label):
    (found,) = (one for one in axes.get_lines() if one.get_label() == label)
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_labels_legends_and_bytes(kind, tmp_path):
    figure = drawn(kind)
    labels = [text for axes in figure.axes for text in (axes.get_xlabel(), axes.get_ylabel()) if text]
    assert len(labels) >= 2 and all("[" in text and "]" in text for text in labels)
    assert any(letter.isdigit() for letter in figure.subfigs[0]._suptitle.get_text())
    for legend in figure.subfigs[0].legends:
        assert not any(legend.get_window_extent().overlaps(axes.get_tightbbox()) for axes in figure.axes)
    for folder in ("first", "second"):
        files.write_figure(drawn(kind), tmp_path / folder, "stem")
    assert (tmp_path / "first/stem.svg").read_bytes() == (tmp_path / "second/stem.svg").read_bytes()


def test_costs_are_those_of_the_scenarios():
    cleared, figure = responses.results()["cleared"], drawn("reliability-cost")
    for panel, delivery in zip(figure.axes[:2], ("expected", "chance"), strict=True):
        for slots in (6, 8):
            curve = line(panel, f"{slots} slots")
            assert curve.get_xdata().tolist() == [0.6, 0.8, 1.0]
            labels = [f"{delivery} p{p:g} W{slots}" for p in (0.6, 0.8, 1.0)]
            np.testing.assert_array_equal(curve.get_ydata(), cleared["objective"].sel(scenario=labels))
    missed = line(figure.axes[2], "chance-constrained").get_ydata()
    np.testing.assert_array_equal(
        missed, cleared["missed_probability"].sel(scenario=[f"chance p{p:g} W8" for p in (0.6, 0.8, 1)])
    )
    assert line(figure.axes[2], "allowed share of drawn outcomes").get_ydata()[0] == 0.1
    assert line(figure.axes[3], "independent losses").get_ydata()[0] == cleared["objective"].sel(scenario="R10 W12")
    assert line(figure.axes[3], "in expectation").get_xdata().tolist() == [2, 5]


def test_marks_are_the_calls_and_their_retransmissions():
    panel = drawn("reliability-options").axes[0]
    marks = {(text.get_position(), text.get_text()) for text in panel.texts}
    wanted = {((user, row), option) for row, options in enumerate(("2.2.11.1", "0.1..000"))
              for user, option in enumerate(options) if option != "."}  # fmt: skip
    assert marks == wanted


def test_retransmissions_are_drawn_on_the_links():
    panel = drawn("reliability-options", success=[0.6], burst=2.0).axes[1]
    np.testing.assert_allclose(line(panel, "success 0.6").get_ydata(), [0.6, 0.84, 0.936, 0.9744])
    np.testing.assert_allclose(line(panel, "success 0.6, bursts of 2").get_ydata(), [0.6, 0.8, 0.9, 0.95])


def test_rounds_are_means_over_the_seeds():
    runs = responses.results()["coordination"].sel({"method": "lossy-rounds@multiplier"})
    figure = drawn("reliability-rounds")
    curve = line(figure.axes[0], "damped multiplier method")
    assert curve.get_xdata().tolist() == [0.4, 0.6, 1.0]
    means = [
        float(runs["rounds"].sel(scenario=[f"losses p{p:g} m0 seed{k}" for k in range(5)]).mean())
        for p in (0.4, 0.6, 1)
    ]
    np.testing.assert_allclose(curve.get_ydata(), means)
    assert [len(axes.collections) for axes in figure.axes] == [2, 2, 2], "the ranges"


def test_errors_name_the_option():
    with pytest.raises(ValueError, match="slots_of_misses"):
        drawn("reliability-cost", slots_of_misses=7)
    with pytest.raises(ValueError, match="option families.losses: no 'hops'"):
        drawn("reliability-rounds", families={"losses": "hops"})
    with pytest.raises(ValueError, match="option families: no 'none'"):
        drawn("reliability-rounds", families={"none": "success"})
    with pytest.raises(ValueError, match="no scenario is like 'expected p0.6 W6' with independent losses"):
        drawn("reliability-cost", bursts="links")
