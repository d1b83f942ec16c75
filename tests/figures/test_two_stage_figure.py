"""Figure of a two-stage market over the spread of its outcomes: the numbers of the study, one scale, and what it refuses."""

import hashlib
import warnings

import numpy as np
import pytest

import whole_study
from sharegrid import files
from sharegrid.figures.two_stage import by_spread
from sharegrid.stages import present

STUDY = "ch4-two-area-outcomes"
PROFITS = {"ties redispatched": [362.167301, 365.740534, 386.395630, 418.729247],
           "ties as scheduled": [362.167301, 365.740534, 413.357601, 614.661736]}  # fmt: skip


def made():
    of = whole_study.results(STUDY)
    names = {"data": "data_of", "cleared": "cleared_of", "payments": "of"}
    return {f"{prefix}_ch4_two_area_outcomes": of[stage] for stage, prefix in names.items()}


def drawn(results, **options):
    entry = {"kind": "two-stage", "title": "A finding", "options": {"study": STUDY} | options}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ((_, figure),) = present.figures(results, {"figures": {"stem": entry}})
        figure.draw_without_rendering()
    return figure


def lines(axes):
    return {line.get_label(): line.get_ydata() for line in axes.get_lines()}


def test_lines_are_costs_and_sums_of_profits_of_the_study():
    figure = drawn(made())
    cost, profit = figure.axes
    cleared = whole_study.results(STUDY)["cleared"]["objective"]
    for label, family in (("ties redispatched", "redispatch"), ("ties as scheduled", "fixed")):
        np.testing.assert_allclose(lines(cost)[label], cleared.values[(cleared["family"] == family).values])
        np.testing.assert_allclose(lines(profit)[label], PROFITS[label], atol=1e-5)
    assert cost.get_lines()[0].get_xdata().tolist() == [0, 0.15, 0.3, 0.6]


def test_both_panels_have_one_scale_and_hide_nothing():
    heights = []
    for axes in drawn(made()).axes:
        low, high = axes.get_ylim()
        heights.append(high - low)
        assert all(low < values.min() and values.max() < high for values in lines(axes).values())
    assert heights[0] == pytest.approx(heights[1])


def test_the_evidence_tells_what_fixed_ties_add():
    text = drawn(made()).subfigs[0]._suptitle.get_text().replace("\n", " ")
    assert "to the cost 0, 0, 0, 2.37 (the last 0.2 %), to the profits 0, 0, 26.96, 195.9." in text
    frame = by_spread(whole_study.results(STUDY))
    assert (frame["cost", 0] - frame["cost", 1]).iloc[-1] == pytest.approx(2.370999, abs=1e-5)


def test_no_load_is_lost_with_all_units_and_without_any_one_as_the_study_says():
    of = whole_study.results(STUDY)
    assert float(of["cleared"]["lost_load"].max()) == 0
    assert float(of["values"]["lost_load"].max()) == pytest.approx(0, abs=1e-9)


def test_the_file_has_the_same_bytes_each_time(tmp_path):
    digests = set()
    for _ in range(2):
        files.write_figure(drawn(made()), tmp_path, "stem")
        digests.add(hashlib.sha256((tmp_path / "stem.svg").read_bytes()).hexdigest())
    assert len(digests) == 1


def test_what_is_missing_is_named():
    with pytest.raises(ValueError, match="option study: no results of 'ch4-other'; add it to `uses`"):
        drawn(made(), study="ch4-other")
    kept = whole_study.results(STUDY)["data"]["scenario"].values[:-1]
    fewer = {name: one.sel(scenario=kept) for name, one in made().items()}
    with pytest.raises(ValueError, match="at spread 0.6 with tie_redispatch False; add it"):
        drawn(fewer)
