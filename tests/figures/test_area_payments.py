"""Figure of what each unit of several areas is paid: the bars are the table's, with labels, and the same each time."""

import hashlib
import warnings
from functools import cache

import numpy as np
import pytest

import multi_area
from sharegrid import files
from sharegrid.stages import clear, pay, present, value
from sharegrid.tables import area_mechanism

BARS = {"LMP": "mp_pay", "core-selecting": "core_pay", "VCG": "vcg_pay"}


@cache
def results(case: str, mechanisms: tuple[str, ...], coalitions: str = "removals"):
    data = multi_area.data(case)
    made = {"data": data, "cleared": clear.clear(data, {"market": "multi-area"})}
    config = {"market": "multi-area", "backend": "warm", "requests": [{"scenarios": ["*"], "coalitions": coalitions}]}
    made["values"] = value.value(data, config)
    config = {"mechanisms": {name: {} for name in mechanisms}, "deficit": None, "checks": {}}
    return made | {"payments": pay.pay(data, made["cleared"], made["values"], config)}


def toy():
    return results("toy", ("vcg", "lmp", "core-selecting"), "all")


def drawn(made, **options):
    entry = {"kind": "area-payments", "title": "A finding", "options": {"scenario": "base"} | options}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ((_, figure),) = present.figures(made, {"figures": {"stem": entry}})
        figure.draw_without_rendering()
    return figure


def bars(figure):
    return {container.get_label(): [bar.get_height() for bar in container] for container in figure.axes[0].containers}


def evidence(figure):
    return figure.subfigs[0]._suptitle.get_text().replace("\n", " ").replace("\u2009", " ").replace("\u00a0", " ")


def test_bars_and_costs_are_those_of_the_table():
    figure, frame = drawn(toy()), area_mechanism.table(toy(), scenario="base")
    found = bars(figure)
    assert list(found) == list(BARS), "cheapest first"
    for label, column in BARS.items():
        np.testing.assert_allclose(found[label], frame[column])
    (costs,) = [lines for lines in figure.axes[0].collections if lines.get_label() == "cost as offered"]
    np.testing.assert_allclose([segment[0, 1] for segment in costs.get_segments()], frame["bid_cost"])
    ticks = [tick.get_text() for tick in figure.axes[0].get_xticklabels()]
    assert ticks == ["G1", "G2", "G3"]
    above = [text.get_text() for text in figure.axes[0].texts]
    assert above == ["area A1", "area A2"]
    assert "LMP 1 900, core-selecting" in evidence(figure) and "VCG 3 120; their cost 1 855" in evidence(figure)
    assert "The loads pay 4 600, of which 2 600 are left for the units." in evidence(figure)


def test_only_units_in_use_and_the_largest_if_asked():
    made = results("two-area", ("lmp", "vcg"))
    frame = area_mechanism.table(made, scenario="base")
    assert "Shown" not in evidence(drawn(made)) and len(bars(drawn(made))["VCG"]) == len(frame) == 12
    figure = drawn(made, largest=5)
    np.testing.assert_allclose(np.sort(bars(figure)["VCG"]), np.sort(frame["vcg_pay"])[-5:])
    assert "Shown: the 5 largest of 12 units in use." in evidence(figure)
    assert list(bars(drawn(made, mechanisms=["vcg"]))) == ["VCG"]
    with pytest.raises(ValueError, match="option mechanisms: no 'owen'"):
        drawn(made, mechanisms=["owen"])
    idle = made["cleared"].copy(deep=True)
    for name in ("output", "reserve"):
        who = {"participant": "A2:g3"} if name == "output" else {"generator": "A2:g3"}
        idle[name].loc[who] = 0.0
    assert len(bars(drawn(made | {"cleared": idle}))["VCG"]) == 11


def test_axes_are_labelled_and_everything_is_inside():
    figure = drawn(toy())
    (axes,) = figure.axes
    assert axes.get_xlabel() == "unit" and axes.get_ylabel() == "payment [$/h]"
    width, height = figure.bbox.size
    box = axes.get_tightbbox()
    assert 0 <= box.x0 and box.x1 <= width and 0 <= box.y0 and box.y1 <= height


def test_the_same_bytes_each_time(tmp_path):
    digests = set()
    for _ in range(2):
        files.write_figure(drawn(toy()), tmp_path, "stem")
        digests.add(hashlib.sha256((tmp_path / "stem.svg").read_bytes()).hexdigest())
    assert len(digests) == 1
