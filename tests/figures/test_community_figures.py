"""Figures of a community: what they draw, that they are labelled and hide nothing, and that they are the same each time."""

import warnings
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from communities import MARKET, cleared, community, valued
from sharegrid import files
from sharegrid.figures import community_scale
from sharegrid.stages import coordinate, plan, present
from sharegrid.stages.pay import pay
from sharegrid.tables import community_costs, community_scenarios

SWEEP = [0, 0.5, 1]
FAMILIES = {
    "base": {"label": "base"},
    "pv": {"label": "pv {pv_share}", "pv_share": SWEEP},
    "battery": {"label": "battery {battery_share}", "battery_share": SWEEP},
}
MECHANISMS = {"owen": {}, "shapley": {}, "nucleolus": {}, "nash-bargaining": {}, "vcg": {}}
KINDS = {
    "community-price": {"scenarios": ["base", "pv 1"]},
    "community-net-load": {},
    "community-savings": {"scenario": "base"},
    "community-penetration": {},
    "community-scale": {},
}
TITLE = "A finding that is long enough to need a second line when the figure is as narrow as a column"


@cache
def results():
    data = community(FAMILIES, users=8)
    result, values = cleared(data), valued(data)
    config = MARKET | {"mechanisms": MECHANISMS, "deficit": None, "checks": {}}
    made = {"data": data, "cleared": result, "values": values, "payments": pay(data, result, values, config)}
    made["plan"] = plan.plan(made, {"methods": {"separate-schedules": {"scenarios": ["base"]}}})
    scale = {"scenario": "base", "sizes": [8, 20], "multiplied": [100], "coalitions": 10, "seed": 1}
    made["coordination"] = coordinate.coordinate(made, {"methods": {"community-scale": scale}})
    return made


def drawn(kind, **options):
    entry = {"kind": kind, "title": TITLE, "options": KINDS[kind] | options}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ((_, figure),) = present.figures(results(), {"figures": {"stem": entry}})
        figure.draw_without_rendering()
    return figure


@pytest.fixture(params=KINDS)
def figure(request):
    return drawn(request.param)


def box(artist):
    return artist.get_window_extent()


def evidence_of(figure) -> str:
    return figure.subfigs[0]._suptitle.get_text().replace("\n", " ").replace("\u00a0", " ").replace("\u2009", "")


def lines_of(axes) -> dict[str, np.ndarray]:
    return {line.get_label(): line.get_ydata() for line in axes.lines}


def test_headline_and_evidence_stand_above_the_panels(figure):
    width, height = figure.bbox.size
    headline, evidence = figure._suptitle, figure.subfigs[0]._suptitle
    for text in (headline, evidence):
        assert 0 <= box(text).x0 and box(text).x1 <= width and box(text).y1 <= height
    assert box(evidence).y1 <= box(headline).y0
    assert max(axes.get_tightbbox().y1 for axes in figure.axes) <= box(evidence).y0 + 1


def test_axes_are_labelled(figure):
    assert all(axes.get_xlabel() for axes in figure.axes)
    assert figure.axes[0].get_ylabel().endswith("]")


def test_no_tick_labels_overlap(figure):
    for axes in figure.axes:
        low, high = axes.get_xlim()
        labels = [one for one in axes.get_xticklabels() if one.get_text() and low <= one.get_position()[0] <= high]
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
        assert first == second


def test_prices_and_how_often_they_are_at_an_end_of_the_band():
    figure, data = drawn("community-price"), results()["data"]
    for k, day in enumerate(data["day"].values):
        for name in ("base", "pv 1"):
            price = results()["cleared"]["price"].sel(scenario=name, day=day).values
            np.testing.assert_array_equal(lines_of(figure.axes[k])[f"internal price, {name}"], price)
    price = results()["cleared"]["price"].sel(scenario="pv 1")
    buying = int((price >= data["price_buy"] - 1e-6).sum())
    selling = int((price <= data["price_sell"] + 1e-6).sum())
    text = f"pv 1: of 72 hours, {buying} at the price of buying, {selling} at that of selling, {72 - buying - selling} between"
    assert text in evidence_of(figure)
    assert selling > 0 and buying + selling < 72


def test_net_load_with_and_without_sharing():
    figure, made = drawn("community-net-load"), results()
    alone = made["plan"].isel(method=0, scenario=0)
    net = (alone["separate_import"] - alone["separate_export"]).sum("participant")
    here = made["cleared"].sel(scenario="base")
    for k, day in enumerate(made["data"]["day"].values):
        lines = lines_of(figure.axes[k])
        np.testing.assert_allclose(lines["without sharing"], net.sel(day=day))
        np.testing.assert_allclose(lines["with sharing"], (here["grid_import"] - here["grid_export"]).sel(day=day))
    sold = float((made["data"]["day_weight"] * alone["separate_export"]).sum())
    assert f"export from {sold:.0f}"[:14] in evidence_of(figure)


def test_savings_are_bars_of_what_each_user_saves():
    figure = drawn("community-savings")
    bars = [[bar.get_height() for bar in group] for group in figure.axes[0].containers]
    for name, heights in zip(MECHANISMS, bars, strict=True):
        np.testing.assert_allclose(heights, community_costs.bills(results(), "base", name)["saving"])
    assert bars[3] == pytest.approx([bars[3][0]] * 8)  # Nash bargaining gives all the same
    assert sum(bars[4]) > sum(bars[0])  # marginal contributions sum to more than there is
    chosen = drawn("community-savings", mechanisms=["shapley"])
    assert len(chosen.axes[0].containers) == 1


def test_penetration_is_the_saving_of_the_sweeps():
    figure = drawn("community-penetration")
    lines = lines_of(figure.axes[0])
    for device, label in (("pv", "users with PV"), ("battery", "users with a battery")):
        share, saving = community_scenarios.savings(results(), device, f"{device}_share")
        assert share.tolist() == SWEEP
        np.testing.assert_allclose(lines[label], saving)


def test_scale_shows_work_and_gain_by_size():
    figure, found = drawn("community-scale"), community_scale.of_method(results())
    work = lines_of(figure.axes[0])
    assert found["size"].values.tolist() == [8, 20, 100]
    np.testing.assert_array_equal(work["columns for every user"], found["scale_iterations"].values[:2])
    np.testing.assert_array_equal(work["identical users as one"], found["scale_iterations"].values[2:])
    gain = np.concatenate([lines_of(figure.axes[1])[label] for label in work])
    assert (gain < 1e-6).all()


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        ("community-price", {"scenarios": ["pv 2"]}, "option scenarios: no 'pv 2'; did you mean 'pv 1'"),
        ("community-net-load", {"scenario": "pv 1"}, "option scenario: no 'pv 1'"),
        ("community-savings", {"mechanisms": ["lmp"]}, "option mechanisms: no 'lmp'"),
        ("community-penetration", {"pv": "sun"}, "option families: no 'sun'"),
    ],
)
def test_faults_are_named(kind, options, message):
    with pytest.raises(ValueError, match=message):
        drawn(kind, **options)
