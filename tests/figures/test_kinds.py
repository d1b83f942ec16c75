"""Every kind of figure of the spot market: it draws its data, is labelled, hides nothing and is the same picture each time."""

import warnings
from pathlib import Path

import matplotlib.dates  # noqa: F401  # so that no import is timed or warned about inside a test
import numpy as np
import pytest
from matplotlib.colors import to_hex, to_rgb

from sharegrid import config, files, plugins
from sharegrid.figures import style
from sharegrid.stages import present

ROOT = Path(__file__).parents[2]
KINDS = {
    "misreport": ("network", {"bases": ["none"], "fine_family": "best-response"}),
    "misreport of two cases": ("wholesale", {"bases": ["D900", "D1000"], "mechanisms": ["lmp", "vcg"]}),
    "congestion": ("network", {}),
    "congestion with both signs": ("network", {"scale": "symlog", "linear_below": 10.0}),
    "unit-price": ("network", {"variants": ["none", "0.8"]}),
    "best-response": ("network", {"variants": ["none", "0.8"]}),
    "demand-sweep": ("wholesale", {}),
    "voll-sweep": ("wholesale", {"participant": "5"}),
    "allocation": ("network", {"scenario": "0.8"}),
    "premium-share": ("network", {"variants": ["none", "1", "0.8"]}),
    "sorted-prices": ("network", {}),
    "sorted-premium": ("network", {}),
    "runtime": ("network", {}),
}
OURS = {name.split(" ")[0] for name in KINDS}
NO_VCG = {"sorted-prices", "runtime"}
TITLE = "A finding that is long enough to need a second line when the figure is as narrow as a column"


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


@pytest.fixture
def figure(kind, request):
    results, options = KINDS[kind]
    return drawn(request.getfixturevalue(results), kind, options)


def drawn(results, kind, options, title=TITLE):
    entry = {"kind": kind.split(" ")[0], "title": title, "options": options}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ((_, figure),) = present.figures(results, {"figures": {"stem": entry}})
        figure.draw_without_rendering()
    return figure


def texts(figure):
    return [text.get_text() for text in figure.findobj(match=lambda artist: hasattr(artist, "get_text"))]


def box(artist):
    return artist.get_window_extent()


def test_every_kind_of_the_spot_market_is_drawn_here_and_every_other_in_a_study():
    """Studies of other markets are drawn from their own results, in the tests beside this one."""
    drawn_in = {}
    for path in sorted((ROOT / "config/studies").glob("*.yaml")):
        study = config.read_study(path)
        drawn_in.setdefault(study.market, set()).update(
            kind for _, kind, _ in study.named_plugins("present", "figures")
        )
    assert drawn_in["spot"] == OURS
    assert set(plugins.available("figures")) == set().union(*drawn_in.values())


def test_headline_and_evidence_stand_above_and_inside_the_figure(figure):
    width, height = figure.bbox.size
    headline, evidence = figure._suptitle, figure.subfigs[0]._suptitle
    assert headline.get_text().replace("\n", " ") == TITLE
    assert any(letter.isdigit() for letter in evidence.get_text())
    for text in (headline, evidence):
        extent = box(text)
        assert 0 <= extent.x0 and extent.x1 <= width and extent.y1 <= height
    assert box(evidence).y1 <= box(headline).y0
    top = max(axes.get_tightbbox().y1 for axes in figure.axes)
    assert top <= box(evidence).y0 + 1


def test_axes_are_labelled_with_units(figure, kind):
    labels = [getter() for axes in figure.axes for getter in (axes.get_xlabel, axes.get_ylabel)]
    body = figure.subfigs[0].subfigs[0]
    labels += [body.get_supxlabel(), body.get_supylabel()]
    assert any("[" in label and "]" in label for label in labels)
    assert sum(map(bool, labels)) >= (1 if kind == "runtime" else 2)  # the groups of bars are named by their ticks


def test_price_of_lost_load_is_stated_next_to_every_vcg_figure(figure, kind):
    stated = any("V\u00a0=\u00a01\u2009000\u00a0$/MWh" in text for text in texts(figure)) or kind == "voll-sweep"
    assert stated or kind in NO_VCG


def test_legend_below_covers_no_panel(figure):
    for legend in figure.subfigs[0].legends:
        extent = box(legend)
        assert 0 <= extent.x0 and extent.x1 <= figure.bbox.width
        assert not any(extent.overlaps(axes.get_tightbbox()) for axes in figure.axes)


def test_same_figure_same_bytes(kind, request, tmp_path):
    results, options = KINDS[kind]
    for folder in ("first", "second"):
        figure = drawn(request.getfixturevalue(results), kind, options)
        files.write_figure(figure, tmp_path / folder, "stem")
    for suffix in ("svg", "pdf", "png"):
        first, second = ((tmp_path / folder / f"stem.{suffix}").read_bytes() for folder in ("first", "second"))
        assert first == second, suffix


def test_a_mechanism_has_one_colour_in_all_figures(figure):
    known = {label: colour for label, colour, *_ in style.MECHANISMS.values()}
    for axes in figure.axes:
        for line, label in zip(*axes.get_legend_handles_labels(), strict=True):
            if label in known:
                assert to_hex(line.get_color()) == known[label].lower()


# Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB
DEFICIENCIES = {
    "none": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
}


@pytest.mark.parametrize("deficiency", DEFICIENCIES)
@pytest.mark.parametrize(
    "palette", [style.MECHANISMS, style.ALLOCATIONS, style.ENGINES], ids=["mechanisms", "rules", "engines"]
)
def test_colours_stay_apart_for_colour_blind_readers(palette, deficiency):
    seen = [lab(colour, np.array(DEFICIENCIES[deficiency])) for _, colour, *_ in palette.values()]
    distances = [np.linalg.norm(a - b) for k, a in enumerate(seen) for b in seen[:k]]
    assert min(distances) > 12  # CIELAB units; 2.3 is just noticeable side by side


def lab(colour, deficiency):
    """CIELAB of a colour as a reader with the deficiency sees it."""
    gamma = np.array(to_rgb(colour))
    linear = np.where(gamma <= 0.04045, gamma / 12.92, ((gamma + 0.055) / 1.055) ** 2.4)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = to_xyz @ np.clip(deficiency @ linear, 0, 1) / [0.9505, 1, 1.089]
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])
