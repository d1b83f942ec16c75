"""Figures of the areas of RTS-GMLC: what they draw, that they are labelled and hide nothing, and that they are the same each time."""

import warnings
from itertools import pairwise

import numpy as np
import pytest

import rts_days
from sharegrid import files
from sharegrid.figures import area_day
from sharegrid.stages import present

KINDS = {
    "area-day": {"scenarios": rts_days.DAYS},
    "area-sweep": {"families": ["base", "ties"], "over": "tie_factor", "areas": ["2"],
                   "panels": ["cost", "import", "curtailed", "price", "tie_rent", "revenue_inadequacy"]},
    "area-strategic": {"truth": ["windy"], "families": ["strategic"]},
}  # fmt: skip
TITLE = (
    "A finding that is long enough to need a second line, as the figure is as wide as a page and not any wider than it"
)


def drawn(kind):
    entry = {"kind": kind, "title": TITLE, "options": KINDS[kind]}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ((_, figure),) = present.figures(rts_days.results(), {"figures": {"stem": entry}})
        figure.draw_without_rendering()
    return figure


@pytest.fixture(params=KINDS)
def figure(request):
    return drawn(request.param)


def box(artist):
    return artist.get_window_extent()


def line(axes, label):
    (found,) = (one for one in axes.get_lines() if one.get_label() == label)
    return found


def panels(figure):
    return [axes for axes in figure.axes if axes.axison]


def test_headline_and_evidence_stand_above_the_panels(figure):
    width, height = figure.bbox.size
    headline, evidence = figure._suptitle, figure.subfigs[0]._suptitle
    assert headline.get_text().replace("\n", " ") == TITLE
    assert any(letter.isdigit() for letter in evidence.get_text())
    for text in (headline, evidence):
        assert 0 <= box(text).x0 and box(text).x1 <= width and box(text).y1 <= height
    assert box(evidence).y1 <= box(headline).y0
    assert max(axes.get_tightbbox().y1 for axes in panels(figure)) <= box(evidence).y0 + 1


def test_axes_are_labelled_with_units(figure):
    labels = [getter() for axes in panels(figure) for getter in (axes.get_xlabel, axes.get_ylabel)]
    shown = [label for label in labels if label]
    assert len(shown) >= 4 and all("[" in label and "]" in label for label in shown)


def test_no_tick_labels_overlap(figure):
    for axes in panels(figure):
        low, high = axes.get_xlim()
        labels = (one for one in axes.get_xticklabels() if one.get_text() and low <= one.get_position()[0] <= high)
        assert all(box(left).x1 <= box(right).x0 for left, right in pairwise(labels))


def test_panels_do_not_overlap_and_the_legend_covers_none(figure):
    boxes = [axes.get_tightbbox() for axes in panels(figure)]
    assert not any(one.overlaps(other) for k, one in enumerate(boxes) for other in boxes[k + 1 :])
    for legend in figure.subfigs[0].legends:
        assert 0 <= box(legend).x0 and box(legend).x1 <= figure.bbox.width
        assert not any(box(legend).overlaps(one) for one in boxes)


def test_same_figure_same_bytes(tmp_path):
    for folder in ("first", "second"):
        files.write_figure(drawn("area-day"), tmp_path / folder, "stem")
    for suffix in ("svg", "pdf", "png"):
        first, second = ((tmp_path / folder / f"stem.{suffix}").read_bytes() for folder in ("first", "second"))
        assert first == second, suffix


def test_prices_are_means_by_demand_and_imports_balance():
    results, figure = rts_days.results(), drawn("area-day")
    data = results["data"]
    for k, day in enumerate(rts_days.DAYS):
        demand = data["demand"].sel(scenario=day).transpose("bus", "time").values
        price = results["cleared"]["price"].sel(scenario=day).transpose("bus", "time").values
        for area in ("1", "2", "3"):
            here = data["bus_area"].values == area
            mean = np.average(price[here], axis=0, weights=demand[here])
            np.testing.assert_allclose(line(figure.axes[k], f"area {area}").get_ydata()[:-1], mean, rtol=1e-9)
        net = [line(figure.axes[k + 2], f"area {area}").get_ydata()[:-1] for area in ("1", "2", "3")]
        sent = results["cleared"]["sent"].sel(scenario=day).sum(["tie", "way"]).values
        np.testing.assert_allclose(np.sum(net, axis=0), -0.02 * sent, atol=1e-6)


def test_sweep_draws_a_line_per_day_over_the_factor():
    figure, cost = drawn("area-sweep"), rts_days.results()["cleared"]["objective"]
    windy, loaded = (line(figure.axes[0], day) for day in rts_days.DAYS)
    assert windy.get_xdata().tolist() == [0, 1] and loaded.get_xdata().tolist() == [1]
    np.testing.assert_allclose(windy.get_ydata(), cost.sel(scenario=["windy|ties0", "windy"]), rtol=1e-9)
    assert line(figure.axes[1], "windy").get_ydata()[0] == pytest.approx(0, abs=1e-6)


def test_profit_of_the_bidders_is_that_of_all_units_of_their_area():
    results, figure = rts_days.results(), drawn("area-strategic")
    profit = results["payments"]["profit"].sel(mechanism="lmp", scenario=["windy", "windy|bid10"])
    own = [name for name in profit["participant"].values if name.startswith("2")]
    np.testing.assert_allclose(
        line(figure.axes[2], "LMP").get_ydata(), profit.sel(participant=own).sum("participant"), rtol=1e-9
    )


def test_options_are_checked():
    with pytest.raises(ValueError, match="option scenarios: no 'calm'"):
        area_day.draw(rts_days.results(), scenarios=["calm"])
