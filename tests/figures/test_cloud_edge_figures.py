"""Figures of the price methods: what they draw, that they are labelled and hide nothing, and that they are the same each time."""

import warnings

import numpy as np
import pytest

from cloud_edge import results
from sharegrid import files
from sharegrid.coordination.edge_programs import of_population
from sharegrid.stages import present

KINDS = {
    "lmos-convergence": {"populations": ["single 200", "tight 120"], "against": ["rounds", "floats"]},
    "lmos-scaling": {"programs": ["single", "tight"], "smallest": 20},
    "lmos-multiplier": {"population": "single 200", "parameters": {"exchange-admm": 1, "gradient": 1, "nesterov": 1}},
    "lmos-load": {"population": "tight 120"},
    "step-sensitivity": {"populations": ["single 200", "tight 120"]},
}
TITLE = (
    "A finding that is long enough to need a second line, as the figure is as wide as a page and not any wider than it"
)


def drawn(kind):
    entry = {"kind": kind, "title": TITLE, "options": KINDS[kind]}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ((_, figure),) = present.figures(results(), {"figures": {"stem": entry}})
        figure.draw_without_rendering()
    return figure


def line(axes, label):
    (found,) = (one for one in axes.get_lines() if one.get_label() == label)
    return found


def run(method: str, name: str):
    return results()["coordination"].sel({"method": method, "run": name})


@pytest.mark.parametrize("kind", KINDS)
def test_axes_are_labelled_and_the_numbers_stand_above_the_panels(kind):
    figure = drawn(kind)
    labels = [getter() for axes in figure.axes for getter in (axes.get_xlabel, axes.get_ylabel)]
    shown = [label for label in labels if label]
    assert len(shown) >= 2 and all("[" in label and "]" in label for label in shown)
    evidence = figure.subfigs[0]._suptitle
    assert any(letter.isdigit() for letter in evidence.get_text())
    assert max(axes.get_tightbbox().y1 for axes in figure.axes) <= evidence.get_window_extent().y0 + 1
    assert evidence.get_window_extent().x1 <= figure.bbox.width
    for legend in figure.subfigs[0].legends:
        box = legend.get_window_extent()
        assert box.x0 >= 0 and box.x1 <= figure.bbox.width
        assert not any(box.overlaps(axes.get_tightbbox()) for axes in figure.axes)


@pytest.mark.parametrize("kind", KINDS)
def test_same_figure_same_bytes(kind, tmp_path):
    for folder in ("first", "second"):
        files.write_figure(drawn(kind), tmp_path / folder, "stem")
    for suffix in ("svg", "pdf", "png"):
        first, second = ((tmp_path / folder / f"stem.{suffix}").read_bytes() for folder in ("first", "second"))
        assert first == second, suffix


def test_curves_are_the_residuals_of_the_best_runs():
    single, tight, told = drawn("lmos-convergence").axes
    for axes, label, method, name in ((single, "gradient", "first-order@gradient", "single 200|2"),
                                      (tight, "gradient", "first-order@gradient", "tight 120|1.5"),
                                      (tight, "LMOS", "lmos", "tight 120")):  # fmt: skip
        expected = run(method, name)["primal_residual"].dropna("round").values
        np.testing.assert_allclose(line(axes, label).get_ydata(), np.maximum(expected, 1e-9))
    assert line(told, "LMOS").get_xdata()[-1] == run("lmos", "tight 120")["floats_up"]
    assert np.diff(line(told, "gradient").get_xdata()).tolist() == [24] * (len(line(tight, "gradient").get_xdata()) - 1)


def test_scaling_shows_every_number_of_users():
    single, tight, told = drawn("lmos-scaling").axes
    assert line(single, "LMOS").get_xdata().tolist() == [20, 200]
    assert line(tight, "LMOS").get_ydata().tolist() == [run("lmos", f"tight {n}")["rounds"] for n in (20, 120)]
    assert line(told, "LMOS").get_ydata().tolist() == [run("lmos", f"tight {n}")["floats_up"] for n in (20, 120)]


def test_prices_end_at_the_optimal_one():
    (axes,) = drawn("lmos-multiplier").axes
    price = of_population(results()["data"], "single 200").exact_price().item()
    assert line(axes, "optimal price").get_ydata()[0] == pytest.approx(price, rel=1e-6)
    assert line(axes, "LMOS").get_ydata()[-1] == pytest.approx(price, rel=1e-6)
    assert line(axes, "gradient 1/L").get_ydata()[0] == 0


def test_load_keeps_its_energy_and_loses_its_peak():
    figure = drawn("lmos-load")
    wanted, load = (
        line(figure.axes[0], name).get_ydata()[:-1] for name in ("as users want it", "at the prices of LMOS")
    )
    assert load.sum() == pytest.approx(wanted.sum()) and load.max() < 0.9 * wanted.max()
    np.testing.assert_allclose(wanted, of_population(results()["data"], "tight 120").devices.wanted.sum(axis=0))
    price, base = (
        line(figure.axes[1], name).get_ydata()[:-1] for name in ("coordinating price", "price of supply at no load")
    )
    np.testing.assert_allclose(price, base + 4 / 120 * load, rtol=1e-5)


def test_steps_that_do_not_end_are_crosses_and_no_line():
    _, tight = drawn("step-sensitivity").axes
    gradient = line(tight, "gradient")
    assert gradient.get_xdata().tolist() == [1, 1.5, 4] and np.isnan(gradient.get_ydata()).tolist() == [
        False,
        False,
        True,
    ]
    (crosses,) = (one for one in tight.get_lines() if one.get_marker() == "x")
    assert crosses.get_xdata().tolist() == [4] and crosses.get_ydata()[0] > 300
    assert line(tight, "LMOS").get_ydata()[0] == run("lmos", "tight 120")["rounds"]


@pytest.mark.parametrize(("kind", "changes", "message"), [
    ("lmos-convergence", {"populations": ["single 9"]}, "option populations: no 'single 9'"),
    ("lmos-convergence", {"methods": ["newton"]}, "option methods: no 'newton'"),
    ("lmos-scaling", {"programs": ["double"]}, "option programs: no 'double'"),
    ("lmos-multiplier", {"parameters": {"gradient": 7}}, "no run of gradient with 7 on 'single 200' that ended"),
    ("lmos-load", {"population": "single 200"}, "'single 200' has no loads that LMOS coordinated"),
    ("step-sensitivity", {"populations": ["tight 9"]}, "option populations: no 'tight 9'"),
])  # fmt: skip
def test_options_are_checked(kind, changes, message):
    entry = {"kind": kind, "title": "", "options": KINDS[kind] | changes}
    with pytest.raises(ValueError, match=message):
        list(present.figures(results(), {"figures": {"stem": entry}}))
