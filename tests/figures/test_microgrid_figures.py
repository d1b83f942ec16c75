"""Figures of the microgrid and of its market: they draw their data, are labelled and name the numbers."""

import warnings

import matplotlib.dates  # noqa: F401  # so that no import is warned about inside a test
import numpy as np
import pytest

import ancillary
import microgrids
from sharegrid.stages import present

KINDS = {
    "ancillary-prices": {"market": "toy", "families": ["energy", "scarce"]},
    "ancillary-scarcity": {"markets": ["toy"], "titles": ["toy"], "hours": [1], "families": ["energy", "scarce"]},
    "microgrid-bids": {"scenarios": ["all", "E+FRP"]},
    "microgrid-curve": {"scenario": "all", "hours": [0, 2, 3]},
    "microgrid-storage": {"panels": [["all", "E"]], "labels": ["all products", "energy only"]},
    "microgrid-budget": {"families": ["budget"]},
    "microgrid-frontier": {"families": ["risk"]},
}
WORDS = {
    "ancillary-prices": ["energy [$/MWh]", "products [$/MW]", "hour of the day [h]", "regulation up"],
    "ancillary-scarcity": ["requirement of upward ramping [MW]", "energy, hour h + 1"],
    "microgrid-bids": ["sold [MW], downward below 0", "regulation down", "hour of the day [h]"],
    "microgrid-curve": ["net sale [MW]", "price [$/MWh]", "(b) hour 2"],
    "microgrid-storage": ["stored energy [MWh]", "energy only"],
    "microgrid-budget": ["budget of the deviations [1]", "change [$/day]", "[MW]", "[%]"],
    "microgrid-frontier": ["conditional value at risk [$/day]", "expected profit [$/day]", "curve", "quantity"],
}


@pytest.fixture(scope="module")
def results():
    data = ancillary.made(ancillary.TOY)
    cleared = ancillary.cleared_of(data)
    market = {"data_of_toy": data, "cleared_of_toy": cleared, "of_toy": ancillary.paid(data, cleared, [])}
    return microgrids.results() | market


@pytest.fixture(scope="module")
def figures(results):
    entries = {kind: {"kind": kind, "title": "A finding", "options": options} for kind, options in KINDS.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        drawn = dict(present.figures(results, {"figures": entries}))
        for figure in drawn.values():
            figure.draw_without_rendering()
    return drawn


@pytest.mark.parametrize("kind", KINDS)
def test_a_figure_is_labelled(figures, kind):
    texts = [text.get_text() for text in figures[kind].findobj(match=lambda artist: hasattr(artist, "get_text"))]
    assert [word for word in WORDS[kind] if word not in texts] == []


def test_bars_are_what_is_sold(figures, results):
    sold = results["cleared"]["product_bid"].sel(scenario="all")
    heights = sum(bar.get_height() for bar in figures["microgrid-bids"].axes[0].patches)
    up, down = (float(sold.sel(product=list(names)).sum()) for names in (("regU", "spin", "FRU"), ("regD", "FRD")))
    assert heights == pytest.approx(up - down, abs=1e-6)


def test_curves_go_through_the_bids(figures, results):
    panel = figures["microgrid-curve"].axes[2]
    sold, price = (results[of][name].sel(scenario="all", time=3).values
                   for of, name in (("cleared", "energy_bid"), ("data", "price_energy")))  # fmt: skip
    marks = next(line.get_xydata() for line in panel.lines if line.get_marker() == "o")
    np.testing.assert_allclose(sorted(marks.tolist()), sorted(zip(sold, price, strict=True)))


def test_scarcity_shows_the_prices_of_both_hours(figures, results):
    cleared = results["cleared_of_toy"].sel(scenario=["energy", "scarce"])
    lines = [line.get_ydata() for line in figures["ancillary-scarcity"].axes[0].lines if len(line.get_ydata()) == 2]
    np.testing.assert_allclose(lines[0], cleared["product_price"].sel(product="FRU", time=1))
    np.testing.assert_allclose(lines[1:3], [cleared["price"].sel(time=t) for t in (1, 2)])


def test_stored_energy_starts_where_the_batteries_do(figures):
    for line in figures["microgrid-storage"].axes[0].lines:
        assert line.get_ydata()[0] == 4 and line.get_ydata()[-1] >= 4 - 1e-6
