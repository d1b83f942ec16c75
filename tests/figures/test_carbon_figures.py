"""Figures of the fleets: what they draw, that they are labelled and hide nothing, and that they are the same each time."""

import warnings
from itertools import pairwise

import numpy as np
import pytest

import carbon
from sharegrid import files
from sharegrid.stages import present

SWEEP = {"families": ["strategies", "carbon"]}
KINDS = {
    "ev-profile": {"panels": {"free": ["uncontrolled", "v1g", "v2g"], "40 $/t": ["v1g 40", "v2g 40"]}},
    "ev-region": {},
    "carbon-sweep": SWEEP,
    "carbon-mac": SWEEP,
    "carbon-share": {"families": ["share"]},
    "ev-scale": {},
}
TITLE = "A finding that is long enough to need a second line, if the figure is as wide as a column and not any wider"


def drawn(kind):
    entry = {"kind": kind, "title": TITLE, "options": KINDS[kind]}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ((_, figure),) = present.figures(carbon.results(), {"figures": {"stem": entry}})
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


def test_profiles_are_net_charging():
    cleared, panel = carbon.cleared(), drawn("ev-profile").axes[0]
    for label, scenario in (("uncontrolled", "uncontrolled"), ("V2G, discharging too", "v2g")):
        net = (cleared["charge"] - cleared["discharge"]).sel(scenario=scenario).sum("participant").values
        np.testing.assert_allclose(line(panel, label).get_ydata()[:-1], net)


def test_region_holds_the_schedule_and_shows_what_is_followed():
    plan = carbon.results()["plan"].sel({"method": "ev-aggregation"})
    power, energy = drawn("ev-region").axes[:2]
    for panel, name, end in ((power, "region_net", -1), (energy, "region_energy", None)):
        for label, variable in (
            ("schedule of one battery", name),
            ("what the vehicles can follow", f"{name}_followed"),
        ):
            values = plan[variable].sel(level="one").values
            np.testing.assert_allclose(line(panel, label).get_ydata()[:end], values)


def test_sweep_has_a_line_per_strategy():
    for panel in drawn("carbon-sweep").axes:
        assert line(panel, "V2G, discharging too").get_xdata().tolist() == carbon.PRICES
    emissions = line(drawn("carbon-sweep").axes[1], "V1G, charging only").get_ydata()
    assert emissions[0] == pytest.approx(45.6, abs=0.2) and emissions[3] == pytest.approx(26.2, abs=0.05)


def test_abatement_costs_are_steps_that_rise():
    (panel,) = drawn("carbon-mac").axes
    for label in ("V1G, charging only", "V2G, discharging too"):
        assert (np.diff(line(panel, label).get_ydata()) >= -1e-9).all()


def test_scale_counts_work_and_shows_errors_of_outer_approximations_only():
    work, error, short = drawn("ev-scale").axes
    assert len(work.get_lines()) == 4 and len(error.get_lines()) == len(short.get_lines()) == 2
    assert (line(error, "one battery").get_ydata() > line(error, "clusters by hours").get_ydata()).all()
