"""Figures of two areas: what they draw, that they are labelled and hide nothing, and that they are the same each time."""

import warnings
from itertools import pairwise

import numpy as np
import pytest

import two_areas
from sharegrid import files
from sharegrid.stages import present

SWEEP = {"families": ["ties"], "over": "tie_capacity_mw"}
USED = {"study": two_areas.USED, "study_families": ["ramps"], "study_over": "ramp", "study_panels": ["cost", "price"]}
JOINT = {"truth": ["base"], "families": ["strategic"]}
FIGURES = {
    "joint": ("area-strategic", JOINT | {"alone": ["reserve-bids"]}),
    "single": ("area-strategic", JOINT),
    "misreport": ("area-misreport", {"families": ["reserve-bids", "energy-bids"], "units": ["A2:g1", "A2:g4"]}),
    "sweep": ("area-sweep", SWEEP | {"panels": ["cost", "curtailed", "price", "vcg_profit", "revenue_inadequacy"]}),
    "beside": ("area-sweep", {"families": ["flexibility"], "over": "ramp10", "panels": ["reserve_price"], "areas": ["A2"],
                              "log": True} | USED),
    "plain": ("area-sweep", SWEEP | {"panels": ["import"]}),
}  # fmt: skip
TITLE = (
    "A finding that is long enough to need a second line, as the figure is as wide as a page and not any wider than it"
)


def drawn(name):
    kind, options = FIGURES[name]
    results = two_areas.toy() if name == "single" else two_areas.results()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        entry = {"kind": kind, "title": TITLE, "options": options}
        ((_, figure),) = present.figures(results, {"figures": {"stem": entry}})
        figure.draw_without_rendering()
    return figure


@pytest.fixture(params=FIGURES)
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
    labels += [text.get_text() for text in figure.subfigs[0].subfigs[0].texts]
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


@pytest.mark.parametrize("name", ["joint", "misreport", "sweep"])
def test_same_figure_same_bytes(name, tmp_path):
    for folder in ("first", "second"):
        files.write_figure(drawn(name), tmp_path / folder, "stem")
    for suffix in ("svg", "pdf", "png"):
        first, second = ((tmp_path / folder / f"stem.{suffix}").read_bytes() for folder in ("first", "second"))
        assert first == second, suffix


def line(axes, label):
    (found,) = (one for one in axes.get_lines() if one.get_label() == label)
    return found


def test_profits_of_a_joint_offer_stand_beside_those_of_each_unit_alone():
    trade, cost, profit = drawn("joint").axes
    base, joint = (two_areas.results()["cleared"].sel(scenario=name) for name in ("base", "A2|reserve5"))
    sent = line(trade, "_single").get_ydata()
    np.testing.assert_allclose(sent, [base["sent"].sum(), joint["sent"].sum()], atol=1e-6)
    assert line(cost, "_single").get_ydata()[0] == pytest.approx(base["objective"].item(), abs=1e-6)
    labels = ["LMP, all together", "VCG, all together", "VCG, each unit alone, summed up"]
    assert [one.get_label() for one in profit.get_lines()[:3]] == labels
    start = [line(profit, label).get_ydata()[0] for label in labels]
    assert start[1] == start[2] > start[0]


def test_a_single_bidder_has_no_line_alone():
    labels = [one.get_label() for one in drawn("single").axes[2].get_lines() if one.get_marker() != "None"]
    assert labels == ["LMP", "VCG"]


def test_misreports_have_a_column_per_unit_and_a_row_per_offer():
    figure, profit = drawn("misreport"), two_areas.results()["payments"]["profit"]
    reserve, _, energy, _ = figure.axes
    assert [axes.get_title(loc="left") or axes.get_title() for axes in figure.axes[:2]] == ["unit A2:g1", "unit A2:g4"]
    for axes, scenarios in ((reserve, ["A2:g1|reserve0.5", "base", "A2:g1|reserve5"]),
                            (energy, ["A2:g1|energy0.8|reserve1", "base"])):  # fmt: skip
        for label, mechanism in (("LMP", "lmp"), ("VCG", "vcg")):
            expected = profit.sel(scenario=scenarios, participant="A2:g1", mechanism=mechanism)
            np.testing.assert_allclose(line(axes, label).get_ydata(), expected, atol=1e-6)


def test_sweeps_draw_the_numbers_and_a_line_per_area():
    cost, curtailed, price, profit, inadequacy, empty = drawn("sweep").axes
    cleared = two_areas.results()["cleared"].sel(scenario=["ties0", "ties40", "ties80"])
    np.testing.assert_allclose(line(cost, "_single").get_ydata(), cleared["objective"], atol=1e-6)
    assert line(cost, "_single").get_xdata().tolist() == [0, 40, 80]
    assert curtailed.get_ylim()[1] == 1, "nothing is curtailed: the axis shows no rounding noise"
    for axes in (price, profit):
        assert [one.get_label() for one in axes.get_lines() if one.get_marker() != "None"] == ["area A1", "area A2"]
    found = two_areas.results()["payments"]["revenue_inadequacy"].sel(scenario=cleared["scenario"])
    np.testing.assert_allclose(line(inadequacy, "_single").get_ydata(), found, atol=1e-6)
    assert not empty.axison


def test_panels_of_another_study_have_their_own_axis_and_unit():
    reserve, cost, price = drawn("beside").axes
    assert reserve.get_xlabel() == "ten-minute ramp per capacity [1]" and reserve.get_xscale() == "log"
    assert cost.get_xlabel() == "hourly ramp per capacity [1/h]"
    assert cost.get_ylabel() == "[$ per 4 h]"
    assert (
        [one.get_label() for one in reserve.get_lines()]
        == ["area A2"]
        == [one.get_label() for one in price.get_lines()]
    )


def test_extremes_in_between_are_told():
    text = drawn("sweep").subfigs[0]._suptitle.get_text().replace("\n", " ")
    lowest = two_areas.results()["payments"]["revenue_inadequacy"].sel(scenario="ties40").item()
    assert f"lowest \u2212{abs(lowest):.1f} at 40" in text


def test_options_are_checked():
    def draw(kind, **options):
        return list(
            present.figures(two_areas.results(), {"figures": {"x": {"kind": kind, "title": "", "options": options}}})
        )

    with pytest.raises(ValueError, match="option panels: no 'costs'; did you mean 'cost'"):
        draw("area-sweep", **SWEEP, panels=["costs"])
    with pytest.raises(ValueError, match="option areas: no 'A3'"):
        draw("area-sweep", **SWEEP, panels=["price"], areas=["A3"])
    with pytest.raises(ValueError, match="option units: no 'A2:g9'"):
        draw("area-misreport", families=["reserve-bids"], units=["A2:g9"])
    with pytest.raises(ValueError, match="repeated factors"):
        draw("area-strategic", truth=["base", "ties80"], families=["strategic"])
