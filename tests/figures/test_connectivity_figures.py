"""Figures and tables of the study of graphs: what they show is that of the Datasets, and the same each time."""

import warnings

import numpy as np
import pytest

import whole_study
from sharegrid import files
from sharegrid.figures import connectivity_er, consensus_rounds
from sharegrid.stages import present
from sharegrid.tables import connectivity, consensus_market

STUDY = "ch9-connectivity"
STEMS = ("ch9_connectivity_cost", "ch9_connectivity_er", "ch9_connectivity_limit", "ch9_consensus_rounds")


def drawn(stem):
    entry = whole_study.study(STUDY).params("present")["figures"][stem]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ((_, figure),) = present.figures(whole_study.results(STUDY), {"figures": {stem: entry}})
        figure.draw_without_rendering()
    return figure


@pytest.mark.parametrize("stem", STEMS)
def test_same_figure_same_bytes(stem, tmp_path):
    for folder in ("first", "second"):
        files.write_figure(drawn(stem), tmp_path / folder, stem)
    for suffix in ("svg", "pdf", "png"):
        first, second = ((tmp_path / folder / f"{stem}.{suffix}").read_bytes() for folder in ("first", "second"))
        assert first == second, suffix


@pytest.mark.parametrize("stem", STEMS)
def test_axes_are_labelled_and_nothing_lies_outside(stem):
    figure = drawn(stem)
    width = figure.bbox.width
    for axes in figure.axes:
        assert axes.get_xlabel().endswith("]") and axes.get_ylabel()
        for text in axes.texts:
            assert 0 <= text.get_window_extent().x0 and text.get_window_extent().x1 <= width, text.get_text()
    assert any(letter.isdigit() for letter in figure.subfigs[0]._suptitle.get_text())


def test_bars_are_the_savings():
    cost = whole_study.results(STUDY)["cleared"]["objective"]
    bars = drawn("ch9_connectivity_cost").axes[0].containers
    frame = connectivity.graphs(whole_study.results(STUDY), ["base", "er"])
    for part, side in zip(bars, ("limited", "unlimited"), strict=True):
        saving = cost.sel(scenario="empty|unlimited") - cost.sel(scenario=frame[side].values)
        np.testing.assert_allclose([bar.get_width() for bar in part], saving, atol=1e-6)


def test_the_table_has_the_published_columns():
    frame = whole_study.tables(STUDY)["ch9_connectivity"]
    assert (
        ", ".join(frame.columns) == "topology, edges, lambda2, lambdaN, components, cost_cap05, cost_uncapped, rounds"
    )
    assert (frame["cost_uncapped"] <= frame["cost_cap05"] + 1e-6).all()
    assert (frame["rounds"].isna() == (frame["components"] > 1)).all()


def stopped_early(labels: list[str]) -> dict:
    """The study's results as if the runs of these scenarios had not converged."""
    results = whole_study.results(STUDY)
    made = results["coordination"]
    return results | {"coordination": made.assign(converged=made["converged"].where(~made["scenario"].isin(labels), 0))}


def test_rows_that_did_not_converge_are_marked():
    whole = whole_study.tables(STUDY)["ch9_consensus_market"]
    assert whole["converged"].all() and whole["rounds"].notna().all() and whole["rounds"].dtype.kind == "i"
    frame = consensus_market.table(stopped_early(["ring|free"])).set_index("topology")
    assert frame.index[~frame["converged"]].tolist() == ["ring"]
    assert frame.loc["ring", consensus_market.FOUND].isna().all()
    others = frame.drop(index="ring")
    assert others.notna().all(axis=None) and frame.loc["ring", ["price_error", "gap", "cost"]].notna().all()


def test_runs_that_did_not_converge_are_hollow_and_no_evidence():
    options = whole_study.study(STUDY).params("present")["figures"]["ch9_consensus_rounds"]["options"]
    figure = consensus_rounds.draw(stopped_early(["path|free"]), **options)
    lines = {line.get_label(): line for line in figure.axes[0].get_lines()}
    assert lines["not found in its steps"].get_ydata().tolist() == [7435]
    assert lines["not found in its steps"].get_markerfacecolor() == "none"
    assert 7435 not in lines["the market's price found"].get_ydata()
    said = " ".join(figure.subfigs[0]._suptitle.get_text().split())
    assert "on the graph path" not in said and "Not found in the steps given: path." in said
    made = whole_study.results(STUDY)["coordination"]
    none = consensus_rounds.draw(stopped_early(made["scenario"].values.tolist()), **options)
    assert "The price takes" not in none.subfigs[0]._suptitle.get_text()
    assert "not found in its steps" not in {
        line.get_label() for line in drawn("ch9_consensus_rounds").axes[0].get_lines()
    }


def test_what_title_and_caption_of_the_random_graphs_say():
    frame = connectivity_er.sweep(whole_study.results(STUDY), ["er-sweep"], "empty|unlimited")
    most = frame["saving"].max()
    connected = frame[frame["components"] == 1]
    assert (connected["saving"] >= 0.97 * most).all()
    middle = frame[(frame["graph_seed"] != 11) & (frame["probability"] == 0.1)].median()
    assert middle["saving"] == pytest.approx(0.9 * most, rel=0.05) and middle["components"] == 3
    nested = frame[frame["graph_seed"] == 11].set_index("probability")["components"]
    assert nested[0.15] > 1 == nested[0.2]


def test_what_the_caption_of_the_limits_says():
    cost = whole_study.results(STUDY)["cleared"]["objective"]

    def better(limit: str) -> bool:
        return bool(cost.sel(scenario=f"ring|{limit}") < cost.sel(scenario=f"star|{limit}"))

    assert all(better(limit) for limit in ("limit0.05", "limit0.1", "limit0.25", "0.5", "limit1"))
    assert not any(better(limit) for limit in ("limit1.5", "limit2", "limit3", "limit5"))


def test_options_are_checked():
    results = whole_study.results(STUDY)
    with pytest.raises(ValueError, match="option seed: no graphs with seed 5"):
        connectivity_er.draw(results, families=["er-sweep"], nobody="empty|unlimited", seed=5)
    with pytest.raises(
        ValueError, match="'path.limit0.05' and 'path.limit0.1' are the same graph; give one limit each"
    ):
        connectivity.table(results, families=["limit"])
