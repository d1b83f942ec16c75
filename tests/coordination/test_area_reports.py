"""The table and the figure of methods that coordinate areas, against their Dataset."""

import warnings

import numpy as np
import pytest

from areas_agreed import METHODS, coordinated
from sharegrid.figures import convergence
from sharegrid.stages import present
from sharegrid.tables import coordination_rounds

COLUMNS = "scenario, method, tuned_value, rounds, floats, final_gap, certified_gap, converged, tried, tried_stopped, most_rounds"


@pytest.fixture(scope="module")
def rows():
    return coordination_rounds.table(coordinated()).set_index(["scenario", "method"])


def drawn(**options):
    entry = {"kind": "convergence", "title": "A finding", "options": {"scenarios": ["cap 40", "cap 80"]} | options}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ((_, figure),) = present.figures(coordinated(), {"figures": {"stem": entry}})
        figure.draw_without_rendering()
    return figure


def test_a_row_per_method_and_scenario_that_it_ran_in(rows):
    assert ", ".join(rows.reset_index().columns) == COLUMNS
    assert len(rows) == 2 * len(METHODS) - 1 and ("cap 80", "consensus-admm@over-relaxed") not in rows.index


def test_numbers_are_those_of_the_runs(rows):
    admm, multiplier = rows.loc[("cap 40", "consensus-admm")], rows.loc[("cap 40", "improved-multiplier")]
    assert (admm["rounds"], admm["tuned_value"], admm["tried"], admm["tried_stopped"]) == (5, 0.2, 3, 3)
    assert admm["most_rounds"] == 59 and admm["floats"] == 5 * 2 * (4 + 1 + 4) and np.isnan(admm["certified_gap"])
    assert multiplier["rounds"] == 2 and multiplier["floats"] == 2 * 2 * (5 + 6 + 4)
    assert multiplier["final_gap"] <= 1e-6 and multiplier["certified_gap"] <= 1e-6 and np.isnan(multiplier["tried"])
    unfinished = rows.loc[("cap 80", "subgradient")]
    assert not unfinished["converged"] and unfinished["tried_stopped"] == 0 and unfinished["rounds"] == 8
    assert (rows["certified_gap"].dropna() >= rows["final_gap"][rows["certified_gap"].notna()] - 1e-9).all()


def test_unknown_labels_are_named():
    with pytest.raises(ValueError, match="scenarios: no 'cap 50'"):
        coordination_rounds.table(coordinated(), scenarios=["cap 50"])
    with pytest.raises(ValueError, match="methods: no 'admm'"):
        coordination_rounds.table(coordinated(), methods=["admm"])
    with pytest.raises(ValueError, match="certified_of: no 'admm'"):
        drawn(certified_of=["admm"])


def test_gaps_are_drawn_by_rounds_and_by_the_numbers_told_and_heard():
    figure = drawn(against=["rounds", "floats"], certified_of=["improved-multiplier"])
    assert len(figure.axes) == 4
    runs = coordinated()["coordination"]
    for k, axes in enumerate(figure.axes):
        scenario, by_floats = ("cap 40", "cap 80")[k // 2], k % 2 == 1
        run = runs.sel({"scenario": scenario, "method": "consensus-admm"})
        line = next(one for one in axes.get_lines() if one.get_label().startswith("consensus ADMM: 18 numbers"))
        count = int(run["rounds"])
        along = np.cumsum(run["floats"].values[:count]) if by_floats else np.arange(1, count + 1)
        np.testing.assert_array_equal(line.get_xdata(), along)
        np.testing.assert_allclose(line.get_ydata(), np.maximum(abs(run["gap"].values[:count]), convergence.SMALLEST))
        assert axes.get_xscale() == ("log" if by_floats else "linear") and axes.get_yscale() == "log"
        certified = [one.get_label() for one in axes.get_lines() if "certified" in one.get_label()]
        assert certified == ["multipliers with sensitivity: certified gap"]
    labels = {line.get_label() for line in figure.axes[0].get_lines()}
    assert any(label.startswith("consensus ADMM, over-relaxed: ") for label in labels)


def test_lines_of_one_panel_look_apart():
    figure = drawn()
    looks = [(line.get_color(), line.get_linestyle(), line.get_marker()) for line in figure.axes[0].get_lines()]
    assert len(set(looks)) == len(looks)


def test_of_many_runs_the_evidence_tells_the_rounds():
    figure = drawn(scale="log")
    text = figure.subfigs[0]._suptitle.get_text().replace("\n", " ")
    first, second = text.split("cap 80, rounds until the method stops: ")
    assert "multipliers with sensitivity 2; cutting planes 2; consensus ADMM 5; consensus ADMM, over-relaxed 4" in first
    assert "over-relaxed" not in second and second.endswith("subgradient not in 8.")
    assert [axes.get_xscale() for axes in figure.axes] == ["log", "log"]
    few = drawn(methods=["consensus-admm"]).subfigs[0]._suptitle.get_text().replace("\n", " ")
    assert few.startswith("consensus ADMM, cap 40: 5 rounds, 10 messages, final |gap| below 1e-08")
