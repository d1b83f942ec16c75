"""Figures and tables of the study of outages: what they show is that of the Datasets, and the same each time."""

import warnings

import numpy as np
import pytest

import whole_study
from sharegrid import files
from sharegrid.planning import resilience_night
from sharegrid.stages import present
from sharegrid.tables import resilience_simulation

STUDY = "ch9-resilience"
STEMS = ("ch9_resilience_threshold", "ch9_resilience_map", "ch9_resilience_value", "ch9_resilience_simulation")


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
def test_axes_are_labelled_with_units(stem):
    figure = drawn(stem)
    labels = [get() for axes in figure.axes for get in (axes.get_xlabel, axes.get_ylabel) if get()]
    assert len(labels) >= 2 and all(label.endswith("]") for label in labels)
    assert any(letter.isdigit() for letter in figure.subfigs[0]._suptitle.get_text())


def test_the_table_has_the_published_columns_and_adds_up():
    frame = whole_study.tables(STUDY)["ch9_resilience"]
    assert ", ".join(frame.columns) == "n, v, s_kw, b_kwh, rv, ev, cost, net"
    np.testing.assert_allclose(frame["rv"] + frame["ev"] - frame["cost"], frame["net"], atol=3e-6)


def test_closed_form_and_program_differ_outside_the_condition_only():
    frame = whole_study.tables(STUDY)["ch9_resilience_form"].set_index("group")
    assert frame.loc["inside", "net_differs"] == 0 and frame.loc["inside", "inside"] == frame.loc["inside", "scenarios"]
    assert frame.loc["outside", "net_differs"] > 0 == frame.loc["outside", "inside"]


def test_what_the_caption_of_the_random_nights_says():
    """More storage for measured nights comes from their mean in part, and from their spread where the means are alike."""
    data, frame = (
        whole_study.results(STUDY)["data"],
        whole_study.tables(STUDY)["ch9_resilience_night"].set_index("load"),
    )
    uniform, measured = resilience_night.uniform_nights(4, 16), resilience_night.measured_nights(data)
    assert round(uniform.mean(), 2) == 10 and round(measured.mean(), 2) == 10.85 and measured.std() < uniform.std()
    fractile = frame.loc["measured", "fractile"]
    assert fractile == frame.loc["uniform", "fractile"]
    assert frame.loc["measured", "b_kwh"] == pytest.approx(np.quantile(measured, fractile), abs=2e-6)
    scaled = np.quantile(measured * uniform.mean() / measured.mean(), fractile)
    assert frame.loc["uniform", "b_kwh"] < scaled < frame.loc["measured", "b_kwh"] and round(scaled, 2) == 9.29


def test_threshold_falls_as_one_over_the_days_and_stays_above_public_values_where_outages_are_rare():
    figure, results = drawn("ch9_resilience_threshold"), whole_study.results(STUDY)
    lines = [line for line in figure.axes[0].get_lines() if str(line.get_label()).startswith("storage")]
    assert len(lines) == 3
    for line in lines:
        above = (line.get_ydata() - 0.25) * line.get_xdata()
        np.testing.assert_allclose(above, above[0], rtol=1e-9)
        public = results["plan"]["public_outage_days"].sel({"method": "resilience-simulation"}).item()
        assert above[0] / public + 0.25 > results["data"]["public_voll"].max()


def test_map_shades_what_was_planned():
    frame = whole_study.tables(STUDY)["ch9_resilience_map"]
    shown = drawn("ch9_resilience_map").axes[1].collections[0].get_array()
    assert (np.asarray(shown) > 0).sum() == (frame["b_kwh"] > 0).sum()
    assert ((frame["b_kwh"] > 0) == (frame["s_kw"] > 5)).all(), "storage comes with its solar power"
    assert set(frame["b_kwh"].round(6)) == {0.0, 10.0}


def test_storage_is_bought_where_the_title_says():
    frame = whole_study.tables(STUDY)["ch9_resilience"].set_index("n")
    assert frame["b_kwh"][6] == 0 < frame["b_kwh"][6.5]
    assert (frame["net"].diff().dropna() > 0).all()


def test_simulated_values_are_drawn_with_two_errors_and_say_what_the_caption_says():
    frame = resilience_simulation.simulated(whole_study.results(STUDY))
    panel = drawn("ch9_resilience_simulation").axes[1]
    order = frame.groupby("duration")["mean_h"].first().sort_values().index
    rows = frame[(frame["storm"] == 1) & (frame["plan"] == "3 kW, 10 kWh")].set_index("duration").loc[order]
    mark, _, (bars,) = panel.containers[1]
    np.testing.assert_allclose(mark.get_ydata(), rows["rv"])
    half = [(segment[1, 1] - segment[0, 1]) / 2 for segment in bars.get_segments()]
    np.testing.assert_allclose(half, 2 * rows["se"])
    for storm in (0.3, 1):
        for plan in ("3 kW, 10 kWh", "5.78 kW, 10 kWh"):
            here = frame[(frame["storm"] == storm) & (frame["plan"] == plan)].sort_values("mean_h")
            assert (here["rv"].diff().dropna() < 0).all(), "longer outages are served less"
    above = frame["rv"] > frame["simple_rv"] + 2 * frame["se"]
    assert above[frame["plan"] == "3 kW, 10 kWh"].any() and not above[frame["plan"] != "3 kW, 10 kWh"].any()
